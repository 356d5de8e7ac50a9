"""Choices by values (`keras.ops.cond`, `where`, loops) in a form that a graph and its rules know.

Keras cannot record a `cond` whose branches use tensors from around it, which most do.
"""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import keras
from keras import ops

from pytest_paoding.engine.graph.rules.registry import known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_CONDS = known("keras.src.ops.core", "Cond")
_WHERES = known("keras.src.ops.numpy", "Where")
_LOOPS = known("keras.src.ops.core", "WhileLoop", "ForiLoop", "Scan", "Switch")


def is_cond(operation: Any) -> bool:
    """Whether an operation chooses between two functions."""
    return type(operation) in _CONDS


def chosen(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """Return what `keras.ops.cond` gives: both branches are computed and one is taken.

    Args:
        pred: A symbolic boolean without axes.
        true_fn: Returns a structure of tensors.
        false_fn: Returns another of the same shapes.
    """
    flag = ops.cast(pred, "bool")
    return keras.tree.map_structure(
        lambda one, two: None if one is None else ops.where(flag, one, two), true_fn(), false_fn()
    )


def with_axes(operation: Any, args: Sequence[Any]) -> Sequence[Any]:
    """Return the arguments of an operation in a form that it can be recorded with.

    A condition of `where` without axes gets as many as what it chooses between, of one value each;
    Python's numbers that loops begin with become tensors.
    """
    if type(operation) in _LOOPS:
        return list(keras.tree.map_structure(_as_tensor, list(args)))
    rank = max((len(getattr(each, "shape", ())) for each in args[1:]), default=0)
    if type(operation) in _WHERES and rank and not getattr(args[0], "shape", (None,)):
        return [ops.reshape(args[0], (1,) * rank), *args[1:]]
    return args


@contextmanager
def loops_recorded() -> Iterator[None]:
    """Let `keras.ops.while_loop` take symbolic tensors within the block.

    Keras 3.5 has the operation to record, but hands them to TensorFlow, which knows none.
    """
    core: Any = import_module("keras.src.ops.core")
    backend = core.backend.core
    before = backend.while_loop

    def while_loop(
        cond: Any, body: Any, loop_vars: Any, maximum_iterations: int | None = None
    ) -> Any:
        leaves = keras.tree.flatten(loop_vars)
        if any(isinstance(leaf, keras.KerasTensor) for leaf in leaves):
            return core.WhileLoop(cond, body, maximum_iterations)(loop_vars)
        return before(cond, body, loop_vars, maximum_iterations=maximum_iterations)

    backend.while_loop = while_loop
    try:
        yield
    finally:
        backend.while_loop = before


def _as_tensor(value: Any) -> Any:
    return ops.convert_to_tensor(value) if isinstance(value, (int, float)) else value
