"""Lessons: the original's answers to mixtures of inputs, which it gives once."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.execution.wave import Wave
from pytest_paoding.engine.inputs.inputs import chunked, most_inputs
from pytest_paoding.engine.synthesis.mixtures import Mixtures
from pytest_paoding.engine.synthesis.shifts import stand_shifts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_paoding.engine.execution.wave import Model
    from pytest_paoding.engine.graph.trace import Tensor
    from pytest_paoding.engine.inputs.input_sources import InputSources

_SPREAD = 512  # inputs for the variance of the outputs
_NUMBERS = 1 << 27  # most numbers in all mixtures: 512 MB


@dataclass(slots=True, eq=False)
class Lesson:
    """What pruned models are taught: the original's answers to mixtures of inputs.

    Attributes:
        original: The model that answers.
        sources: What its inputs are.
        inputs: Values of every input.
        given: Whether a user gave them. Pictures that were found are shifted too, where the
            original stands it.
        generator: Random generator of the mixtures, and of the order they are shown in.
    """

    original: Model
    sources: InputSources
    inputs: Mapping[Tensor, Any]
    given: bool
    generator: np.random.Generator
    _shown: list[Any] | None = None
    _mixtures: Mixtures | None = None
    _spread: float | None = None

    @property
    def known(self) -> int:
        """The number of mixtures that were answered so far."""
        return 0 if self._shown is None else len(self._shown[-1])

    def shown(self, count: int) -> list[Any]:
        """Return mixtures, an array for each input, and the answers to them; the same each time."""
        if self._shown is None or self.known < count:
            more = self._answered(count - self.known)
            before = self._shown or [each[:0] for each in more]
            self._shown = [np.concatenate(pair) for pair in zip(before, more, strict=True)]
        return [each[:count] for each in self._shown]

    def spread(self) -> float:
        """Return the variance of the original's outputs before their activation, in all."""
        if self._spread is None:
            count = min(_SPREAD, most_inputs(self.sources))
            some = {tensor: values[:count] for tensor, values in self.inputs.items()}
            self._spread = float(np.var(self._answers(some), axis=0).sum()) + 1e-9
        return self._spread

    def _answered(self, count: int) -> list[Any]:
        if self._mixtures is None:
            seen = self.original, self.sources, self.inputs, self.generator
            shifted = not self.given and stand_shifts(*seen)
            self._mixtures = Mixtures(*seen[1:], shifted=shifted)
        drawn = self._mixtures.draw(count)
        return [*drawn, self._answers(dict(zip(self.original.graph.inputs, drawn, strict=True)))]

    def _answers(self, inputs: Mapping[Tensor, Any]) -> Any:
        chunks = chunked(self.original.graph, inputs).chunks
        answers = [Wave(self.original, [chunk]).finish() for chunk in chunks]
        return np.concatenate(answers).astype(np.float32)

    @property
    def room(self) -> int:
        """How many mixtures may be kept."""
        sizes = (prod(np.shape(values)[1:]) for values in self.inputs.values())
        most: int = _NUMBERS // max(1, sum(sizes))
        return most
