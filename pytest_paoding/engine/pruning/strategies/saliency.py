"""`saliency`: the pairs of least saliency are merged, PAODING's baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_paoding.engine.pruning.rounds import PairStrategy

if TYPE_CHECKING:
    from pytest_paoding.engine.pruning.pairs import Pairs
    from pytest_paoding.engine.pruning.strategies.candidates import Candidates


class Saliency(PairStrategy):
    """Merge the k disjoint pairs of least saliency (Srinivas & Babu, arXiv 1507.06149)."""

    def select(self, candidates: Candidates, count: int) -> Pairs:
        """Take the first pairs."""
        return candidates.pairs(count)
