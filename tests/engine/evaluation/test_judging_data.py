from __future__ import annotations

from itertools import pairwise

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.engine.evaluation.data.judging_data import read
from pytest_paoding.engine.evaluation.data.sources import known_length
from pytest_paoding.engine.execution.signature import signature_of
from pytest_paoding.errors import DataError
from support.judged import tasks_of


def two_in_two_out():
    image = keras.Input((4, 4, 1), name="image")
    words = keras.Input((None,), dtype="int32", name="words")
    seen = keras.layers.Flatten()(image)
    told = keras.layers.GlobalAveragePooling1D()(keras.layers.Embedding(9, 3)(words))
    both = keras.layers.Concatenate()([seen, told])
    kind = keras.layers.Dense(3, "softmax", name="kind")(both)
    known = keras.layers.Dense(1, "sigmoid", name="known")(both)
    return keras.Model([image, words], [kind, known])


MODEL = two_in_two_out()
SIGNATURE = signature_of(MODEL)
IMAGES = np.random.default_rng(0).random((6, 4, 4, 1)).astype("float32")
WORDS = np.arange(30).reshape(6, 5) % 9
KINDS = np.array([0, 1, 2, 0, 1, 2])
KNOWN = np.array([0, 1, 0, 1, 0, 1])
X = [IMAGES, WORDS]


def gathered(data, size=4, model=MODEL):
    """Return all batches joined, and their sizes."""
    batches = list(read(data, signature_of(model), tasks_of(model), lambda _: size))
    inputs = [np.concatenate(parts) for parts in zip(*(b.inputs for b in batches), strict=True)]
    labels = {
        index: np.concatenate([b.truths[index].values for b in batches])
        for index in batches[0].truths
    }
    return inputs, labels, [batch.size for batch in batches]


@pytest.mark.parametrize(
    ("x", "y"),
    (
        (X, [KINDS, KNOWN]),
        (tuple(X), (KINDS, KNOWN)),
        ({"words": WORDS, "image": IMAGES}, {"known": KNOWN, "kind": KINDS}),
        ([IMAGES[..., 0], WORDS[..., None]], [np.eye(3)[KINDS], KNOWN[:, None]]),
        ([IMAGES.astype("float64"), WORDS.astype("float32")], [KINDS.tolist(), KNOWN]),
        ([tf.constant(IMAGES), tf.constant(WORDS)], [tf.constant(KINDS), tf.constant(KNOWN)]),
    ),
)
def test_inputs_and_labels_are_put_in_the_models_order(x, y):
    inputs, labels, sizes = gathered((x, y))
    np.testing.assert_array_equal(inputs[0], IMAGES)
    np.testing.assert_array_equal(inputs[1], WORDS)
    assert [each.dtype for each in inputs] == ["float32", "int32"]
    assert {index: each.tolist() for index, each in labels.items()} == {
        0: KINDS.tolist(),
        1: KNOWN.tolist(),
    }
    assert sizes == [4, 2]


@pytest.mark.parametrize(
    ("y", "judged"),
    (({"known": KNOWN}, {1}), ([None, KNOWN], {1}), ({"kind": KINDS}, {0}), (None, set())),
)
def test_outputs_without_labels_are_not_judged(y, judged):
    _, labels, _ = gathered((X, y))
    assert labels.keys() == judged


@given(st.lists(st.integers(0, 6), max_size=4), st.integers(1, 7))
def test_any_split_into_batches_gives_the_same_samples(cuts, size):
    bounds = [0, *sorted(cuts), 6]
    parts = [slice(*pair) for pair in pairwise(bounds)]
    stream = (([IMAGES[part], WORDS[part]], [KINDS[part], KNOWN[part]]) for part in parts)
    inputs, labels, sizes = gathered(stream, size)
    np.testing.assert_array_equal(inputs[0], IMAGES)
    assert labels[0].tolist() == KINDS.tolist()
    assert max(sizes) <= size


def test_data_sets_and_sequences_yield_batches():
    pairs = (tuple(X), (KINDS, KNOWN))
    dataset = tf.data.Dataset.from_tensor_slices(pairs).batch(4)

    class Sequence(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            part = slice(3 * index, 3 * index + 3)
            return [IMAGES[part], WORDS[part]], [KINDS[part], KNOWN[part]]

    for data in (dataset, Sequence(), (X, [KINDS, KNOWN]), iter([(X, [KINDS, KNOWN])])):
        inputs, labels, _ = gathered(data)
        np.testing.assert_array_equal(inputs[1], WORDS)
        assert labels[1].tolist() == KNOWN.tolist()


def test_a_dict_of_the_models_own_names_its_ports():
    image = keras.Input((3,), name="image")
    model = keras.Model({"image": image}, {"label": keras.layers.Dense(2, name="head")(image)})
    x, y = np.zeros((2, 3)), np.array([0, 1])
    for name in ("label", "head"):
        _, labels, _ = gathered(({"image": x}, {name: y}), model=model)
        assert labels[0].tolist() == [0, 1]


def test_text_is_passed_on():
    words = keras.Input((1,), dtype="string", name="words")
    lookup = keras.layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")
    model = keras.Model(words, keras.layers.Dense(2)(lookup(words)))
    x = np.array([["a"], ["b"]])
    inputs, _, _ = gathered((x, [0, 1]), model=model)
    assert inputs[0].tolist() == x.tolist()


def broken():
    yield X, [KINDS, KNOWN]
    raise OSError("disk gone\nsecond line")


def unlike():
    yield X, [KINDS, KNOWN]
    yield X, {"kind": KINDS}


NAN = IMAGES.copy()
NAN[5, 1, 2] = np.nan
BOTH = [KINDS, KNOWN]


@pytest.mark.parametrize(
    ("data", "message"),
    (
        ((X, BOTH, KNOWN), "the outputs 'kind', 'known': give weights for those to be judged"),
        (
            (X, BOTH, [KNOWN, KNOWN[:2]]),
            "weights of output 'known' have the shape (2,), its labels",
        ),
        ((X, BOTH, [KNOWN, -KNOWN]), "sample weights of output 'known' are not finite or below 0"),
        ((X, BOTH, [KNOWN, list("abcdef")]), "sample weights of output 'known' are no numbers"),
        ((X, BOTH, None, None), "the data is not a pair (x, y) but 4 parts"),
        ((X,), "the data is not a pair (x, y) but 1 parts"),
        (iter(["x"]), "a batch is not a pair (x, y) but a str"),
        (iter([{"x": X}]), "the model has no input 'x'"),
        (IMAGES, "x has 1 parts, the model 2 inputs: 'image', 'words'"),
        ({"x": X}, "the model has no input 'x'"),
        (7, "the data is a int"),
        (iter([]), "the data has no samples (an iterator can be read only once)"),
        (([IMAGES[:0], WORDS[:0]], [KINDS[:0], KNOWN[:0]]), "the data has no samples"),
        (broken(), "the data cannot be read: OSError: disk gone"),
        (unlike(), "some batches have labels for other outputs than others"),
        (tf.data.Dataset.from_tensors((tuple(X), tuple(BOTH))).repeat(), ".take(BATCHES)"),
        (([NAN, WORDS], BOTH), "'image' has values that are not finite, the first in sample 5"),
        (
            ([IMAGES.astype(float) + 1e39, WORDS], BOTH),
            "input 'image' has values that are not finite, the first in sample 0",
        ),
        (([IMAGES, WORDS + 0.5], BOTH), "'words' has values that are not int32 numbers"),
        (([IMAGES.astype(str), WORDS], BOTH), "input 'image' is of dtype <U"),
        (([[[1], [1, 2]], WORDS], BOTH), "input 'image' is no array"),
        (([IMAGES[:, :3], WORDS], BOTH), "shape (6, 3, 4, 1), expected (samples, 4, 4, 1)"),
        (([IMAGES, WORDS[0]], BOTH), "'words' has the shape (5,), expected (samples, any)"),
        (([IMAGES, WORDS[:4]], BOTH), "differ: 6 in x 'image', 4 in x 'words'"),
        ((X, [KINDS, KNOWN[:2]]), "2 in y 'known'"),
        ((IMAGES, BOTH), "x has 1 parts, the model 2 inputs: 'image', 'words'"),
        (({"image": IMAGES}, BOTH), "x lacks the input 'words'"),
        (({"picture": IMAGES}, BOTH), "no input 'picture', its inputs are 'image', 'words'"),
        ((X, KINDS), "the model has the outputs 'kind', 'known': give labels for those to be"),
        ((X, {"sort": KINDS}), "no output 'sort', its outputs are 'kind', 'known'"),
        ((X, {"kind": KINDS + 1}), "labels of output 'kind' run from 1 to 3"),
    ),
)
def test_bad_data_is_refused_in_one_line(data, message):
    with pytest.raises(DataError) as caught:
        gathered(data)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_index_counts_from_the_start_of_a_stream():
    stream = (([part, WORDS[:6]], BOTH) for part in (IMAGES, NAN))
    with pytest.raises(DataError, match="the first in sample 11"):
        gathered(stream, 4)


@pytest.mark.parametrize(
    ("data", "length"),
    (((X, BOTH), 6), ((IMAGES, KINDS), 6), ((None, None), 0), (iter([]), 0), ((), 0)),
)
def test_the_number_of_samples_is_known_for_arrays(data, length):
    assert known_length(data) == length
