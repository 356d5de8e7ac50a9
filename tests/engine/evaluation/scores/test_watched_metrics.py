"""Metrics that a model was compiled with, and what is compared in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
from sklearn import metrics

from pytest_paoding.engine.evaluation.evaluate import evaluate
from pytest_paoding.engine.evaluation.scores.task_kind import TaskKind
from pytest_paoding.engine.evaluation.scores.watched_metrics import counterpart

if TYPE_CHECKING:
    from collections.abc import Mapping

RNG = np.random.default_rng(5)
TABLE = RNG.random((60, 4)).astype(np.float32)
AMOUNT = (TABLE @ RNG.normal(size=4)).astype(np.float32)
KIND = RNG.integers(0, 3, 60)
KM = keras.metrics


@pytest.mark.parametrize(
    ("metric", "kind", "name"),
    (
        ("accuracy", TaskKind.CLASSES, "accuracy"),
        (KM.BinaryAccuracy(threshold=0.0), TaskKind.BINARY, "accuracy"),
        (KM.AUC(), TaskKind.BINARY, "auc"),
        (KM.AUC(curve="PR"), TaskKind.BINARY, "average_precision"),
        (KM.AUC(curve="PR", multi_label=True), TaskKind.MULTILABEL, "average_precision"),
        (KM.F1Score(), TaskKind.CLASSES, "f1"),
        (KM.F1Score(average="weighted"), TaskKind.CLASSES, "f1_weighted"),
        (KM.F1Score(average="micro"), TaskKind.MULTILABEL, "f1_micro"),
        (KM.F1Score(average="macro"), TaskKind.CLASSES, "f1"),
        (KM.F1Score(average="macro"), TaskKind.BINARY, "f1_macro"),
        (KM.F1Score(threshold=0.5), TaskKind.MULTILABEL, "f1"),
        (KM.F1Score(threshold=0.8), TaskKind.MULTILABEL, None),
        (KM.Recall(), TaskKind.BINARY, "recall"),
        (KM.Recall(thresholds=0), TaskKind.BINARY, "recall"),
        (KM.Recall(thresholds=0.9), TaskKind.BINARY, None),
        (KM.Precision(thresholds=[0.3, 0.6]), TaskKind.BINARY, None),
        (KM.Recall(class_id=2), TaskKind.CLASSES, "recall@2"),
        (KM.Precision(class_id=0), TaskKind.MULTILABEL, "precision@0"),
        (KM.Precision(top_k=2), TaskKind.CLASSES, None),
        (KM.TopKCategoricalAccuracy(k=2), TaskKind.CLASSES, "top_2_accuracy"),
        (KM.SparseTopKCategoricalAccuracy(), TaskKind.CLASSES, "top_5_accuracy"),
        (KM.MeanIoU(num_classes=3), TaskKind.POSITIONS, "mean_iou"),
        (KM.MeanSquaredError(), TaskKind.REGRESSION, "mse"),
        ("accuracy", TaskKind.REGRESSION, None),
        ("unheard_of", TaskKind.CLASSES, None),
    ),
)
def test_settings_of_a_metric_tell_which_score_it_is(
    metric: Any, kind: TaskKind, name: str | None
) -> None:
    config = metric if isinstance(metric, str) else keras.saving.serialize_keras_object(metric)
    assert counterpart(config, kind) == name


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
