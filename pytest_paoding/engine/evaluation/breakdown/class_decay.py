"""How much of each true class pruning loses: the decay of recall, and the worst class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.evaluation.asked_scores import AskedScore
from pytest_paoding.engine.evaluation.breakdown.worst_group import (
    Groups,
    counted_groups,
    joined_groups,
)
from pytest_paoding.engine.evaluation.observing.class_answers import class_answers
from pytest_paoding.engine.evaluation.resampling.sample_means import PairedMeans
from pytest_paoding.engine.evaluation.resampling.score_bounds import bounded_curve
from pytest_paoding.engine.evaluation.resampling.simultaneous import bounds_of
from pytest_paoding.engine.evaluation.scores.score_names import score_named
from pytest_paoding.engine.evaluation.scores.task_kind import TaskKind
from pytest_paoding.engine.evaluation.tasks.class_task import ClassTask
from pytest_paoding.records.evidence.confidence_curve import LEVELS
from pytest_paoding.records.evidence.contrast import Contrast
from pytest_paoding.records.measurement import Measurement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_paoding.engine.evaluation.observing.answers import Observations
    from pytest_paoding.engine.evaluation.scores.score import Rows
    from pytest_paoding.engine.evaluation.tasks.output_task import OutputTask
    from pytest_paoding.engine.graph.types import FloatArray, IntArray

_TALLIED = ("multilabel", "positions")
_MOST_CURVES = 1000
"""Most classes of positions whose decays are bounded: some ms each."""


def recall_scores(tasks: Iterable[OutputTask]) -> tuple[AskedScore, ...]:
    """Return a score for each output of labels or positions, whose rows count classes."""
    return tuple(
        AskedScore("recall", place, score_named("recall", TaskKind(task.name)))
        for place, task in enumerate(tasks)
        if task.name in _TALLIED
    )


def class_metric(seen: Observations, classes: Groups | None) -> dict[str, Measurement]:
    """Return class_accuracy_decay: the greatest decay of recall of a true class.

    Args:
        seen: What was seen.
        classes: What `class_groups` returns of it.
    """
    if classes is not None:
        return {"class_accuracy_decay": classes.worst()}
    reason = "the data has no labels"
    if seen.labels is not None:
        task = seen.tasks[0]
        reason = (
            f"output {task.port.name!r} is judged as {task.name} ({task.why}), which has no "
            f"classes: set a budget on a score, such as max_score_decay, or max_slice_decay"
        )
    return {"class_accuracy_decay": Measurement(reason=reason)}


def class_groups(seen: Observations) -> Groups | None:
    """Return the true classes of all judged outputs side by side; None where there are none.

    The recall of a class is the share of its samples that are answered so; of positions, that of
    its positions; of labels, that of the samples that have the label. Bounds hold for all classes
    of all outputs at once.
    """
    parts = [] if seen.labels is None else _of_outputs(seen)
    return joined_groups(parts) if parts else None


def _of_outputs(seen: Observations) -> list[Groups]:
    """Return the classes of each judged output that has some."""
    among = sum(task.count for task in seen.tasks)
    answers = iter(class_answers(seen))
    tallies = [iter(each.scored[len(seen.scores) :]) for each in (seen.original, seen.pruned)]
    found = []
    for place, task in enumerate(seen.tasks):
        names = _names(task, alone=len(seen.tasks) == 1)
        if isinstance(task, ClassTask):
            each = next(answers)
            right = [side == each.truth for side in (each.before, each.after)]
            found.append(_of_samples(names, each.truth, *right, among=among))
        elif task.name in _TALLIED:
            rows = [_weighed(next(side), seen, place) for side in tallies]
            found.append(_of_tallies(names, *rows, among=among))
    return found


def _weighed(rows: Rows, seen: Observations, place: int) -> Rows:
    """Return tallies of the samples that count; those of positions by their weights."""
    classes, counts = rows
    weights = seen.weights[place]
    if weights is None:
        return rows
    if seen.tasks[place].name != "positions":
        weights = (weights > 0).astype(np.float64)
    return classes, counts * weights[:, None, None]


def _names(task: OutputTask, *, alone: bool) -> list[str]:
    kind = "label" if task.name == "multilabel" else "class"
    where = "" if alone else f" of output {task.port.name!r}"
    return [f"{kind} {number}{where}" for number in range(task.count)]


def _of_samples(
    names: Sequence[str], truth: IntArray, before: Any, after: Any, *, among: int
) -> Groups:
    """Return the classes of samples that have one each."""
    each = (before & after, before & ~after, after & ~before, np.ones(len(truth)))
    counts = np.stack([_sums(truth, part, len(names)) for part in each])
    return counted_groups("class", names, counts, among=among)


def _sums(groups: IntArray, parts: Any, size: int) -> FloatArray:
    """Return the sum of the parts of each of `size` groups."""
    return np.asarray(np.bincount(groups, parts, size), np.float64)


def _of_tallies(names: Sequence[str], before: Rows, after: Rows, *, among: int) -> Groups:
    """Return the classes of samples that have several, from rows of `class_tallies`."""
    classes, support, hit = _supported(before)
    _, _, kept = _supported(after)
    if (support == 1).all():  # labels, which a sample has or not
        each = (hit * kept, hit * (1 - kept), kept * (1 - hit), support)
        counts = np.stack([_sums(classes, part, len(names)) for part in each])
        return counted_groups("class", names, counts, among=among)
    return _of_positions(names, classes, support, hit, kept, among=among)


def _supported(rows: Rows) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return the class, the weight and the right part of it of each class in each sample.

    Sorted by class and then by sample, so that both models' arrays have the same order.
    """
    numbers, counts = rows
    samples, entries = np.nonzero(counts[..., 1])
    keys = numbers[samples, entries].astype(np.int64) * len(numbers) + samples
    known, places = np.unique(keys, return_inverse=True)
    right, true = (_sums(places, counts[samples, entries, kind], len(known)) for kind in (0, 1))
    return known // max(1, len(numbers)), true, right


def _of_positions(  # noqa: PLR0913 - what is known of each class in each sample
    names: Sequence[str],
    classes: IntArray,
    support: FloatArray,
    hit: FloatArray,
    kept: FloatArray,
    *,
    among: int,
) -> Groups:
    sums = np.stack([_sums(classes, each, len(names)) for each in (hit, kept, support)])
    with np.errstate(invalid="ignore"):
        before, after = sums[0] / sums[2], sums[1] / sums[2]
    ends = np.searchsorted(classes, np.arange(len(names) + 1))
    few = len(names) <= _MOST_CURVES
    curves = [
        bounded_curve(
            PairedMeans(kept[part] / support[part], hit[part] / support[part], support[part]),
            Contrast.DIFFERENCE,
            among=among,
        )
        for part in map(slice, ends[:-1], ends[1:])
        if few and part.start < part.stop
    ]
    samples = np.diff(ends)
    bounds = np.full((len(names), len(LEVELS)), np.nan)
    if few:
        bounds[samples > 0] = bounds_of(curves)
    return Groups(
        kind="class",
        names=tuple(names),
        samples=samples,
        before=before,
        after=after,
        decays=before - after,
        bounds=bounds,
        unbounded=None if few else f"bounds are for {_MOST_CURVES} classes of positions at most",
    )
