"""Tokens, categories and texts are drawn from the vocabulary of the layer that reads them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from pytest_paoding import prune
from pytest_paoding.engine.evaluation.evaluate import evaluate
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.inputs.draws import Draw, drawn
from pytest_paoding.engine.inputs.input_sources import sources_of
from pytest_paoding.records.strategy_names import NAMES
from support.keras_gaps import tells_how_many_bins
from support.nightly import nightly
from support.oracles import randomise

layers = keras.layers
COLOURS, CODES = ["red", "green", "blue"], [10, -20, 30]


def text(**options: Any) -> Any:
    return layers.TextVectorization(vocabulary=["the", "cat", "sat"], **options)


READERS: dict[str, tuple[Any, str, tuple[int, ...], Any]] = {
    "strings": (lambda: layers.StringLookup(vocabulary=COLOURS), "string", (2,), {*COLOURS}),
    "no strangers": (
        lambda: layers.StringLookup(vocabulary=COLOURS, num_oov_indices=0),
        "string",
        (2,),
        {*COLOURS},
    ),
    "several hot": (
        lambda: layers.StringLookup(vocabulary=COLOURS, output_mode="multi_hot"),
        "string",
        (2,),
        {*COLOURS},
    ),
    "codes": (lambda: layers.IntegerLookup(vocabulary=CODES), "int64", (2,), {*CODES}),
    "hashed": (lambda: layers.Hashing(7), "string", (1,), None),
    "hashed numbers": (lambda: layers.Hashing(7), "int64", (1,), None),
    "one hot": (
        lambda: layers.CategoryEncoding(5, output_mode="one_hot"),
        "int32",
        (1,),
        {*range(5)},
    ),
    "embedding": (lambda: layers.Embedding(6, 2), "int32", (3,), {*range(6)}),
    "masked": (lambda: layers.Embedding(6, 2, mask_zero=True), "int32", (3,), {*range(6)}),
    "floats": (lambda: layers.Embedding(6, 2), "float32", (3,), {*range(6)}),
}
each = pytest.mark.parametrize("name", READERS)


def model_of(name: str) -> Any:
    make, dtype, shape, _ = READERS[name]
    x = keras.Input(shape, dtype=dtype, name="x")
    y = make()(x)
    if "float" not in str(y.dtype):
        y = layers.Embedding(64, 3)(y)
    flat = layers.GlobalAveragePooling1D() if name == "masked" else layers.Flatten()
    y = layers.Dense(8, "relu")(flat(y))
    return randomise(keras.Model(x, layers.Dense(3, "softmax")(y)))


@each
def test_values_are_known_ones_and_a_few_strangers_where_a_layer_takes_them(name: str) -> None:
    (values,) = drawn(
        sources_of(read_graph(model_of(name))), Draw(600, 0, np.random.default_rng(0))
    ).values()
    known = READERS[name][3]
    assert values.shape == (600, *READERS[name][2])
    found = set(np.unique(values).tolist())
    if known is None:
        assert len(found) > 100
        return
    assert known <= found
    strangers = np.isin(values, list(known), invert=True).mean()
    takes = name in ("strings", "several hot", "codes")
    assert (0.01 < strangers < 0.1) if takes else strangers == 0


@each
@pytest.mark.parametrize(
    "strategy", [each if each == "reconstruct" else nightly(each)[0] for each in NAMES]
)
def test_models_of_every_vocabulary_are_pruned_proved_and_judged(name: str, strategy: str) -> None:
    model = model_of(name)
    pruned = prune(model, ratio=0.5, strategy=strategy, verify=True)
    assert any(note.startswith("proved") for note in pruned.notes)
    (values,) = drawn(sources_of(read_graph(model)), Draw(30, 0, np.random.default_rng(1))).values()
    data = values, np.arange(30) % 3
    found = evaluate(model, pruned.model, data, measure=("fidelity",))
    assert found["accuracy"].found is not None
    agreement = found["synthetic_agreement"]
    assert agreement.found is not None or "effective number" in agreement.reason


@pytest.mark.parametrize("read", ("entries", "texts"))
def test_one_endless_word_costs_no_memory(read: str) -> None:
    """An array of strings is as wide as the longest: this one took 45 GB."""
    words = ["w" * 10**6, "b", "c"]
    x = keras.Input((6,) if read == "entries" else (1,), dtype="string")
    if read == "entries":
        looked_up = layers.StringLookup(vocabulary=words)(x)
    else:
        looked_up = layers.TextVectorization(vocabulary=words, output_sequence_length=9)(x)
    y = layers.Flatten()(layers.Embedding(8, 4)(looked_up))
    sources = sources_of(read_graph(keras.Model(x, layers.Dense(2)(y))))
    (values,) = drawn(sources, Draw(2048, 0, np.random.default_rng(0))).values()
    assert sum(map(len, values.reshape(-1).tolist())) < 10**7
    assert {"b", "c"} <= {word for text in values.reshape(-1).tolist() for word in text.split()}


def test_of_endless_words_alone_the_shortest_is_drawn() -> None:
    words = ["w" * 5000, "v" * 2000]
    x = keras.Input((2,), dtype="string")
    looked_up = layers.StringLookup(vocabulary=words, num_oov_indices=0)(x)
    y = layers.Flatten()(layers.Embedding(8, 4)(looked_up))
    sources = sources_of(read_graph(keras.Model(x, layers.Dense(2)(y))))
    (values,) = drawn(sources, Draw(20, 0, np.random.default_rng(0))).values()
    assert set(values.reshape(-1).tolist()) == {words[1]}


TEXTS = {
    "plain": ({"output_sequence_length": 6}, (), 6),
    "with an axis": ({"output_sequence_length": 6}, (1,), 6),
    "characters": ({"output_sequence_length": 9, "split": "character"}, (1,), 9),
    "open": ({}, (1,), 32),
    "weighted": ({"output_mode": "tf_idf", "idf_weights": [1.0, 2.0, 3.0]}, (1,), 32),
    "pairs": ({"ngrams": 2, "output_mode": "multi_hot"}, (1,), 32),
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("strategy", ("reconstruct", "impact"))
def test_texts_are_words_of_the_vocabulary_at_several_lengths(name: str, strategy: str) -> None:
    options, shape, most = TEXTS[name]
    x = keras.Input(shape, dtype="string")
    y = text(**options)(x)
    if "int" in str(y.dtype):
        y = layers.GlobalAveragePooling1D()(layers.Embedding(9, 4, mask_zero=True)(y))
    model = randomise(keras.Model(x, layers.Dense(3)(layers.Dense(8, "relu")(y))))
    sources = sources_of(read_graph(model))
    (values,) = drawn(sources, Draw(400, 0, np.random.default_rng(0))).values()
    assert values.shape == (400, *shape)
    if name != "characters":
        words = [str(each).split() for each in values.reshape(-1)]
        lengths = {len(each) for each in words}
        assert lengths == set(range(1, most + 1))
        known = np.isin([word for each in words for word in each], ["the", "cat", "sat"])
        assert 0.9 < known.mean() < 0.99
    pruned = prune(model, ratio=0.5, strategy=strategy, verify=True)
    assert any(note.startswith("proved") for note in pruned.notes)


def test_a_table_of_many_kinds_of_columns_is_pruned_as_a_dict() -> None:
    inputs = {
        "colour": keras.Input((1,), dtype="string", name="colour"),
        "age": keras.Input((1,), name="age"),
        "code": keras.Input((1,), dtype="int64", name="code"),
        "size": keras.Input((1,), name="size"),
    }
    bins = "one_hot" if tells_how_many_bins() else "int"
    features = [
        layers.StringLookup(vocabulary=COLOURS, output_mode="one_hot")(inputs["colour"]),
        layers.Normalization(mean=40.0, variance=100.0)(inputs["age"]),
        layers.IntegerLookup(vocabulary=CODES, output_mode="one_hot")(inputs["code"]),
        layers.Discretization([1.0, 2.0], output_mode=bins, dtype="float32")(inputs["size"]),
    ]
    hidden = layers.Dense(16, "relu")(layers.Concatenate()(features))
    model = randomise(keras.Model(inputs, layers.Dense(1, "sigmoid")(hidden)))
    for strategy in NAMES:
        pruned = prune(model, ratio=0.5, strategy=strategy, verify=True)
        assert any(note.startswith("proved") for note in pruned.notes)
    (note,) = (each for each in pruned.notes if each.startswith("inputs: "))
    assert "colour holds tokens that string_lookup" in note
    assert "age holds features in about -10 to 90 (from normalization" in note
    data = {
        "colour": np.array([["red"], ["mauve"]]),
        "age": np.array([[30.0], [50.0]]),
        "code": np.array([[10], [11]]),
        "size": np.array([[0.5], [3.0]]),
    }
    found = evaluate(model, pruned.model, (data, np.array([0, 1])))
    assert found["accuracy"].detail == "2 samples"
