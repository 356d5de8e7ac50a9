"""Code that is called while a model is judged may raise what it likes, `SystemExit` as well."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
from keras import layers

from pytest_paoding.engine.evaluation.breakdown.slices import SliceReader
from pytest_paoding.engine.evaluation.data.sources import raw_batches
from pytest_paoding.engine.evaluation.scores.resampled_scores import CallableScore
from pytest_paoding.engine.graph import inference
from pytest_paoding.engine.keras_engine import KerasEngine
from pytest_paoding.errors import PaodingError
from pytest_paoding.isolation.crossing import Crossing
from pytest_paoding.isolation.origins import Origin
from pytest_paoding.records.metrics import Direction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BATCH = np.ones((2, 3), "float32"), np.zeros(2, "int64")


def batches(leave: Callable[..., Any]) -> Iterator[Any]:
    yield BATCH
    leave()


class Leaver(layers.Layer):
    """Attributes: leave: what its code calls, once it is built."""

    leave: Any = None

    def call(self, inputs: Any) -> Any:
        if self.leave is not None:
            self.leave()
        return inputs


def run_layer(leave: Callable[..., Any]) -> None:
    layer = Leaver()
    model = keras.Sequential([keras.Input((3,)), layer])
    layer.leave = leave
    inference.run(model, [np.ones((1, 3), "float32")])


class Subclassed(keras.Model):
    """Attributes: leave: what its code calls."""

    leave: Any = None

    def call(self, inputs: Any) -> Any:
        return self.leave(inputs)


def open_model(leave: Callable[..., Any]) -> None:
    model = Subclassed()
    model.leave = leave
    KerasEngine().opened(model, input_shape=(3,))


def import_module(leave: Callable[..., Any], folder: Path) -> None:
    error = "SystemExit(3)" if leave is leaves else "ValueError(3)"
    (folder / "our_exiting.py").write_text(f"raise {error}\n")
    Origin("our_exiting", "code", str(folder / "our_exiting.py")).module_here()


PLACES: dict[str, Callable[[Callable[..., Any], Path], Any]] = {
    "data": lambda leave, _: list(raw_batches(batches(leave))),
    "data for a child": lambda leave, folder: Crossing(folder).plain(batches(leave), "the data"),
    "slices": lambda leave, _: list(SliceReader(leave).watched(BATCH)),
    "score": lambda leave, _: CallableScore("own", Direction.HIGHER, leave).per_sample(BATCH),
    "layer": lambda leave, _: run_layer(leave),
    "model": lambda leave, _: open_model(leave),
    "module": import_module,
}


def leaves(*_: Any) -> Any:
    sys.exit(3)


def raises(*_: Any) -> Any:
    raise ValueError("3")


def interrupts(*_: Any) -> Any:
    raise KeyboardInterrupt


@pytest.mark.parametrize("place", PLACES)
def test_an_exit_is_one_line_as_any_other_error_is(place: str, tmp_path: Path) -> None:
    lines = []
    for leave in (leaves, raises):
        with pytest.raises(PaodingError) as caught:
            PLACES[place](leave, tmp_path)
        lines.append(str(caught.value))
    assert all("\n" not in line for line in lines)
    assert "3" in lines[0]


@pytest.mark.parametrize("place", [each for each in PLACES if each != "module"])
def test_ctrl_c_passes(place: str, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        PLACES[place](interrupts, tmp_path)
