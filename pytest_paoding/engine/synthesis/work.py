"""Work: the cost of gradient steps, and the number that can be afforded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_paoding.engine.inputs.inputs import most_followed

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.trace import Graph

_BATCH = 128
PASSES = 3
"""Cost of a gradient step, in forward passes."""
STEP = 2.5e8
"""What a gradient step takes besides, in multiplications and additions: some milliseconds."""


def batch_of(graph: Graph) -> int:
    """Return the number of inputs of a step: 128, or fewer where their tensors are large."""
    return min(_BATCH, most_followed(graph))


def affordable(work: float, each: float, *, least: int, most: int) -> int:
    """Return the number of repetitions that can be afforded; 0 if fewer than `least`.

    Args:
        work: Multiplications and additions in all.
        each: Multiplications and additions of one repetition.
        least: Minimum number of repetitions.
        most: Maximum number of repetitions.
    """
    count = min(most, int(work // max(each, 1)))
    return count if count >= least else 0
