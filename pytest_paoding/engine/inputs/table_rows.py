"""Table rows: values of an input that layers take for the numbers of a table's rows.

The columns of one tensor may go to tables of different sizes, one column to several, and arithmetic
or a cast may stand between. So every value is followed through what arranges values or maps them by
`factor * value + shift`, up to the layers that take it for a row of a table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, prod
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.inputs.kinds import inner_layer, is_a, kind_read_by
from pytest_paoding.engine.inputs.layouts import ARRANGING, arranged
from pytest_paoding.engine.inputs.lookups import Lookups
from pytest_paoding.engine.inputs.vocabularies import vocabulary_of

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.trace import Call, Graph, Tensor
    from pytest_paoding.engine.graph.types import IntArray

_TABLES = ("Embedding", "CategoryEncoding", "OneHot")
_MOVING = (*ARRANGING, "Take", "Unstack", "Slice", "Repeat", "Tile")
_WHOLE = ("Cast", "Round", "Floor", "Ceil", "Trunc")
_ROUNDING = 1e-4
_PROBES = 3  # inputs of zeros, of ones and of twos


@dataclass(slots=True, eq=False)
class _Values:
    """Maps `factor * value + shift` of an input's values, each known by a number.

    Attributes:
        place: Flat place in the input, shape (numbers,).
        factor: Likewise.
        shift: Likewise.
    """

    place: IntArray
    factor: Any
    shift: Any

    @classmethod
    def of(cls, count: int) -> _Values:
        """Return an input's values as they are."""
        return cls(np.arange(count), np.ones(count), np.zeros(count))

    def mapped(self, numbers: IntArray, factor: Any, shift: Any) -> IntArray:
        """Return the numbers of what a further map makes of some values."""
        at, start = numbers.reshape(-1), len(self.place)
        slope, offset = factor.reshape(-1), shift.reshape(-1)
        self.place = np.concatenate([self.place, self.place[at]])
        self.shift = np.concatenate([self.shift, slope * self.shift[at] + offset])
        self.factor = np.concatenate([self.factor, slope * self.factor[at]])
        return np.arange(start, start + at.size).reshape(numbers.shape)


@dataclass(slots=True, eq=False)
class _Limits:
    """What is known of every place of an input so far, flat."""

    low: Any
    high: Any
    step: Any
    legal: tuple[float, float]
    names: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, tensor: Tensor, count: int) -> _Limits:
        """Return no limits but those of the input's dtype."""
        whole = tensor.dtype.startswith(("int", "uint"))
        info = np.iinfo(tensor.dtype) if whole else None
        legal = (float(info.min), float(info.max)) if info else (-inf, inf)
        return cls(np.full(count, -inf), np.full(count, inf), np.full(count, inf), legal)

    def narrow(self, values: _Values, numbers: IntArray, rows: int, name: str) -> None:
        """Let some values be rows of a table, where that contradicts no other."""
        at = numbers.reshape(-1)
        place, factor = values.place[at], values.factor[at]
        ends = (np.array([[0.0], [rows - 1.0]]) - values.shift[at]) / factor
        low, high, step = self.low.copy(), self.high.copy(), self.step.copy()
        np.maximum.at(low, place, ends.min(axis=0))
        np.minimum.at(high, place, ends.max(axis=0))
        np.minimum.at(step, place, 1 / np.abs(factor))
        if self.legal != (-inf, inf):
            low, high = np.ceil(low - _ROUNDING) + 0.0, np.floor(high + _ROUNDING) + 0.0
            step[np.isfinite(step)] = 1
        fits = np.maximum(low, self.legal[0]) <= np.minimum(high, self.legal[1])
        if fits.all():
            self.low, self.high, self.step = low, high, step
            self.names[name] = min(rows, self.names.get(name, rows))

    def lookups(self, own: tuple[int, ...]) -> Lookups:
        """Return what was found, for an input of a shape."""
        step = np.where(np.isfinite(self.step), self.step, 1.0)
        low, high, step = (each.reshape(own) for each in (self.low, self.high, step))
        return Lookups(
            low, high, step, tuple(sorted(self.names, key=lambda name: self.names[name]))
        )


def lookups_of(graph: Graph, tensor: Tensor) -> Lookups | None:
    """Return which values of an input tables know; None if no value is looked up.

    Args:
        graph: The model's graph, its lengths settled.
        tensor: The input.

    Cost: where a table is among the model's layers, the layers before it are run on three samples.
    """
    if tensor.dtype in ("string", "bool") or not any(map(_rows_of, graph.calls)):
        return None
    own = tuple(size or 1 for size in tensor.shape)
    values, limits = _Values.of(prod(own)), _Limits.of(tensor, prod(own))
    numbers: dict[Tensor, IntArray] = {tensor: np.arange(prod(own)).reshape(own)}
    for call in graph.calls:
        read = [numbers[each] for each in call.inputs if each in numbers]
        if not read or len(read) < len(call.inputs):
            continue
        rows = _rows_of(call)
        if rows:
            limits.narrow(values, read[0], rows, call.name)
        elif not getattr(call.operation, "weights", ()) and kind_read_by(call.operation) is None:
            numbers.update(_followed(call, read, values))
    if not limits.names:
        return None
    return limits.lookups(own)


def _rows_of(call: Call) -> int:
    """Return how many rows the table has that a call looks its input up in; 0 if it has none."""
    layer = inner_layer(call.operation) or call.operation
    known = vocabulary_of(call, "int32") if is_a(layer, *_TABLES) else None
    return 0 if known is None else known.size


def _followed(call: Call, read: list[IntArray], values: _Values) -> dict[Tensor, IntArray]:
    """Return the numbers of what a call makes of some values, as far as it can be told."""
    if is_a(call.operation, *_MOVING):
        return arranged(call, read) or {}
    if len(read) > 1 or len(call.outputs) > 1:
        return {}
    (found,) = call.outputs
    if is_a(call.operation, *_WHOLE):
        return {found: read[0]} if len(found.shape) == read[0].ndim else {}
    affine = _affine(call, read[0].shape)
    return {} if affine is None else {found: values.mapped(read[0], *affine)}


def _affine(call: Call, shape: tuple[int, ...]) -> tuple[Any, Any] | None:
    """Return factor and shift of a call that maps every value alone, of its input's shape."""
    rows = np.arange(_PROBES).reshape(_PROBES, *(1,) * len(shape))
    probes = tf.cast(np.broadcast_to(rows, (_PROBES, *shape)), call.inputs[0].dtype)
    try:
        (outputs,) = call.on([probes])
    except Exception:  # noqa: BLE001 # layers refuse values in ways of their own
        return None
    found = values_of(outputs)
    if found.shape != (_PROBES, *shape) or found.dtype.kind not in "iuf":
        return None
    zero, one, two = found.astype(np.float64)
    factor = one - zero
    tolerance = _ROUNDING * np.abs(found).max(initial=0)
    straight = np.abs(two - one - factor).max(initial=0) <= tolerance
    return (factor, zero) if straight and (np.abs(factor) > 0).all() else None
