"""Layers that were adapted to data: what they know is copied, and tells models apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from pytest_paoding.engine.keras_io.digest import digest
from pytest_paoding.engine.keras_io.load import load_model
from pytest_paoding.engine.keras_io.save import save_model
from pytest_paoding.engine.pruning.pruner import prune
from pytest_paoding.errors import ModelFileError, SurgeryError
from support.keras_gaps import loads_weights_of_words, tells_how_many_bins
from support.nightly import spread

WORDS = np.array([["red"], ["green"], ["blue"], ["blue"], ["dark red"]])
BROKEN = np.array([["red"], ["one\nline"], [" x "], [""]])
NUMBERS = np.array([[10], [20], [30], [30], [-7]])
CASES = {
    "text": (lambda: layers.TextVectorization(output_mode="multi_hot"), WORDS),
    "weighted text": (lambda: layers.TextVectorization(output_mode="tf_idf"), WORDS),
    "padded text": (
        lambda: layers.TextVectorization(9, output_mode="tf_idf", pad_to_max_tokens=True),
        WORDS,
    ),
    "pairs of words": (lambda: layers.TextVectorization(output_mode="count", ngrams=2), WORDS),
    "words": (lambda: layers.StringLookup(output_mode="one_hot"), WORDS),
    "words with a mask": (
        lambda: layers.StringLookup(output_mode="one_hot", mask_token="", num_oov_indices=2),
        WORDS,
    ),
    "words without others": (
        lambda: layers.StringLookup(output_mode="multi_hot", num_oov_indices=0),
        WORDS,
    ),
    "weighted words": (lambda: layers.StringLookup(output_mode="tf_idf"), WORDS),
    "numbers": (lambda: layers.IntegerLookup(output_mode="one_hot"), NUMBERS),
    "bins": (lambda: layers.Discretization(num_bins=3, output_mode="one_hot"), NUMBERS),
    "scale": (layers.Normalization, NUMBERS),
}


def adapted(name: str, *, data: Any = None) -> Any:
    """Return a model that begins with an adapted layer."""
    keras.utils.set_random_seed(0)
    keras.utils.clear_session()
    make, usual = CASES[name]
    layer = make()
    data = usual if data is None else data
    layer.adapt(
        tf.constant(data)
        if usual is WORDS
        else data.astype("float32" if name in ("bins", "scale") else "int64")
    )
    dtype = "string" if usual is WORDS else "float32" if name in ("bins", "scale") else "int64"
    given = keras.Input((1,), dtype=dtype)
    flow = layers.Dense(16, activation="relu")(layer(given))
    return keras.Model(given, layers.Dense(3)(flow))


def features(model: Any, name: str) -> Any:
    """Return what the adapted layer makes of the words or numbers it was adapted to."""
    values = CASES[name][1]
    known = tf.constant(values) if values is WORDS else values
    return np.asarray(keras.Model(model.inputs[0], model.layers[1].output)(known))


def skip_what_keras_cannot_run(name: str, model: Any) -> None:
    if name == "bins" and not tells_how_many_bins():
        with pytest.raises(SurgeryError, match="layer 'dense' cannot be run on values of the sha"):
            prune(model, ratio=0.5, strategy="magnitude", verify=True)
        pytest.skip("this Keras takes bins for one number, pruned or not")


def loaded_from(file: Path, name: str) -> Any:
    if name.startswith("weighted") and not loads_weights_of_words():
        with pytest.raises(ModelFileError, match=r"cannot be loaded: layer '\w+': object of type"):
            load_model(file)
        pytest.skip("this Keras loads no weights of words, pruned or not")
    return load_model(file)


@pytest.mark.parametrize("name", CASES)
def test_a_pruned_model_knows_what_the_original_was_adapted_to(name: str, tmp_path: Path) -> None:
    model = adapted(name)
    skip_what_keras_cannot_run(name, model)
    pruned = prune(model, ratio=0.5, strategy="magnitude", verify=True)
    np.testing.assert_array_equal(features(pruned.model, name), features(model, name))
    assert np.ptp(features(model, name), axis=0).any()
    if name == "padded text":
        return  # Keras saves it, but cannot load it
    save_model(pruned.model, tmp_path / "net.keras")
    again = loaded_from(tmp_path / "net.keras", name)
    np.testing.assert_array_equal(features(again, name), features(model, name))


def test_words_with_line_breaks_and_spaces_are_copied() -> None:
    model = adapted("words", data=BROKEN)
    pruned = prune(model, ratio=0.5, strategy="magnitude").model
    known = [each.layers[1].get_vocabulary() for each in (model, pruned)]
    assert known[0] == known[1]
    assert "one\nline" in known[0]


@pytest.mark.parametrize("name", spread([name for name in CASES if name != "padded text"]))
def test_a_model_from_a_file_is_pruned_alike(name: str, tmp_path: Path) -> None:
    model = adapted(name)
    save_model(model, tmp_path / "net.keras")
    loaded = loaded_from(tmp_path / "net.keras", name)
    skip_what_keras_cannot_run(name, loaded)
    pruned = prune(loaded, ratio=0.5, strategy="magnitude", verify=True)
    np.testing.assert_array_equal(features(pruned.model, name), features(loaded, name))


def test_models_that_were_adapted_to_other_words_have_another_digest() -> None:
    assert digest(adapted("words")) == digest(adapted("words"))
    others = digest(adapted("words", data=np.array([["red"], ["green"], ["pink"]])))
    assert others != digest(adapted("words", data=np.array([["red"], ["green"], ["blue"]])))


@keras.saving.register_keras_serializable("tests")
class Remembering(layers.Layer):
    """A layer that keeps a file of its own."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.known = ""

    def call(self, inputs: Any) -> Any:
        return inputs

    def compute_output_shape(self, shape: Any) -> Any:
        return shape

    def save_assets(self, folder: str) -> None:
        Path(folder, "known.txt").write_text(self.known, encoding="utf-8")

    def load_assets(self, folder: str) -> None:
        self.known = Path(folder, "known.txt").read_text(encoding="utf-8")
        if self.known == "broken":
            raise OSError("cannot be read")


def remembering(known: str) -> Any:
    """Return a model with such a layer, behind one that can be pruned."""
    keras.utils.set_random_seed(0)
    keras.utils.clear_session()
    layer = Remembering()
    layer.known = known
    given = keras.Input((4,))
    flow = layer(layers.Dense(5)(layers.Dense(8, activation="relu")(given)))
    return keras.Model(given, layers.Dense(3)(flow))


def test_files_of_a_layers_own_are_copied_and_count() -> None:
    pruned = prune(remembering("a secret"), ratio=0.5, strategy="magnitude").model
    assert [each.known for each in pruned.layers if isinstance(each, Remembering)] == ["a secret"]
    assert digest(remembering("a")) == digest(remembering("a"))
    assert digest(remembering("a")) != digest(remembering("b"))


def test_what_cannot_be_copied_is_said_with_the_layer() -> None:
    model = remembering("broken")
    with pytest.raises(SurgeryError, match=r"layer 'remembering.*adapted to.*: cannot be read"):
        prune(model, ratio=0.5, strategy="magnitude")
