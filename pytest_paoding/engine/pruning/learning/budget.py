"""The budget: how much a reconstruction may spend, and on what.

An effort is a number of seconds on a common machine of two cores. What a step costs is counted, in
multiplications and in what it takes besides, and not measured: the same model is pruned alike on a
slow machine and on a fast one.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytest_paoding.engine.pruning.gradients.distillation import Course
from pytest_paoding.engine.synthesis.inversion import Effort
from pytest_paoding.engine.synthesis.population import Breeding
from pytest_paoding.records.text.efforts import seconds_and_sharers

_PER_SECOND = 5e10  # multiplications and additions of a forward pass
_CHOOSING, _MOVING = 0.4, 0.3  # shares of the budget; distillation has what is left
_STEPS = 100  # of every input that is moved
_MOVED = 1024  # inputs that are moved at most: more brought nothing
_FEWEST_MOVED = 256
_LONGEST = 2000  # steps of a distillation in a minute: more brought nothing
_LONGEST_DOUBTED = 8000  # where little is known of the inputs, and those found are of many kinds
_MINUTE = 60.0
_FEWEST_STEPS = 100


@dataclass(frozen=True, slots=True)
class Budget:
    """What a reconstruction may spend.

    Attributes:
        seconds: On a common machine of two cores.
        sharers: Prunings that share it: the inputs are found once, and each distillation has its
            part of what is left.
    """

    seconds: float
    sharers: int = 1

    @classmethod
    def of(cls, effort: str | float) -> Budget:
        """Return the budget of an effort by its name, or of a number of seconds."""
        return cls(*seconds_and_sharers(effort))

    @property
    def breeding(self) -> Breeding:
        """For choosing inputs."""
        return Breeding(work=_CHOOSING * self._work)

    @property
    def moving(self) -> Effort:
        """For moving inputs by gradients."""
        return Effort(_STEPS, _MOVED, _FEWEST_MOVED, work=_MOVING * self._work)

    def course(self, spent: float, *, doubtful: bool = False) -> Course:
        """Return what is left for the distillation.

        Args:
            spent: What went into the inputs, in multiplications and additions.
            doubtful: Whether their means are not to be trusted.
        """
        most = _LONGEST_DOUBTED if doubtful else _LONGEST
        longest = round(most * max(1.0, self.seconds / _MINUTE) ** 0.5)
        left = max(0.0, self._work - spent)
        return Course(longest, _FEWEST_STEPS, work=left / self.sharers)

    @property
    def _work(self) -> float:
        return self.seconds * _PER_SECOND
