"""How often both models stay right under attack."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_paoding.evaluation.accuracy import degenerate, paired, share_after, shares
from pytest_paoding.evaluation.evidence import Contrast, Evidence
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
    }


@dataclass(frozen=True, slots=True)
class _Count:
    """How many samples are robust at one epsilon, before pruning and after."""

    detail: str
    pair: Evidence

    @property
    def before(self) -> int:
        return self.pair.both + self.pair.lost

    def compared(self, contrast: Contrast) -> Measurement:
        """Return the share of those robust before that are robust after, or the ratio of both."""
        pair = self.pair
        if contrast is Contrast.SHARE:
            part, evidence = pair.both, Evidence(contrast, pair.both, pair.lost)
        else:
            part, evidence = pair.both + pair.gained, replace(pair, contrast=contrast)
        found = part / self.before
        return Measurement(*shares(pair), found, detail=self.detail, evidence=evidence)


def _count(seen: Observations, row: int) -> _Count:
    before, after = seen.original.robust[row], seen.pruned.robust[row]
    flat = [
        f"no gradient at {answers.flat} of {len(before)} samples of the {title} model"
        for title, answers in (("original", seen.original), ("pruned", seen.pruned))
        if answers.flat
    ]
    return _Count(
        "; ".join((f"epsilon {seen.epsilons[row]:g}", *flat)),
        paired(before, after),
    )


def _worst(counts: Sequence[_Count], contrast: Contrast) -> Measurement:
    """Return how much of the robustness before pruning is left where the least is."""
    for count in counts:
        if not count.before:
            reason = f"no sample is robust before pruning at {count.detail}: a ratio is undefined"
            return Measurement(*shares(count.pair), reason=reason)
    return min((count.compared(contrast) for count in counts), key=lambda each: each.found or 0.0)


def _without_gradient(seen: Observations) -> str | None:
    for title, answers in (("original", seen.original), ("pruned", seen.pruned)):
        if answers.flat == answers.predicted.shape[1]:
            return f"the gradient of the {title} model is zero for every sample: nothing was tried"
    return None
