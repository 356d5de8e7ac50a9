"""Data for judging are held against what a model is taken to read, before any work."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from pytest_paoding.engine.evaluation.data.examination import examine
from pytest_paoding.engine.evaluation.data.sources import raw_batches
from pytest_paoding.errors import DataError

layers = keras.layers
LABELS = np.arange(60) % 3


def pictures(*first: Any, shape: tuple[int | None, ...] = (8, 8, 1)) -> Any:
    x = y = keras.Input(shape, name="image")
    for layer in first:
        y = layer(y)
    y = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(y))
    return keras.Model(x, layers.Dense(3)(y))


def table(*first: Any) -> Any:
    x = y = keras.Input((4,), name="table")
    for layer in first:
        y = layer(y)
    return keras.Model(x, layers.Dense(3)(y))


def values(low: float, high: float, shape: tuple[int, ...] = (8, 8, 1)) -> Any:
    return np.random.default_rng(0).uniform(low, high, (60, *shape)).astype("float32")


RESCALED = layers.Rescaling(1 / 255)
WIDE = layers.Normalization(mean=[40.0, 5e4, 0.0, 1.0], variance=[100.0, 9e8, 1.0, 0.25])
SIGNED = layers.Rescaling(1 / 127.5, offset=-1)
NORMED = layers.Normalization(mean=[10.0] * 4, variance=[4.0] * 4)
FITTING = {
    "unit": (pictures, values(0, 1), {}),
    "dark": (pictures, values(0, 0.1), {}),
    "black": (pictures, values(0, 0) * 0, {"input_range": (0, 255)}),
    "a little beyond": (pictures, values(-0.2, 1.3), {}),
    "rare outliers": (pictures, np.where(values(0, 1) < 0.005, 90, values(0, 1)), {}),
    "bytes": (lambda: pictures(RESCALED), values(0, 255), {}),
    "told": (pictures, values(0, 255), {"input_range": (0, 255)}),
    "told by name": (pictures, values(0, 255), {"input_range": {"image": (0, 255)}}),
    "standardised": (lambda: table(NORMED), values(4, 16, (4,)), {}),
    "wide": (
        lambda: table(WIDE),
        values(-1, 1, (4,)) * [20, 6e4, 2, 1] + [40, 5e4, 0, 1],
        {},
    ),
    "signed": (lambda: pictures(SIGNED), values(0, 255), {}),
    "one value": (lambda: table(NORMED), values(10, 10.001, (4,)), {}),
}
REFUSED = {
    "bytes by default": (
        pictures,
        values(0, 255),
        {},
        r"'image' run from .* to 25\d.* where \[0, 1\] is assumed, as no layer tells: set",
    ),
    "units for bytes": (
        lambda: pictures(RESCALED),
        values(0, 1),
        {},
        r"run from .* to .* where 'rescaling.*' tells \[0, 255\]: scale them, or set input_range",
    ),
    "units, told bytes": (
        pictures,
        values(0, 1),
        {"input_range": (0, 255)},
        r"where input_range is \[0, 255\]: set the one that holds",
    ),
    "signed by default": (pictures, values(-1, 1), {}, r"where \[0, 1\] is assumed"),
    "standardised before": (
        lambda: table(WIDE),
        np.random.default_rng(0).normal(size=(60, 4)),
        {},
        r"'table' run from -\d.* to \d.* where 'normalization.*' tells \[-1\d+, \d+.*\]: scale",
    ),
    "scaled to signs before": (
        lambda: pictures(SIGNED),
        values(-1, 1),
        {},
        r"'image' run from -.* to .* where 'rescaling.*' tells \[0, 255\]: scale them",
    ),
    "columns exchanged": (
        lambda: table(WIDE),
        (values(-1, 1, (4,)) * [20, 6e4, 2, 1] + [40, 5e4, 0, 1])[:, [1, 0, 2, 3]],
        {},
        "where 'normalization.*' tells",
    ),
    "not standardised": (
        lambda: table(NORMED),
        values(-900, -800, (4,)),
        {},
        r"'table' run from -\d+.* to -80\d.* where 'normalization.*' tells \[0, 20\]",
    ),
}


@pytest.mark.parametrize("name", FITTING)
def test_data_that_fit_are_taken(name: str) -> None:
    build, data, about = FITTING[name]
    found = examine(build(), (data, LABELS), **about)
    assert found.data[0] is data
    assert found.shapes == {}


@pytest.mark.parametrize("name", REFUSED)
def test_data_that_contradict_the_range_are_refused_with_both(name: str) -> None:
    build, data, about, message = REFUSED[name]
    with pytest.raises(DataError, match=message) as error:
        examine(build(), (data, LABELS), **about)
    assert "\n" not in str(error.value)


def test_tokens_that_no_embedding_knows_are_refused() -> None:
    x = keras.Input((5,), dtype="int32", name="words")
    y = layers.GlobalMaxPooling1D()(layers.Embedding(30, 4, name="known")(x))
    model = keras.Model(x, layers.Dense(2)(y))
    ids = np.arange(300).reshape(60, 5) % 30
    examine(model, (ids, LABELS % 2))
    with pytest.raises(DataError, match="'words' run from 0 to 59 where 'known' knows 0 to 29"):
        examine(model, (ids * 2 + ids % 2, LABELS % 2))


class Batches(keras.utils.PyDataset):
    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> Any:
        return values(0, 1)[index * 10 :][:10], LABELS[index * 10 :][:10]


SOURCES = {
    "arrays": lambda: (values(0, 1), LABELS),
    "data set": lambda: tf.data.Dataset.from_tensor_slices((values(0, 1), LABELS)).batch(10),
    "Keras data set": Batches,
    "list of batches as an iterator": lambda: iter(
        [(values(0, 1)[i : i + 10], LABELS[i : i + 10]) for i in range(0, 60, 10)]
    ),
}


@pytest.mark.parametrize("name", SOURCES)
def test_the_first_look_takes_nothing_away(name: str) -> None:
    found = examine(pictures(shape=(None, None, 1)), SOURCES[name]())
    assert found.shapes == {"image": (8, 8, 1)}
    read = np.concatenate([x for x, *_ in raw_batches(found.data)])
    np.testing.assert_array_equal(read, values(0, 1))


@pytest.mark.parametrize("data", (iter([]), (values(0, 1)[:0], LABELS[:0]), ([], [])))
def test_no_data_at_all_are_refused(data: Any) -> None:
    with pytest.raises(DataError, match=r"has no samples|has the shape \(0,\)"):
        examine(pictures(), data)


def tokens(dtype: str) -> Any:
    x = keras.Input((5,), dtype=dtype, name="tokens")
    y = layers.Embedding(10, 4)(x)
    return keras.Model(x, layers.Dense(3)(layers.Flatten()(y)))


@pytest.mark.parametrize("dtype", ("int32", "float32"))
@pytest.mark.parametrize("sample", (0, 511, 512, 1499))
def test_a_value_that_is_not_known_is_found_in_any_sample(dtype: str, sample: int) -> None:
    x = np.arange(7500).reshape(1500, 5) % 10
    model = tokens(dtype)
    examine(model, (x, np.arange(1500) % 3))
    x[sample, 2] = 77
    with pytest.raises(DataError, match=r"'tokens' run from \d to 77 where 'embedding\w*' k"):
        examine(model, (x, np.arange(1500) % 3))


def texts() -> Any:
    x = keras.Input((1,), dtype="string", name="text")
    words = layers.TextVectorization(vocabulary=["a", "b"], output_sequence_length=4)(x)
    return keras.Model(x, layers.Dense(3)(layers.Flatten()(layers.Embedding(8, 4)(words))))


WORDS = np.array([["a b"], ["b"], ["c"]])
NO_TEXTS = {
    "numbers": (np.ones((3, 1)), "input 'text' is of dtype float64, expected string"),
    "whole numbers": ([[1], [2], [3]], "input 'text' is of dtype int64, expected string"),
    "nothing": (
        np.array([["a"], [None], ["b"]], object),
        "input 'text' has values that are not texts, the first in sample 1",
    ),
    "a number among texts": (
        np.array([["a"], ["c"], [0.5]], object),
        "input 'text' has values that are not texts, the first in sample 2",
    ),
}


@pytest.mark.parametrize("dtype", ("U", "S", object))
def test_texts_of_every_dtype_are_texts(dtype: Any) -> None:
    x = WORDS.astype(dtype)
    assert examine(texts(), (x, [0, 1, 2])).data[0] is x


@pytest.mark.parametrize("kind", NO_TEXTS)
def test_what_is_no_text_is_refused_where_texts_are_read(kind: str) -> None:
    x, said = NO_TEXTS[kind]
    with pytest.raises(DataError, match=f"^{said}$"):
        examine(texts(), (x, [0, 1, 2]))


class Table:
    """A table of another library: it has a shape, and is no sequence of samples."""

    shape = (60, 8, 8, 1)

    def __getitem__(self, name: str) -> Any:
        raise KeyError(name)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return values(0, 1).astype(dtype or "float32")


def test_what_becomes_an_array_is_one() -> None:
    data = Table(), LABELS
    assert examine(pictures(), data).data is data


@pytest.mark.parametrize(
    ("held", "alone"),
    [(each, alone) for each in (np.asarray, tf.constant) for alone in (True, False)]
    + [(np.ndarray.tolist, False)],
)
def test_arrays_tensors_and_lists_are_the_data_themselves(held: Any, *, alone: bool) -> None:
    x = held(values(0, 1))
    data = x if alone else (x, LABELS.tolist())
    assert examine(pictures(), data).data is data
    wide = held(values(0, 255))
    with pytest.raises(DataError, match="run from"):
        examine(pictures(), wide if alone else (wide, LABELS))


def test_several_inputs_may_be_lists_of_lists() -> None:
    one, two = (keras.Input((2,), name=name) for name in ("one", "two"))
    model = keras.Model([one, two], layers.Dense(3)(layers.Concatenate()([one, two])))
    rows = values(0, 1, (2,)).tolist()
    assert examine(model, ([rows, rows], LABELS)).shapes == {}


@pytest.mark.parametrize("data", (lambda: None, 3.5, object()))
def test_what_is_no_data_is_refused_in_one_line(data: Any) -> None:
    with pytest.raises(DataError, match=r"^the data is a \w+: hand in \(x, y\)"):
        examine(pictures(), data)


@pytest.mark.parametrize(
    ("labels", "task", "message"),
    (
        (LABELS + 5, None, "run from 5 to 7: its 3 classes are numbered from 0 to 2"),
        (LABELS[:-1], None, "the numbers of samples differ: 60 in x, 59 in y"),
        (LABELS / 2, "classes", "no class numbers"),
        (np.eye(4)[LABELS], None, "have the shape"),
        ({"other": LABELS}, None, "the model has no output 'other'"),
    ),
)
@pytest.mark.parametrize("source", ("arrays", "batches"))
def test_labels_that_do_not_fit_are_refused_before_any_work(labels, task, message, source):
    x = keras.Input((4,))
    model = keras.Model(x, layers.Dense(3, activation="softmax")(x))
    data = np.random.default_rng(0).random((60, 4)).astype("float32"), labels
    with pytest.raises(DataError, match=message):
        examine(model, data if source == "arrays" else iter([data]), task)
