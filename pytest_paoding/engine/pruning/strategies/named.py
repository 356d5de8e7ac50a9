"""The strategies by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_paoding.engine.pruning.reconstruct.reconstruct import Reconstruct
from pytest_paoding.engine.pruning.strategies.impact import Impact
from pytest_paoding.engine.pruning.strategies.magnitude import Magnitude
from pytest_paoding.engine.pruning.strategies.saliency import Saliency
from pytest_paoding.engine.pruning.strategies.stochastic import Stochastic

if TYPE_CHECKING:
    from pytest_paoding.engine.pruning.strategies.strategy import Strategy

STRATEGIES: dict[str, type[Strategy]] = {
    each.__name__.lower(): each for each in (Magnitude, Saliency, Impact, Stochastic, Reconstruct)
}
"""One class for each of `records.strategy_names.NAMES`."""
