"""Lessons: the original's answers to mixtures of inputs, which it gives once."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.execution.wave import Wave
from pytest_paoding.engine.inputs.inputs import chunked, most_inputs
from pytest_paoding.engine.synthesis.mixtures import Mixtures
from pytest_paoding.engine.synthesis.shifts import stand_shifts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_paoding.engine.execution.wave import Model
    from pytest_paoding.engine.graph.trace import Tensor
    from pytest_paoding.engine.inputs.input_sources import InputSources

_SPREAD = 512  # inputs for the variance of the outputs
_NUMBERS = 1 << 27  # most numbers in all mixtures: 512 MB
_PAGE = 512
_MANY, _HANDY = 16_384, 1 << 26  # numbers in so many mixtures that are kept for others: 256 MB


@dataclass(slots=True, eq=False)
class Book:
    """Mixtures and the answers to them, which several lessons on one model may read.

    Attributes:
        generator: Random generator of the mixtures.
        page: So many mixtures are drawn at a time, whoever asks for how many: what one lesson shows
            may not depend on which others there were. None for as many as are asked for.
        written: Mixtures so far, an array for each input, and the answers to them.
        shifted: Whether pictures are shifted too, once that is known.
        spread: Variance of the original's outputs before their activation, once it is known.
    """

    generator: np.random.Generator
    page: int | None = None
    written: list[Any] = field(default_factory=list)
    shifted: bool | None = None
    spread: float | None = None

    @classmethod
    def shared(cls, seed: int) -> Book:
        """Return an empty book that several lessons may read."""
        return cls(np.random.default_rng((seed, 1)), page=_PAGE)

    def read(self, count: int, answered: Callable[[int], list[Any]]) -> list[Any]:
        """Return the first mixtures, and the answers to them.

        Args:
            count: How many.
            answered: Draws more mixtures, and answers them.
        """
        there = len(self.written[-1]) if self.written else 0
        parts = [self.written] if self.written else []
        while there < count or not parts:
            more = count - there if self.page is None else self.page
            parts.append(answered(more))
            there += more
        if len(parts) > bool(self.written):
            self.written = [np.concatenate(each) for each in zip(*parts, strict=True)]
        return [each[:count] for each in self.written]


@dataclass(slots=True, eq=False)
class Lesson:
    """What pruned models are taught: the original's answers to mixtures of inputs.

    Attributes:
        original: The model that answers.
        sources: What its inputs are.
        inputs: Values of every input.
        given: Whether a user gave them. Pictures that were found are shifted too, where the
            original stands it.
        generator: Random generator of the order that mixtures are shown in.
        book: Holds the mixtures.
        known: The number of mixtures that were asked for so far.
    """

    original: Model
    sources: InputSources
    inputs: Mapping[Tensor, Any]
    given: bool
    generator: np.random.Generator
    book: Book
    known: int = 0
    _mixtures: Mixtures | None = None

    def shown(self, count: int) -> list[Any]:
        """Return mixtures, an array for each input, and the answers to them; the same each time."""
        self.known = max(self.known, count)
        return self.book.read(count, self._answered)

    def spread(self) -> float:
        """Return the variance of the original's outputs before their activation, in all."""
        if self.book.spread is None:
            count = min(_SPREAD, most_inputs(self.sources))
            some = {tensor: values[:count] for tensor, values in self.inputs.items()}
            self.book.spread = float(np.var(self._answers(some), axis=0).sum()) + 1e-9
        return self.book.spread

    def _answered(self, count: int) -> list[Any]:
        if self._mixtures is None:
            seen = self.original, self.sources, self.inputs, self.book.generator
            if self.book.shifted is None:
                self.book.shifted = not self.given and stand_shifts(*seen)
            self._mixtures = Mixtures(*seen[1:], shifted=self.book.shifted)
        drawn = self._mixtures.draw(count)
        return [*drawn, self._answers(dict(zip(self.original.graph.inputs, drawn, strict=True)))]

    def _answers(self, inputs: Mapping[Tensor, Any]) -> Any:
        chunks = chunked(self.original.graph, inputs).chunks
        answers = [Wave(self.original, [chunk]).finish() for chunk in chunks]
        return np.concatenate(answers).astype(np.float32)

    @property
    def room(self) -> int:
        """How many mixtures may be kept."""
        return _NUMBERS // max(1, _numbers(self.inputs))


def can_be_shared(inputs: Mapping[Tensor, Any]) -> bool:
    """Whether mixtures of some inputs are small enough to be kept for other lessons."""
    return _MANY * _numbers(inputs) <= _HANDY


def _numbers(inputs: Mapping[Tensor, Any]) -> int:
    """Return how many numbers one mixture takes."""
    return sum(prod(np.shape(values)[1:]) for values in inputs.values())
