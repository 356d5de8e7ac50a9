"""`magnitude`: the units of least scale go, in every layer, without delegates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_paoding.engine.pruning.rounds import Rounds

if TYPE_CHECKING:
    from pytest_paoding.engine.pruning.strategies.candidates import Candidates, Choice


class Magnitude(Rounds):
    """The naive baseline: PAODING's rule for convolutions (arXiv 2405.00074) on every layer."""

    def criterion(self, candidates: Candidates) -> str:  # noqa: ARG002 # the same for all
        """Return the strategy's name."""
        return self.name

    def choose(self, candidates: Candidates, count: int) -> Choice:
        """Choose the smallest units."""
        return candidates.smallest(count)
