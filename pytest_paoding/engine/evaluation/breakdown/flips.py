"""Samples whose answer pruning has flipped, the worst of them kept while batches pass by."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.records.evidence.breakdown import Flip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.evaluation.breakdown.thumbnails import Thumbnails
    from pytest_paoding.engine.evaluation.data.judging_data import Batch
    from pytest_paoding.engine.evaluation.observing.answers import Answers
    from pytest_paoding.engine.evaluation.tasks.output_task import OutputTask
    from pytest_paoding.engine.graph.types import FloatArray

_LISTED, _PICTURED = 100, 12


@dataclass(slots=True)
class FlipRecorder:
    """Counts flipped samples, and keeps the worst.

    Attributes:
        tasks: The tasks of the judged outputs, by index.
        thumbnails: What shows the inputs; None where they are no pictures.
        count: Number of flipped samples so far; None where answers are no classes or labels.
    """

    tasks: dict[int, OutputTask]
    thumbnails: Thumbnails | None = None
    count: int | None = None
    _done: int = field(default=0, init=False)
    _kept: list[tuple[tuple[int, float, int], Flip]] = field(default_factory=list, init=False)

    @property
    def worst(self) -> tuple[Flip, ...]:
        """The worst flips first, of which the first few have pictures."""
        flips = [flip for _, flip in self._kept]
        rest = (replace(flip, picture=None) for flip in flips[_PICTURED:])
        return (*flips[:_PICTURED], *rest)

    def take(
        self, batch: Batch, forms: Sequence[Sequence[Any]], answers: Sequence[Answers]
    ) -> None:
        """Look at a batch.

        Args:
            batch: The samples.
            forms: The form of each judged output, of the original and of the pruned model.
            answers: What both say.
        """
        first, self._done = self._done, self._done + batch.size
        each = [
            (task.shifted(one, other), batch.counts(index))
            for (index, task), one, other in zip(self.tasks.items(), *forms[:2], strict=True)
        ]
        known = [
            shifts if counts is None else np.where(counts, shifts, np.nan)
            for shifts, counts in each
            if shifts is not None
        ]
        if not known:
            return
        shifts: FloatArray = np.fmax.reduce(known)
        rows = np.flatnonzero(~np.isnan(shifts))
        self.count = (self.count or 0) + len(rows)
        harm = answers[1].right.astype(np.int64) - answers[0].right
        order = rows[np.lexsort((rows, -shifts[rows], harm[rows]))][:_LISTED]
        keys = [(int(harm[row]), -float(shifts[row]), first + int(row)) for row in order]
        found = [
            (key, self._flip(batch, forms, int(row), key, pictured=place < _PICTURED))
            for place, (row, key) in enumerate(zip(order, keys, strict=True))
        ]
        self._kept = sorted([*self._kept, *found], key=lambda pair: pair[0])[:_LISTED]

    def _flip(
        self,
        batch: Batch,
        forms: Sequence[Sequence[Any]],
        row: int,
        key: tuple[int, float, int],
        *,
        pictured: bool,
    ) -> Flip:
        _, shift, index = key
        shows = self.thumbnails if pictured else None
        before, after = (self._said([form[row : row + 1] for form in side]) for side in forms[:2])
        truths = [batch.truths[at].values[row] for at in self.tasks] if batch.truths else None
        return Flip(
            index=index,
            before=before,
            after=after,
            truth=None if truths is None else self._worded(truths),
            shift=-shift,
            picture=None if shows is None else shows.of_sample(batch.inputs, row),
        )

    def _said(self, forms: Sequence[Any]) -> str:
        pairs = zip(self.tasks.values(), forms, strict=True)
        return self._worded([task.answers(form)[0] for task, form in pairs])

    def _worded(self, answers: Sequence[Any]) -> str:
        """Return the answers of all outputs as one text, with the names of several."""
        texts = [
            (task.port.name, text)
            for task, answer in zip(self.tasks.values(), answers, strict=True)
            if (text := task.worded(answer)) is not None
        ]
        return texts[0][1] if len(self.tasks) == 1 else "; ".join(map(" ".join, texts))
