"""Contractions of two tensors: matmul, einsum, Dot, and attention built from operations.

No weight stands between the operands, so no zero can stand in for a removed position: positions
that are summed over go together or not at all. That keeps a width whole, but whole attention heads
may go, as each is summed over by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

from pytest_paoding.engine.graph.axes import inner_axis
from pytest_paoding.engine.graph.rules.layers.combine import meet
from pytest_paoding.engine.graph.rules.registry import known, rule
from pytest_paoding.engine.graph.trace import Tensor, constants_of
from pytest_paoding.engine.graph.views import View, first_along

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.visit import Visit

_WHY = "sums over these positions of two tensors"


@rule(*known("keras.src.ops.numpy", "Matmul"))
def matmul(visit: Visit) -> View | Sequence[View]:
    """Multiplies matrices over the last two axes; all other axes correspond."""
    ranks = {view.rank for view in visit.inputs}
    if len(visit.inputs) != 2 or ranks != {len(visit.shape)} or min(ranks) < 2:  # noqa: PLR2004 # matrices
        return visit.fixed("multiplies it with a constant, or with a tensor of another rank")
    before = [f"a{axis}" for axis in range(len(visit.shape) - 2)]
    return contracted(visit, [*before, "m", "k"], [*before, "k", "n"], [*before, "m", "n"])


@rule(*known("keras.src.ops.numpy", "Einsum"))
def einsum(visit: Visit) -> View | Sequence[View]:
    """Names axes by letters, the batch among them."""
    found = _letters(visit.layer.subscripts, [view.rank + 1 for view in visit.inputs])
    if found is None or len(visit.call.args) != 2:  # noqa: PLR2004 # two operands
        return visit.fixed("is an einsum of a kind that is not followed")
    return contracted(visit, *found)


@rule(keras.layers.Dot)
def dot(visit: Visit) -> View | Sequence[View]:
    """Sums over one axis of each operand, keeps all others."""
    if len(visit.inputs) == 1:
        return visit.fixed("sums products with a constant")
    first, second = visit.inputs
    given = visit.layer.axes
    one, two = (given, given) if isinstance(given, int) else given
    axes = inner_axis(one, first.rank), inner_axis(two, second.rank)
    if first.rank + second.rank == 2 or None in axes:  # noqa: PLR2004 # two vectors
        return visit.fixed(_WHY)
    left = [f"a{axis}" if axis != axes[0] else "k" for axis in range(first.rank)]
    right = [f"b{axis}" if axis != axes[1] else "k" for axis in range(second.rank)]
    return contracted(visit, left, right, [each for each in [*left, *right] if each != "k"])


@rule(keras.layers.Attention, keras.layers.AdditiveAttention)
def attention(visit: Visit) -> Sequence[View]:
    """Compares queries with keys over their last axis, returns means of the values."""
    given: Any = visit.argument(0, "inputs")
    if constants_of(given):
        return visit.fixed("attends from or to a constant")
    query, value, *rest = (visit.view(tensor) for tensor in given)
    for view in (query, *(rest or [value])):
        visit.pin(view, "compares queries with keys over these positions")
    scale = getattr(visit.layer, "scale", None)
    if scale is not None and len(scale.shape) == 1:
        visit.carries(scale, visit.channels(query))
    scores = visit.fixed("compares queries with keys")[1:] if len(visit.shapes) > 1 else ()
    return visit.along(visit.channels(value)), *scores


@rule(*known("keras.src.ops.nn", "DotProductAttention"))
def dot_product_attention(visit: Visit) -> View | Sequence[View]:
    """Query, key and value (time, heads, size): whole heads go."""
    tensors = [each for each in visit.call.args if isinstance(each, Tensor)]
    shapes = [view.shape for view in visit.inputs]
    usual = len(shapes) == len(tensors) == 3 and {len(shape) for shape in shapes} == {3}  # noqa: PLR2004 # three operands of three axes
    if not usual or len({shape[1] for shape in shapes}) > 1:
        return visit.fixed("attends with a mask, or with unequal numbers of heads")
    heads = [visit.channels(_summed(visit, view, (2,)), 1) for view in visit.inputs]
    for each in heads[1:]:
        visit.join(heads[0], each)
    return visit.along(heads[0], 1)


def contracted(
    visit: Visit, first: Sequence[str], second: Sequence[str], result: Sequence[str]
) -> View | Sequence[View]:
    """Return the view of a product of two tensors whose axes, without the batch, have names.

    Axes missing from the result are summed over; along the others the operands meet as in an
    elementwise product.
    """
    operands = []
    for view, names in zip(visit.inputs, (first, second), strict=True):
        gone = tuple(axis for axis, name in enumerate(names) if name not in result)
        operands.append(_arranged(_summed(visit, view, gone), names, result))
    return meet(visit, operands)


def _summed(visit: Visit, view: View, axes: Sequence[int]) -> View:
    """Return a view with `axes` of length one; positions along them go together."""
    visit.whole(view, axes, _WHY)
    shape = tuple(1 if axis in axes else size for axis, size in enumerate(view.shape))
    return View(shape, first_along(view.labels, axes))


def _arranged(view: View, names: Sequence[str], result: Sequence[str]) -> View:
    """Return a view with the axes of the result in order, of length one where it lacks them."""
    order = [names.index(name) for name in result if name in names]
    rest = [axis for axis in range(view.rank) if axis not in order]
    moved = view.permuted([*order, *rest])
    sizes, lengths = iter(moved.shape), iter(moved.labels.shape)
    shape = tuple(next(sizes) if name in names else 1 for name in result)
    return View(shape, moved.labels.reshape([next(lengths) if n in names else 1 for n in result]))


def _letters(
    subscripts: str, ranks: Sequence[int]
) -> tuple[list[str], list[str], list[str]] | None:
    """Return the letters of two operands and their result after the batch; None if unusual."""
    operands, arrow, result = subscripts.replace(" ", "").partition("->")
    terms = [*operands.split(","), result]
    usual = arrow and "." not in subscripts and len(terms) == len(ranks) + 1 == 3  # noqa: PLR2004 # two operands
    if not usual or len({term[:1] for term in terms}) > 1:
        return None
    if any(len(set(term)) < len(term) for term in terms):
        return None
    first, second, out = (list(term[1:]) for term in terms)
    return (first, second, out) if out else None
