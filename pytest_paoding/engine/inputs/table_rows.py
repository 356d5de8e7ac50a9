"""Table rows: values of an input that layers take for the numbers of a table's rows.

The columns of one tensor may go to tables of different sizes, one column to several, and arithmetic
or a cast may stand between, which `followed_values` sees through.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, prod
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.inputs.kinds import KNOWING, TABLES, asides, inner_layer, is_a
from pytest_paoding.engine.inputs.lookups import Lookups
from pytest_paoding.engine.inputs.vocabularies import vocabulary_of

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.trace import Call, Tensor
    from pytest_paoding.engine.graph.types import IntArray
    from pytest_paoding.engine.inputs.followed_values import Followed, FollowedValues

_ROUNDING = 1e-4


@dataclass(slots=True, eq=False)
class _Limits:
    """What is known of every place of an input so far, flat."""

    low: Any
    high: Any
    step: Any
    legal: tuple[float, float]
    names: dict[str, int] = field(default_factory=dict)
    entries: dict[int, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, tensor: Tensor, count: int) -> _Limits:
        """Return no limits but those of the input's dtype."""
        whole = tensor.dtype.startswith(("int", "uint"))
        info = np.iinfo(tensor.dtype) if whole else None
        legal = (float(info.min), float(info.max)) if info else (-inf, inf)
        return cls(np.full(count, -inf), np.full(count, inf), np.full(count, inf), legal)

    def narrow(self, place: IntArray, line: tuple[Any, Any], rows: int, name: str) -> None:
        """Let some values be rows of a table, where that contradicts no other.

        Args:
            place: Flat places of them in the input, shape (values,).
            line: Factor and shift of each, which make rows of them.
            rows: Number of rows.
            name: Name of the layer with the table.
        """
        factor, shift = line
        ends = (np.array([[0.0], [rows - 1.0]]) - shift) / factor
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

    def narrow_to(self, place: IntArray, line: tuple[Any, Any], known: Any, name: str) -> None:
        """Let some values be among those that a layer knows, where some are left; see `narrow`."""
        found = dict(self.entries)
        for at, factor, shift in zip(place.tolist(), *line, strict=True):
            values = (known - shift) / factor
            if self.legal != (-inf, inf):
                values = values[values == np.rint(values)]
            values = values[(values >= self.legal[0]) & (values <= self.legal[1])]
            both = np.intersect1d(found[at], values) if at in found else values
            if not len(both):
                return
            found[at] = both
        self.entries = found
        self.names[name] = min(len(known), self.names.get(name, len(known)))

    def lookups(self, own: tuple[int, ...]) -> Lookups:
        """Return what was found, for an input of a shape; rows come before entries."""
        step = np.where(np.isfinite(self.step), self.step, 1.0)
        low, high, step = (each.reshape(own) for each in (self.low, self.high, step))
        entries = {at: each for at, each in self.entries.items() if np.isinf(low.flat[at])}
        names = tuple(sorted(self.names, key=lambda name: self.names[name]))
        return Lookups(low, high, step, names, entries)


def lookups_of(values: FollowedValues, tensor: Tensor) -> Lookups | None:
    """Return which values of an input tables know; None if no value is looked up.

    Args:
        values: The values of the model's inputs, followed.
        tensor: The input.
    """
    if tensor.dtype in ("string", "bool"):
        return None
    own = tuple(size or 1 for size in tensor.shape)
    limits = _Limits.of(tensor, prod(own))
    for call in values.graph.calls:
        known = _known_to(call)
        for read in () if known is None else _looked_up(values, call):
            place, factor, shift = values.local(read, tensor)
            if place.size and isinstance(known, int):
                limits.narrow(place, (factor, shift), known, call.name)
            elif place.size:
                limits.narrow_to(place, (factor, shift), known, call.name)
    return limits.lookups(own) if limits.names else None


def _looked_up(values: FollowedValues, call: Call) -> list[Followed]:
    """Return the values that a call looks up, each of one value of an input."""
    beside = asides(call)
    read = (values.by_tensor.get(each) for each in call.inputs if each not in beside)
    return [each for each in read if each is not None and each.alone]


def _known_to(call: Call) -> Any:
    """Return how many rows the table has that a call looks its input up in, or the values it knows.

    None if it looks nothing up.
    """
    layer = inner_layer(call.operation) or call.operation
    if not is_a(layer, *TABLES, *KNOWING) or call.inputs[0].dtype == "string":
        return None
    known = vocabulary_of(call, "int32")
    if known is None or is_a(layer, *TABLES):
        return None if known is None else known.size
    return np.arange(known.size) if known.entries is None else known.entries[: known.size]
