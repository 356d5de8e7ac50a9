"""Masks: positions that the model itself says do not count, such as padding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.evaluation.tasks.output_task import Truth, widened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.evaluation.data.judging_data import Batch
    from pytest_paoding.engine.evaluation.observing.predict import Predictor
    from pytest_paoding.engine.graph.types import BoolArray

_OF_POSITIONS = frozenset({"positions", "regression", "reconstruction"})


@dataclass(slots=True)
class Masking:
    """Gives positions the weight 0 where a model masks them, or tells where it has no labels.

    Attributes:
        predictor: The model.
        masks: Whether it has masks; found out with the first batch.
    """

    predictor: Predictor
    masks: bool = True

    def on(self, batch: Batch, inputs: Sequence[Any]) -> Batch:
        """Return a batch whose masked positions do not count.

        Args:
            batch: Some samples.
            inputs: The same inputs as tensors.

        Cost: a run of the model, if it has masks and answers or values for every position.
        """
        places = [
            place for place, task in enumerate(self.predictor.tasks) if task.name in _OF_POSITIONS
        ]
        if not (self.masks and places):
            return batch
        found = self.predictor.masks(inputs)
        masks = {
            self.predictor.judged[place]: mask
            for place in places
            if (mask := found[place]) is not None and mask.ndim > 1
        }
        self.masks = bool(masks)
        labelled = {index: mask for index, mask in masks.items() if index in batch.truths}
        truths = {index: _masked(batch.truths[index], mask) for index, mask in labelled.items()}
        others = {
            index: _both(batch.masks.get(index), mask)
            for index, mask in masks.items()
            if index not in labelled
        }
        return replace(batch, truths={**batch.truths, **truths}, masks={**batch.masks, **others})


def _both(counts: BoolArray | None, mask: Any) -> BoolArray:
    """Return what counts by its weight, if it has one, and by a mask."""
    shown = np.asarray(mask, bool)
    if counts is None:
        return shown
    most = max(counts.shape, shown.shape, key=len)
    return widened(counts, most) & widened(shown, most)  # type: ignore[no-any-return]  # NumPy's Any


def _masked(truth: Truth, mask: Any) -> Truth:
    shape = truth.values.shape
    if mask.shape != shape[: mask.ndim]:
        return truth
    weights = widened(mask, shape).astype(np.float64)
    own = 1.0 if truth.weights is None else widened(truth.weights, shape)
    return Truth(truth.values, weights * own)
