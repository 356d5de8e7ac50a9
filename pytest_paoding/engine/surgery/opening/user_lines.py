"""Where in a project's own code an error came from, and what to do about it."""

from __future__ import annotations

import sysconfig
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from pytest_paoding.errors import PaodingError, cause_of

if TYPE_CHECKING:
    from types import FrameType

_LIBRARY = Path(sysconfig.get_paths()["stdlib"])
_OURS = Path(__file__).parents[3]
_PACKAGES = (_OURS, *(Path(str(each.__file__)).parent for each in (keras, np, tf)))
_INSTALLED = ("site-packages", "dist-packages")

_REMEDIES = (
    ("used as a boolean", "Python cannot branch on values: use keras.ops.where or keras.ops.cond"),
    ("Iterating over", "Python cannot loop over values: use keras.ops.unstack or keras.ops.scan"),
    ("TensorFlow function", "this function of TensorFlow is not known here: use one of keras.ops"),
    ("NumPy", "NumPy cannot work on what a model computes: use keras.ops"),
    ("no attribute 'numpy'", "NumPy cannot work on what a model computes: use keras.ops"),
    ("NoneType", "a length is not known: give input_shape, or write -1 for the batch"),
    ("None)", "a length is not known: give input_shape, or write -1 for the batch"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a project's own code.

    Attributes:
        file: Name of its file.
        line: Its number.
        layer: Name of the layer or model whose method it is in, if any.
    """

    file: str
    line: int
    layer: str | None

    def __str__(self) -> str:
        """Return the layer and the line."""
        line = f"{self.file}:{self.line}"
        return line if self.layer is None else f"layer {self.layer!r} at {line}"


def place_of(error: BaseException) -> Place | None:
    """Return the innermost line of a project's own code that an error passed; None if none."""
    found = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        if _is_own(frame):
            first = frame.f_code.co_varnames[:1]  # `self`, in a method
            owner = frame.f_locals.get(first[0]) if first else None
            name = owner.name if isinstance(owner, keras.layers.Layer) else None
            found = Place(Path(frame.f_code.co_filename).name, line, name)
    return found


def remedy_for(error: BaseException) -> str:
    """Return what was wrong and what to do instead, in one line."""
    if isinstance(error, PaodingError):
        return str(error)
    cause = cause_of(error)
    text = f"{error} {cause}"
    return next((remedy for needle, remedy in _REMEDIES if needle in text), _plain(error, cause))


def _plain(error: Any, cause: str) -> str:
    return f"{type(error).__name__}: {cause}: use Keras layers and keras.ops"


def _is_own(frame: FrameType) -> bool:
    name = frame.f_code.co_filename
    path = Path(name)
    if name.startswith("<") or path.name.startswith("__autograph_generated"):
        return False
    if any(package in path.parents for package in _PACKAGES):
        return False
    return _LIBRARY not in path.parents or any(each in path.parts for each in _INSTALLED)
