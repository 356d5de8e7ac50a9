"""What counts: each output by its own weights, and nothing that has none."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
from keras import layers

from pytest_paoding.engine.evaluation.evaluate import evaluate
from pytest_paoding.errors import DataError, EvaluationError
from pytest_paoding.records.asked_for import AskedFor
from pytest_paoding.records.metrics import Direction

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_paoding.records.measurement import Evaluation

SAMPLES, WORDS, KINDS = 90, 5, 4
DRAW = np.random.default_rng(11)
TABLE = DRAW.uniform(-1, 1, (SAMPLES, 6)).astype("float32")
LABELS: dict[str, Any] = {
    "kind": DRAW.integers(0, 3, SAMPLES),
    "size": DRAW.normal(size=(SAMPLES, 2)),
    "tags": DRAW.integers(0, 2, (SAMPLES, 3)),
    "there": DRAW.integers(0, 2, SAMPLES),
}
LOSSES = {
    "kind": "sparse_categorical_crossentropy",
    "size": "mse",
    "tags": "binary_crossentropy",
    "there": "binary_crossentropy",
}
HEADS = {"kind": (3, "softmax"), "size": (2, None), "tags": (3, "sigmoid"), "there": (1, "sigmoid")}
WEIGHTS: tuple[Callable[[Any], Any], ...] = (
    lambda _: None,
    lambda draw: draw.integers(0, 3, SAMPLES),
    lambda draw: draw.random(SAMPLES) + 0.1,
    lambda _: np.arange(SAMPLES) % 3 > 0,
    lambda draw: (draw.random((SAMPLES, 1)) < 0.6).astype("float32"),
)
SCORES = {"kind": ("accuracy", "f1"), "size": ("mae", "r2"), "tags": ("f1",), "there": ("auc",)}
ALL = tuple(dict.fromkeys(name for names in SCORES.values() for name in names))


@cache
def many_headed() -> tuple[Any, Any]:
    pair = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        source = keras.Input((6,))
        outputs = {
            name: layers.Dense(units, activation, name=f"{name}_layer")(source)
            for name, (units, activation) in HEADS.items()
        }
        model = keras.Model(source, outputs)
        model.compile("adam", LOSSES)
        pair.append(model)
    return pair[0], pair[1]


def drawn_weights(seed: int) -> dict[str, Any]:
    draw = np.random.default_rng(seed)
    found = {name: WEIGHTS[draw.integers(len(WEIGHTS))](draw) for name in LABELS}
    found["kind" if seed % 2 else "size"] = (np.arange(SAMPLES) >= SAMPLES // 2) * 1.0
    return {name: each for name, each in found.items() if each is not None}


def counted(weights: dict[str, Any], name: str) -> Any:
    return np.ravel(weights.get(name, np.ones(SAMPLES))) > 0


def same_numbers(found: Evaluation, wanted: Evaluation, names: dict[str, str]) -> None:
    """Compare metrics, and their intervals, with those of other names."""
    for name, other in names.items():
        one, two = found[name], wanted[other]
        assert one.reason == two.reason, name
        for side in ("before", "after", "found"):
            assert getattr(one, side) == pytest.approx(getattr(two, side), nan_ok=True), name
        assert (one.interval() or ()) == pytest.approx(two.interval() or (), abs=1e-6), name


@pytest.mark.parametrize("seed", range(4))
def test_every_output_is_judged_by_its_own_weights_as_if_it_were_alone(seed: int) -> None:
    pair, weights = many_headed(), drawn_weights(seed)
    found = evaluate(*pair, (TABLE, LABELS, weights), score=ALL)
    rows = []
    for name, labels in LABELS.items():
        own = {name: weights[name]} if name in weights else None
        alone = evaluate(*pair, (TABLE, {name: labels}, own), score=SCORES[name])
        scored = [each for each in alone if each.startswith(("score", "error"))]
        assert scored
        named = {each.replace("@", f"@{name}/", 1): each for each in scored}
        same_numbers(found, alone, named)
        assert alone.breakdown is not None
        rows += [(row.samples, row.before, row.after) for row in alone.breakdown.classes.rows]
    assert found.breakdown is not None
    classes = [(row.samples, row.before, row.after) for row in found.breakdown.classes.rows]
    assert sorted(classes) == sorted(rows)


@pytest.mark.parametrize("seed", range(4))
def test_of_all_outputs_together_a_sample_is_judged_where_it_counts(seed: int) -> None:
    pair, weights = many_headed(), drawn_weights(seed)
    found = evaluate(*pair, (TABLE, LABELS, weights))
    outputs = [each.predict(TABLE, verbose=0) for each in pair]
    answers = [
        {"kind": o["kind"].argmax(1), "tags": o["tags"] > 0.5, "there": o["there"][:, 0] > 0.5}
        for o in outputs
    ]
    right = [np.ones(SAMPLES, bool), np.ones(SAMPLES, bool)]
    agreed, decided = np.ones(SAMPLES, bool), np.zeros(SAMPLES, bool)
    for name in answers[0]:
        known = counted(weights, name)
        decided |= known
        sides = [each[name].reshape(SAMPLES, -1) for each in answers]
        truth = LABELS[name].reshape(SAMPLES, -1)
        agreed &= (sides[0] == sides[1]).all(axis=1) | ~known
        for place, side in enumerate(sides):
            right[place] &= (side == truth).all(axis=1) | ~known
    accuracy = found["accuracy"]
    assert (accuracy.before, accuracy.after) == tuple(each[decided].mean() for each in right)
    assert found["agreement"].found == agreed[decided].mean()
    moved = spread = 0.0
    for name in LABELS:
        known = counted(weights, name)
        one, other = (as_placed(name, o[name].astype(float))[known] for o in outputs)
        moved += np.square(one - other).sum()
        spread += np.square(one - one.mean(axis=0)).sum()
    assert found["divergence"].found == pytest.approx(np.sqrt(moved / spread), rel=1e-3)


def as_placed(name: str, output: Any) -> Any:
    """Return logits as divergence compares them."""
    if name == "size":
        return output
    if name == "kind":
        logits = np.log(output)
        return logits - logits.mean(axis=1, keepdims=True)
    odds = np.log(output) - np.log1p(-output)
    return odds if name == "tags" else np.concatenate([-odds, odds], axis=1) / 2


@pytest.mark.parametrize("seed", range(2))
def test_nothing_is_changed_by_what_does_not_count(seed: int) -> None:
    pair, weights = many_headed(), drawn_weights(seed)
    nowhere = np.arange(SAMPLES) % 7 == 0
    weights = {
        name: np.where(nowhere, 0, np.ravel(weights.get(name, np.ones(SAMPLES)))) for name in LABELS
    }
    draw = np.random.default_rng(seed)
    others = {
        name: np.where(
            counted(weights, name).reshape(-1, *(1,) * (labels.ndim - 1)), labels, labels[::-1]
        )
        for name, labels in LABELS.items()
    }
    inputs = np.where(nowhere[:, None], draw.uniform(-1, 1, TABLE.shape), TABLE).astype("float32")
    found, wanted = (
        evaluate(
            *pair,
            (x, y, weights),
            epsilons=(0.05,),
            input_range=(-1.0, 1.0),
            slices=lambda _, y: (np.arange(len(y["kind"])) % 4).tolist(),
            score=ALL,
        )
        for x, y in ((TABLE, LABELS), (inputs, others))
    )
    assert found.breakdown is not None
    assert wanted.breakdown is not None
    same_numbers(found, wanted, {name: name for name in wanted})
    assert [found[name].detail for name in wanted] == [wanted[name].detail for name in wanted]
    assert found.breakdown.classes == wanted.breakdown.classes
    assert found.breakdown.slices == wanted.breakdown.slices
    assert found.breakdown.confusions == wanted.breakdown.confusions
    assert found.breakdown.flipped == wanted.breakdown.flipped


def sequence_pair(loss: Any, *, masked: bool = False, values: bool = False) -> tuple[Any, Any]:
    pair = []
    for seed in (3, 4):
        keras.utils.set_random_seed(seed)
        given = keras.Input((WORDS,), dtype="int32")
        hidden = layers.Embedding(20, 6, mask_zero=masked, embeddings_initializer="normal")(given)
        head = layers.Dense(2) if values else layers.Dense(KINDS, "softmax")
        model = keras.Model(given, head(hidden))
        if loss is not None:
            model.compile("adam", loss)
        pair.append(model)
    return pair[0], pair[1]


SENTENCES = DRAW.integers(1, 20, (SAMPLES, WORDS)) * (
    np.arange(WORDS) < DRAW.integers(1, WORDS + 1, (SAMPLES, 1))
)
TRUTH = DRAW.integers(0, KINDS, (SAMPLES, WORDS))
KNOWN = SENTENCES > 0
SPARSE = keras.losses.SparseCategoricalCrossentropy
WHOLE = np.repeat((np.arange(SAMPLES) % 2)[:, None], WORDS, axis=1) > 0


@pytest.mark.parametrize(
    ("loss", "masked", "labels", "weights", "counts"),
    (
        (SPARSE(), False, np.where(KNOWN, TRUTH, -1), KNOWN, KNOWN),
        (SPARSE(), False, TRUTH[..., None], KNOWN[..., None] * 3, KNOWN),
        (SPARSE(ignore_class=-1), False, np.where(KNOWN, TRUTH, -1), None, KNOWN),
        (SPARSE(ignore_class=0), False, TRUTH, None, TRUTH > 0),
        (SPARSE(), True, TRUTH, None, KNOWN),
        (SPARSE(), True, TRUTH, WHOLE[:, 0], KNOWN & WHOLE),
        (SPARSE(), False, TRUTH, WHOLE[:, :1], WHOLE),
        (SPARSE(ignore_class=1), True, TRUTH, WHOLE, KNOWN & WHOLE & (TRUTH != 1)),
        (SPARSE(), True, None, None, KNOWN),
    ),
)
def test_agreement_and_divergence_are_of_the_positions_that_count(
    *, loss: Any, masked: bool, labels: Any, weights: Any, counts: Any
) -> None:
    pair = sequence_pair(loss, masked=masked)
    data = (SENTENCES, labels) if weights is None else (SENTENCES, labels, weights)
    found = evaluate(*pair, data)
    shares = [np.asarray(each(SENTENCES), float) for each in pair]
    same = shares[0].argmax(axis=-1) == shares[1].argmax(axis=-1)
    rows = [each[known].mean() for each, known in zip(same, counts, strict=True) if known.any()]
    assert found["agreement"].found == pytest.approx(np.mean(rows))
    assert np.mean(rows) != pytest.approx(same.mean())
    logits = [np.log(each) for each in shares]
    one, other = ((e - e.mean(axis=-1, keepdims=True))[counts] for e in logits)
    wanted = np.sqrt(np.square(one - other).sum() / np.square(one - one.mean(axis=0)).sum())
    assert found["divergence"].found == pytest.approx(wanted, rel=1e-3)


@pytest.mark.parametrize("shape", ((SAMPLES, WORDS), (SAMPLES, WORDS, 1), (SAMPLES, WORDS, 2)))
@pytest.mark.parametrize("masked", (False, True))
def test_values_of_steps_take_the_weights_of_the_steps(
    *, shape: tuple[int, ...], masked: bool
) -> None:
    pair = sequence_pair("mse", masked=masked, values=True)
    labels = np.random.default_rng(1).normal(size=(SAMPLES, WORDS, 2))
    steps = np.random.default_rng(2).integers(0, 3, (SAMPLES, WORDS))
    weights = steps[..., None] * np.ones(2) if shape[2:] == (2,) else steps.reshape(shape)
    found = evaluate(*pair, (SENTENCES, labels, weights), score=("mse",))
    counts = steps * (KNOWN if masked else 1)
    answers = [np.asarray(each(SENTENCES), float) for each in pair]
    errors = [np.square(each - labels).mean(axis=-1) for each in answers]
    wanted = [(each * counts).sum() / counts.sum() for each in errors]
    assert [found["error@mse"].before, found["error@mse"].after] == pytest.approx(wanted)
    one, other = (each[counts > 0] for each in answers)
    wanted = np.sqrt(np.square(one - other).sum() / np.square(one - one.mean(axis=0)).sum())
    assert found["divergence"].found == pytest.approx(wanted, rel=1e-4)


def test_an_output_of_which_nothing_counts_is_refused() -> None:
    data = (TABLE, LABELS, {"kind": np.zeros(SAMPLES)})
    with pytest.raises(DataError, match="nothing of output 'kind' counts: all its sample weights"):
        evaluate(*many_headed(), data)


def joint(function: Any) -> tuple[AskedFor]:
    return (AskedFor("both", function, Direction.HIGHER, joint=True),)


@pytest.mark.parametrize(
    ("function", "line"),
    (
        (lambda y_true, y_pred: 0.5, "outputs with different sample weights: give it a param"),  # noqa: ARG005
        (
            lambda y_true, y_pred, sample_weight: np.ones(len(y_true["kind"])),  # noqa: ARG005
            "returns a number for each sample, which cannot count by the different weights",
        ),
    ),
)
def test_a_joint_score_that_cannot_weigh_outputs_apart_is_refused(function: Any, line: str) -> None:
    data = (TABLE, LABELS, {"kind": DRAW.random(SAMPLES)})
    with pytest.raises(EvaluationError, match=line):
        evaluate(*many_headed(), data, score=joint(function))


def test_a_joint_score_is_given_the_weights_of_each_output() -> None:
    def weighing(y_true: Any, y_pred: Any, sample_weight: Any) -> float:
        assert sample_weight.keys() == y_true.keys() == y_pred.keys()
        near = np.abs(y_true["size"] - y_pred["size"]).max(axis=1) < 1
        right = y_true["kind"] == y_pred["kind"].argmax(axis=1)
        return float(
            np.average(near, weights=sample_weight["size"])
            + np.average(right, weights=sample_weight["kind"])
        )

    pair, weights = many_headed(), {"kind": DRAW.random(SAMPLES), "size": DRAW.random(SAMPLES)}
    labels = {name: LABELS[name] for name in weights}
    found = evaluate(*pair, (TABLE, labels, weights), score=joint(weighing))["score@both"]
    given = [each.predict(TABLE, verbose=0) for each in pair]
    wanted = [weighing(labels, {name: o[name] for name in labels}, weights) for o in given]
    assert [found.before, found.after] == pytest.approx(wanted)
    assert found.interval() is not None
