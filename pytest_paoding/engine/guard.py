"""Guards that leave the process as it was: random state, automatic names, warnings."""

from __future__ import annotations

import random
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from keras.src.backend.common.global_state import get_global_attribute

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def undisturbed() -> Iterator[None]:
    """Build layers without a trace: random state, names to come, and no warnings of Keras."""
    with preserved_random_state(), _preserved_names(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on what the user's own model holds
        yield


@contextmanager
def preserved_random_state() -> Iterator[None]:
    """Leave the global generators of Python and NumPy as they were.

    Keras draws the seed of every unseeded initialiser from Python's.
    """
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 # the global one is what is kept
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002 # as above


@contextmanager
def _preserved_names() -> Iterator[None]:
    """Leave the counters from which Keras makes automatic names as they were.

    Layers are made again under their own names, but what some of them make inside has none.
    """
    counters = get_global_attribute("object_name_uids")  # no public name; None before the first
    before = dict(counters or {})
    try:
        yield
    finally:
        counters = get_global_attribute("object_name_uids")
        if counters is not None:
            counters.clear()
            counters.update(before)
