"""Groups: the units that the same layers produce, among which a strategy chooses.

A *unit* is a class that a layer issues; it goes or stays whole. A *group* gathers the free units
that have the same producers, such as the channels of two convolutions that are added: each of those
layers loses the share that the ratio asks for.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.graph.quorums import find_quorums

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.structure import Producer, Structure, WeightAxis
    from pytest_paoding.engine.graph.types import BoolArray, IntArray


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Sites:
    """Positions of a group's units on one weight axis.

    Attributes:
        axis: The axis.
        positions: Positions of each unit, shape (units, occurrences), ascending in each row. The
            t-th occurrence of one unit corresponds to the t-th of any other.
    """

    axis: WeightAxis
    positions: IntArray

    def __repr__(self) -> str:
        """Return the weight and its axis, and the occurrences of a unit there if several."""
        times = self.positions.shape[1]
        return f"{self.axis!r} (x{times})" if times > 1 else repr(self.axis)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Group:
    """Free units with the same producers.

    Example: two layers that are added lose the same units, and so does the layer behind their sum.

        >>> import keras
        >>> from pytest_paoding.engine.graph.rules import rule_for
        >>> from pytest_paoding.engine.graph.walk import walk
        >>> x = keras.Input((3,))
        >>> both = [keras.layers.Dense(4, name=name)(x) for name in "ab"]
        >>> y = keras.layers.Dense(2, name="head")(keras.layers.Add()(both))
        >>> (group,) = find_groups(walk(keras.Model(x, y), rule_for))
        >>> group
        <Group a+b: 4 units>
        >>> print(group)
        a+b: 4 units
          carried by     a.kernel[1], a.bias[0], b.kernel[1], b.bias[0]
          contracted by  head.kernel[0]

    Attributes:
        producers: The layers that issue them, in the order of their first calls.
        units: Their classes, shape (units,), in the order of the first producer.
        carried: The weight axes that carry them without being summed over.
        contracted: The weight axes of their readers, summed over.
        mergeable: Whether one unit can take over the contribution of another: all occur equally
            often on every axis, and differ in their weights only.
        quorums: Sets of rows of `units`, ascending; each set keeps at least one row, as the whole
            group does. There are none except behind splits and slices.
    """

    producers: tuple[Producer, ...]
    units: IntArray
    carried: tuple[Sites, ...]
    contracted: tuple[Sites, ...]
    mergeable: bool
    quorums: tuple[IntArray, ...] = ()

    def __repr__(self) -> str:
        """Return the producers and the number of units."""
        return f"<Group {self.name}: {self.width} units>"

    def __str__(self) -> str:
        """Return the units, every weight axis they lie on, and what else binds them."""
        lines = [f"{self.name}: {self.width} units"]
        for title, sites in (("carried by", self.carried), ("contracted by", self.contracted)):
            if sites:
                text = f"  {title:13}  {', '.join(map(repr, sites))}"
                lines += wrap(text, 100, subsequent_indent=" " * 17)
        if self.quorums:
            rows = "; ".join(", ".join(map(str, each.tolist())) for each in self.quorums)
            lines.append(f"  {'one stays of':13}  {rows}")
        if not self.mergeable:
            lines.append("  no unit can take over for another")
        return "\n".join(lines)

    @property
    def name(self) -> str:
        """Names of the producers, joined by `+`."""
        return "+".join(producer.name for producer in self.producers)

    @property
    def width(self) -> int:
        """Number of units."""
        return len(self.units)

    def may_go(self, left: BoolArray, rows: IntArray) -> BoolArray:
        """Return a mask of `rows` that may go, in order, so that every quorum keeps one.

        Args:
            left: Mask of the rows still left, shape (units,).
            rows: Rows in the order in which they are to go.
        """
        allowed = np.ones(len(rows), bool)
        for quorum in self.quorums:
            inside = np.flatnonzero(np.isin(rows, quorum) & allowed)
            if len(inside) >= np.count_nonzero(left[quorum]):
                allowed[inside[-1:]] = False
        return allowed

    def first_to_go(self, order: IntArray, count: int) -> IntArray:
        """Return the first rows of an order that may go together, `count` at most.

        Args:
            order: Rows, the first to go in front.
            count: Number of rows wanted; at least one unit of the group stays.
        """
        allowed = order[self.may_go(np.ones(self.width, bool), order)]
        first: IntArray = allowed[: min(count, self.width - 1)]
        return first


def find_groups(structure: Structure) -> tuple[Group, ...]:
    """Return the groups of a structure, in the order of their first producers' first calls.

    Cost: linear in the positions of all labelled weight axes, up to a sort of each axis.
    """
    membership = _membership(structure)
    count = int(membership.max(initial=-1)) + 1
    sites = [_sites_by_group(axis, membership) for axis in structure.axes]
    quorums = find_quorums(structure, membership)
    return tuple(
        _group(structure, membership, number, sites, quorums.get(number, ()))
        for number in range(count)
    )


def _membership(structure: Structure) -> IntArray:
    """Return the group number of each class, -1 for one that is pinned or not a unit."""
    signature = np.zeros(structure.classes.count, np.int64)
    for number, producer in enumerate(structure.producers, start=1):
        units = np.unique(producer.classes)
        pairs = signature[units] * (len(structure.producers) + 1) + number
        _, renumbered = np.unique(pairs, return_inverse=True)
        signature[units] = signature.max(initial=0) + 1 + renumbered
    signature[~structure.classes.free] = 0
    order = [producer.classes for producer in structure.producers]
    found = np.concatenate([np.empty(0, np.int64), *(signature[classes] for classes in order)])
    values, first = np.unique(found[found > 0], return_index=True)
    rank = np.full(signature.max(initial=0) + 1, -1, np.int64)
    rank[values[np.argsort(first)]] = np.arange(len(values))
    return rank[signature]


def _sites_by_group(axis: WeightAxis, membership: IntArray) -> dict[int, Sites | None]:
    """Return each group's sites on an axis; None where its units occur unequally often."""
    groups = membership[axis.classes]
    return {
        int(number): _sites(axis, np.flatnonzero(groups == number))
        for number in np.unique(groups[groups >= 0])
    }


def _sites(axis: WeightAxis, positions: IntArray) -> Sites | None:
    classes = axis.classes[positions]
    order = np.argsort(classes, kind="stable")
    _, counts = np.unique(classes, return_counts=True)
    if (counts != counts[0]).any():
        return None
    return Sites(axis, positions[order].reshape(len(counts), counts[0]))


def _group(
    structure: Structure,
    membership: IntArray,
    number: int,
    sites: list[dict[int, Sites | None]],
    quorums: Sequence[IntArray],
) -> Group:
    producers = tuple(
        producer
        for producer in structure.producers
        if (membership[producer.classes] == number).any()
    )
    first = producers[0].classes[membership[producers[0].classes] == number]
    _, index = np.unique(first, return_index=True)
    units = first[np.sort(index)]
    rank = np.argsort(np.argsort(units))  # rows of sites are in the order of the classes
    here = [each[number] for each in sites if number in each]
    found = [
        Sites(each.axis, each.positions[rank])
        for each in here
        if each is not None and len(each.positions) == len(units)
    ]
    return Group(
        producers,
        units,
        carried=tuple(each for each in found if not each.axis.contracted),
        contracted=tuple(each for each in found if each.axis.contracted),
        mergeable=len(found) == len(here) and structure.told_apart.isdisjoint(units.tolist()),
        quorums=tuple(
            sorted(
                (np.flatnonzero(np.isin(units, each)) for each in quorums), key=np.ndarray.tolist
            )
        ),
    )
