"""Accuracy of both models, and their agreement."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.evaluation.observing.class_answers import class_answers
from pytest_paoding.engine.evaluation.resampling.sample_means import PairedMeans
from pytest_paoding.engine.evaluation.resampling.score_bounds import bounded_curve
from pytest_paoding.records.evidence import Contrast, Evidence
from pytest_paoding.records.measurement import Measurement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_paoding.engine.evaluation.observing.answers import Observations
    from pytest_paoding.engine.evaluation.tasks.output_task import OutputTask
    from pytest_paoding.engine.graph.types import BoolArray
    from pytest_paoding.records.evidence import AnyEvidence

_SKEWED = 0.99
_APART = 0.5
"""Divergence from which on answers that are alike may be so by chance."""
_ALIKE = 0.5
_UNLABELLED = "the data has no labels"


def accuracy_metrics(seen: Observations) -> dict[str, Measurement]:
    """Return accuracy, accuracy_decay, accuracy_retention and agreement.

    A sample counts as right where it is so at every judged output that can be right or wrong, and
    as agreed on where both models give the same answer at each of them. Outputs at which it has the
    weight 0 are left out, and so is a sample that has it at all of them; else each counts once.
    """
    found = {"agreement": _agreement(seen)}
    reason = _UNLABELLED if seen.labels is None else undecided(seen)
    if reason:
        names = ("accuracy", "accuracy_decay", "accuracy_retention")
        return found | dict.fromkeys(names, Measurement(reason=reason))
    decided = seen.decided
    pair = paired(seen.original.right[decided], seen.pruned.right[decided])
    return {
        "accuracy": replace(share_after(pair), detail=seen.told(decided)),
        **_compared(pair, degenerate(seen)),
        **found,
    }


def undecided(seen: Observations) -> str | None:
    """Return why nothing is right or wrong; None where something is."""
    if any(task.decides for task in seen.tasks):
        return None
    task = seen.tasks[0]
    return (
        f"output {task.port.name!r} is judged as {task.name} ({task.why}), where a sample is not "
        f"right or wrong: set a budget on a score, such as max_score_decay"
    )


def _agreement(seen: Observations) -> Measurement:
    known = seen.pruned.agreed
    if known is None:
        task = seen.tasks[0]
        reason = f"output {task.port.name!r} is judged as {task.name}: values agree more or less"
        return Measurement(reason=f"{reason}, see divergence")
    counted = ~np.isnan(known)
    shares, detail = known[counted], seen.told(counted)
    if not len(shares):
        return Measurement(reason="no answer counts")
    if doubt := by_guess(seen.tasks, seen.divergence or 0.0, float(shares.mean())):
        return Measurement(reason=doubt)
    whole = bool(((shares == 0) | (shares == 1)).all())
    evidence: AnyEvidence = bounded_curve(PairedMeans(after=shares), Contrast.SHARE)
    if whole:
        agreed = int(shares.sum())
        evidence = Evidence(Contrast.SHARE, agreed, len(shares) - agreed)
    return Measurement(found=float(shares.mean()), detail=detail, evidence=evidence)


def by_guess(tasks: Iterable[OutputTask], divergence: float, agreed: float) -> str | None:
    """Return why agreement of far-off outputs tells nothing, where their task is but guessed.

    Values that are taken for classes may have the same greatest one all the time.

    Args:
        tasks: The tasks of the outputs.
        divergence: How far they are off, in units of the original's deviation.
        agreed: The share that agrees; where that is low, it tells enough.
    """
    guessed = next((task for task in tasks if task.guessed), None)
    if guessed is None or divergence <= _APART or agreed <= _ALIKE:
        return None
    return (
        f"nothing but its shape tells that output {guessed.port.name!r} has classes, and outputs "
        f"diverge by {divergence:.2f} of their deviation: set its task"
    )


def paired(before: BoolArray, after: BoolArray) -> Evidence:
    """Count the samples for which something holds before and after, to judge the share after."""
    both, first, second = (int(each.sum()) for each in (before & after, before, after))
    neither = len(before) - first - second + both
    return Evidence(Contrast.SHARE, both, first - both, second - both, neither)


def share_after(pair: Evidence) -> Measurement:
    """Return the share of the samples before pruning and after, of which the latter counts."""
    before, after = shares(pair)
    return Measurement(before, after, after, evidence=pair)


def shares(pair: Evidence) -> tuple[float, float]:
    """Return the shares of the samples before and after."""
    return (pair.both + pair.lost) / pair.samples, (pair.both + pair.gained) / pair.samples


def degenerate(seen: Observations) -> str | None:
    """Return why the model after pruning counts as degenerate, None if it does not.

    A model that gives one class to 99 % of the samples, of which fewer belong to it, may keep a
    fine ratio of a poor accuracy without looking at its input.
    """
    for each in class_answers(seen):
        counts = np.bincount(each.after)
        answer, share = int(counts.argmax()), counts.max() / len(each.after)
        if share >= _SKEWED > (each.truth == answer).mean():
            return f"the {seen.subject} is degenerate: class {answer} for {share:.1%} of samples"
    return None


def _compared(pair: Evidence, reason: str | None) -> dict[str, Measurement]:
    before, after = shares(pair)
    chance = pair.difference_by_chance
    decay = Measurement(
        before,
        after,
        None if reason else (pair.lost - pair.gained) / pair.samples,
        reason,
        f"{pair.lost} samples lost, {pair.gained} gained; McNemar p = {chance:.2g}",
        replace(pair, contrast=Contrast.DIFFERENCE),
    )
    retention = Measurement(
        before, after, reason="the accuracy before pruning is 0: a ratio to it is undefined"
    )
    if before:
        found = None if reason else after / before
        ratio = replace(pair, contrast=Contrast.RATIO)
        retention = Measurement(before, after, found, reason, evidence=ratio)
    return {"accuracy_decay": decay, "accuracy_retention": retention}
