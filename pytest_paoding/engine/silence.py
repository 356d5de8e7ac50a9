"""Importing TensorFlow without its noise.

Its C++ part writes to file descriptor 2 before any log level applies, at the import and again when
the first tensor finds the devices. Both happen here, with the descriptor turned to a temporary file
that is shown only if something goes wrong.
"""

from __future__ import annotations

import importlib
import os
import random
import sys
import tempfile
import warnings
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from pytest_paoding.engine.backend import TENSORFLOW, backend
from pytest_paoding.engine.garbage import uncollected
from pytest_paoding.errors import EvaluationError, PaodingError

if TYPE_CHECKING:
    from collections.abc import Iterator

STDOUT, STDERR = 1, 2
_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_WORKERS = "PYTEST_XDIST_WORKER_COUNT"


def start_tensorflow() -> None:
    """Import TensorFlow and Keras and find the devices, silently, unless that is done.

    Raises:
        EvaluationError: Keras runs on another backend than TensorFlow.
        ImportError: TensorFlow or Keras cannot be imported; what they wrote is shown.
    """
    start_keras()
    if backend() != TENSORFLOW:
        raise EvaluationError(
            f"Keras runs on the backend {backend()!r}: set KERAS_BACKEND=tensorflow to judge models"
        )


def start_keras() -> None:
    """Do the same on whatever backend Keras has: models can be loaded and saved on each.

    Within a worker of pytest-xdist that imports TensorFlow for the first time its threads are
    limited to the worker's share of the processors. What somebody else imported is left as it is.

    Raises:
        ImportError: TensorFlow or Keras cannot be imported; what they wrote is shown.
    """
    if "tensorflow" not in sys.modules or "keras" not in sys.modules:
        _import()


@contextmanager
def silenced(*descriptors: int) -> Iterator[None]:
    """Hold back what is written to file descriptors; show it if the block fails unexpectedly.

    Args:
        descriptors: The file descriptors; standard error alone if none is given.
    """
    with ExitStack() as stack:
        for descriptor in descriptors or (STDERR,):
            stack.enter_context(_kept_back(descriptor))
        yield


@contextmanager
def _kept_back(descriptor: int) -> Iterator[None]:
    if not _is_open(descriptor):
        yield
        return
    _flush()
    with tempfile.TemporaryFile() as kept:
        saved = os.dup(descriptor)
        os.dup2(kept.fileno(), descriptor)
        failed = True
        try:
            yield
            failed = False
        except (KeyboardInterrupt, PaodingError):  # its line says what is wrong
            failed = False
            raise
        finally:
            _flush()
            os.dup2(saved, descriptor)
            os.close(saved)
            if failed:
                kept.seek(0)
                os.write(descriptor, kept.read())


def _import() -> None:
    first = "tensorflow" not in sys.modules
    level = os.environ.get(_LEVEL)
    os.environ.setdefault(_LEVEL, "3")  # read once, by the first message; not for child processes
    drawn = random.getstate()  # some module draws from it when it is imported
    try:
        with silenced(), uncollected(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tensorflow = importlib.import_module("tensorflow")
            if first:
                _share_processors(tensorflow)
            importlib.import_module("keras")
            tensorflow.zeros(())
    finally:
        random.setstate(drawn)
        if level is None:
            os.environ.pop(_LEVEL, None)


def _share_processors(tensorflow: Any) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    workers = int(os.environ.get(_WORKERS, "1"))
    threads = max(1, (os.cpu_count() or 1) // workers)
    tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
    tensorflow.config.threading.set_inter_op_parallelism_threads(threads)


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # there is none under pythonw
            stream.flush()
