"""Traced functions: models as graphs of TensorFlow, and what may not be in one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from pytest_paoding.errors import EvaluationError, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_CHANGING = re.compile("Assign|Random")


def traced(function: Callable[..., Any], specs: Sequence[Any]) -> Any:
    """Return `function` traced for tensors of `specs`.

    The concrete function: many models in one process would look to TensorFlow like one function
    that is traced again and again, of which it warns.
    """
    return tf.function(function, input_signature=specs, autograph=False).get_concrete_function()


def reason_of(error: Any) -> str:
    """Return the line of an error of TensorFlow that is not about where in the graph it was."""
    lines = [line.strip() for line in error.message.splitlines()]
    said = [line for line in lines if line and not line.startswith("[[")]
    return shortened(said[-1])


def require_constant(function: Any, title: str) -> None:
    """Refuse a function that gives other results the second time, before it has run once."""
    for operation in function.graph.get_operations():
        if _CHANGING.search(operation.type):
            raise EvaluationError(
                f"the {title} model is not constant at inference (operation {operation.name}, "
                f"{operation.type}): what it gives cannot be judged"
            )
