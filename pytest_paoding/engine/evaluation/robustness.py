"""Accuracy of both models under attack."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.evaluation.accuracy import (
    degenerate,
    paired,
    share_after,
    shares,
    undecided,
)
from pytest_paoding.records.evidence import Contrast, Evidence
from pytest_paoding.records.measurement import Measurement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.evaluation.observing.answers import Observations
    from pytest_paoding.engine.graph.types import BoolArray

_RATIOS = ("robustness_retention", "robustness_overlap")


def robustness_metrics(seen: Observations) -> dict[str, Measurement]:
    """Return robust_accuracy and transfer_accuracy for each epsilon, retention and overlap.

    Robust are, of all samples, those that a model classifies right and still does after an attack
    on itself. Retention is the share after pruning divided by that before; overlap is the share,
    among the samples robust before, of those robust after. Of several epsilons the worst counts.
    Transfer accuracy is that of the pruned model on examples made on the original: the attacker
    does not know the pruned model.
    """
    if not seen.epsilons:
        return dict.fromkeys(_RATIOS, Measurement(reason="no attack was asked for"))
    names = [f"robust_accuracy@{epsilon:g}" for epsilon in seen.epsilons]
    others = [f"transfer_accuracy@{epsilon:g}" for epsilon in seen.epsilons]
    reason = seen.unattacked or undecided(seen) or without_gradient(seen) or _uncounted(seen)
    if reason:
        return dict.fromkeys((*names, *_RATIOS, *others), Measurement(reason=reason))
    counts = [_count(seen, row) for row in range(len(seen.epsilons))]
    retention = _worst(counts, Contrast.RATIO)
    if unfit := degenerate(seen):
        retention = replace(retention, found=None, reason=unfit)
    overlap = _worst(counts, Contrast.SHARE)
    return {
        **{
            name: replace(share_after(each.pair), detail=each.detail)
            for name, each in zip(names, counts, strict=True)
        },
        "robustness_retention": retention,
        "robustness_overlap": replace(overlap, before=None, after=None),
        **{name: _transfer(seen, row, counts[row].detail) for row, name in enumerate(others)},
    }


@dataclass(frozen=True, slots=True)
class _Count:
    """How many samples are robust at one epsilon, before pruning and after."""

    detail: str
    epsilon: float
    pair: Evidence

    @property
    def before(self) -> int:
        return self.pair.both + self.pair.lost

    def compared(self, contrast: Contrast) -> Measurement:
        """Return the share of those robust before that still are, or the ratio of both shares."""
        pair = self.pair
        if contrast is Contrast.SHARE:
            part, evidence = pair.both, Evidence(contrast, pair.both, pair.lost)
        else:
            part, evidence = pair.both + pair.gained, replace(pair, contrast=contrast)
        found = part / self.before
        return Measurement(*shares(pair), found, None, self.detail, evidence, self.epsilon)


def _count(seen: Observations, row: int) -> _Count:
    decided = _decided(seen)
    pair = paired(seen.original.robust[row][decided], seen.pruned.robust[row][decided])
    return _Count(tried(seen, row), seen.epsilons[row], pair)


def tried(seen: Observations, row: int) -> str:
    """Return what was tried at one epsilon, on how many samples, and where no gradient was."""
    attacked, total = seen.original.robust.shape[1], seen.original.size
    counted = int(seen.counted[:attacked].sum())
    flat = [
        f"no gradient at {tried_nothing} of {counted} samples of the {title} model"
        for title, answers in (("original", seen.original), ("pruned", seen.pruned))
        if (tried_nothing := answers.flat - (attacked - counted)) > 0
    ]
    first = [f"the first {attacked} of {total} samples"] if attacked < total else []
    epsilon = f"{seen.attack}, epsilon {seen.epsilons[row]:g}"
    return "; ".join((epsilon, *first, *_distances(seen), *flat))


def _decided(seen: Observations) -> BoolArray:
    """Return which of the attacked samples count where they are right or wrong."""
    return seen.decided[: seen.original.robust.shape[1]]


def _uncounted(seen: Observations) -> str | None:
    return None if _decided(seen).any() else "none of the attacked samples counts"


def _distances(seen: Observations) -> list[str]:
    """Return the median distance of examples that fool, if the attack looks for the nearest."""
    before, after = seen.original.distances, seen.pruned.distances
    if before is None or after is None:
        return []
    sides = [np.median(each[_decided(seen)]) for each in (before, after)]
    return ["median distance {:.3g} before, {:.3g} after".format(*sides)]


def _transfer(seen: Observations, row: int, detail: str) -> Measurement:
    if seen.original.transferred is None:
        return Measurement(reason="the pruned model was not shown the examples")
    decided = _decided(seen)
    pair = paired(seen.original.robust[row][decided], seen.original.transferred[row][decided])
    return replace(share_after(pair), detail=f"{detail}; examples made on the original model")


def _worst(counts: Sequence[_Count], contrast: Contrast) -> Measurement:
    """Return the comparison at the epsilon that keeps least of the robustness before pruning."""
    for count in counts:
        if not count.before:
            reason = f"no sample is robust before pruning at {count.detail}: a ratio is undefined"
            return Measurement(*shares(count.pair), reason=reason, epsilon=count.epsilon)
    return min((count.compared(contrast) for count in counts), key=lambda each: each.found or 0.0)


def without_gradient(seen: Observations) -> str | None:
    """Return why nothing was tried on a model, if so."""
    for title, answers in (("original", seen.original), ("pruned", seen.pruned)):
        if answers.flat == answers.robust.shape[1]:
            return f"the gradient of the {title} model is zero for every sample: nothing was tried"
    return None
