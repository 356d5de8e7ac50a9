"""Guards that leave the process as it was: random state, automatic names, warnings."""

from __future__ import annotations

import logging
import random
import re
import warnings
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import keras
import numpy as np
import tensorflow as tf
from keras.src.backend.common.global_state import get_global_attribute

from pytest_paoding.errors import PruningError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")
_SCOPE = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.-]*", re.ASCII)
_NO_SCOPE = re.compile(r"[^A-Za-z0-9_.-]", re.ASCII)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Build layers without a trace: random state, names to come, and no warnings of Keras."""
    with preserved_random_state(), _preserved_names(), without_warnings():
        yield


def within_memory(work: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """Let work end in one line where an `input_shape` that it was given is more than memory holds.

    Raises:
        PruningError: It is. Where none was given, the error is not the setting's, and stays.
    """

    @wraps(work)
    def bounded(*args: _Given.args, **kwargs: _Given.kwargs) -> _Result:
        try:
            return work(*args, **kwargs)
        except (MemoryError, tf.errors.ResourceExhaustedError) as error:
            shape = kwargs.get("input_shape")
            if shape is None:
                raise
            raise PruningError(
                f"input_shape {shape} takes more memory than there is: give a smaller one"
            ) from error

    return bounded


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
def fit_for_graphs(model: Any) -> Iterator[None]:
    """Let a model and its layers have names that TensorFlow takes for scopes, while it traces them.

    Keras takes any name. Where nothing is traced, TensorFlow does so too, and nothing is changed.
    """
    odd = []
    if not tf.executing_eagerly():
        named = [(each, each.name) for each in model._flatten_layers()]  # noqa: SLF001 # no public name
        odd = [(each, name) for each, name in named if not _SCOPE.fullmatch(name)]
    try:
        for each, name in odd:
            each.name = f"x{_NO_SCOPE.sub('_', name)}"
        yield
    finally:
        for each, name in odd:
            each.name = name


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
