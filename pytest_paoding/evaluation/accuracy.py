"""How often both models are right, and how often they say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.evaluation.measurement import Measurement

if TYPE_CHECKING:
    from pytest_paoding.evaluation.observe import Observations

_SKEWED = 0.99
_UNLABELLED = "the data has no labels"


def accuracy_metrics(seen: Observations) -> dict[str, Measurement]:
    """Return accuracy, accuracy_decay, accuracy_retention and agreement.

    A sample counts as right where the top class of every judged output is its label, and as agreed
    on where both models have the same top class at every judged output.
    """
    same = (seen.original.predicted == seen.pruned.predicted).all(axis=0)
    detail = "; ".join((f"{len(same)} samples", *seen.notes))
    agreement = Measurement(found=float(same.mean()), detail=detail)
    if seen.labels is None:
        names = ("accuracy", "accuracy_decay", "accuracy_retention")
        return {"agreement": agreement, **dict.fromkeys(names, Measurement(reason=_UNLABELLED))}
    before = int(seen.original.right(seen.labels).sum())
    after = int(seen.pruned.right(seen.labels).sum())
    total = len(same)
    sides = before / total, after / total
    return {
        "accuracy": Measurement(*sides, sides[1], detail=detail),
        **_compared(before, after, total, degenerate(seen)),
        "agreement": agreement,
    }


def degenerate(seen: Observations) -> str | None:
    """Return why the pruned model's answers are no answers, if so.

    A model that gives one class to 99 % of the samples, of which fewer belong to it, may keep a
    fine ratio of a poor accuracy without looking at its input.
    """
    if seen.labels is None:
        return None
    for predicted, truth in zip(seen.pruned.predicted, seen.labels, strict=True):
        counts = np.bincount(predicted)
        answer, share = int(counts.argmax()), counts.max() / len(predicted)
        if share >= _SKEWED > (truth == answer).mean():
            return f"the pruned model is degenerate: class {answer} for {share:.1%} of samples"
    return None


def _compared(before: int, after: int, total: int, reason: str | None) -> dict[str, Measurement]:
    sides = before / total, after / total
    decay = Measurement(*sides, None if reason else (before - after) / total, reason)
    if not before:
        reason = "the accuracy before pruning is 0: a ratio to it is undefined"
    retention = Measurement(*sides, None if reason else after / before, reason)
    return {"accuracy_decay": decay, "accuracy_retention": retention}
