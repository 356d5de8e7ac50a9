"""Data are held against the file of a model as they would be against the model, without it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from pytest_paoding.engine.evaluation.data.early_look import look_early
from pytest_paoding.engine.evaluation.data.examination import examine
from pytest_paoding.engine.evaluation.data.sources import raw_batches
from pytest_paoding.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

layers = keras.layers
SAMPLES = 1500  # more than are looked at for their range
X = np.random.default_rng(0).random((SAMPLES, 6)).astype("float32")
Y = np.arange(SAMPLES) % 3
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """A model of two inputs and the file of one of the first alone."""
    one, two = keras.Input((6,), name="one"), keras.Input((2,), name="two")
    model = keras.Model([one, two], layers.Dense(3)(layers.Concatenate()([one, two])))
    path = tmp_path_factory.mktemp("saved") / "model.keras"
    model.save(path)
    return model, path


def spoilt(values: Any, sample: int, value: float) -> Any:
    found = values.copy()
    found[sample, -1] = value
    return found


WRONG: dict[str, Any] = {
    **{
        f"{value} in sample {sample}": ([spoilt(X, sample, value), X[:, :2]], Y)
        for value in (np.nan, np.inf)
        for sample in (0, 3, 600, SAMPLES - 1)
    },
    "not a number in the second": ({"two": spoilt(X[:, :2], 700, np.nan), "one": X}, Y),
    "narrow": ([X[:, :5], X[:, :2]], Y),
    "flat": ([X[:, 0], X[:, :2]], Y),
    "other lengths": ([X, X[:9, :2]], Y),
    "one part": (X, Y),
    "words": ([X.astype(str), X[:, :2]], Y),
    "a name that is none": ({"one": X, "three": X[:, :2]}, Y),
    "one that is missing": ({"one": X}, Y),
    "ragged lists": ([[[0.0] * 6, [0.0]], X[:2, :2]], Y[:2]),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_both_looks_refuse_the_same_in_the_same_words(saved: Any, wrong: Any) -> None:
    model, path = saved
    said = []
    for look in (lambda: look_early(path, wrong), lambda: examine(model, wrong)):
        with pytest.raises(DataError) as caught:
            look()
        said.append(str(caught.value))
    assert said[0] == said[1]


def batches() -> Any:
    return [(([X[at:end], X[at:end, :2]]), Y[at:end]) for at, end in pairwise(range(0, 101, 20))]


class Around:
    """An iterable around an iterator, all of whose passes are one."""

    def __init__(self, iterator: Any) -> None:
        self.iterator = iterator

    def __iter__(self) -> Any:
        return self.iterator


class Yielding(Around):
    """The same, though every pass is an object of its own."""

    def __iter__(self) -> Any:
        yield from self.iterator


class Once:
    """An iterable that allows one pass."""

    def __init__(self) -> None:
        self.passes = iter([batches()])

    def __iter__(self) -> Any:
        return iter(next(self.passes))


KINDS: dict[str, Callable[[], Any]] = {
    "arrays": lambda: ([X, X[:, :2]], Y),
    "lists": lambda: ([X[:5].tolist(), X[:5, :2].tolist()], Y[:5].tolist()),
    "dict": lambda: ({"one": X, "two": X[:, :2]}, Y, np.ones(SAMPLES)),
    "inputs alone": lambda: {"one": X, "two": X[:, :2]},
    "tensors": lambda: ([tf.constant(X), tf.constant(X[:, :2])], tf.constant(Y)),
    "generator": lambda: (each for each in batches()),
    "around an iterator": lambda: Around(iter(batches())),
    "yielding from an iterator": lambda: Yielding(iter(batches())),
    "one pass": Once,
    "read anew": type("Loader", (), {"__iter__": lambda _: iter(batches())}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_data_are_given_back_to_be_read_from_the_beginning(saved: Any, kind: str) -> None:
    model, path = saved
    wanted = list(raw_batches(KINDS[kind]()))
    looked_at = examine(model, look_early(path, KINDS[kind]())).data
    passes = 2 if kind in ("arrays", "lists", "dict", "tensors", "read anew") else 1
    for _ in range(passes):
        found = list(raw_batches(looked_at))
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            keras.tree.map_structure(np.testing.assert_array_equal, one, other)


def test_looks_take_no_passes_of_their_own(saved: Any) -> None:
    model, path = saved
    passes = []

    class Loader:
        def __iter__(self) -> Any:
            passes.append("begun")
            return iter(batches())

    data = examine(model, look_early(path, Loader())).data
    assert len(list(raw_batches(data))) == len(batches())
    assert passes == ["begun"]


@pytest.mark.parametrize("data", (iter(()), ([X[:0], X[:0, :2]], Y[:0])), ids=("batches", "arrays"))
def test_no_data_at_all_are_refused(saved: Any, data: Any) -> None:
    with pytest.raises(DataError, match=r"^the data has no samples"):
        look_early(saved[1], data)


def test_of_batches_the_first_is_looked_at(saved: Any) -> None:
    first, second, *_ = batches()
    wrong = ([spoilt(first[0][0], 2, np.nan), first[0][1]], first[1])
    with pytest.raises(DataError, match="'one' has values that are not finite, the first in sa"):
        look_early(saved[1], iter([wrong, second]))
    assert len(list(look_early(saved[1], iter([first, wrong])))) == 2


def test_a_first_batch_without_samples_is_none_of_the_data(saved: Any) -> None:
    empty = [X[:0], X[:0, :2]], Y[:0]
    assert len(list(look_early(saved[1], iter([empty, *batches()])))) == 1 + len(batches())


@pytest.mark.parametrize("kind", ("data set", "indexed"))
def test_a_data_set_is_read_when_tensorflow_runs_anyway(saved: Any, kind: str) -> None:
    def unread() -> Any:
        raise AssertionError

    class Indexed(keras.utils.PyDataset):  # type: ignore[misc]  # Keras is untyped
        def __len__(self) -> int:
            return 3

        def __getitem__(self, index: int) -> Any:
            unread()

    unseen = tf.data.Dataset.from_generator(unread, output_signature=tf.TensorSpec((6,)))
    data = Indexed() if kind == "indexed" else unseen
    assert look_early(saved[1], data) is data


@pytest.mark.parametrize("data", (None, ([X[:, :5]], Y)))
def test_nothing_is_said_where_the_file_tells_no_inputs(tmp_path: Path, data: Any) -> None:
    assert look_early(tmp_path / "gone.keras", data) is data
