"""`impact`: the pairs of least energy are merged, among twice as many of least saliency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.pruning.rounds import PairStrategy

if TYPE_CHECKING:
    from pytest_paoding.engine.pruning.pairs import Pairs
    from pytest_paoding.engine.pruning.strategies.candidates import Candidates


class Impact(PairStrategy):
    """Merge the best k of the 2k disjoint pairs of least saliency (arXiv 2204.00783, section V)."""

    uses_impact = True

    def select(self, candidates: Candidates, count: int) -> Pairs:
        """Score twice as many pairs as needed; ties and unbounded pairs keep saliency order."""
        pairs = candidates.pairs(2 * count)
        energy = candidates.energies(pairs)
        if energy is None:
            return pairs[:count]
        return pairs[np.sort(np.argsort(energy, kind="stable")[:count])]
