"""Scores under attack, of tasks without right or wrong."""

from __future__ import annotations

from functools import cache
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from sklearn import metrics

from pytest_paoding.engine.evaluation.evaluate import evaluate
from pytest_paoding.records.budgets import Limit, Verdict, judge
from pytest_paoding.records.metrics import BUDGETS

SAMPLES, EPSILONS = 240, (0.02, 0.1)
DRAW = np.random.default_rng(0)
TABLE = DRAW.uniform(0, 1, (SAMPLES, 6)).astype("float32")
AMOUNT = (TABLE[:, 0] * 2 + np.sin(5 * TABLE[:, 1])).astype("float32")
PICTURES = DRAW.random((SAMPLES, 6, 6, 1)).astype("float32")
SHAPES = (PICTURES[..., 0] > 0.5).astype(int)
WIDE = (-10.0, 10.0)  # no example is clipped


def line(seed: int) -> Any:
    """Return a linear model, of which the worst example is known."""
    model = keras.Sequential([keras.Input((6,)), layers.Dense(1)])
    model.set_weights([np.random.default_rng(seed).normal(size=(6, 1)), np.array([0.3])])
    model.compile(loss="mse")
    return model


@cache
def curved() -> tuple[Any, Any]:
    """Return two nets of values that one full step may overshoot on."""
    pair = []
    for seed in (0, 1):
        keras.utils.set_random_seed(seed)
        model = keras.Sequential(
            [keras.Input((6,)), layers.Dense(16, "tanh"), layers.Dense(8, "relu"), layers.Dense(1)]
        )
        model.compile("adam", "mse")
        model.fit(TABLE, AMOUNT, epochs=3, verbose=0)
        pair.append(model)
    return pair[0], pair[1]


@cache
def segmenters() -> tuple[Any, Any]:
    pair = []
    for seed in (0, 1):
        keras.utils.set_random_seed(seed)
        given = keras.Input((6, 6, 1))
        hidden = layers.Conv2D(8, 3, padding="same", activation="relu")(given)
        model = keras.Model(given, layers.Conv2D(2, 1, activation="softmax")(hidden))
        model.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy")
        model.fit(PICTURES, SHAPES, epochs=6, verbose=0)
        pair.append(model)
    return pair[0], pair[1]


@pytest.mark.parametrize("attack", ("fgsm", "pgd"))
def test_the_worst_example_of_a_linear_model_is_found(attack: str) -> None:
    """A step of epsilon along the signs moves the output by epsilon times the sum of |weights|."""
    pair = line(0), line(1)
    found = evaluate(
        *pair, (TABLE, AMOUNT), epsilons=EPSILONS, attack=attack, input_range=WIDE, score=("mae",)
    )
    for epsilon in EPSILONS:
        worst = []
        for model in pair:
            kernel, bias = model.get_weights()
            errors = np.abs(TABLE @ kernel + bias - AMOUNT[:, None])
            worst.append((errors + epsilon * np.abs(kernel).sum()).mean())
        measured = found[f"robust_error@mae@{epsilon:g}"]
        assert (measured.before, measured.after) == pytest.approx(worst, rel=1e-4)
        assert measured.found == measured.after
        low, high = measured.interval()
        assert low < measured.found < high
    ratios = {e: found[f"robust_error@mae@{e:g}"] for e in EPSILONS}
    least = min(each.before / each.after for each in ratios.values())
    assert found["robustness_retention"].found == pytest.approx(least)
    assert found["robustness_retention"].detail.startswith(f"mae, {attack}")


@pytest.mark.parametrize("attack", ("fgsm", "pgd"))
def test_an_attack_never_makes_a_sample_better(attack: str) -> None:
    pair = curved()
    options = {"attack": attack, "score": ("mse",), "input_range": (0.0, 1.0)}
    found = evaluate(*pair, (TABLE, AMOUNT), epsilons=(0.3, 1.0), **options)
    clean = found["error@mse"]
    for epsilon in ("0.3", "1"):
        measured = found[f"robust_error@mse@{epsilon}"]
        assert measured.before > clean.before
        assert measured.after > clean.after


def test_more_starts_never_find_less() -> None:
    pair = curved()
    found = [
        evaluate(*pair, (TABLE, AMOUNT), epsilons=(0.2,), attack="pgd", **more, score=("mse",))
        for more in ({"attack_steps": 3}, {"attack_steps": 3, "attack_restarts": 4})
    ]
    one, several = (each["robust_error@mse@0.2"] for each in found)
    assert several.before >= one.before
    assert "4 starts" in several.detail


def test_a_segmenter_under_attack_is_scored_like_any_other_answer() -> None:
    pair = segmenters()
    found = evaluate(*pair, (PICTURES, SHAPES), epsilons=(0.1,), input_range=(0.0, 1.0))
    robust, plain = found["robust_score@mean_iou@0.1"], found["score@mean_iou"]
    assert robust.before < plain.before
    assert robust.after < plain.after
    retention = found["robustness_retention"]
    assert retention.found == pytest.approx(robust.after / robust.before)
    assert "judged as positions" in found["robust_accuracy@0.1"].reason


def test_examples_of_the_first_samples_only_are_scored() -> None:
    pair = line(0), line(1)
    options = {"epsilons": (0.1,), "input_range": WIDE, "score": ("mae",)}
    batches = ((TABLE[i : i + 50], AMOUNT[i : i + 50]) for i in range(0, SAMPLES, 50))
    some = evaluate(*pair, batches, attack="pgd", attack_samples=70, **options)
    fewer = evaluate(*pair, (TABLE[:70], AMOUNT[:70]), **options)
    measured, expected = (each["robust_error@mae@0.1"] for each in (some, fewer))
    assert measured.found == pytest.approx(expected.found, rel=1e-5)
    assert f"the first 70 of {SAMPLES} samples" in measured.detail
    assert measured.evidence.samples == 70


def test_scores_of_classes_are_robust_beside_their_accuracy() -> None:
    labels = (TABLE[:, 0] > 0.5).astype(int)
    model = keras.Sequential([keras.Input((6,)), layers.Dense(1, "sigmoid")])
    model.compile(loss="binary_crossentropy")
    model.set_weights([np.eye(6, 1) * 8, np.array([-4.0])])
    found = evaluate(
        model, model, (TABLE, labels), epsilons=(0.2,), score=("auc",), input_range=WIDE
    )
    moved = TABLE[:, 0] - 0.2 * np.sign(labels - 0.5)
    expected = metrics.roc_auc_score(labels, moved)
    assert found["robust_score@auc@0.2"].found == pytest.approx(expected, abs=1e-6)
    assert "robust_accuracy@0.2" in found
    assert found["robustness_retention"].detail.startswith("fgsm")  # of accuracy


def test_what_no_loss_is_known_of_is_not_attacked() -> None:
    def gap(y_true: Any, y_pred: Any) -> Any:
        return np.abs(y_true - y_pred[:, 0])

    from pytest_paoding.records.asked_for import AskedFor  # noqa: PLC0415 - beside its use

    score = AskedFor("gap", gap, AskedFor.read("gap=lower").direction)
    found = evaluate(line(0), line(1), (TABLE, AMOUNT), epsilons=(0.1,), task="any", score=(score,))
    for name in ("robust_error@gap@0.1", "robustness_retention"):
        assert "what is a loss of it is not known" in found[name].reason


def test_limits_hold_at_every_epsilon_or_of_one_score() -> None:
    found = evaluate(
        line(0),
        line(1),
        (TABLE, AMOUNT),
        epsilons=EPSILONS,
        score=("mae", "rmse"),
        input_range=WIDE,
    )
    metric = BUDGETS["max_robust_score"]
    every = judge([Limit(metric, 100.0)], found).checks
    assert [check.name for check in every] == [
        f"robust_error@{score}@{epsilon:g}" for epsilon in EPSILONS for score in ("mae", "rmse")
    ]
    one = judge([Limit(metric, 0.0, part="mae")], found).checks
    assert [check.name for check in one] == [f"robust_error@mae@{e:g}" for e in EPSILONS]
    assert {check.verdict for check in one} == {Verdict.MISSED}
    none = judge([Limit(metric, 1.0, part="r2")], found).checks
    assert [(check.name, check.verdict) for check in none] == [
        ("robust_error@r2", Verdict.UNJUDGED)
    ]
