"""Scores of both models, what pruning cost of them, and how far outputs moved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.evaluation.resampling.paired_scores import PairedScore, replicated
from pytest_paoding.engine.evaluation.score_curves import ScoredPair, curves_of, scored_pairs
from pytest_paoding.records.evidence import Contrast
from pytest_paoding.records.measurement import Measurement

if TYPE_CHECKING:
    from pytest_paoding.engine.evaluation.observing.answers import Observations
    from pytest_paoding.engine.evaluation.resampling.resamples import Resamples
    from pytest_paoding.engine.evaluation.score_curves import Curves
    from pytest_paoding.engine.graph.types import FloatArray

_DECAYS = ("score_decay", "score_decay_relative", "score_retention")
UNDEFINED = "it is undefined on these data"


def score_metrics(seen: Observations, resamples: Resamples) -> dict[str, Measurement]:
    """Return score or error, score_decay, score_decay_relative and score_retention of every score.

    A score of which the higher values are better is `score@NAME`, one of which the lower are is
    `error@NAME`. Decay is by how much it got worse; retention is after / before of a score, and
    before / after of an error. Samples count by the weights of the output, where there are any.

    Args:
        seen: What was seen.
        resamples: Resamples of the samples, for the intervals.
    """
    if not seen.scores or not seen.original.scored:
        return {}
    pairs = scored_pairs(seen.scores, seen.original.scored, seen.pruned.scored, seen.weights)
    found: dict[str, Measurement] = {}
    for pair, curves in zip(pairs, curves_of(pairs, resamples), strict=True):
        found |= _compared(pair, curves, seen.detail)
    return found


def divergence_metric(seen: Observations, resamples: Resamples) -> dict[str, Measurement]:
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
    found = seen.divergence
    if found is None:
        return {"divergence": Measurement(reason="the original gives the same for all samples")}

    def ratio(rows: FloatArray, weights: FloatArray) -> FloatArray:
        above, below = (weights @ rows).T
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.sqrt(above / below))

    counted = None if seen.counts is None else seen.counted.astype(np.float64)
    pair = PairedScore(ratio, np.stack([moved, spread], axis=1), weights=counted)
    (replicates,) = replicated([pair], resamples)
    curve = replicates.curve(Contrast.SHARE)
    return {"divergence": Measurement(found=found, detail=seen.detail, evidence=curve)}


def _compared(pair: ScoredPair, curves: Curves, detail: str) -> dict[str, Measurement]:
    name, value = pair.asked.name, pair.asked.metric()
    if not pair.defined:
        names = [value, *(f"{each}@{name}" for each in _DECAYS)]
        return dict.fromkeys(names, Measurement(reason=UNDEFINED))
    before, after = pair.values
    sides = Measurement(before, after, detail=detail)
    none, difference, ratio = pair.no_ratio(), curves[Contrast.DIFFERENCE], curves[Contrast.RATIO]
    decay = before - after if pair.higher else after - before
    decayed = difference if pair.higher else difference.mirrored()
    relative = ratio.decayed() if pair.higher else ratio.grown()
    kept, retained = pair.retention(curves)
    return {
        value: replace(sides, found=after, evidence=curves[Contrast.SHARE]),
        f"score_decay@{name}": replace(sides, found=decay, evidence=decayed),
        f"score_decay_relative@{name}": replace(
            sides, found=None if none else decay / before, reason=none, evidence=relative
        ),
        f"score_retention@{name}": replace(sides, found=kept, reason=none, evidence=retained),
    }
