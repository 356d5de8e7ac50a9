"""`stochastic`: simulated annealing over the pairs in saliency order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.pruning.rounds import PairStrategy

if TYPE_CHECKING:
    import numpy.typing as npt

    from pytest_paoding.engine.graph.types import IntArray
    from pytest_paoding.engine.pruning.pairs import Pairs
    from pytest_paoding.engine.pruning.strategies.candidates import Candidates


class Stochastic(PairStrategy):
    """Walk the pairs, accept those that lower the energy and, ever more rarely, others.

    The first pair is accepted, then every pair whose energy E' is not above the energy E of the
    last accepted one, and others with probability exp(-(E' - E) / T); the temperature T falls from
    1 to 0 as the pruning proceeds (arXiv 2204.00783, equation 9).
    """

    uses_impact = True

    def select(self, candidates: Candidates, count: int) -> Pairs:
        """Walk until `count` pairs are accepted, or none is left."""
        pairs = candidates.pairs()
        energy = candidates.energies(pairs)
        if energy is None:
            return pairs[:count]
        count = min(count, len(pairs))
        chosen = anneal(energy, count, 1 - candidates.progress, candidates.generator)
        return pairs[np.sort(chosen)]


def anneal(
    energy: npt.NDArray[np.float64],
    count: int,
    temperature: float,
    generator: np.random.Generator,
) -> IntArray:
    """Return the indices of `count` accepted candidates, in the order of their acceptance.

    The list is walked repeatedly, each time without the accepted candidates. With thresholds drawn
    beforehand, a candidate is accepted exactly if `energy + temperature * log(uniform)` is not
    above the last accepted energy, so a walk is a path through "next accepted" pointers, which is
    followed by doubling: O(n^2) for n candidates, without a loop over them. A walk that accepts
    nothing would only be repeated with other draws, so its first success is drawn directly.
    """
    accepted = np.zeros(1, np.int64)
    while len(accepted) < count:
        left = np.setdiff1d(np.arange(len(energy)), accepted)
        last = energy[accepted[-1]]
        walk = _walk(energy[left], last, temperature, generator)
        if not len(walk):
            walk = _first_success(energy[left], last, temperature, generator)
        accepted = np.concatenate([accepted, left[walk]])
    return accepted[:count]


def _walk(
    energy: npt.NDArray[np.float64],
    last: float,
    temperature: float,
    generator: np.random.Generator,
) -> IntArray:
    """Return the indices that one walk accepts, in order."""
    uniform = 1 - generator.random(len(energy))  # in (0, 1]
    threshold = energy + temperature * np.log(uniform)
    size = len(energy)
    # Position 0 stands for the pair accepted before, i + 1 for candidate i, size + 1 for the end.
    before = np.concatenate([[last], energy])
    passes = np.triu(threshold[None, :] <= before[:, None])
    following = np.where(passes.any(axis=1), passes.argmax(axis=1) + 1, size + 1)
    following = np.append(following, size + 1)
    visited = np.zeros(size + 2, bool)
    visited[0] = True
    while not visited[following[visited]].all():
        visited[following[visited]] = True
        following = following[following]
    return np.flatnonzero(visited[1:-1])


def _first_success(
    energy: npt.NDArray[np.float64],
    last: float,
    temperature: float,
    generator: np.random.Generator,
) -> IntArray:
    """Return the index, in an array, of the first candidate that repeated walks accept."""
    logarithm = -(energy - last) / max(temperature, np.finfo(float).tiny)
    relative = np.exp(logarithm - logarithm.max())
    chance = np.minimum(np.exp(logarithm), 1)
    # The chance of being first: that of being accepted, and of nothing before it being accepted.
    first = relative * np.cumprod(np.concatenate([[1.0], 1 - chance[:-1]]))
    drawn = np.searchsorted(np.cumsum(first), generator.random() * first.sum(), side="right")
    return np.array([min(int(drawn), len(energy) - 1)])
