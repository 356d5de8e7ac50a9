"""Weights that do not fit the layers of a file: the layer is named, and what is wrong with it."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import h5py
import keras
import numpy as np
import pytest

from pytest_paoding.engine.keras_io.save import save_model
from support.bad_files import refused

if TYPE_CHECKING:
    from pathlib import Path

layers = keras.layers

MODELS = {
    "dense": ((4,), lambda: layers.Dense(5, name="it")),
    "convolution": ((8, 3), lambda: layers.Conv1D(5, 3, name="it")),
    "normalisation": ((4,), lambda: layers.BatchNormalization(name="it")),
    "recurrent": ((8, 3), lambda: layers.LSTM(5, name="it")),
    "embedding": ((4,), lambda: layers.Embedding(7, 5, name="it")),
}
FAULTS = {
    "wider": lambda values: np.zeros(tuple(size + 1 for size in values.shape)),
    "deeper": lambda values: np.zeros((*values.shape, 2)),
    "empty": lambda _: np.zeros((0,)),
    "text": lambda values: np.full(values.shape, b"x", "S3"),
    "missing": lambda _: None,
}


def edited(path: Path, fault: Any) -> tuple[int, ...]:
    """Damage the first array of weights in a file; return its shape."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    content = io.BytesIO(members["model.weights.h5"])
    with h5py.File(content, "a") as weights:
        names: list[str] = []
        weights.visititems(
            lambda name, each: names.append(name) if isinstance(each, h5py.Dataset) else None
        )
        name = names[0]
        values = weights[name][()]
        del weights[name]
        changed = fault(values)
        if changed is not None:
            weights[name] = changed
    members["model.weights.h5"] = content.getvalue()
    with zipfile.ZipFile(path, "w") as archive:
        for member, each in members.items():
            archive.writestr(member, each)
    shape: tuple[int, ...] = values.shape
    return shape


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", MODELS)
def test_the_layer_and_the_fault_are_named(name: str, fault: str, tmp_path: Path) -> None:
    shape, build = MODELS[name]
    model = keras.Sequential([keras.Input(shape), build()])
    path = tmp_path / "net.keras"
    save_model(model, path)
    own = edited(path, FAULTS[fault])
    message = {"text": "could not convert string to float", "missing": " variables"}.get(
        fault, f"has the shape {own}, the file stores "
    )
    refused(path, message)
    refused(path, "'lstm_cell'" if name == "recurrent" else "'it'")
    with pytest.raises(AssertionError):
        refused(path, "value=[")
