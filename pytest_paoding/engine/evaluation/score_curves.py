"""Scores of both models on the same samples, with the bounds of what they are compared by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.evaluation.resampling.paired_scores import PairedScore, replicated
from pytest_paoding.engine.evaluation.resampling.sample_means import PairedMeans
from pytest_paoding.engine.evaluation.resampling.score_bounds import bounded_curve
from pytest_paoding.engine.evaluation.resampling.studentised import studentised_curves
from pytest_paoding.engine.evaluation.scores.joint_scores import JointScore
from pytest_paoding.engine.evaluation.scores.resampled_scores import ResampledScore
from pytest_paoding.records.evidence import Contrast
from pytest_paoding.records.metrics import Direction

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_paoding.engine.evaluation.asked_scores import AskedScore
    from pytest_paoding.engine.evaluation.resampling.paired_scores import Replicates
    from pytest_paoding.engine.evaluation.resampling.resamples import Resamples
    from pytest_paoding.engine.graph.types import FloatArray
    from pytest_paoding.records.evidence import ConfidenceCurve

    Curves = Mapping[Contrast, ConfidenceCurve]

_SHARES = ("accuracy", "top_", "exact_match", "hamming_loss")


@dataclass(frozen=True, slots=True)
class ScoredPair:
    """What one score keeps of the samples, of both models.

    Attributes:
        asked: The score.
        before: Its rows of the original model.
        after: Those of the model after pruning.
        weights: How much each sample counts, shape (samples,); None where all count alike.
    """

    asked: AskedScore
    before: Any
    after: Any
    weights: FloatArray | None = None

    @property
    def values(self) -> tuple[float, float]:
        """The score before pruning and after."""
        pair = self.paired
        ones = np.ones((1, len(pair.after[0]))) if self.weights is None else self.weights[None]
        return float(pair.value(pair.before, ones)[0]), float(pair.value(pair.after, ones)[0])

    @property
    def paired(self) -> PairedScore:
        """The pair as a function of the samples' weights."""
        return PairedScore(self.asked.score.value, self.after, self.before, self.weights)

    @property
    def means(self) -> PairedMeans | None:
        """Both models' numbers of each sample, where the score is their plain mean."""
        score = self.asked.score
        before, after = score.per_sample(self.before), score.per_sample(self.after)
        if before is None or after is None:
            return None
        return PairedMeans(after=after, before=before, weights=self.weights)

    @property
    def higher(self) -> bool:
        """Whether higher values are better."""
        return self.asked.score.direction is Direction.HIGHER

    @property
    def defined(self) -> bool:
        """Whether the score has a value before pruning and after."""
        return bool(np.isfinite(self.values).all())

    def no_ratio(self) -> str | None:
        """Return why the ratio of the score before and after is undefined, if it is."""
        for when, value in zip(("before", "after"), self.values, strict=True):
            if value < 0:
                return f"the score {when} pruning is below 0: a ratio is undefined"
            if not value and (when == "before" or not self.higher):
                return f"the score {when} pruning is 0: a ratio to it is undefined"
        return None

    def retention(self, curves: Curves) -> tuple[float | None, ConfidenceCurve]:
        """Return after / before of a score, before / after of an error, and its bounds."""
        ratio, (before, after) = curves[Contrast.RATIO], self.values
        if self.no_ratio():
            return None, ratio
        return (after / before, ratio) if self.higher else (before / after, ratio.inverted())

    @property
    def bounded(self) -> bool:
        """Whether the numbers of samples are shares, from 0 to 1."""
        own_code = isinstance(self.asked.score, ResampledScore)  # whatever its name
        return not own_code and self.asked.score.name.startswith(_SHARES)


def scored_pairs(
    scores: Sequence[AskedScore],
    before: Sequence[Any],
    after: Sequence[Any],
    weights: Sequence[FloatArray | None],
) -> list[ScoredPair]:
    """Return scores of both models, each weighted as the output it is of.

    Args:
        scores: The scores.
        before: What each of them keeps of the original model, and what others behind them keep.
        after: The same of the model after pruning.
        weights: How much each sample counts at each judged output.

    Raises:
        EvaluationError: A joint score cannot weigh outputs that have different weights.
    """
    known = len(scores)
    rows = zip(scores, before[:known], after[:known], strict=True)
    return [_weighted(*each, weights) for each in rows]


def _weighted(
    asked: AskedScore, before: Any, after: Any, weights: Sequence[FloatArray | None]
) -> ScoredPair:
    score = asked.score
    if asked.place is not None:
        return ScoredPair(asked, before, after, weights[asked.place])
    if not isinstance(score, JointScore) or _same(weights):
        return ScoredPair(asked, before, after, weights[0])
    apart = (score.weighed_apart(before, weights), score.weighed_apart(after, weights))
    return ScoredPair(asked, *apart)


def _same(weights: Sequence[FloatArray | None]) -> bool:
    """Whether all outputs weigh samples alike."""
    first, *others = weights
    return all(
        each is first or (each is not None and first is not None and np.array_equal(each, first))
        for each in others
    )


def curves_of(pairs: Sequence[ScoredPair], resamples: Resamples) -> list[Curves]:
    """Return the bounds of the value after, of before - after, and of after / before, of each pair.

    Means of shares have those of a score test, other means those of the bootstrap-t, and all else
    BCa; the resamples are the same for all.

    Args:
        pairs: Scores, all of the same samples.
        resamples: The resamples of these samples.
    """
    means = [each.means for each in pairs]
    known = list(zip(pairs, means, strict=True))
    drawn = iter(replicated([pair.paired for pair, own in known if own is None], resamples))
    asked = [own for pair, own in known if own is not None and not pair.bounded]
    curves = iter(studentised_curves([(own, c) for own in asked for c in Contrast], resamples))
    return [_of_one(*each, drawn, curves) for each in zip(pairs, means, strict=True)]


def _of_one(
    pair: ScoredPair,
    means: PairedMeans | None,
    drawn: Iterator[Replicates],
    studentised: Iterator[ConfidenceCurve],
) -> Curves:
    """Return the bounds of one pair; the iterators have those that need resamples, in order."""
    if means is None:
        replicates = next(drawn)
        return {contrast: replicates.curve(contrast) for contrast in Contrast}
    if pair.bounded:
        return {contrast: bounded_curve(means, contrast) for contrast in Contrast}
    return {contrast: next(studentised) for contrast in Contrast}
