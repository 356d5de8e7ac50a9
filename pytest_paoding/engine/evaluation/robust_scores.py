"""Scores of both models under attack, of any task that has a loss."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_paoding.engine.evaluation.accuracy import undecided
from pytest_paoding.engine.evaluation.robustness import tried, without_gradient
from pytest_paoding.engine.evaluation.score_curves import ScoredPair, curves_of, scored_pairs
from pytest_paoding.engine.evaluation.score_metrics import UNDEFINED
from pytest_paoding.records.evidence import Contrast
from pytest_paoding.records.measurement import Measurement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.evaluation.asked_scores import AskedScore
    from pytest_paoding.engine.evaluation.observing.answers import Observations
    from pytest_paoding.engine.evaluation.resampling.resamples import Resamples
    from pytest_paoding.engine.evaluation.score_curves import Curves

_RETENTION = "robustness_retention"


def robust_score_metrics(seen: Observations, resamples: Resamples) -> dict[str, Measurement]:
    """Return robust_score or robust_error of every score at each epsilon.

    It is the score on inputs that an attack has moved to where the loss of the task is high, those
    of each model its own. Where nothing is right or wrong they give robustness_retention too: after
    / before of each output's first score, before / after of an error, the least over outputs and
    epsilons.

    Args:
        seen: What was seen.
        resamples: Resamples of the samples, for the intervals.
    """
    if not seen.epsilons or not seen.scores or not seen.original.scored:
        return {}
    names = [[_name(each, epsilon) for each in seen.scores] for epsilon in seen.epsilons]
    decisive = undecided(seen) is None
    reason = seen.unattacked or without_gradient(seen)
    if reason:
        every = [name for row in names for name in row] + [_RETENTION] * (not decisive)
        return dict.fromkeys(every, Measurement(reason=reason))
    found: dict[str, Measurement] = {}
    retained = []
    for row, (labels, pairs) in enumerate(zip(names, _pairs(seen), strict=True)):
        curves = curves_of(pairs, replace(resamples, samples=seen.original.robust.shape[1]))
        detail = tried(seen, row)
        found |= dict(zip(labels, map(_robust, pairs, curves, [detail] * len(pairs)), strict=True))
        retained += [
            replace(_retention(pairs[each], curves[each], detail), epsilon=seen.epsilons[row])
            for each in _firsts(pairs)
        ]
    return found if decisive else found | {_RETENTION: min(retained, key=_kept)}


def _name(asked: AskedScore, epsilon: float) -> str:
    return f"{asked.metric('robust_')}@{epsilon:g}"


def _pairs(seen: Observations) -> list[list[ScoredPair]]:
    """Return the scores of both models under attack, for each epsilon."""
    attacked = seen.original.robust.shape[1]
    weights = [None if each is None else each[:attacked] for each in seen.weights]
    return [
        scored_pairs(seen.scores, before, after, weights)
        for before, after in zip(seen.original.attacked, seen.pruned.attacked, strict=True)
    ]


def _firsts(pairs: Sequence[ScoredPair]) -> list[int]:
    """Return where the first score of each output stands, of joint ones if there are no others."""
    firsts = {pair.asked.place: number for number, pair in reversed(list(enumerate(pairs)))}
    of_outputs = [number for place, number in firsts.items() if place is not None]
    return of_outputs or list(firsts.values())


def _robust(pair: ScoredPair, curves: Curves, detail: str) -> Measurement:
    if not pair.defined:
        return Measurement(reason=UNDEFINED)
    before, after = pair.values
    return Measurement(before, after, after, detail=detail, evidence=curves[Contrast.SHARE])


def _retention(pair: ScoredPair, curves: Curves, detail: str) -> Measurement:
    if not pair.defined:
        return Measurement(reason=f"{pair.asked.name} under attack: {UNDEFINED}")
    kept, curve = pair.retention(curves)
    detail = f"{pair.asked.name}, {detail}"
    reason = pair.no_ratio()
    return Measurement(*pair.values, kept, reason and f"{detail}: {reason}", detail, curve)


def _kept(measurement: Measurement) -> float:
    """Return what was kept; what is undefined counts as worst, as it cannot be judged."""
    return float("-inf") if measurement.found is None else measurement.found
