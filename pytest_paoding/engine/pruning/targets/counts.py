"""Counts: what a model costs, as a function of the widths of its groups.

Parameters, floating-point operations and bytes are all sums of products of lengths: of the axes of
a weight, or of those that the products of a call go over.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from pytest_paoding.engine.execution.work import PER_MULTIPLY_ADD, Length, flops, products_of
from pytest_paoding.engine.execution.work.products import axes_of
from pytest_paoding.engine.graph.views import compact, lengths_left

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pytest_paoding.engine.execution.work import Product
    from pytest_paoding.engine.graph.groups import Group
    from pytest_paoding.engine.graph.structure import Structure
    from pytest_paoding.engine.graph.types import BoolArray, IntArray

    Products: TypeAlias = "Iterable[tuple[int, Product]]"
    """Products of lengths, each with what one of its products costs."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelledAxis:
    """An axis that groups shrink.

    Attributes:
        labels: Classes of the positions of what it is an axis of.
        axis: The axis.
    """

    labels: IntArray
    axis: int

    @property
    def along(self) -> IntArray:
        """The classes of its first positions along all other axes, shape (length,)."""
        first: IntArray = np.moveaxis(self.labels, self.axis, 0)
        return first.reshape(len(first), -1)[:, 0]

    def left(self, stay: BoolArray) -> int:
        """Return its length where only some classes stay, by a mask of shape (classes,)."""
        return lengths_left(stay[self.labels])[self.axis]


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """A product of lengths of which some shrink, and a factor that does not."""

    factor: int
    axes: tuple[LabelledAxis, ...]


class Counts:
    """Counts a cost that is a sum of products of lengths.

    The length of an axis is the number of its positions outside all groups, plus the width of each
    group times the occurrences of one unit there.
    """

    def __init__(self, structure: Structure, groups: Sequence[Group], products: Products) -> None:
        number = np.full(structure.classes.count, len(groups))
        for index, group in enumerate(groups):
            number[group.units] = index
        self._full = np.array([group.width for group in groups], np.int64)
        terms = list(_terms(structure, products, number < len(groups)))
        self._terms = [term for term in terms if term.axes]
        self._fixed = sum(term.factor for term in terms if not term.axes)
        rank = max((len(term.axes) for term in self._terms), default=1)
        self._factors = np.array([term.factor for term in self._terms], np.float64)
        self._lengths = np.ones((len(self._terms), rank))
        self._held = np.zeros((len(groups), len(self._terms), rank))
        for row, term in enumerate(self._terms):
            for column, axis in enumerate(term.axes):
                classes = axis.along
                counts = np.bincount(number[classes], minlength=len(groups) + 1)[:-1]
                self._lengths[row, column] = len(classes)
                self._held[:, row, column] = counts / np.maximum(self._full, 1)

    @classmethod
    def of_weights(
        cls, structure: Structure, groups: Sequence[Group], each: Callable[[Any], int]
    ) -> Counts:
        """Count what all weights cost, by the cost of one number of a weight."""
        weights = structure.graph.model.weights
        return cls(structure, groups, [(each(weight), axes_of(weight)) for weight in weights])

    @classmethod
    def of_parameters(cls, structure: Structure, groups: Sequence[Group]) -> Counts:
        """Count the parameters."""
        return cls.of_weights(structure, groups, lambda _: 1)

    @classmethod
    def of_flops(cls, structure: Structure, groups: Sequence[Group]) -> Counts:
        """Count the floating-point operations of one sample.

        Raises:
            UnknownWorkError: Those of a layer are not known.
        """
        flops(structure.graph)
        products = [
            (PER_MULTIPLY_ADD, product)
            for call in structure.graph.calls
            for product in products_of(call) or ()
        ]
        return cls(structure, groups, products)

    def count(self, widths: IntArray) -> float:
        """Return the cost for widths of all groups, shape (groups,)."""
        gone = np.tensordot(self._full - widths, self._held, axes=1)
        return self._fixed + float(self._factors @ (self._lengths - gone).prod(axis=1))

    def saved(self, widths: IntArray, fewer: IntArray) -> npt.NDArray[np.float64]:
        """Return what would be saved if each group alone lost some units, shape (groups,).

        Args:
            widths: Present widths, shape (groups,).
            fewer: Number of units each group would lose, shape (groups,).
        """
        lengths = self._lengths - np.tensordot(self._full - widths, self._held, axes=1)
        after = lengths - fewer[:, None, None] * self._held
        saved: npt.NDArray[np.float64] = (
            self._factors @ lengths.prod(axis=1) - after.prod(axis=2) @ self._factors
        )
        return saved

    def exactly(self, stay: BoolArray) -> int:
        """Return the cost where some classes stay, also if units occur unequally often.

        Args:
            stay: Mask of the classes that stay, shape (classes,).
        """
        return self._fixed + sum(
            term.factor * prod(axis.left(stay) for axis in term.axes) for term in self._terms
        )


def _terms(structure: Structure, products: Products, units: BoolArray) -> Iterator[Term]:
    """Yield each product as its axes on which units lie, and the rest of it as a factor."""
    views = {
        id(tensor): compact(view.shape, view.labels).labels  # joined classes may not vary
        for tensor, view in structure.views.items()
    }
    weights = {
        (id(axis.layer.weights[axis.index]), axis.axis): axis.classes for axis in structure.axes
    }

    def labelled(length: Length) -> LabelledAxis | None:
        labels, axis = weights.get((id(length.of), length.axis)), 0
        if labels is None and id(length.of) in views:
            labels, axis = views[id(length.of)], length.axis
        if labels is None or labels.shape[axis] == 1 or not units[labels].any():
            return None
        return LabelledAxis(labels, axis)

    for factor, product in products:
        found = [(length, labelled(length)) for length in product]
        axes = tuple(axis for _, axis in found if axis is not None)
        rest = prod(length.size or 1 for length, axis in found if axis is None)
        yield Term(factor * rest, axes)
