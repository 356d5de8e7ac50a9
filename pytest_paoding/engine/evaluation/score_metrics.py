"""Scores of both models, what pruning cost of them, and how far outputs moved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.evaluation.resampling.paired_scores import PairedScore, replicated
from pytest_paoding.engine.evaluation.resampling.resamples import Resamples
from pytest_paoding.engine.evaluation.resampling.sample_means import PairedMeans
from pytest_paoding.engine.evaluation.resampling.score_bounds import bounded_curve
from pytest_paoding.engine.evaluation.resampling.studentised import studentised_curves
from pytest_paoding.records.evidence import Contrast
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.metrics import Direction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_paoding.engine.evaluation.asked_scores import AskedScore
    from pytest_paoding.engine.evaluation.observing.answers import Observations
    from pytest_paoding.engine.graph.types import FloatArray
    from pytest_paoding.records.evidence import ConfidenceCurve

_DECAYS = ("score_decay", "score_decay_relative", "score_retention")
_UNDEFINED = "it is undefined on these data"
_SHARES = ("accuracy", "top_", "exact_match", "hamming_loss")


def score_metrics(seen: Observations, seed: int) -> dict[str, Measurement]:
    """Return score or error, score_decay, score_decay_relative and score_retention of every score.

    A score of which the higher values are better is `score@NAME`, one of which the lower are is
    `error@NAME`. Decay is by how much it got worse; retention is after / before of a score, and
    before / after of an error. Samples count by their weights, where the data have any.

    Args:
        seen: What was seen.
        seed: Seed of the resamples behind the intervals.
    """
    if not seen.scores or not seen.original.scored:
        return {}
    curves = _Curves(seen, seed)
    found: dict[str, Measurement] = {}
    for place, asked in enumerate(seen.scores):
        found |= _compared(asked, curves, place, seen.detail)
    return found


def divergence_metric(seen: Observations, seed: int) -> dict[str, Measurement]:
    """Return how far outputs moved, as a share of how far the original's lie apart.

    The root of the mean squared distance of both models' outputs, before their last softmax or
    sigmoid where they have classes or labels, divided by the original's deviation.
    """
    if seen.of_a_file and any(task.from_logits for task in seen.tasks):
        reason = "a file gives probabilities, which tell logits apart only as far as they go"
        return {"divergence": Measurement(reason=reason)}
    moved, spread = seen.pruned.moved, seen.original.spread
    if not np.isfinite(moved).all():
        return {"divergence": Measurement(reason="outputs are infinite in one of the models only")}
    if not spread.any():
        return {"divergence": Measurement(reason="the original gives the same for all samples")}

    def ratio(rows: FloatArray, weights: FloatArray) -> FloatArray:
        above, below = (weights @ rows).T
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.sqrt(above / below))

    pair = PairedScore(ratio, np.stack([moved, spread], axis=1))
    (replicates,) = replicated([pair], Resamples(len(moved), seed))
    found = float(np.sqrt(moved.sum() / spread.sum()))
    curve = replicates.curve(Contrast.SHARE)
    return {"divergence": Measurement(found=found, detail=seen.detail, evidence=curve)}


class _Curves:
    """Values of every score, and the bounds of its contrasts, resampled once for all.

    Attributes:
        values: Every score before pruning and after.
    """

    def __init__(self, seen: Observations, seed: int) -> None:
        resamples = Resamples(seen.original.size, seed)
        places = range(len(seen.scores))
        pairs = [_paired(seen, place) for place in places]
        self.values = [_values(pair) for pair in pairs]
        means = {place: _means(seen, place) for place in places}
        studentised = [p for p, each in means.items() if each and not _bounded(seen.scores[p])]
        asked = [(means[place], contrast) for place in studentised for contrast in Contrast]
        curves = iter(studentised_curves([(m, c) for m, c in asked if m], resamples))
        rest = [place for place, each in means.items() if each is None]
        drawn = dict(
            zip(rest, replicated([pairs[place] for place in rest], resamples), strict=True)
        )
        self._found: dict[int, dict[Contrast, ConfidenceCurve]] = {}
        for place in studentised:
            self._found[place] = {contrast: next(curves) for contrast in Contrast}
        for place, each in means.items():
            if each is not None and place not in self._found:
                self._found[place] = {c: bounded_curve(each, c) for c in Contrast}
        for place, replicates in drawn.items():
            self._found[place] = {contrast: replicates.curve(contrast) for contrast in Contrast}

    def of(self, place: int) -> Mapping[Contrast, ConfidenceCurve]:
        """Return the bounds of the value after, of before - after, and of after / before."""
        return self._found[place]


def _paired(seen: Observations, place: int) -> PairedScore:
    score = seen.scores[place].score
    return PairedScore(
        score.value, seen.pruned.scored[place], seen.original.scored[place], seen.weights
    )


def _values(pair: PairedScore) -> tuple[float, float]:
    size = len(pair.after[0])
    ones = np.ones((1, size)) if pair.weights is None else pair.weights[None]
    return float(pair.value(pair.before, ones)[0]), float(pair.value(pair.after, ones)[0])


def _means(seen: Observations, place: int) -> PairedMeans | None:
    """Return both models' numbers of each sample, where the score is their plain mean."""
    score = seen.scores[place].score
    both = [score.per_sample(each.scored[place]) for each in (seen.original, seen.pruned)]
    before, after = both
    if before is None or after is None:
        return None
    return PairedMeans(after=after, before=before, weights=seen.weights)


def _bounded(asked: AskedScore) -> bool:
    """Whether the numbers of samples are shares, from 0 to 1."""
    return asked.score.name.startswith(_SHARES)


def _compared(
    asked: AskedScore, curves: _Curves, place: int, detail: str
) -> dict[str, Measurement]:
    before, after = curves.values[place]
    higher = asked.score.direction is Direction.HIGHER
    name = asked.name
    value = f"{'score' if higher else 'error'}@{name}"
    if not (np.isfinite(before) and np.isfinite(after)):
        names = [value, *(f"{each}@{name}" for each in _DECAYS)]
        return dict.fromkeys(names, Measurement(reason=_UNDEFINED))
    found = curves.of(place)
    share, difference, ratio = (found[each] for each in Contrast)
    decay = before - after if higher else after - before
    decayed = difference if higher else difference.mirrored()
    retained = ratio if higher else ratio.inverted()
    relative = ratio.decayed() if higher else ratio.grown()
    sides = Measurement(before, after, detail=detail)
    none = "the score before pruning is 0: a ratio to it is undefined" if not before else None
    if before < 0 or after < 0:
        none = "a score is below 0: a ratio is undefined"
    kept = after if higher else before
    base = before if higher else after
    if not base and none is None:
        none = "the score after pruning is 0: a ratio to it is undefined"
    return {
        value: replace(sides, found=after, evidence=share),
        f"score_decay@{name}": replace(sides, found=decay, evidence=decayed),
        f"score_decay_relative@{name}": replace(
            sides, found=None if none else decay / before, reason=none, evidence=relative
        ),
        f"score_retention@{name}": replace(
            sides, found=None if none else kept / base, reason=none, evidence=retained
        ),
    }
