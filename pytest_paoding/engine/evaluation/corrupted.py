"""Accuracy of both models on corrupted inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_paoding.engine.evaluation.accuracy import degenerate, undecided
from pytest_paoding.engine.evaluation.resampling.sample_means import PairedMeans
from pytest_paoding.engine.evaluation.resampling.score_bounds import bounded_curve
from pytest_paoding.records.evidence import Contrast
from pytest_paoding.records.measurement import Measurement

if TYPE_CHECKING:
    from pytest_paoding.engine.evaluation.observing.answers import Observations
    from pytest_paoding.engine.graph.types import BoolArray

_NAMES = ("corruption_accuracy", "corruption_retention")


def corruption_metrics(seen: Observations) -> dict[str, Measurement]:
    """Return corruption_accuracy, the mean over kinds and severities, and corruption_retention.

    Nothing where no corruption was asked for. Retention is the accuracy after pruning divided by
    that before. The versions of a sample are hardly independent, so the intervals are those of
    means over samples of the share of versions that are right.
    """
    if seen.uncorrupted is not None:
        return dict.fromkeys(_NAMES, Measurement(reason=seen.uncorrupted))
    if seen.versions and (reason := undecided(seen)):
        return dict.fromkeys(_NAMES, Measurement(reason=reason))
    if not seen.versions or seen.original.corrupted is None or seen.pruned.corrupted is None:
        return {}
    right, left = (each.corrupted[:, seen.decided] for each in (seen.original, seen.pruned))
    means = PairedMeans(after=left.mean(axis=0), before=right.mean(axis=0))
    before, after = float(right.mean()), float(left.mean())
    detail = _detail(seen, right, left)
    reason = degenerate(seen)
    if not before:
        reason = "no corrupted sample is right before pruning: a ratio is undefined"
    retention = None if reason else after / before
    return {
        "corruption_accuracy": Measurement(
            before, after, after, detail=detail, evidence=bounded_curve(means, Contrast.SHARE)
        ),
        "corruption_retention": Measurement(
            before, after, retention, reason, detail, bounded_curve(means, Contrast.RATIO)
        ),
    }


def _detail(seen: Observations, right: BoolArray, left: BoolArray) -> str:
    """Return the mean accuracy of each kind over the severities."""
    parts = []
    for kind in dict.fromkeys(kind for kind, _ in seen.versions):
        rows = [row for row, (name, _) in enumerate(seen.versions) if name == kind]
        before, after = (each[rows].mean() for each in (right, left))
        parts.append(f"{kind} {before:.4f} to {after:.4f}")
    severities = sorted({severity for _, severity in seen.versions})
    return f"{', '.join(parts)}; severities {', '.join(map(str, severities))}"
