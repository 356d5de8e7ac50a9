"""Answers: what models say of samples, batch by batch and over all the data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.types import BoolArray, IntArray


@dataclass(frozen=True, slots=True)
class Answers:
    """What one model says of some samples.

    Attributes:
        predicted: Top class for each judged output, shape (outputs, samples).
        robust: Whether a sample is classified right, and still so after the attack, on all judged
            outputs; shape (epsilons, attacked samples), without rows where no attack was made.
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
    robust: BoolArray
    flat: int
    not_finite: int
    transferred: BoolArray | None = None
    distances: Any = None
    corrupted: Any = None

    def right(self, labels: IntArray) -> BoolArray:
        """Return whether a sample is right on all judged outputs, shape (samples,)."""
        return (self.predicted == labels).all(axis=0)  # type: ignore[no-any-return]  # NumPy's Any

    @classmethod
    def joined(cls, batches: Sequence[Answers]) -> Answers:
        """Return the answers of one model to several batches as one."""
        rows = min(len(each.robust) for each in batches)  # none once the attack was given up
        return cls(
            np.concatenate([each.predicted for each in batches], axis=1),
            np.concatenate([each.robust[:rows] for each in batches], axis=1),
            sum(each.flat for each in batches),
            sum(each.not_finite for each in batches),
            side_by_side([each.transferred for each in batches]),
            side_by_side([each.distances for each in batches]),
            side_by_side([each.corrupted for each in batches]),
        )


@dataclass(frozen=True, slots=True)
class Observations:
    """What was seen in one pass.

    Attributes:
        original: Answers of the model before pruning.
        pruned: Answers of the model after.
        labels: True classes for each judged output, shape (outputs, samples); None without labels.
        epsilons: Strengths of the attack.
        unattacked: Why no attack was made; None if one was.
        notes: What outputs of unknown kind were taken for.
        attack: What was tried, such as `pgd, 20 steps`.
        versions: How inputs were corrupted: kinds and severities.
        uncorrupted: Why they were not; None if they were.
        files: Answers of each exported file.
        subject: Name of the model after pruning in messages.
    """

    original: Answers
    pruned: Answers
    labels: IntArray | None
    epsilons: tuple[float, ...]
    unattacked: str | None
    notes: tuple[str, ...]
    attack: str = "fgsm"
    versions: tuple[tuple[str, int], ...] = ()
    uncorrupted: str | None = None
    files: tuple[Answers, ...] = ()
    subject: str = "pruned model"

    def of_file(self, answers: Answers, file_format: str) -> Observations:
        """Return the same with a file in place of the pruned model."""
        return replace(self, pruned=answers, subject=f"{file_format} file")


def side_by_side(parts: Sequence[Any]) -> Any:
    """Return arrays of batches joined along their last axis, the samples; None if none has any."""
    known = [each for each in parts if each is not None]
    return np.concatenate(known, axis=-1) if known else None
