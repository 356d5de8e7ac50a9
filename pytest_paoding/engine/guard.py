"""Guards that leave the process as it was: random state, automatic names, warnings."""

from __future__ import annotations

import logging
import random
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras.src.backend.common.global_state import get_global_attribute

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def undisturbed() -> Iterator[None]:
    """Build layers without a trace: random state, names to come, and no warnings of Keras."""
    with preserved_random_state(), _preserved_names(), without_warnings():
        yield


@contextmanager
def state_kept(*models: Any) -> Iterator[None]:
    """Leave what runs of models change as it was: states, counters, seeds of random layers.

    Memory: a copy of every variable that is not trained.
    """
    variables = [each for model in models for each in model.variables if not each.trainable]
    before = [keras.ops.copy(each) for each in variables]
    try:
        yield
    finally:
        for variable, values in zip(variables, before, strict=True):
            variable.assign(values)


@contextmanager
def without_warnings() -> Iterator[None]:
    """Hold back what Keras, NumPy and TensorFlow warn of in a model that is the user's own.

    Suites that turn warnings into errors would end in them; TensorFlow writes its own to a logger.
    """
    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


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
