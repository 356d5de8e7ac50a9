"""How often both models stay right under attack."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_paoding.evaluation.accuracy import degenerate
from pytest_paoding.evaluation.measurement import Measurement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.evaluation.observe import Observations

_RATIOS = ("robustness_retention", "robustness_overlap")


def robustness_metrics(seen: Observations) -> dict[str, Measurement]:
    """Return robust_accuracy@EPSILON for each epsilon, robustness_retention and _overlap.

    Robust are, of all samples, those that a model classifies right and still does after an attack
    on itself. Retention is the share after pruning divided by that before; overlap is the share,
    among the samples robust before, of those robust after. Of several epsilons the worst counts.
    """
    if not seen.epsilons:
        return dict.fromkeys(_RATIOS, Measurement(reason="no attack was asked for"))
    names = [f"robust_accuracy@{epsilon:g}" for epsilon in seen.epsilons]
    reason = seen.unattacked or _without_gradient(seen)
    if reason:
        return dict.fromkeys((*names, *_RATIOS), Measurement(reason=reason))
    counts = [_count(seen, row) for row in range(len(seen.epsilons))]
    retention = _worst([(each.after, each) for each in counts])
    if unfit := degenerate(seen):
        retention = replace(retention, found=None, reason=unfit)
    overlap = _worst([(each.both, each) for each in counts])
    return {
        **{name: _accuracy(each) for name, each in zip(names, counts, strict=True)},
        "robustness_retention": retention,
        "robustness_overlap": replace(overlap, before=None, after=None),
    }


@dataclass(frozen=True, slots=True)
class _Count:
    """How many samples are robust at one epsilon."""

    detail: str
    total: int
    before: int
    after: int
    both: int

    @property
    def sides(self) -> tuple[float, float]:
        return self.before / self.total, self.after / self.total


def _count(seen: Observations, row: int) -> _Count:
    before, after = seen.original.robust[row], seen.pruned.robust[row]
    flat = [
        f"no gradient at {answers.flat} of {len(before)} samples of the {title} model"
        for title, answers in (("original", seen.original), ("pruned", seen.pruned))
        if answers.flat
    ]
    return _Count(
        "; ".join((f"epsilon {seen.epsilons[row]:g}", *flat)),
        len(before),
        int(before.sum()),
        int(after.sum()),
        int((before & after).sum()),
    )


def _accuracy(count: _Count) -> Measurement:
    return Measurement(*count.sides, count.sides[1], detail=count.detail)


def _worst(parts: Sequence[tuple[int, _Count]]) -> Measurement:
    """Return the least share that a part is of the samples robust before."""
    for _, count in parts:
        if not count.before:
            reason = f"no sample is robust before pruning at {count.detail}: a ratio is undefined"
            return Measurement(*count.sides, reason=reason)
    part, count = min(parts, key=lambda each: each[0] / each[1].before)
    return Measurement(*count.sides, part / count.before, detail=count.detail)


def _without_gradient(seen: Observations) -> str | None:
    for title, answers in (("original", seen.original), ("pruned", seen.pruned)):
        if answers.flat == answers.predicted.shape[1]:
            return f"the gradient of the {title} model is zero for every sample: nothing was tried"
    return None
