"""Masks: positions that the model itself says do not count, such as padding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.evaluation.tasks.output_task import Truth

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.evaluation.data.judging_data import Batch
    from pytest_paoding.engine.evaluation.observing.predict import Predictor


@dataclass(slots=True)
class Masking:
    """Gives positions the weight 0 where a model masks them.

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

        Cost: a run of the model, if it has masks and a class for every position.
        """
        places = [
            place for place, task in enumerate(self.predictor.tasks) if task.name == "positions"
        ]
        if not (self.masks and places and batch.truths):
            return batch
        masks = self.predictor.masks(inputs)
        self.masks = any(masks[place] is not None for place in places)
        truths = dict(batch.truths)
        for place in places:
            index, mask = self.predictor.judged[place], masks[place]
            if mask is not None and mask.shape == truths[index].values.shape:
                truths[index] = _masked(truths[index], mask)
        return replace(batch, truths=truths)


def _masked(truth: Truth, mask: Any) -> Truth:
    weights = mask.astype(np.float64)
    if truth.weights is not None:
        own = truth.weights.reshape(*truth.weights.shape, *(1,) * (mask.ndim - truth.weights.ndim))
        weights = weights * own
    return Truth(truth.values, weights)
