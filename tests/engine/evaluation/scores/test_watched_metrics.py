"""Metrics that a model was compiled with, and what is compared in their place."""

from __future__ import annotations

from inspect import signature
from itertools import product
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
from sklearn import metrics

from pytest_paoding.engine.evaluation.evaluate import evaluate
from pytest_paoding.engine.evaluation.scores import watched_metrics
from pytest_paoding.engine.evaluation.scores.score_names import score_named
from pytest_paoding.engine.evaluation.scores.task_kind import TaskKind
from pytest_paoding.engine.evaluation.scores.watched_metrics import NoScore, Watched, counterpart

if TYPE_CHECKING:
    from collections.abc import Mapping

RNG = np.random.default_rng(5)
TABLE = RNG.random((60, 4)).astype(np.float32)
AMOUNT = (TABLE @ RNG.normal(size=4)).astype(np.float32)
KIND = RNG.integers(0, 3, 60)
KM = keras.metrics


CLASSES, BINARY, POSITIONS = TaskKind.CLASSES, TaskKind.BINARY, TaskKind.POSITIONS
MULTILABEL, REGRESSION = TaskKind.MULTILABEL, TaskKind.REGRESSION
UNITS = {CLASSES: 6, BINARY: 1, POSITIONS: 3, MULTILABEL: 4, REGRESSION: 2}


def told(metric: Any) -> Any:
    return metric if isinstance(metric, str) else keras.saving.serialize_keras_object(metric)


@pytest.mark.parametrize(
    ("metric", "kind", "name"),
    (
        ("accuracy", CLASSES, "accuracy"),
        (KM.AUC(), BINARY, "auc"),
        (KM.AUC(curve="PR"), BINARY, "average_precision"),
        (KM.AUC(curve="PR", multi_label=True), MULTILABEL, "average_precision"),
        (KM.F1Score(), CLASSES, "f1"),
        (KM.F1Score(average="weighted"), CLASSES, "f1_weighted"),
        (KM.F1Score(average="micro", threshold=0.5), MULTILABEL, "f1_micro"),
        (KM.F1Score(average="macro", threshold=0.5), BINARY, "f1"),
        (KM.Recall(), BINARY, "recall"),
        (KM.Recall(), POSITIONS, None),
        (KM.Recall(class_id=2, top_k=1), CLASSES, "recall@2"),
        (KM.Precision(class_id=0), MULTILABEL, "precision@0"),
        (KM.TopKCategoricalAccuracy(k=2), CLASSES, "top_2_accuracy"),
        ("SparseTopKCategoricalAccuracy", CLASSES, "top_5_accuracy"),
        ("SparseTopKCategoricalAccuracy", POSITIONS, None),
        (KM.MeanIoU(3, sparse_y_pred=False), POSITIONS, "mean_iou"),
        (KM.MeanSquaredError(), REGRESSION, "mse"),
        ("accuracy", REGRESSION, None),
        (KM.Accuracy(), CLASSES, None),
        ("unheard_of", CLASSES, None),
        ({"class_name": "function", "config": "f1"}, CLASSES, None),
        ({"class_name": "F1Score", "module": "ours", "config": {}}, CLASSES, None),
    ),
)
def test_settings_of_a_metric_tell_which_score_it_is(
    metric: Any, kind: TaskKind, name: str | None
) -> None:
    config = metric if isinstance(metric, dict) else told(metric)
    found = counterpart(config, Watched(kind, UNITS[kind]))
    assert found == name or (name is None and isinstance(found, NoScore))


@pytest.mark.parametrize(
    ("metric", "kind", "setting"),
    (
        (KM.MeanIoU(3, sparse_y_pred=False, ignore_class=0), POSITIONS, "ignore_class=0"),
        (KM.MeanIoU(2, sparse_y_pred=False), POSITIONS, "num_classes=2"),
        (KM.MeanIoU(3), POSITIONS, "sparse_y_pred=True"),
        (
            KM.R2Score(class_aggregation="variance_weighted_average"),
            REGRESSION,
            "class_aggregation='variance_weighted_average'",
        ),
        (KM.R2Score(num_regressors=3), REGRESSION, "num_regressors=3"),
        (KM.AUC(), CLASSES, "multi_label=False"),
        (KM.AUC(), MULTILABEL, "multi_label=False"),
        (KM.AUC(thresholds=[0.2, 0.6]), BINARY, "thresholds="),
        (KM.AUC(multi_label=True, label_weights=[1, 2, 3, 4]), MULTILABEL, "label_weights="),
        (KM.F1Score(threshold=0.8), MULTILABEL, "threshold=0.8"),
        (KM.F1Score(), BINARY, "threshold=None"),
        (KM.Recall(thresholds=0.9), BINARY, "thresholds=0.9"),
        (KM.Precision(thresholds=[0.3, 0.6]), BINARY, "thresholds=[0.3, 0.6]"),
        (KM.Precision(top_k=2), MULTILABEL, "top_k=2"),
        (KM.Recall(class_id=2), CLASSES, "top_k=None"),
        (KM.BinaryAccuracy(threshold=0.3), BINARY, "threshold=0.3"),
        (KM.TopKCategoricalAccuracy(k=6), CLASSES, "k=6"),
    ),
)
def test_a_setting_that_no_score_honours_is_named(
    metric: Any, kind: TaskKind, setting: str
) -> None:
    found = counterpart(told(metric), Watched(kind, UNITS[kind]))
    assert isinstance(found, NoScore)
    assert found.setting.startswith(setting)


GRID: dict[str, dict[str, tuple[Any, ...]]] = {
    "AUC": {
        "num_thresholds": (5000,),
        "curve": ("ROC", "PR"),
        "summation_method": ("interpolation", "majoring", "minoring"),
        "multi_label": (False, True),
        "thresholds": (None, [0.4]),
        "from_logits": (False, True),
    },
    "BinaryAccuracy": {"threshold": (0.5, 0.0, 0.2)},
    "Accuracy": {},
    "CategoricalAccuracy": {},
    "F1Score": {
        "average": ("macro", "micro", "weighted"),
        "threshold": (None, 0.2, 0.5),
    },
    "MeanAbsoluteError": {},
    "MeanIoU": {
        "num_classes": (2, 3, 4, 6),
        "ignore_class": (None, 0, 1),
        "sparse_y_true": (True, False),
        "sparse_y_pred": (True, False),
        "dtype": ("float32",),
    },
    "MeanSquaredError": {},
    "Precision": {"thresholds": (None, 0.5, 0.2), "top_k": (None, 1, 2), "class_id": (None, 0, 2)},
    "R2Score": {
        "class_aggregation": ("uniform_average", "variance_weighted_average"),
        "num_regressors": (0, 2),
    },
    "Recall": {"thresholds": (None, 0.5, 0.2), "top_k": (None, 1, 2), "class_id": (None, 0, 2)},
    "RootMeanSquaredError": {},
    "SparseCategoricalAccuracy": {},
    "SparseTopKCategoricalAccuracy": {"k": (1, 2, 5, 7), "from_sorted_ids": (False, True)},
    "TopKCategoricalAccuracy": {"k": (1, 2, 5, 7)},
}
"""Values of settings, each with those that are not the usual ones."""
MADE = [
    (name, dict(zip(settings, values, strict=True)))
    for name, grid in GRID.items()
    for settings in [grid.keys() & signature(getattr(KM, name)).parameters]  # of this Keras
    for values in product(*(grid[setting] for setting in settings))
]


def drawn(kind: TaskKind) -> tuple[Any, Any, list[Any], Any]:
    """Return what is true, the form of the answers, and truths and answers as Keras takes them."""
    draw, units = np.random.default_rng(4), UNITS[kind]
    if kind is REGRESSION:
        truth = draw.normal(size=(400, 2)) * [1, 5]
        answer = truth + draw.normal(size=truth.shape)
        return truth, answer, [truth], answer
    if kind is MULTILABEL:
        truth = draw.integers(0, 2, (400, units))
        logits = draw.normal(size=truth.shape) + truth - 0.5
        shares = 1 / (1 + np.exp(-logits))
        return truth, shares, [truth], shares
    shape = (60, 7) if kind is POSITIONS else (400,)
    truth = draw.integers(0, max(units, 2), shape)
    logits = draw.normal(size=(*shape, max(units, 2)))
    logits += 1.2 * (truth[..., None] == np.arange(max(units, 2)))
    shares = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    if units == 1:
        return truth, logits, [truth[..., None]], shares[..., 1:]
    return truth, logits, [np.eye(units)[truth], truth], shares


def by_keras(name: str, settings: Any, truths: list[Any], answer: Any) -> float:
    """Return what a metric gives, for class numbers or one-hot rows as it takes them."""
    sparse = settings.get("sparse_y_true", name.startswith("Sparse"))
    metric = getattr(KM, name)(**settings)
    truth = truths[-1 if sparse else 0].astype("float32")
    return float(np.mean(metric(truth, answer.astype("float32"))))


@pytest.mark.parametrize("kind", UNITS, ids=lambda kind: kind.value)
def test_what_is_taken_gives_what_keras_gives_with_the_same_settings(kind: TaskKind) -> None:
    truth, form, truths, answer = drawn(kind)
    taken = set()
    for name, settings in MADE:
        metric = getattr(KM, name)(**settings)
        score = counterpart(told(metric), Watched(kind, UNITS[kind]))
        if isinstance(score, NoScore):
            continue
        known = by_keras(name, settings, truths, answer)
        judge = score_named(score, kind)
        found = float(judge.value(judge.rows(truth, form), np.ones((1, len(truth))))[0])
        close = 5e-3 if name == "AUC" else 1e-4
        assert found == pytest.approx(known, abs=close), (name, settings)
        taken.add(score)
    assert len(taken) > 2


def test_every_metric_that_is_taken_is_compared_with_all_its_settings() -> None:
    names = {name.lower() for name in GRID}
    short = {"acc", "mae", "mse", "mape", "meanabsolutepercentageerror"}
    assert {name.split()[0] for name in watched_metrics._METRICS} - short == names
    for name, settings in GRID.items():
        neutral = {"self", "name", "dtype", "num_labels", "label_weights", "axis"}
        assert set(signature(getattr(KM, name)).parameters) - neutral <= set(settings)


def compared(units: int, loss: str, watched: list[Any], labels: Any) -> Mapping[str, Any]:
    """Return what is measured of two linear models, by the metrics of the first."""
    pair = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units, name="out")])
        model.compile("adam", loss, metrics=watched)
        pair.append(model)
    return evaluate(*pair, (TABLE, labels))


@pytest.mark.parametrize("metric", ("accuracy", "acc", "AUC", KM.Recall(), KM.BinaryIoU()))
def test_values_are_not_judged_by_whether_classes_are_right(metric: Any) -> None:
    found = compared(1, "mse", [metric], AMOUNT)
    scores = [name for name in found if name.startswith(("score@", "error@"))]
    assert scores == ["error@rmse"]
    assert "is not taken" in found["error@rmse"].detail


def test_metrics_of_values_that_only_keras_has_are_taken() -> None:
    found = compared(2, "mse", ["cosine_similarity"], np.stack([AMOUNT, AMOUNT], axis=1))
    assert "score@cosine_similarity" in found


def test_the_score_is_that_of_the_metric_as_it_was_set() -> None:
    found = compared(3, "categorical_crossentropy", [KM.F1Score("weighted")], np.eye(3)[KIND])
    keras.utils.set_random_seed(1)
    kernel = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="out")])
    top = kernel.predict(TABLE, verbose=0).argmax(axis=1)
    expected = metrics.f1_score(KIND, top, average="weighted")
    assert found["score@f1_weighted"].before == pytest.approx(expected)
