"""Operations of `keras.ops` that multiply activations with each other or with constants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras.src.ops import nn, numpy  # the classes behind keras.ops have no public names

from pytest_paoding.engine.execution.work.feedforward_macs import combinations
from pytest_paoding.engine.execution.work.macs import counts
from pytest_paoding.engine.execution.work.products import along, constant
from pytest_paoding.engine.graph.rules.registry import known
from pytest_paoding.engine.graph.trace import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_paoding.engine.execution.work.products import Product
    from pytest_paoding.engine.graph.trace import Call


@counts(keras.layers.Dot)
def dot_layer(call: Call) -> Sequence[Product]:
    """Every output sums over the axis that is named for the first input."""
    axes = call.operation.axes
    first = axes if isinstance(axes, int) else axes[0]
    summed = _axes(call.inputs[0])[first]
    return [(*along(call.outputs[0]), summed)]


@counts(numpy.Matmul)
def matmul(call: Call) -> Sequence[Product]:
    """Every output sums over the last axis of the first factor."""
    return [(*along(call.outputs[0]), *_axes(call.args[0])[-1:])]


@counts(numpy.Einsum)
def einsum(call: Call) -> Sequence[Product]:
    """A product for every combination of indices."""
    terms = call.operation.subscripts.partition("->")[0].split(",")
    return [combinations(terms, [_axes(operand) for operand in call.args])]


@counts(numpy.Dot)
def dot(call: Call) -> Sequence[Product] | None:
    """Sum over the last axis and the last but one; a scalar only scales."""
    first, second = map(len, map(_axes, call.args))
    if not first or not second:
        return ()
    return _contracted(call, [first - 1], [max(second - 2, 0)])


@counts(*known("keras.src.ops.numpy", "Inner"))
def inner(call: Call) -> Sequence[Product] | None:
    """Sum over the last axes; a scalar only scales."""
    first, second = map(len, map(_axes, call.args))
    return _contracted(call, [first - 1], [second - 1]) if first and second else ()


@counts(numpy.Tensordot)
def tensordot(call: Call) -> Sequence[Product] | None:
    """Sum over the axes that are named, or over so many last and first ones."""
    axes, ranks = call.operation.axes, [len(_axes(operand)) for operand in call.args]
    if isinstance(axes, int):
        return _contracted(call, range(ranks[0] - axes, ranks[0]), range(axes))
    pairs = zip(axes, ranks, strict=True)
    first, second = ([int(axis) % rank for axis in np.ravel(named)] for named, rank in pairs)
    return _contracted(call, first, second)


def _contracted(
    call: Call, first: Iterable[int], second: Iterable[int]
) -> Sequence[Product] | None:
    """Return a product for every combination of indices, those summed over standing once.

    Args:
        call: A call on one tensor and one constant; None is returned where samples are mixed.
        first: Axes of the first operand that are summed over, the batch being 0.
        second: Those of the second.
    """
    pairs = sorted(zip(call.args, (first, second), strict=True), key=lambda pair: _fixed(pair[0]))
    (tensor, summed), (other, dropped) = ((operand, {*axes}) for operand, axes in pairs)
    if 0 in summed or not _fixed(other):
        return None
    rest = [length for axis, length in enumerate(_axes(other)) if axis not in dropped]
    return [(*_axes(tensor), *rest)]


def _fixed(operand: Any) -> bool:
    return not isinstance(operand, Tensor)


def _axes(operand: Any) -> Product:
    """Return the lengths for one sample; constants have no batch."""
    if isinstance(operand, Tensor):
        return (*constant(1), *along(operand))
    return constant(*(operand.shape if hasattr(operand, "shape") else np.shape(operand)))


@counts(nn.Conv)
def conv_operation(call: Call) -> Sequence[Product] | None:
    """Every output sums over the window and the channels of its group."""
    return _windowed(call, call.outputs[0], 1)


@counts(nn.ConvTranspose)
def conv_transpose_operation(call: Call) -> Sequence[Product] | None:
    """Every input is multiplied with the window for every filter."""
    return _windowed(call, call.args[0], 1)


@counts(nn.DepthwiseConv)
def depthwise_conv_operation(call: Call) -> Sequence[Product] | None:
    """Every output sums over the window."""
    return _windowed(call, call.outputs[0], 2)


def _windowed(call: Call, positions: Tensor, left_out: int) -> Sequence[Product] | None:
    """Return the positions times the axes of a fixed kernel but for some last ones."""
    kernel = call.args[1]
    return [(*along(positions), *_axes(kernel)[:-left_out])] if _fixed(kernel) else None


@counts(*known("keras.src.ops.nn", "DotProductAttention"))
def dot_product_attention(call: Call) -> Sequence[Product]:
    """The scores of every head, and the values weighted by them."""
    query, key, value = map(along, call.args[:3])
    return [(*query, key[0]), (*query[:-1], key[0], value[-1])]


@counts(
    *known("keras.src.ops.numpy", "Outer", "Vdot", "Correlate", "Corrcoef", "Slogdet"),
    *known("keras.src.ops.nn", "SeparableConv"),
    *known("keras.src.ops.math", "CDist", "Logdet"),
    *known("keras.src.ops.image", "GaussianBlur", "ElasticTransform", "SobelEdges", "SSIM"),
    *known("keras.src.ops.linalg", "Cholesky", "CholeskyInverse", "Det", "Eig", "Eigh", "Inv"),
    *known("keras.src.ops.linalg", "LuFactor", "Qr", "Solve", "SolveTriangular", "SVD", "Lstsq"),
    *known("keras.src.ops.linalg", "MatrixRank", "Pinv", "JVP"),
    *known("keras.src.ops.core", "Map", "Scan", "AssociativeScan", "Switch", "WhileLoop"),
    *known("keras.src.ops.core", "ForiLoop", "Cond", "VectorizedMap"),
    *known("keras.layers", "Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"),
)
def uncounted(_call: Call) -> None:
    """Products that are rare between activations, and code that may do anything."""
