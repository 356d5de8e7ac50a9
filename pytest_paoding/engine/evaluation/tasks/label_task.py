"""Several labels per sample, each of which holds or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.evaluation.observing.heads import Head, as_log_odds
from pytest_paoding.engine.evaluation.tasks.output_task import (
    OutputTask,
    counted_in,
    flipped_only,
    numbers,
)

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import BoolArray, FloatArray, IntArray
    from pytest_paoding.records.protocol import TaskName


class LabelTask(OutputTask):
    """Labels that hold with a probability above one half."""

    name: ClassVar[TaskName] = "multilabel"
    decides = True
    default_score = "f1"
    exclusive = False

    @property
    def count(self) -> int:
        """Number of labels."""
        return self.port.units

    def truth(self, labels: Any, weights: Any = None) -> IntArray:
        """Return 0 or 1 for every label, shape (samples, labels); 0 where its weight is 0."""
        array = numbers(labels, self.port)
        units = self.port.units
        if array.ndim != 2 or array.shape[1] != units:  # noqa: PLR2004 # samples and labels
            raise self._refuse(
                f"have the shape {array.shape}",
                f"expected 0 or 1 for each of its {units} labels, shape (samples, {units})",
            )
        array = np.where(counted_in(weights, array.shape), array, 0)
        wrong = (array != 0) & (array != 1)
        if wrong.any():
            row = int(wrong.any(axis=1).argmax())
            raise self._refuse(
                f"are neither 0 nor 1: {array[wrong][0]:g} in sample {row}",
                'set task = "regression" if it predicts values',
            )
        found: IntArray = array.astype(np.int64)
        return found

    def form(self, scores: Any, head: Head) -> Any:
        """Return the log-odds of every label, shape (samples, labels)."""
        return tf.reshape(as_log_odds(scores, head), (-1, self.port.units))

    def answers(self, form: Any) -> BoolArray:
        """Return which labels hold, shape (samples, labels)."""
        found: BoolArray = np.asarray(form) > 0
        return found

    def judged(self, form: Any) -> FloatArray:
        """Return the probability of every label, shape (samples, labels)."""
        return np.asarray(tf.sigmoid(tf.cast(form, tf.float64)))

    def own(self, form: Any, head: Head) -> Any:
        """Return probabilities where the model gives them, else logits, shape (samples, labels)."""
        return np.asarray(tf.sigmoid(form) if head is Head.PROBABILITIES else form)

    def losses(self, form: Any, truth: Any) -> Any:
        """Return the mean cross-entropy of the labels; those of -1 do not count."""
        known = tf.cast(tf.maximum(truth, 0), form.dtype)
        each = tf.nn.sigmoid_cross_entropy_with_logits(labels=known, logits=form)
        return tf.reduce_mean(each * tf.cast(truth >= 0, each.dtype), axis=1)

    def right(self, answers: Any, truth: Any) -> BoolArray:
        """Return which samples have all labels right that count."""
        found: BoolArray = ((answers == (truth == 1)) | (truth < 0)).all(axis=1)
        return found

    def shifted(self, one: Any, other: Any) -> FloatArray:
        """Return the greatest shift of the log-odds of a label that is now given or no longer."""
        flipped = self.answers(one) != self.answers(other)
        with np.errstate(invalid="ignore"):
            apart = np.abs(np.asarray(one, np.float64) - other)
        most = np.where(flipped, apart, 0.0).max(axis=1, initial=0.0)
        return flipped_only(most, flipped.any(axis=1))

    def worded(self, answer: Any) -> str:
        """Return the numbers of the labels that hold."""
        return ", ".join(map(str, np.flatnonzero(answer))) or "none"

    def agreed(self, one: Any, other: Any) -> BoolArray:
        """Return where all labels are the same, shape (samples,)."""
        return (one == other).all(axis=1)  # type: ignore[no-any-return]  # NumPy's Any
