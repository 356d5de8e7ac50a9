"""Slices of the data: how they are named, and what the worst of them loses."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from sklearn.metrics import root_mean_squared_error

from pytest_paoding.engine.evaluation.breakdown.slices import Memberships, SliceReader
from pytest_paoding.engine.evaluation.evaluate import evaluate
from pytest_paoding.engine.evaluation.resampling.simultaneous import corrected_bounds
from pytest_paoding.errors import DataError
from pytest_paoding.records.evidence import LEVELS, ConfidenceCurve, Contrast, Evidence

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(300, 4)).astype("float32")
KINDS = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5)
AMOUNTS = X.sum(axis=1)
SITES = np.array(["north", "south", "east"])[np.arange(300) % 3]


def models(units: int, loss: str, activation: str | None = None) -> tuple[Any, Any]:
    made = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        model = keras.Sequential([keras.Input((4,)), layers.Dense(units, activation)])
        model.compile(loss=loss)
        made.append(model)
    return made[0], made[1]


CLASSIFIERS = models(3, "sparse_categorical_crossentropy", "softmax")
REGRESSORS = models(1, "mse")


def by_site(x: Any, y: Any) -> Any:
    """Name the site of rows of `X`, whatever the batch."""
    del y
    return [SITES[np.flatnonzero((row == X).all(axis=1))[0]] for row in x]


def read(answer: Any, *batches: int) -> Memberships:
    """Return who belongs where after batches of zeros, whose slices `answer` gives in turn."""
    answers = iter(answer)
    reader = SliceReader(lambda _x, _y: next(answers))
    list(reader.watched((np.zeros((size, 1)), np.zeros(size)) for size in batches))
    return reader.memberships


@pytest.mark.parametrize(
    ("answer", "names", "pairs"),
    (
        (["a", "b", "a"], ("a", "b"), [(0, "a"), (1, "b"), (2, "a")]),
        ([1, None, 1], ("1",), [(0, "1"), (2, "1")]),
        ([None, None, None], (), []),
        (np.array([2, 1, 2]), ("1", "2"), [(0, "2"), (1, "1"), (2, "2")]),
        (
            np.array([True, False, True]),
            ("False", "True"),
            [(0, "True"), (1, "False"), (2, "True")],
        ),
        (np.array([b"a", b"b", b"a"]), ("a", "b"), [(0, "a"), (1, "b"), (2, "a")]),
        (tf.constant(["a", "b", "a"]), ("a", "b"), [(0, "a"), (1, "b"), (2, "a")]),
        ([["a", "b"], [], "b"], ("a", "b"), [(0, "a"), (0, "b"), (2, "b")]),
        ([{"a"}, ("a", "a"), None], ("a",), [(0, "a"), (1, "a")]),
        ([["a", "x"], ["b", "x"], ["a", "y"]], ("a", "b", "x", "y"), None),
        ([[], [], []], (), []),
        ([(), set(), None], (), []),
    ),
    ids=str,
)
def test_names_are_texts_or_numbers_one_several_or_none(
    answer: Any, names: tuple[str, ...], pairs: Any
) -> None:
    found = read([answer], 3)
    assert found.names == names
    named = [(int(at), names[of]) for at, of in zip(found.samples, found.slices, strict=True)]
    assert pairs is None or sorted(named) == pairs


def test_batches_go_on_where_those_before_them_ended() -> None:
    found = read([["a", "b"], ["c", None, "a"], ["b"]], 2, 3, 1)
    assert found.names == ("a", "b", "c")
    assert found.samples.tolist() == [0, 1, 2, 4, 5]
    assert found.slices.tolist() == [0, 1, 2, 0, 1]


@pytest.mark.parametrize(
    ("inputs", "x"),
    (
        (1, np.zeros((3, 2))),
        (1, [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]),
        (2, [np.zeros((3, 2)), np.zeros((3, 4, 4))]),
        (2, ([[0.0], [1.0], [2.0]], [[0.0], [1.0], [2.0]])),
        (2, {"a": [[0.0], [1.0], [2.0]], "b": np.zeros((3, 1))}),
    ),
)
def test_samples_are_counted_in_whatever_holds_them(inputs: int, x: Any) -> None:
    reader = SliceReader(lambda _x, _y: ["a", "b", "a"], inputs)
    assert len(list(reader.watched((x, [0, 1, 0])))) == 1
    assert reader.memberships.samples.tolist() == [0, 1, 2]


def raising(_x: Any, _y: Any) -> Any:
    raise KeyError("site")


@pytest.mark.parametrize(
    ("slices", "line"),
    (
        (lambda _x, _y: ["a"], "slices returned 1 names for 300 samples"),
        (
            lambda _x, _y: "a",
            "slices returned a str: it must return a name for each of the samples",
        ),
        (lambda _x, _y: None, "slices returned a NoneType: it must return a name for each"),
        (lambda x, _y: x[:, 0], "slices returned .* for sample 0 of a batch: a name is a text"),
        (lambda _x, _y: [*["a"] * 299, {}], "slices returned {} for sample 299 of a batch: a name"),
        (lambda _x, _y: range(300), None),
        (lambda x, _y: [f"s{n}" for n in range(len(x))], None),
        (raising, "slices cannot be told: KeyError: there is no 'site'"),
        (lambda _x: None, "slices cannot be told: TypeError: .* takes 1 positional argument"),
        (["a"] * 300, "slices cannot be told: TypeError: 'list' object is not callable"),
    ),
)
def test_what_is_no_name_for_each_sample_is_refused_in_one_line(slices: Any, line: Any) -> None:
    if line is None:
        evaluate(*CLASSIFIERS, (X, KINDS), slices=slices)
        return
    with pytest.raises(DataError, match=f"^{line}"):
        evaluate(*CLASSIFIERS, (X, KINDS), slices=slices)


def test_a_name_for_every_sample_is_refused() -> None:
    reader = SliceReader(lambda x, _y: range(len(x)))
    with pytest.raises(DataError, match=r"more than 1000 groups \(0, 1, ...\): a name is that of"):
        list(reader.watched((np.zeros((1001, 1)), None)))


def test_it_is_the_greatest_decay_of_accuracy() -> None:
    found = evaluate(*CLASSIFIERS, (X, KINDS), slices=by_site)["slice_decay"]
    right = [each.predict(X, verbose=0).argmax(axis=1) == KINDS for each in CLASSIFIERS]
    decays, ends = {}, []
    for name in dict.fromkeys(SITES):
        before, after = (each[name == SITES] for each in right)
        decays[name] = before.mean() - after.mean()
        cells = (before & after, before & ~after, ~before & after, ~before & ~after)
        table = Evidence(Contrast.DIFFERENCE, *(int(each.sum()) for each in cells))
        ends.append(table.interval(1 - 0.05 / 3))
    worst = max(decays, key=lambda name: decays[name])
    assert found.found == pytest.approx(decays[worst])
    assert found.interval() == pytest.approx(tuple(np.max(ends, axis=0)), abs=1e-5)
    assert found.detail is not None
    assert found.detail.startswith(f"worst of 3 slices is slice '{worst}', 100 samples, ")


@pytest.mark.parametrize("kind", ("batches", "dataset", "dict"))
def test_slices_are_asked_for_what_the_data_give(kind: str) -> None:
    seen = []

    def watching(x: Any, y: Any) -> Any:
        seen.append((x, y))
        return by_site(next(iter(x.values())) if kind == "dict" else x, y)

    name = CLASSIFIERS[0].inputs[0].name
    data: Any = {
        "batches": ((X[at : at + 70], KINDS[at : at + 70]) for at in range(0, 300, 70)),
        "dataset": tf.data.Dataset.from_tensor_slices((X, KINDS)).batch(64),
        "dict": ({name: X}, KINDS),
    }[kind]
    found = evaluate(*CLASSIFIERS, data, slices=watching)["slice_decay"]
    whole = evaluate(*CLASSIFIERS, (X, KINDS), slices=by_site)["slice_decay"]
    assert (found.before, found.after, found.interval()) == (
        whole.before,
        whole.after,
        whole.interval(),
    )
    assert len(seen) == {"batches": 5, "dataset": 5, "dict": 1}[kind]
    assert all(isinstance(x, dict) == (kind == "dict") for x, _ in seen)


def test_of_values_it_is_the_decay_of_the_first_score_in_its_unit() -> None:
    found = evaluate(*REGRESSORS, (X, AMOUNTS), slices=by_site, score=("rmse", "mae"))
    answers = [each.predict(X, verbose=0)[:, 0] for each in REGRESSORS]
    decays = [
        root_mean_squared_error(AMOUNTS[name == SITES], answers[1][name == SITES])
        - root_mean_squared_error(AMOUNTS[name == SITES], answers[0][name == SITES])
        for name in dict.fromkeys(SITES)
    ]
    decay = found["slice_decay"]
    assert decay.found == pytest.approx(max(decays), rel=1e-5)
    assert decay.detail is not None
    assert decay.detail.endswith("; in rmse")
    low, high = decay.interval() or (0, 0)
    assert low < max(decays) < high


def test_a_slice_too_small_for_a_score_leaves_no_bound_and_says_which() -> None:
    def odd(x: Any, y: Any) -> Any:
        del y
        return ["few" if at < 5 else "many" if at < 290 else None for at in range(len(x))]

    found = evaluate(*REGRESSORS, (X, AMOUNTS), slices=odd)["slice_decay"]
    assert found.found is not None
    assert found.interval() is None
    doubt = found.doubt(0.9)
    assert doubt is not None
    assert doubt.startswith("no interval is known, slice 'few': an interval takes 20 samples")
    assert found.detail is not None
    assert found.detail.endswith("10 samples in none")


def test_a_score_that_is_undefined_in_a_slice_leaves_it_unjudged() -> None:
    def single(x: Any, y: Any) -> Any:
        del y
        return ["one", *["rest"] * (len(x) - 1)]

    found = evaluate(*REGRESSORS, (X, AMOUNTS), slices=single, score=("r2",))["slice_decay"]
    assert found.found is None
    assert found.reason == "r2 is undefined in slice 'one'"


@pytest.mark.parametrize("kind", ("classes", "values"))
def test_a_slice_of_which_nothing_counts_is_said_and_leaves_no_bound(kind: str) -> None:
    pair, labels = {"classes": (CLASSIFIERS, KINDS), "values": (REGRESSORS, AMOUNTS)}[kind]
    sites = np.arange(len(X)) % 3
    weights = (sites > 0) * 1.0

    def found(slices: Any, rows: Any = slice(None), **weighed: Any) -> Any:
        data = (X[rows], labels[rows], *weighed.values())
        return evaluate(*pair, data, slices=slices)["slice_decay"]

    measured = found(lambda _x, _y: sites, weights=weights)
    rows = weights > 0
    wanted = found(lambda _x, _y: sites[rows], rows)
    assert measured.found == wanted.found
    assert "no samples of slice '0'" in (measured.detail or "")
    assert measured.interval() is None
    assert wanted.interval() is not None
    assert "what has no samples: slice '0'" in (measured.doubt(0.9) or "")


def test_without_labels_or_members_there_is_nothing_to_compare() -> None:
    found = evaluate(*CLASSIFIERS, (X, None), slices=by_site)["slice_decay"]
    assert found.reason == "the data has no labels"
    found = evaluate(*CLASSIFIERS, (X, KINDS), slices=lambda x, _: [None] * len(x))["slice_decay"]
    assert found.reason == "no sample belongs to a slice"
    assert "slice_decay" not in evaluate(*CLASSIFIERS, (X, KINDS))


def test_bounds_of_a_curve_are_taken_further_out_as_far_as_it_reaches() -> None:
    numbers = tuple(float(place) for place in range(21))
    curve = ConfidenceCurve(Contrast.DIFFERENCE, 50, "bca", 2000, numbers)
    assert corrected_bounds(curve, 1).tolist() == list(numbers)
    found = corrected_bounds(curve, 10)
    assert found[LEVELS.index(0.025)] == LEVELS.index(0.0025)
    assert found[LEVELS.index(0.5)] == 10
    assert found[LEVELS.index(0.95)] == 21 - 1 - LEVELS.index(0.005)
    assert np.isnan(found[[0, 1, 2, -1]]).all()
    few = ConfidenceCurve(Contrast.DIFFERENCE, 50, "bca", 99, numbers)  # reaches to 0.01
    assert np.isnan(corrected_bounds(few, 2)[LEVELS.index(0.01)])
