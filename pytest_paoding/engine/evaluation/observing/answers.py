"""Answers: what models say of samples, batch by batch and over all the data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_paoding.engine.evaluation.asked_scores import AskedScore
    from pytest_paoding.engine.evaluation.breakdown.slices import Memberships
    from pytest_paoding.engine.evaluation.tasks.output_task import OutputTask
    from pytest_paoding.engine.graph.types import BoolArray, FloatArray, IntArray

_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What one model says of some samples.

    Attributes:
        predicted: Top class for each output that has one, shape (outputs, samples).
        right: Whether a sample is right at all outputs where that can be and it counts; shape
            (samples,).
        agreed: Share of a sample's answers that are the original's, of those that count, shape
            (samples,); NaN where none does, None where the outputs hold values.
        moved: Squared distance of the outputs from the original's, shape (samples,).
        squares: Sum of the squares of the outputs, shape (samples,).
        sums: For each output the sum of its values over the positions that count, shape (samples,
            units), and how many do, likewise.
        scored: What each score keeps of the samples; see `scores.score`.
        robust: Whether a sample is right, and still so after the attack; shape (epsilons, attacked
            samples), without rows where no attack was made.
        attacked: What each score keeps of the attacked samples, for each epsilon.
        flat: Number of samples at which the gradient is zero, so that nothing was tried.
        not_finite: Number of samples whose outputs are not finite.
        transferred: Whether the other model is right on the examples made on this one; shape
            (epsilons, samples), None where that was not asked.
        distances: Distance of the nearest example that fools the model, shape (samples,); 0 where
            it is wrong anyway, infinite where none was found. None for attacks that do not look for
            the nearest.
        corrupted: Whether the model is right on each corrupted version of the samples; shape
            (versions, samples), None where there are none.
    """

    predicted: IntArray
    right: BoolArray
    agreed: FloatArray | None
    moved: FloatArray
    squares: FloatArray
    sums: tuple[tuple[FloatArray, FloatArray], ...]
    scored: tuple[Any, ...]
    robust: BoolArray
    attacked: tuple[tuple[Any, ...], ...] = ()
    flat: int = 0
    not_finite: int = 0
    transferred: BoolArray | None = None
    distances: Any = None
    corrupted: Any = None

    @property
    def size(self) -> int:
        """Number of samples."""
        return len(self.right)

    @property
    def spread(self) -> FloatArray:
        """Squared distance of the outputs from the means of their units, shape (samples,)."""
        found = self.squares.copy()
        for totals, counts in self.sums:
            mean = totals.sum(axis=0) / np.maximum(1.0, counts.sum(axis=0))
            found += counts @ np.square(mean) - 2 * totals @ mean
        least = _ROUNDING * self.squares.max(initial=0.0)
        return np.where(found > least, found, 0.0)

    @classmethod
    def joined(cls, batches: Sequence[Answers], scores: Sequence[AskedScore]) -> Answers:
        """Return the answers of one model to several batches as one.

        Args:
            batches: The answers.
            scores: The scores that have kept something of each.
        """
        rows = min(len(each.robust) for each in batches)  # none once the attack was given up
        agreed = side_by_side([each.agreed for each in batches])
        return cls(
            predicted=np.concatenate([each.predicted for each in batches], axis=1),
            right=np.concatenate([each.right for each in batches]),
            agreed=agreed,
            moved=np.concatenate([each.moved for each in batches]),
            squares=np.concatenate([each.squares for each in batches]),
            sums=tuple(
                (np.concatenate([t for t, _ in parts]), np.concatenate([c for _, c in parts]))
                for parts in zip(*(each.sums for each in batches), strict=True)
            ),
            scored=_joined(scores, [each.scored for each in batches]),
            robust=np.concatenate([each.robust[:rows] for each in batches], axis=1),
            attacked=tuple(
                _joined(scores, parts)
                for parts in zip(*(each.attacked for each in batches if each.attacked), strict=True)
            )[:rows],
            flat=sum(each.flat for each in batches),
            not_finite=sum(each.not_finite for each in batches),
            transferred=side_by_side([each.transferred for each in batches]),
            distances=side_by_side([each.distances for each in batches]),
            corrupted=side_by_side([each.corrupted for each in batches]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    """What was seen in one pass.

    Attributes:
        original: Answers of the model before pruning.
        pruned: Answers of the model after.
        tasks: The tasks of the judged outputs.
        labels: True class of each output that has one, shape (outputs, samples); None without
            labels.
        scores: What is compared besides.
        weights: How much each sample counts in them at each judged output, shape (samples,); None
            where all count alike.
        counts: Whether it counts there at all, shape (outputs, samples); None where all do.
        epsilons: Strengths of the attack.
        unattacked: Why no attack was made; None if one was.
        notes: What outputs were taken for.
        attack: What was tried, such as `pgd, 20 steps`.
        versions: How inputs were corrupted: kinds and severities.
        uncorrupted: Why they were not; None if they were.
        files: Answers of each exported file.
        subject: Name of the model after pruning in messages.
        slices: Which samples belong to which slices; None where none are named.
    """

    original: Answers
    pruned: Answers
    tasks: tuple[OutputTask, ...]
    labels: IntArray | None
    scores: tuple[AskedScore, ...] = ()
    weights: tuple[FloatArray | None, ...] = ()
    counts: BoolArray | None = None
    epsilons: tuple[float, ...] = ()
    unattacked: str | None = None
    notes: tuple[str, ...] = ()
    attack: str = "fgsm"
    versions: tuple[tuple[str, int], ...] = ()
    uncorrupted: str | None = None
    files: tuple[Answers, ...] = ()
    subject: str = "pruned model"
    slices: Memberships | None = None

    @property
    def of_a_file(self) -> bool:
        """Whether the model after pruning is an exported file."""
        return self.subject.endswith(" file")

    @property
    def divergence(self) -> float | None:
        """Distance of the outputs over the deviation of the original's; None where that is 0."""
        spread = float(self.original.spread.sum())
        return float(np.sqrt(self.pruned.moved.sum() / spread)) if spread else None

    @property
    def detail(self) -> str:
        """How many samples were judged, and what outputs were taken for."""
        return self.told(self.counted)

    def told(self, counted: BoolArray) -> str:
        """Return of how many samples something is, and what outputs were taken for."""
        number, size = int(counted.sum()), self.original.size
        rest = f" of {size}, the others do not count" if number < size else ""
        return "; ".join((f"{number} samples{rest}", *self.notes))

    def counts_at(self, place: int) -> BoolArray:
        """Return which samples count at a judged output, shape (samples,)."""
        return np.ones(self.original.size, bool) if self.counts is None else self.counts[place]

    @property
    def counted(self) -> BoolArray:
        """Which samples count at any judged output, shape (samples,)."""
        return self._any(range(len(self.tasks)))

    @property
    def decided(self) -> BoolArray:
        """Which samples count at an output where they are right or wrong, shape (samples,)."""
        return self._any(place for place, task in enumerate(self.tasks) if task.decides)

    def _any(self, places: Iterable[int]) -> BoolArray:
        found: BoolArray = np.any([self.counts_at(place) for place in places], axis=0)
        return found

    def of_file(self, answers: Answers, file_format: str) -> Observations:
        """Return the same with a file in place of the pruned model."""
        return replace(self, pruned=answers, subject=f"{file_format} file")


def _joined(scores: Sequence[AskedScore], parts: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Return what each score keeps of several batches as those of one."""
    pairs = zip(scores, zip(*parts, strict=True), strict=False)
    return tuple(asked.score.joined(rows) for asked, rows in pairs)


def side_by_side(parts: Sequence[Any]) -> Any:
    """Return arrays of batches joined along their last axis, the samples; None if none has any."""
    known = [each for each in parts if each is not None]
    return np.concatenate(known, axis=-1) if known else None
