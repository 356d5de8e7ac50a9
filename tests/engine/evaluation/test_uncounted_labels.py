"""What has the weight 0 may have any label, or none, and counts nowhere all the same."""

from __future__ import annotations

from functools import cache
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from pytest_paoding.engine.evaluation.data.examination import examine
from pytest_paoding.engine.evaluation.evaluate import evaluate
from pytest_paoding.errors import DataError
from support.nightly import nightly

SAMPLES = 80
DRAW = np.random.default_rng(5)
TABLE = DRAW.uniform(-1, 1, (SAMPLES, 6)).astype("float32")
WEIGHTS = np.arange(SAMPLES) % 3 % 2 * 1.0  # the first sample does not count
UNCOUNTED = WEIGHTS == 0
KIND, THERE = DRAW.integers(0, 3, SAMPLES), DRAW.integers(0, 2, SAMPLES)
TAGS, SIZE = DRAW.integers(0, 2, (SAMPLES, 3)), DRAW.normal(size=(SAMPLES, 2))
HEADS: dict[str, Any] = {
    "kind": (3, "softmax", "sparse_categorical_crossentropy"),
    "raw": (3, None, None),
    "there": (1, "sigmoid", "binary_crossentropy"),
    "tags": (3, "sigmoid", "binary_crossentropy"),
    "size": (2, None, "mse"),
}


@cache
def pair_of(head: str, ignored: int | None = None) -> tuple[Any, Any]:
    units, activation, loss = HEADS[head]
    if ignored is not None:
        loss = keras.losses.SparseCategoricalCrossentropy(ignore_class=ignored)
    pair = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        model = keras.Sequential(
            [keras.Input((6,)), layers.Dense(units, activation, name=f"{head}_layer")]
        )
        if loss is not None:
            model.compile("adam", loss)
        pair.append(model)
    return pair[0], pair[1]


def spoilt(labels: Any, filling: Any) -> Any:
    found = np.array(labels, np.result_type(np.asarray(labels).dtype, np.asarray(filling).dtype))
    found[UNCOUNTED] = filling
    return found


def judged(pair: tuple[Any, Any], data: Any) -> Any:
    told = {"input_range": (-1.0, 1.0)}
    again = examine(pair[0], data, **told).data
    return evaluate(*pair, again, epsilons=(0.05,), slices=lambda x, _: [0] * len(x), **told)


def same(found: Any, wanted: Any) -> None:
    assert found.keys() == wanted.keys()
    for name in wanted:
        for side in ("before", "after", "found"):
            assert getattr(found[name], side) == getattr(wanted[name], side), name
        assert (found[name].detail, found[name].reason) == (
            wanted[name].detail,
            wanted[name].reason,
        )
    assert found.breakdown == wanted.breakdown


@pytest.mark.parametrize(
    ("head", "labels", "filling"),
    (
        ("kind", KIND, -1),
        ("kind", KIND, 255),
        ("kind", KIND.astype(float), np.nan),
        ("kind", KIND.astype(float), 0.5),
        ("kind", KIND[:, None], -100),
        ("kind", np.eye(3)[KIND], 0.0),
        ("kind", np.eye(3)[KIND], np.nan),
        ("raw", KIND, -1),
        ("raw", KIND.astype(float), np.nan),
        ("raw", np.eye(3)[KIND], 0.5),
        ("there", THERE, -1),
        ("there", THERE.astype(float), np.nan),
        ("tags", TAGS, -1),
        ("tags", TAGS.astype(float), np.nan),
        ("size", SIZE, np.nan),
        ("size", SIZE, np.inf),
    ),
)
@pytest.mark.parametrize("batched", (True, *nightly(False)))
def test_the_label_of_what_does_not_count_is_of_no_account(
    *, head: str, labels: Any, filling: Any, batched: bool
) -> None:
    def data(given: Any) -> Any:
        parts = (TABLE, given, WEIGHTS)
        return _in_batches(parts) if batched else parts

    found = judged(pair_of(head), data(spoilt(labels, filling)))
    same(found, judged(pair_of(head), data(labels)))


def _in_batches(parts: tuple[Any, ...]) -> Any:
    return (tuple(each[at : at + 33] for each in parts) for at in range(0, SAMPLES, 33))


@pytest.mark.parametrize("column", (False, True))
@pytest.mark.parametrize("ignored", (-1, 255, 2))
def test_classes_that_the_loss_leaves_out_do_not_count(*, ignored: int, column: bool) -> None:
    labels = np.where(DRAW.random(SAMPLES) < 0.3, ignored, KIND)
    counted = (labels != ignored) * 1.0
    plain = np.where(labels == ignored, 0, labels)
    shown = labels[:, None] if column else labels
    for own in (None, WEIGHTS):
        weights = counted if own is None else counted * own
        data = (TABLE, shown) if own is None else (TABLE, shown, own)
        found = judged(pair_of("kind", ignored), data)
        same(found, judged(pair_of("kind"), (TABLE, plain, weights)))


@pytest.mark.parametrize("head", ("kind", "there", "tags"))
def test_labels_of_what_counts_are_refused_as_ever(head: str) -> None:
    labels = {"kind": KIND, "there": THERE, "tags": TAGS}[head].copy()
    labels[1] = -1  # its weight is 1
    with pytest.raises(DataError, match=f"labels of output '{head}_layer' "):
        judged(pair_of(head), (TABLE, labels, WEIGHTS))


@pytest.mark.parametrize("head", ("kind", "there", "tags", "size"))
@pytest.mark.parametrize("batched", (False, True))
def test_weights_without_labels_say_what_counts(*, head: str, batched: bool) -> None:
    pair = pair_of(head)
    for weights in (WEIGHTS, WEIGHTS[:, None], WEIGHTS * 3 > 0):
        parts = (TABLE, weights)
        data = ((x, None, w) for x, w in _in_batches(parts)) if batched else (TABLE, None, weights)
        found = evaluate(*pair, data)
        wanted = evaluate(*pair, (TABLE[~UNCOUNTED], None))
        for name in ("agreement", "divergence"):
            assert found[name].found == pytest.approx(wanted[name].found), name
            if wanted[name].found is not None:
                assert f"{int(WEIGHTS.sum())} samples of {SAMPLES}" in found[name].detail
                assert found[name].interval() == pytest.approx(wanted[name].interval(), abs=0.05)
        assert found.breakdown.flipped == wanted.breakdown.flipped


def two_outputs() -> tuple[Any, Any]:
    pair = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        given = keras.Input((6,))
        outputs = {"kind": layers.Dense(3, "softmax")(given), "size": layers.Dense(2)(given)}
        model = keras.Model(given, outputs)
        model.compile("adam", {"kind": "sparse_categorical_crossentropy", "size": "mse"})
        pair.append(model)
    return pair[0], pair[1]


@pytest.mark.parametrize("labelled", ("kind", "size"))
def test_outputs_without_labels_have_weights_of_their_own(labelled: str) -> None:
    pair, other = two_outputs(), {"kind": "size", "size": "kind"}[labelled]
    labels = {labelled: {"kind": KIND, "size": SIZE}[labelled]}
    found = evaluate(*pair, (TABLE, labels, {other: WEIGHTS}))
    rows = ~UNCOUNTED
    part = {name: each[rows] for name, each in labels.items()}
    wanted = evaluate(*pair, (TABLE[rows], part))
    names = [name for name in wanted if name.startswith("unlabelled")]
    assert names
    for name in names:
        assert found[name].found == pytest.approx(wanted[name].found), name
    assert found["divergence"].found == evaluate(*pair, (TABLE, labels))["divergence"].found


@pytest.mark.parametrize(
    ("weights", "line"),
    (
        (WEIGHTS[:-1], r"sample weights of output 'kind_layer' have the shape \(79,\)"),
        (-WEIGHTS, "sample weights of output 'kind_layer' are not finite or below 0"),
        (WEIGHTS * np.nan, "sample weights of output 'kind_layer' are not finite or below 0"),
        (["a"] * SAMPLES, "sample weights of output 'kind_layer' are no numbers"),
        (WEIGHTS * 0, "nothing of output 'kind_layer' counts: all its sample weights are 0"),
    ),
)
def test_weights_without_labels_are_checked_like_others(weights: Any, line: str) -> None:
    with pytest.raises(DataError, match=line):
        evaluate(*pair_of("kind"), (TABLE, None, weights))


def steps_pair(*, masked: bool = False) -> tuple[Any, Any]:
    pair = []
    for seed in (3, 4):
        keras.utils.set_random_seed(seed)
        given = keras.Input((None,), dtype="int32")
        hidden = layers.Embedding(9, 4, mask_zero=masked, embeddings_initializer="normal")(given)
        model = keras.Model(given, layers.Dense(3, "softmax")(hidden))
        model.compile("adam", "sparse_categorical_crossentropy")
        pair.append(model)
    return pair[0], pair[1]


WORDS = DRAW.integers(0, 9, (SAMPLES, 5)).astype("int32")
STEPS = DRAW.integers(0, 2, (SAMPLES, 5))


@pytest.mark.parametrize("masked", (False, True))
@pytest.mark.parametrize("weights", (STEPS, STEPS[..., None], WEIGHTS))
def test_positions_without_labels_have_weights_too(*, weights: Any, masked: bool) -> None:
    pair = steps_pair(masked=masked)
    counts = (STEPS if weights.ndim > 1 else np.repeat(WEIGHTS[:, None], 5, 1)) > 0
    counts &= (WORDS > 0) | (not masked)
    one, other = (np.asarray(each(WORDS)).argmax(axis=-1) for each in pair)
    rows = [(a == b)[c].mean() for a, b, c in zip(one, other, counts, strict=True) if c.any()]
    found = evaluate(*pair, (WORDS, None, weights))
    assert found["agreement"].found == pytest.approx(np.mean(rows))
    wanted = evaluate(*pair, (WORDS, one, counts))
    assert found["divergence"].found == pytest.approx(wanted["divergence"].found)


@pytest.mark.parametrize("filling", (255, -1))
def test_positions_of_whole_samples_that_do_not_count_may_be_anything(filling: int) -> None:
    labels = DRAW.integers(0, 3, (SAMPLES, 5))
    pair = steps_pair()
    found = evaluate(*pair, (WORDS, spoilt(labels, filling), WEIGHTS))
    wanted = evaluate(*pair, (WORDS, labels, WEIGHTS))
    for name in wanted:
        assert found[name].found == wanted[name].found, name
    assert found.breakdown == wanted.breakdown


@pytest.mark.parametrize("head", ("kind", "tags"))
def test_one_answer_for_a_sample_has_no_places_to_weigh(head: str) -> None:
    with pytest.raises(DataError, match=r"have the shape \(80, 3\), its labels \(80,\): give one"):
        evaluate(*pair_of(head), (TABLE, None, np.ones((SAMPLES, 3))))


def test_some_batches_may_have_weights_of_places_and_others_none() -> None:
    pair = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        model = keras.Sequential([keras.Input((4, 3)), layers.Dense(2)])
        model.compile("adam", "mse")
        pair.append(model)
    x, y = DRAW.random((60, 4, 3)).astype("float32"), DRAW.normal(size=(60, 4, 2))
    weights = DRAW.integers(1, 3, (60, 4))
    weights[:30] = 1
    score = ("r2", "mae")
    batches = iter([(x[:30], y[:30]), (x[30:], y[30:], weights[30:])])
    found = evaluate(*pair, batches, score=score)
    wanted = evaluate(*pair, (x, y, weights), score=score)
    for name in ("score@r2", "error@mae"):
        assert found[name].found == pytest.approx(wanted[name].found), name
