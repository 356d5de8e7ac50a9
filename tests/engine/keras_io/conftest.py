"""Files that tests of files begin with."""

from __future__ import annotations

import keras
import pytest

from pytest_paoding.engine.keras_io.save import save_model


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A good file, of which bad ones are made."""
    stack = [
        keras.Input((4,)),
        keras.layers.Dense(8, "relu", name="hidden"),
        keras.layers.Dense(3, name="out"),
    ]
    path = tmp_path_factory.mktemp("sound") / "sound.keras"
    save_model(keras.Sequential(stack, name="sound"), path)
    return path
