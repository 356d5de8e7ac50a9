"""Commands on a file of a subclassed model, whose class is known here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import pytest
from keras import layers

from pytest_paoding.__main__ import main
from pytest_paoding.engine.keras_io.save import save_model
from support.subclassed_models import FEATURES

if TYPE_CHECKING:
    from pathlib import Path


@keras.saving.register_keras_serializable("tests")
class Filed(keras.Model):
    """A subclassed model that a file can tell of."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.hidden, self.last = layers.Dense(8, name="hidden"), layers.Dense(3, name="last")

    def call(self, x: Any) -> Any:
        return self.last(self.hidden(x))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    model = Filed(name="filed")
    model(FEATURES)
    save_model(model, tmp_path / "filed.keras")
    return tmp_path / "filed.keras"


def test_it_is_shown(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(file)]) == 0
    shown = capsys.readouterr().out
    assert "filed: 75 parameters" in shown
    assert "4 of 8" in shown


def test_it_is_pruned(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = file.with_name("smaller.keras")
    assert main(["prune", str(file), "-r", "0.5", "-o", str(target)]) == 0
    assert "opened: what comes of it is a Functional model" in capsys.readouterr().out
    assert keras.models.load_model(target).get_layer("hidden").units < 8
