"""Sequential models in files: built once, whatever they are written down with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest

from pytest_paoding.engine.keras_io.load import load_model
from pytest_paoding.engine.keras_io.save import save_model
from support.bad_files import forged

if TYPE_CHECKING:
    from pathlib import Path

layers = keras.layers


def plain(count: int = 20) -> Any:
    return keras.Sequential([keras.Input((4,)), *(layers.Dense(4, "relu") for _ in range(count))])


def unannounced() -> Any:
    """Return a model that was told its shape late."""
    model = keras.Sequential([layers.Dense(4, "relu"), layers.Dense(4)])
    model.build((None, 4))
    return model


def nested() -> Any:
    inputs = keras.Input((4,))
    return keras.Model(inputs, keras.Sequential([plain(3), layers.Dense(4), plain(2)])(inputs))


MODELS = {"plain": plain, "unannounced": unannounced, "nested": nested}


def without_shape(config: dict[str, Any]) -> None:
    config["config"].pop("build_input_shape", None)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_comes_back_as_it_was(name: str, tmp_path: Path) -> None:
    model = MODELS[name]()
    save_model(model, tmp_path / "model.keras")
    found = load_model(tmp_path / "model.keras")
    x = np.random.default_rng(0).random((3, 4), dtype="float32")
    np.testing.assert_array_equal(np.asarray(found(x)), np.asarray(model(x)))
    assert found.built
    for layer in found._flatten_layers():
        if isinstance(layer, layers.Dense):
            assert len(layer._inbound_nodes) <= 2  # in its own model, and in one around it


def test_a_model_that_is_written_down_without_a_shape_is_built_from_its_input(
    tmp_path: Path,
) -> None:
    save_model(plain(), tmp_path / "model.keras")
    forged(tmp_path / "model.keras", tmp_path / "forged.keras", config=without_shape)
    found = load_model(tmp_path / "forged.keras")
    assert found.built
    assert found.output_shape == (None, 4)


def test_keras_is_left_as_it_was(tmp_path: Path) -> None:
    before = dict(vars(keras.Sequential))
    save_model(plain(), tmp_path / "model.keras")
    load_model(tmp_path / "model.keras")
    assert dict(vars(keras.Sequential)) == before
