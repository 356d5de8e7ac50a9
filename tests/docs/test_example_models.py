"""The example's models can be loaded by every supported Keras, whichever has trained them."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest

from pytest_paoding.engine.keras_engine import KerasEngine

if TYPE_CHECKING:
    from types import ModuleType

EXAMPLE = Path(__file__).parents[2] / "example_project"
FILES = sorted((EXAMPLE / "models").glob("*.keras"))
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
"""Keras itself warns where it saves."""

each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


@pytest.fixture
def portable(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(EXAMPLE)
    from clinic import portable  # noqa: PLC0415 - needs the path of the example

    return portable


@each_file
def test_this_keras_loads_it(path: Path) -> None:
    assert KerasEngine().load_model(path).count_params() > 0


@each_file
def test_it_holds_no_setting_that_older_releases_refuse(path: Path, portable: Any) -> None:
    with zipfile.ZipFile(path) as archive:
        config = archive.read(portable.CONFIG).decode()
    assert not [each for each in portable.LATER if f'"{each}"' in config]


@pytest.mark.parametrize("axis", (-1, 1))
def test_what_is_left_out_changes_nothing(tmp_path: Path, portable: Any, axis: int) -> None:
    inner = keras.layers.BatchNormalization(axis=axis), keras.layers.Dense(2, "relu")
    model = keras.Sequential([keras.Input((4, 3)), *inner, keras.layers.LSTM(2)])
    model.save(tmp_path / "usual.keras")
    portable.save(model, tmp_path / "portable.keras")
    usual, loaded = (
        KerasEngine().load_model(tmp_path / f"{each}.keras") for each in ("usual", "portable")
    )
    assert loaded.get_config() == usual.get_config()
    for found, expected in zip(loaded.get_weights(), usual.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_later_setting_that_changes_something_is_kept(tmp_path: Path, portable: Any) -> None:
    try:
        layer = keras.layers.BatchNormalization(renorm=True)
    except (TypeError, ValueError):
        pytest.skip("no renormalization in this Keras")
    model = keras.Sequential([keras.Input((3,)), layer])
    portable.save(model, tmp_path / "model.keras")
    loaded = KerasEngine().load_model(tmp_path / "model.keras")
    assert loaded.layers[0].get_config()["renorm"] is True
