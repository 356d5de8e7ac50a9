"""foolbox, imported without its side effects.

It imports GitPython, which raises ImportError where no `git` binary is found unless the environment
tells it to be quiet; and it warns of what it uses itself. Its loops run on NumPy: that needs no
look for a GPU, as its adapter for TensorFlow takes, and what it draws can be drawn privately.
"""

from __future__ import annotations

import os
import warnings
from importlib import import_module
from typing import Any

_QUIET = "GIT_PYTHON_REFRESH"


def _imported() -> Any:
    before = os.environ.get(_QUIET)
    os.environ[_QUIET] = "quiet"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return import_module("foolbox")
    finally:
        if before is None:
            del os.environ[_QUIET]
        else:
            os.environ[_QUIET] = before


foolbox = _imported()
NumPyTensor = import_module("eagerpy").NumPyTensor
