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
_BENEATH = ("optree", "ml_dtypes", "absl", "h5py", "wrapt", "rich", "gast")  # what Keras and TF use
_EDGES = ("outputs", "_called")  # functions of this package that run the project's code

_REMEDIES = (
    ("used as a boolean", "Python cannot branch on values: use keras.ops.where or keras.ops.cond"),
    ("Iterating over", "Python cannot loop over values: use keras.ops.unstack or keras.ops.scan"),
    ("TensorFlow function", "this function of TensorFlow is not known here: use one of keras.ops"),
    ("NumPy", "NumPy cannot work on what a model computes: use keras.ops"),
    ("no attribute 'numpy'", "NumPy cannot work on what a model computes: use keras.ops"),
    ("to an int", "Python cannot read values: use keras.ops"),
    ("to a float", "Python cannot read values: use keras.ops"),
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
    lines = [each for each in traceback.walk_tb(error.__traceback__) if _is_own(each[0])]
    return place_in(*lines[-1]) if lines else None


def own_frame(frame: FrameType | None) -> FrameType | None:
    """Return the innermost frame of a project's own code that a frame was called from, or is."""
    while frame is not None and not _is_own(frame):
        name = frame.f_code.co_name
        frame = None if name in _EDGES and _is_in(frame, _OURS) else frame.f_back
    return frame


def place_of_frame(frame: FrameType | None) -> Place | None:
    """Return the innermost line of a project's own code that a frame was called from, or is at."""
    own = own_frame(frame)
    return None if own is None else place_in(own, own.f_lineno)


def place_in(frame: FrameType, line: int) -> Place:
    """Return a line of a frame as a place."""
    first = frame.f_code.co_varnames[:1]  # `self`, in a method
    owner = frame.f_locals.get(first[0]) if first else None
    name = owner.name if isinstance(owner, keras.layers.Layer) else None
    return Place(Path(frame.f_code.co_filename).name, line, name)


def explained(error: BaseException) -> str:
    """Return where an error came from, what was wrong and what to do instead, in one line."""
    place = place_of(error)
    return remedy_for(error) if place is None else f"{place}: {remedy_for(error)}"


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
    if any(each in path.parts for each in _INSTALLED) and set(_BENEATH) & set(path.parts):
        return False
    return _LIBRARY not in path.parents or any(each in path.parts for each in _INSTALLED)


def _is_in(frame: FrameType, package: Path) -> bool:
    return package in Path(frame.f_code.co_filename).parents
