"""The view a strategy in rounds has of a group, and its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.pruning.energy import energies
from pytest_paoding.engine.pruning.pairs import DenseGroup, Pairs, PairSaliency

if TYPE_CHECKING:
    import numpy.typing as npt

    from pytest_paoding.engine.graph.types import BoolArray, IntArray
    from pytest_paoding.engine.pruning.output_impact import OutputImpact
    from pytest_paoding.engine.pruning.unit_search import UnitSearch


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of units to remove.

    Attributes:
        removed: Their rows in the group, shape (k,).
        scores: Scale or saliency of each, shape (k,).
        delegates: Row of the unit that takes over for each, shape (k,); None if none does.
    """

    removed: IntArray
    scores: npt.NDArray[np.floating]
    delegates: IntArray | None = None

    def only(self, allowed: BoolArray) -> Choice:
        """Return the part of the choice that is allowed."""
        delegates = None if self.delegates is None else self.delegates[allowed]
        return Choice(self.removed[allowed], self.scores[allowed], delegates)


class Candidates:
    """The units left of one group, and the scores to judge them by.

    Attributes:
        search: The units left, and their weights.
        generator: The run's random generator, shared by all groups.
        progress: Share of this group's pruning that is done, in [0, 1).
        unbounded: Whether energies were asked for but not bounded.
        jumped: Factor by which the next score exceeds all before, where that ended the pruning.
    """

    def __init__(
        self,
        search: UnitSearch,
        dense: DenseGroup | None,
        impact: OutputImpact | None,
        generator: np.random.Generator,
        jump: float | None = None,
    ) -> None:
        self.generator = generator
        self.progress = 0.0
        self.unbounded = False
        self.jumped: float | None = None
        self._highest = 0.0
        self._jump = jump
        self.search = search
        self._dense = dense
        self._saliency = None if dense is None else PairSaliency(search, dense)
        self._impact = impact

    @property
    def pairable(self) -> bool:
        """Whether units of this group can take over for each other."""
        return self._dense is not None

    def smallest(self, count: int) -> Choice:
        """Return the `count` units of least scale, without delegates."""
        free = self.search.free
        scale = self.search.scale()[free]
        order = np.argsort(scale, kind="stable")[:count]
        order = order[: self._before_jump(scale[order])]
        return Choice(free[order], scale[order])

    def pairs(self, count: int | None = None) -> Pairs:
        """Return disjoint pairs of units in the order of their saliency, `count` at most."""
        assert self._saliency is not None, "asked only where units are pairable"  # noqa: S101 # for the type checker
        pairs = self._saliency.least(len(self.search.left) // 2 if count is None else count)
        return pairs[: self._before_jump(pairs.saliency)]

    def energies(self, pairs: Pairs) -> npt.NDArray[np.float64] | None:
        """Return the energy of each merge, in [0, 1]; None where its impact is not bounded."""
        if self._dense is None or self._impact is None or not len(pairs):
            return None
        self._impact.update()
        deltas = self._impact.deltas(self._dense, pairs)
        self.unbounded = deltas is None
        return None if deltas is None else energies(self._impact.effects(deltas))

    def _before_jump(self, scores: npt.NDArray[np.floating]) -> int:
        """Return the number of rising scores before the first that jumps.

        A jump is measured against positive scores only.
        """
        if self._jump is None:
            return len(scores)
        before = np.maximum.accumulate(np.concatenate([[self._highest], scores]))[:-1]
        jumps = (before > 0) & (scores > self._jump * before)
        if not jumps.any():
            return len(scores)
        first = int(jumps.argmax())
        if first == 0:
            self.jumped = float(scores[0] / before[0])
        return first

    def take(self, choice: Choice) -> None:
        """Carry out a choice on the working copies, except for units that a quorum keeps."""
        allowed = self.search.group.may_go(self.search.mask, choice.removed)
        choice = choice.only(allowed)
        if choice.delegates is not None and self._dense is not None and self._impact is not None:
            pairs = Pairs(choice.removed, choice.delegates, choice.scores)
            deltas = self._impact.deltas(self._dense, pairs)
            if deltas is not None:
                self._impact.accept(deltas, slice(None))
        self._highest = float(max(self._highest, choice.scores.max(initial=0.0)))
        self.search.remove(choice.removed, choice.delegates)
