"""Elementwise layers and operations without weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.graph.rules.layers.activations import activated
from pytest_paoding.engine.graph.rules.layers.combine import meet
from pytest_paoding.engine.graph.rules.registry import known, rule
from pytest_paoding.engine.graph.trace import Tensor
from pytest_paoding.engine.graph.views import View, kept_along
from pytest_paoding.engine.keras_classes import KERAS_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_paoding.engine.graph.types import BoolArray
    from pytest_paoding.engine.graph.visit import Visit

_NUMPY = """
    Abs Absolute Add Arccos Arccosh Arcsin Arcsinh Arctan Arctan2 Arctanh Ceil Clip Copy Cos
    Cosh Divide DivideNoNan Equal Exp Exp2 Expm1 Fabs Floor FloorDivide Fmax Fmin Fmod Greater
    GreaterEqual Heaviside Hypot Isfinite Isinf Isnan Less LessEqual Log Log10 Log1p Log2
    Logaddexp LogicalAnd LogicalNot LogicalOr LogicalXor Maximum Minimum Mod Multiply NanToNum
    Negative NotEqual OnesLike Power Reciprocal Round Sign Sin Sinh Sqrt Square Subtract Tan
    Tanh TrueDivide Trunc Where ZerosLike
""".split()  # noqa: SIM905 # a list would take a line for each name
_NN = """
    Celu Elu Gelu HardShrink HardSigmoid HardSilu HardTanh LeakyRelu LogSigmoid Relu Relu6 Selu
    Sigmoid Silu SoftShrink Softplus Softsign SparsePlus SparseSigmoid Squareplus TanhShrink
    Threshold
""".split()  # noqa: SIM905 # a list would take a line for each name
_CORE = ("Cast", "ConvertToTensor", "SaturateCast", "StopGradient")
_MATH = ("Erf", "Erfc", "Erfinv", "Rsqrt")


@rule(
    keras.layers.ActivityRegularization,
    keras.layers.AlphaDropout,
    keras.layers.Dropout,
    keras.layers.ELU,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
    keras.layers.Identity,
    keras.layers.LeakyReLU,
    keras.layers.ReLU,
    keras.layers.SpatialDropout1D,
    keras.layers.SpatialDropout2D,
    keras.layers.SpatialDropout3D,
)
def alone(visit: Visit) -> View:
    """Leaves every position where it is."""
    return visit.input


@rule(keras.layers.Activation)
def activation(visit: Visit) -> View:
    """Leaves every position where it is, unless the function mixes them."""
    return activated(visit, visit.input, visit.layer.activation)


@rule(
    *known("keras.src.ops.numpy", *_NUMPY),
    *known("keras.src.ops.nn", *_NN),
    *known("keras.src.ops.core", *_CORE),
    *known("keras.src.ops.math", *_MATH),
)
def operation(visit: Visit) -> View | Sequence[View]:
    """Combines its operands position by position; constant operands are cut like weights."""
    views = list(visit.inputs)
    varying = {
        axis for view in views for axis in range(-view.rank, 0) if view.labels.shape[axis] > 1
    }
    for key, value in _literals(visit):
        if isinstance(value, KERAS_VARIABLE):
            return visit.fixed("reads a variable that belongs to no layer")
        if np.size(value) > 1:
            constant = _constant(visit, key, np.asarray(value), varying)
            if constant is None:
                return visit.fixed("combines it with a constant that has a batch of its own")
            views.append(constant)
    return meet(visit, views)


def _literals(visit: Visit) -> Iterator[tuple[int | str, Any]]:
    """Yield the arguments that are not tensors, with their positions or names."""
    places: list[tuple[int | str, Any]] = [*enumerate(visit.call.args)]
    for key, value in (*places, *visit.call.kwargs.items()):
        if value is not None and not isinstance(value, (Tensor, str)):
            yield key, value


def _constant(visit: Visit, key: int | str, values: Any, varying: set[int]) -> View | None:
    """Return the view of a constant operand; None if it has a batch of its own.

    It gets labels along the axes where tensors vary, as no others can lose positions.
    """
    rank = len(visit.shape)
    shape = (1,) * (rank + 1 - values.ndim) + values.shape
    if len(shape) > rank + 1 or shape[0] != 1:
        return None
    lengths = tuple(shape[axis] if axis in varying else 1 for axis in range(-rank, 0))
    labels = visit.fresh(lengths)
    visit.rewrites(key, labels, lambda stay: _compressed(values, stay))
    visit.tells_apart(labels)
    return View(shape[1:], labels)


def _compressed(values: Any, stay: BoolArray) -> Any:
    """Return the part of a constant that stays; `stay` has its axes or more, some of length one."""
    for axis, kept in enumerate(kept_along(stay)):
        if not kept.all():
            values = np.compress(kept, values, axis - stay.ndim)
    return values
