"""What reading a file of unknown origin ends in: what it should hold, or one line."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pytest_paoding.errors import RAISED, PaodingError, cause_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_VALUES = 1 << 30
"""Values of the largest tensor in a model that is taken for one, at its own batch."""


@contextmanager
def refusing(path: Path, kind: type[PaodingError], said: str) -> Iterator[None]:
    """Turn whatever reading a file raises into one line, which names the file and the cause.

    ZIP and its compressions, JSON, HDF5, NumPy, Keras and TensorFlow share no error, and the file
    decides which of them it ends in, and how deep. What is one line already passes; it is given
    the file's name where it lacks it.

    Args:
        path: The file.
        kind: The error to raise.
        said: What is said of the file, with {} for the cause.
    """
    try:
        yield
    except PaodingError as error:
        if str(path) in str(error):
            raise
        raise kind(f"{path}: {error}") from error
    except RAISED as error:
        raise kind(f"{path}: {said.format(cause_of(error))}") from error
