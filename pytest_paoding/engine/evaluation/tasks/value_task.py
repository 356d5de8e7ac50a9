"""Values: regression, reconstruction, and outputs of which nothing is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.evaluation.tasks.output_task import OutputTask, counted_in, numbers
from pytest_paoding.engine.ports import fitted

if TYPE_CHECKING:
    from pytest_paoding.engine.evaluation.observing.heads import Head
    from pytest_paoding.engine.graph.types import FloatArray, Shape
    from pytest_paoding.records.protocol import TaskName


class ValueTask(OutputTask):
    """One or many values, of which those nearest to the truth are best."""

    name: ClassVar[TaskName] = "regression"
    from_logits = False
    answered = False
    default_score = "rmse"

    @property
    def places(self) -> Shape:
        """Lengths of the output."""
        return self.port.shape

    def truth(self, labels: Any, weights: Any = None) -> FloatArray:
        """Return the true values, in the shape of the output; 0 where their weight is 0."""
        array = numbers(labels, self.port).astype(np.float64)
        found = fitted(array, self.port.shape)
        if found is None:
            shape = ", ".join("any" if n is None else str(n) for n in self.port.shape)
            raise self._refuse(
                f"have the shape {array.shape}", f"expected values, shape (samples, {shape})"
            )
        found = np.where(counted_in(weights, found.shape), found, 0.0)
        if not np.isfinite(found).all():
            raise self._refuse("are not finite", "leave such samples out, or give them weight 0")
        return found

    def form(self, scores: Any, head: Head) -> Any:  # noqa: ARG002 - values are what they are
        """Return the output itself."""
        return scores

    def answers(self, form: Any) -> Any:
        """Return the output itself."""
        return np.asarray(form)

    def losses(self, form: Any, truth: Any) -> Any:
        """Return the mean squared error; values whose truth is NaN do not count."""
        truth = tf.cast(truth, form.dtype)
        known = tf.where(tf.math.is_nan(truth), tf.stop_gradient(form), truth)
        squares = tf.square(form - known)
        return tf.reduce_mean(tf.reshape(squares, (tf.shape(squares)[0], -1)), axis=1)


class ReconstructionTask(ValueTask):
    """The input itself, as well as it can be made again."""

    name: ClassVar[TaskName] = "reconstruction"


class AnyTask(ValueTask):
    """Values that only a function of the user's can judge."""

    name: ClassVar[TaskName] = "any"
    default_score = ""

    def truth(self, labels: Any, weights: Any = None) -> Any:
        """Return the labels as they are."""
        del weights
        return np.asarray(labels)
