"""How much pruning loses in each slice of the data, and the worst slice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.evaluation.breakdown.worst_group import Groups, counted_groups
from pytest_paoding.engine.evaluation.resampling.resamples import Resamples
from pytest_paoding.engine.evaluation.resampling.simultaneous import corrected_bounds
from pytest_paoding.engine.evaluation.score_metrics import score_metrics
from pytest_paoding.errors import shortened
from pytest_paoding.records.evidence.confidence_curve import LEVELS, ConfidenceCurve
from pytest_paoding.records.measurement import Measurement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.evaluation.breakdown.slices import Memberships
    from pytest_paoding.engine.evaluation.observing.answers import Answers, Observations
    from pytest_paoding.engine.graph.types import FloatArray, IntArray


def slice_metric(seen: Observations, slices: Groups | None) -> dict[str, Measurement]:
    """Return slice_decay, the greatest decay in a slice; nothing where no slices are named.

    Args:
        seen: What was seen.
        slices: What `slice_groups` returns of it.
    """
    if seen.slices is None:
        return {}
    reason = _unmeasured(seen, seen.slices)
    undefined = _undefined(slices)
    if slices is not None and undefined is not None:
        reason = f"{seen.scores[0].name} is undefined in {slices.names[undefined]}"
    if slices is None or reason:
        return {"slice_decay": Measurement(reason=reason)}
    outside = seen.original.size - len(np.unique(seen.slices.samples))
    told = [
        *([] if _decided(seen) else [f"in {seen.scores[0].name}"]),
        *([f"{outside} samples in none"] if outside else []),
    ]
    return {"slice_decay": slices.worst("; ".join(told))}


def _undefined(slices: Groups | None) -> int | None:
    """Return the number of the first slice with samples, but without a decay, if there is one."""
    if slices is None:
        return None
    places = np.flatnonzero(np.isnan(slices.decays) & (slices.samples > 0))
    return int(places[0]) if len(places) else None


def slice_groups(seen: Observations, seed: int) -> Groups | None:
    """Return the slices side by side; None where there are none, or nothing to compare.

    The decay is that of accuracy where samples are right or wrong, else that of the first score,
    in its own unit. Bounds hold for all slices at once.

    Args:
        seen: What was seen.
        seed: Seed of the resamples behind intervals of scores.
    """
    slices = seen.slices
    if slices is None or _unmeasured(seen, slices):
        return None
    names = [f"slice {shortened(name)!r}" for name in slices.names]
    if not _decided(seen):
        return _scored(seen, slices, names, seed)
    decided = seen.decided[slices.samples]
    sides = (seen.original, seen.pruned)
    before, after = (each.right[slices.samples] & decided for each in sides)
    parts = (before & after, before & ~after, after & ~before, decided)
    counts = [np.bincount(slices.slices, part, len(names)) for part in parts]
    return counted_groups("slice", names, np.asarray(counts, np.float64))


def _unmeasured(seen: Observations, slices: Memberships) -> str | None:
    if seen.labels is None:
        return "the data has no labels"
    if not (seen.decided if _decided(seen) else seen.counted)[slices.samples].any():
        return "no sample belongs to a slice"
    if not seen.scores and not _decided(seen):
        return f"output {seen.tasks[0].port.name!r} has no score: name one in score"
    return None


def _decided(seen: Observations) -> bool:
    """Whether samples are right or wrong."""
    return any(task.decides for task in seen.tasks)


def _scored(seen: Observations, slices: Memberships, names: Sequence[str], seed: int) -> Groups:
    """Return how the first score falls in each slice."""
    name, place = seen.scores[0].name, seen.scores[0].place
    counted = seen.counted if place is None else seen.counts_at(place)
    members = [slices.samples[slices.slices == number] for number in range(len(names))]
    found = [
        score_metrics(_only(seen, rows), Resamples(len(rows), seed))[f"score_decay@{name}"]
        if counted[rows].any()
        else Measurement(reason="none of its samples counts")
        for rows in members
    ]
    curves = [each.evidence for each in found if isinstance(each.evidence, ConfidenceCurve)]
    unbounded = [
        f"{names[place]}: {each.evidence.reason}"
        for place, each in enumerate(found)
        if each.evidence is not None and each.evidence.reason
    ]
    bounds = np.full((len(names), len(LEVELS)), np.nan)
    if len(curves) == len(names):
        bounds = np.stack([corrected_bounds(curve, len(names)) for curve in curves])
    return Groups(
        kind="slice",
        names=tuple(names),
        samples=np.array([counted[rows].sum() for rows in members], np.int64),
        before=_values(each.before for each in found),
        after=_values(each.after for each in found),
        decays=_values(each.found for each in found),
        bounds=bounds,
        method=curves[0].method if curves else "score",
        replicates=max((curve.replicates for curve in curves), default=0),
        unbounded=next(iter(unbounded), None),
    )


def _values(found: Any) -> FloatArray:
    """Return numbers as an array, NaN for None."""
    return np.array(list(found), np.float64)


def _only(seen: Observations, rows: IntArray) -> Observations:
    """Return what was seen of some samples, as far as their first score needs it."""

    def part(answers: Answers) -> Answers:
        scored = (tuple(each[rows] for each in answers.scored[0]),)
        return replace(answers, right=answers.right[rows], scored=scored)

    return replace(
        seen,
        original=part(seen.original),
        pruned=part(seen.pruned),
        scores=seen.scores[:1],
        weights=tuple(None if each is None else each[rows] for each in seen.weights),
        counts=None if seen.counts is None else seen.counts[:, rows],
    )
