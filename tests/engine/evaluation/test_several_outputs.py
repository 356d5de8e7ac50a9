"""Models of several outputs: joint scores, and outputs without labels beside others."""

from __future__ import annotations

from functools import cache
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from pytest_paoding.engine.evaluation.evaluate import evaluate
from pytest_paoding.engine.exporting.export import export
from pytest_paoding.engine.pruning.pruner import prune
from pytest_paoding.errors import ConfigError, EvaluationError
from pytest_paoding.records.asked_for import AskedFor
from pytest_paoding.records.metrics import Direction

SAMPLES = 120
DRAW = np.random.default_rng(0)
TABLE = DRAW.uniform(0, 1, (SAMPLES, 6)).astype("float32")
THERE = (TABLE[:, 0] > 0.5).astype(int)
KIND = (TABLE[:, :3] > 0.6).sum(axis=1) % 3
BOX = TABLE[:, :4]
LABELS = {"there": THERE, "kind": KIND, "box": BOX}


@cache
def detector() -> tuple[Any, Any]:
    """Is anything there, what is it, and where."""
    keras.utils.set_random_seed(0)
    given = keras.Input((6,))
    hidden = layers.Dense(24, activation="relu")(given)
    there = layers.Dense(1, "sigmoid", name="there")(hidden)
    kind = layers.Dense(3, "softmax", name="kind")(hidden)
    box = layers.Dense(4, name="box")(hidden)
    model = keras.Model(given, [there, kind, box])
    losses = ["binary_crossentropy", "sparse_categorical_crossentropy", "mae"]
    model.compile(keras.optimizers.Adam(1e-2), losses)
    model.fit(TABLE, [THERE, KIND, BOX], epochs=8, batch_size=20, verbose=0)
    return model, prune(model, ratio=0.5, strategy="magnitude").model


def answers(model: Any, inputs: Any = TABLE) -> dict[str, Any]:
    return dict(zip(LABELS, model.predict(inputs, verbose=0), strict=True))


def found_rightly(y_true: dict[str, Any], y_pred: dict[str, Any]) -> Any:
    """Return which samples have the right kind and a box that is near, if anything is there."""
    near = np.abs(y_true["box"] - y_pred["box"]).max(axis=1) < 0.3
    right = near & (y_pred["kind"].argmax(axis=1) == y_true["kind"])
    there = y_pred["there"][:, 0] > 0.5
    return np.where(y_true["there"] == 1, there & right, ~there)


def as_a_whole(y_true: dict[str, Any], y_pred: dict[str, Any]) -> float:
    """Return the same as one number."""
    return float(found_rightly(y_true, y_pred).mean())


def joint(function: Any, name: str = "detected") -> AskedFor:
    return AskedFor(name, function, Direction.HIGHER, joint=True)


def test_each_of_several_outputs_has_a_score_unless_one_is_asked_for() -> None:
    pair = detector()
    found = evaluate(*pair, (TABLE, LABELS))
    before, after = map(answers, pair)
    for name, right in (
        ("there", lambda given: (given["there"][:, 0] > 0.5) == THERE),
        ("kind", lambda given: given["kind"].argmax(axis=1) == KIND),
    ):
        expected = right(before).mean() - right(after).mean()
        assert found[f"score_decay@{name}/accuracy"].found == pytest.approx(expected)
    assert "score_decay@box/rmse" in found


@pytest.mark.parametrize("function", (found_rightly, as_a_whole))
def test_a_joint_score_gets_all_outputs_by_name(function: Any) -> None:
    pair = detector()
    found = evaluate(*pair, (TABLE, LABELS), score=(joint(function), "mae"))
    expected = [as_a_whole(LABELS, answers(each)) for each in pair]
    measured = found["score@detected"]
    assert [measured.before, measured.after] == expected
    assert found["score_decay@detected"].found == pytest.approx(expected[0] - expected[1])
    for name in ("score@detected", "score_decay@detected", "score_retention@detected"):
        low, high = found[name].interval()
        assert low <= found[name].found <= high
    assert "error@box/mae" in found
    assert not [name for name in found if "/detected" in name]


def test_batches_do_not_matter_for_a_joint_score() -> None:
    pair, score = detector(), (joint(as_a_whole),)
    parts = (
        (TABLE[i : i + 50], {name: each[i : i + 50] for name, each in LABELS.items()})
        for i in range(0, SAMPLES, 50)
    )
    whole = evaluate(*pair, (TABLE, LABELS), score=score)
    assert evaluate(*pair, parts, score=score)["score@detected"] == whole["score@detected"]


def test_a_joint_score_is_of_the_judged_outputs_only() -> None:
    seen: list[Any] = []

    def note(y_true: Any, y_pred: Any) -> float:
        seen.append((sorted(y_true), sorted(y_pred)))
        return 0.5

    evaluate(*detector(), (TABLE, {"kind": KIND, "box": BOX}), score=(joint(note),))
    assert {str(each) for each in seen} == {"(['box', 'kind'], ['box', 'kind'])"}


def test_a_joint_score_counts_samples_by_their_weights() -> None:
    pair, weights = detector(), np.random.default_rng(1).integers(0, 3, SAMPLES)
    rows = np.repeat(np.arange(SAMPLES), weights)
    data = (TABLE, LABELS, dict.fromkeys(LABELS, weights))
    twice = (TABLE[rows], {name: each[rows] for name, each in LABELS.items()})
    for function in (found_rightly, as_a_whole):
        score = (joint(function),)
        weighed = evaluate(*pair, data, score=score)["score@detected"]
        repeated = evaluate(*pair, twice, score=score)["score@detected"]
        assert weighed.found == pytest.approx(repeated.found)


def test_a_joint_score_may_weigh_samples_itself() -> None:
    def weighing(y_true: Any, y_pred: Any, sample_weight: Any) -> float:
        assert sample_weight.keys() == y_true.keys()
        right = found_rightly(y_true, y_pred)
        return float((right * sample_weight["box"]).sum() / sample_weight["box"].sum())

    pair, weights = detector(), np.random.default_rng(1).random(SAMPLES)
    data = (TABLE, LABELS, dict.fromkeys(LABELS, weights))
    found = evaluate(*pair, data, score=(joint(weighing),))["score@detected"]
    right = found_rightly(LABELS, answers(pair[1]))
    assert found.found == pytest.approx((right * weights).sum() / weights.sum())


def test_a_joint_score_is_measured_under_attack() -> None:
    pair = detector()
    score = (joint(found_rightly), "accuracy")
    found = evaluate(*pair, (TABLE, LABELS), score=score, epsilons=(0.05,))
    robust = found["robust_score@detected@0.05"]
    assert 0 <= robust.found <= 1
    assert robust.interval() is not None
    assert "detected" not in str(found["robustness_retention"].detail)


def test_without_other_scores_the_joint_one_tells_how_robust_values_are() -> None:
    def near(y_true: Any, y_pred: Any) -> Any:
        return (np.abs(y_true["box"] - y_pred["box"]).max(axis=1) < 0.3) * 1.0

    data = (TABLE, {"box": BOX})
    found = evaluate(*detector(), data, score=(joint(near),), epsilons=(0.05,))
    retained = found["robustness_retention"]
    robust = found["robust_score@detected@0.05"]
    assert retained.found == pytest.approx(robust.after / robust.before)


@pytest.mark.parametrize(
    ("score", "error", "line"),
    (
        (AskedFor("a", found_rightly, joint=True), ConfigError, "give its direction"),
        (AskedFor("a", 3, Direction.HIGHER, joint=True), ConfigError, "no callable of y_true"),
        (
            AskedFor("a", keras.metrics.AUC, Direction.HIGHER, joint=True),
            ConfigError,
            "is a metric of Keras, which is of one output",
        ),
        (
            joint(lambda y_true, _: np.ones((len(y_true["box"]), 2)), "a"),
            EvaluationError,
            "it must return one number, or one for each sample",
        ),
    ),
)
def test_what_is_no_joint_score_is_refused(score: AskedFor, error: Any, line: str) -> None:
    with pytest.raises(error, match=line):
        evaluate(*detector(), (TABLE, LABELS), score=(score,))


def test_outputs_without_labels_are_held_to_what_they_were() -> None:
    pair = detector()
    found = evaluate(*pair, (TABLE, {"there": THERE}))
    before, after = (answers(each) for each in pair)
    agreed = (before["kind"].argmax(axis=1) == after["kind"].argmax(axis=1)).mean()
    assert found["unlabelled_agreement@kind"].found == agreed
    moved = np.square(after["box"] - before["box"]).sum()
    spread = np.square(before["box"] - before["box"].mean(axis=0)).sum()
    divergence = found["unlabelled_divergence@box"]
    assert divergence.found == pytest.approx(np.sqrt(moved / spread), rel=1e-4)
    for name in ("unlabelled_agreement@kind", "unlabelled_divergence@kind"):
        low, high = found[name].interval()
        assert low <= found[name].found <= high
    names = {name for name in found if name.startswith("unlabelled")}
    assert names == {
        "unlabelled_agreement@kind",
        "unlabelled_divergence@kind",
        "unlabelled_divergence@box",
    }
    assert "judged as regression" in divergence.detail


@pytest.mark.parametrize("data", ((TABLE, LABELS), TABLE, (TABLE, None)))
def test_nothing_stands_beside_where_all_or_none_have_labels(data: Any) -> None:
    assert not [name for name in evaluate(*detector(), data) if name.startswith("unlabelled")]


def test_batches_do_not_matter_for_outputs_without_labels() -> None:
    pair = detector()
    whole = evaluate(*pair, (TABLE, {"box": BOX}))
    parts = ((TABLE[i : i + 50], {"box": BOX[i : i + 50]}) for i in range(0, SAMPLES, 50))
    found = evaluate(*pair, parts)
    for name in ("unlabelled_agreement@there", "unlabelled_divergence@kind"):
        assert found[name].found == pytest.approx(whole[name].found, rel=1e-6)


def test_files_have_joint_scores_and_outputs_without_labels(tmp_path: Any) -> None:
    pair, file = detector(), tmp_path / "a.tflite"
    export(pair[1], {"tflite": file})
    data = (TABLE, {"kind": KIND, "box": BOX})
    score = (joint(lambda t, p: (p["kind"].argmax(axis=1) == t["kind"]) * 1.0),)
    found = evaluate(*pair, data, score=score, files={"tflite": file})
    assert found["score@detected@tflite"].found == pytest.approx(found["score@detected"].found)
    agreed = found["unlabelled_agreement@there"].found
    assert found["unlabelled_agreement@there@tflite"].found == pytest.approx(agreed, abs=0.02)
    assert "a file gives probabilities" in found["unlabelled_divergence@there@tflite"].reason
