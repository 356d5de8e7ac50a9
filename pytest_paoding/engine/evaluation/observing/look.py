"""One look at a batch: what both models and every file say of it, attacked and not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.evaluation.observing.answers import Answers
from pytest_paoding.engine.evaluation.scores.score import divided
from pytest_paoding.engine.evaluation.tasks.class_task import ClassTask
from pytest_paoding.engine.evaluation.tasks.output_task import widened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.evaluation.asked_scores import AskedScore
    from pytest_paoding.engine.evaluation.attacks.attack import Attack, Attempt, Target
    from pytest_paoding.engine.evaluation.data.judging_data import Batch
    from pytest_paoding.engine.evaluation.observing.exported_file import ExportedFile
    from pytest_paoding.engine.graph.types import BoolArray, FloatArray


@dataclass(slots=True)
class Look:
    """A batch, and those who are asked about it.

    Attributes:
        batch: Some samples.
        scores: What is compared besides what is right.
        targets: The original and the pruned model, with the samples.
        files: What was exported from the pruned model.
        attacked: How many of the samples are attacked, the first ones.
        forms: What the original, the pruned model and the files have given for them, as arrays.
    """

    batch: Batch
    scores: Sequence[AskedScore]
    targets: Sequence[Target]
    files: Sequence[ExportedFile]
    attacked: int
    forms: list[list[Any]] = field(default_factory=list, init=False)
    _places: list[Any] = field(default_factory=list, init=False)

    def answers(self, attack: Attack | None) -> list[Answers]:
        """Return the answers of the original, the pruned model and every file.

        Args:
            attack: What to try; None for nothing.
        """
        first, second = self.targets
        self.forms = []
        original, shown = self._of_model(first, attack, [second])
        if shown:
            original = replace(original, transferred=shown[0].right)
        asked = [replace(second, predictor=file) for file in self.files]
        pruned, shown = self._of_model(second, attack, asked)
        witnessed = shown or [_Shown(pruned.robust, ())] * len(self.files)
        others = [
            self._of_file(target, pruned.flat, each)
            for target, each in zip(asked, witnessed, strict=True)
        ]
        return [original, pruned, *others]

    def _of_model(
        self, target: Target, attack: Attack | None, witnesses: Sequence[Target]
    ) -> tuple[Answers, list[_Shown]]:
        """Return the answers of a model, the first few samples attacked.

        Besides, what each witness makes of the examples made on the model; nothing where none was
        tried.
        """
        attempt: Attempt | None = None
        part = self._part(target)
        if attack is not None and self.attacked:
            attempt = attack.attempt(part)
        whole = attempt is not None and self.attacked == self.batch.size
        forms = attempt.forms if attempt and whole else target.predictor.forms(target.inputs)
        plain = self._plain(target, forms)
        if attempt is None:
            rows = 0 if attack is None else len(attack.epsilons)
            return replace(plain, robust=np.empty((rows, 0), bool)), []
        others = [self._part(each) for each in witnesses]
        seen = [
            [self._shown(each, example) for each in (part, *others)] for example in attempt.examples
        ]
        own, *shown = (_Shown.joined(each) for each in zip(*seen, strict=True))
        tried = replace(
            plain,
            robust=own.right & plain.right[: self.attacked],
            attacked=own.scored,
            flat=attempt.flat,
            distances=attempt.distances,
        )
        return tried, shown

    def _shown(self, target: Target, example: Sequence[Any]) -> _Shown:
        """Return what a model makes of one example for each attacked sample."""
        forms = target.predictor.forms(example)
        scored = self._scored(forms, target, self.attacked) if target.truths else ()
        return _Shown(target.right_by(forms)[None], (scored,))

    def _part(self, target: Target) -> Target:
        if self.attacked == self.batch.size:
            return target
        return target.only(np.arange(self.attacked))

    def _of_file(self, target: Target, flat: int, shown: _Shown) -> Answers:
        """Return the answers of a file; it is robust only where it is right at all."""
        plain = self._plain(target, target.predictor.forms(target.inputs))
        robust = shown.right
        if robust.size:
            robust = robust & plain.right[: robust.shape[1]]
        return replace(plain, robust=robust, attacked=shown.scored, flat=flat)

    def _plain(self, target: Target, forms: Sequence[Any]) -> Answers:
        """Return the answers of a model to the samples as they are."""
        tasks = target.predictor.tasks
        values = [np.asarray(each) for each in forms]
        counts = [self.batch.counts(index) for index in target.predictor.judged]
        forms_placed = zip(tasks, values, counts, strict=True)
        places = [_of_what_counts(task.placed(form), known) for task, form, known in forms_placed]
        if not self.forms:
            self._places = places
        self.forms.append(values)
        classes = [
            task.answers(form)
            for task, form in zip(tasks, values, strict=True)
            if isinstance(task, ClassTask)
        ]
        size = self.batch.size
        known = len(target.truths) > 0
        return Answers(
            predicted=np.stack(classes) if classes else np.empty((0, size), np.int64),
            right=target.right_by(forms) if known else np.zeros(size, bool),
            agreed=self._agreed(target, values, counts),
            moved=_distance(places, self._places),
            squares=_squares(places),
            sums=tuple(map(_sums, places, counts)),
            scored=self._scored(forms, target, size) if known else (),
            robust=np.empty((0, 0), bool),
            not_finite=_not_finite(values),
        )

    def _agreed(
        self, target: Target, values: Sequence[Any], counts: Sequence[BoolArray | None]
    ) -> FloatArray | None:
        tasks = target.predictor.tasks
        sides = zip(tasks, self.forms[0], values, strict=True)
        same = [task.agreed(task.answers(one), task.answers(other)) for task, one, other in sides]
        pairs = zip(same, counts, strict=True)
        known = [_share(each, count) for each, count in pairs if each is not None]
        return np.fmin.reduce(known) if known else None

    def _scored(self, forms: Sequence[Any], target: Target, size: int) -> tuple[Any, ...]:
        """Return what every score keeps of the first samples."""
        model = target.predictor
        truths = [self.batch.truths[index][:size] for index in model.judged]
        return tuple(score.rows(truths, forms, model) for score in self.scores)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a model makes of adversarial examples.

    Attributes:
        right: Whether it is right on them, shape (epsilons, samples).
        scored: What each score keeps of the samples, for each epsilon.
    """

    right: BoolArray
    scored: tuple[tuple[Any, ...], ...]

    @classmethod
    def joined(cls, parts: Sequence[_Shown]) -> _Shown:
        """Return what it makes of examples at several epsilons."""
        right = np.concatenate([each.right for each in parts])
        return cls(right, tuple(chain.from_iterable(each.scored for each in parts)))


def _share(same: BoolArray, counts: BoolArray | None) -> FloatArray:
    """Return the share of the answers of each sample that count for which something holds.

    NaN for samples of which none counts.
    """
    rows = same.reshape(len(same), -1)
    known = np.ones(rows.shape) if counts is None else _within(counts, same.shape)
    weights = known.reshape(rows.shape).astype(np.float64)
    return divided((rows * weights).sum(axis=1), weights.sum(axis=1))


def _within(counts: BoolArray, shape: tuple[int, ...]) -> BoolArray:
    """Return which values of an array count; of places it has not, by sample."""
    fits = counts.shape == shape[: counts.ndim]
    found: BoolArray = widened(counts if fits else counts.reshape(len(counts), -1).any(1), shape)
    return found


def _of_what_counts(values: Any, counts: BoolArray | None) -> Any:
    """Return values with 0 for those that do not count."""
    return values if counts is None else np.where(_within(counts, values.shape), values, 0.0)


def _sums(values: Any, counts: BoolArray | None) -> tuple[FloatArray, FloatArray]:
    """Return the sum over positions of each unit, shape (samples, units), and how many count."""
    units = values.shape[-1] if values.ndim > 1 else 1
    rows = _finite(values).reshape(len(values), -1, units)
    known = np.ones(rows.shape) if counts is None else _within(counts, values.shape)
    return rows.sum(axis=1), known.reshape(rows.shape).sum(axis=1, dtype=np.float64)


def _squares(values: Sequence[Any]) -> FloatArray:
    """Return the sum of the squares of each sample's outputs, shape (samples,)."""
    parts = [np.square(_finite(each)).reshape(len(each), -1).sum(axis=1) for each in values]
    return np.asarray(np.sum(parts, axis=0, dtype=np.float64))


def _finite(values: Any) -> FloatArray:
    """Return values with 0 for those that are infinite, such as logits of what can never be."""
    exact = np.asarray(values, np.float64)
    return np.where(np.isfinite(exact), exact, 0.0)


def _distance(values: Sequence[Any], others: Sequence[Any]) -> FloatArray:
    """Return the squared distance of each sample's outputs from others, shape (samples,)."""
    total = np.zeros(len(values[0]))
    with np.errstate(invalid="ignore", over="ignore"):
        for each, other in zip(values, others, strict=True):
            difference = np.asarray(each, np.float64) - other
            apart = np.where(each == other, 0.0, difference)  # both may be infinite
            total += np.square(apart).reshape(len(total), -1).sum(axis=1)
    return total


def _not_finite(forms: Sequence[Any]) -> int:
    """Return the number of samples whose answers are undefined; minus infinity means never."""
    undefined = [
        ~np.isfinite(
            each.reshape(len(each), -1, each.shape[-1] if each.ndim > 1 else 1).max(axis=-1)
        ).all(axis=1)
        for each in forms
        if each.dtype.kind == "f"
    ]
    return int(np.any(undefined, axis=0).sum()) if undefined else 0
