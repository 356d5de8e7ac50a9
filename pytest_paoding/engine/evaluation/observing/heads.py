"""Turning a model's outputs into logits, one column per class.

Gradients of a cross-entropy taken through a softmax vanish where it saturates, and attacks that
expect logits fail silently on probabilities. So whatever a model ends in, it is judged on what goes
into its last softmax or sigmoid: the same weights, the same top class, a sound gradient. Within a
traced function that tensor is at hand: it is the input of the operation that made the output.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np
import tensorflow as tf

_SOFTMAX = frozenset({"LogSoftmax", "Softmax"})
_MOVEMENTS = frozenset({"Cast", "ExpandDims", "Identity", "Reshape", "Squeeze"})
_SUM_TOLERANCE = 1e-3


class Head(Enum):
    """What an output holds."""

    LOGITS = "logits"
    PROBABILITIES = "probabilities"
    UNKNOWN = "unknown"


def before_activation(output: Any) -> tuple[Any, Head]:
    """Return the input of the last softmax or sigmoid before a traced `output`.

    Args:
        output: An output tensor of a model that is being traced; casts and reshapes behind the
            activation are followed.

    Returns:
        The logits in the shape of `output`; or `output` itself where it is no such activation's:
        logits as well if it is a linear layer's, else unknown.
    """
    tensor = output
    while tensor.op.type in _MOVEMENTS:
        tensor = tensor.op.inputs[0]
    over_classes = tensor.op.type in _SOFTMAX and tensor.shape[-1] == output.shape[-1]
    if over_classes or tensor.op.type == "Sigmoid":
        logits = tf.reshape(tensor.op.inputs[0], tf.shape(output))
        logits.set_shape(output.shape)
        return logits, Head.LOGITS
    return output, Head.LOGITS if _is_linear(tensor.op) else Head.UNKNOWN


def head_of_values(scores: Any, *, exclusive: bool) -> Head:
    """Decide from values what an unknown output holds.

    Args:
        scores: Outputs for some samples, shape (samples, ..., units).
        exclusive: Whether the units stand for classes of which one holds.

    Returns:
        Probabilities where all lie in [0, 1] and those of several classes sum to 1; else logits.
    """
    inside = bool(((scores >= 0) & (scores <= 1)).all())
    alone = scores.ndim < 2 or scores.shape[-1] == 1 or not exclusive  # noqa: PLR2004 # samples and units
    sums = alone or bool(np.allclose(scores.sum(axis=-1), 1, atol=_SUM_TOLERANCE))
    return Head.PROBABILITIES if inside and sums else Head.LOGITS


def as_log_odds(scores: Any, head: Head) -> Any:
    """Return the log-odds of independent probabilities, in the shape of `scores`."""
    scores = scores if scores.dtype == tf.float64 else tf.cast(scores, tf.float32)
    if head is not Head.PROBABILITIES:
        return scores
    return log_probabilities(scores) - log_probabilities(1 - scores)


def two_columns_or_more(scores: Any, head: Head) -> Any:
    """Return logits, shape (samples, classes), of `scores`, shape (samples, ..., units).

    One unit with the logit z becomes the two classes' logits 0 and z, whose softmax has the same
    probabilities and whose cross-entropy the same gradient.
    """
    scores = scores if scores.dtype == tf.float64 else tf.cast(scores, tf.float32)
    units = scores.shape[1:].num_elements()
    scores = tf.reshape(scores, (-1, units))
    if units == 1:
        odds = as_log_odds(scores, head)
        return tf.concat([tf.zeros_like(odds), odds], axis=1)
    return log_probabilities(scores) if head is Head.PROBABILITIES else scores


def log_probabilities(probabilities: Any) -> Any:
    """Return the logarithm of probabilities, of those that are zero that of the least number."""
    dtype = probabilities.dtype.as_numpy_dtype
    return tf.math.log(tf.maximum(probabilities, dtype(np.finfo(dtype).tiny)))


def _is_linear(op: Any) -> bool:
    """Whether an operation is the last of a dense layer without an activation."""
    if op.type == "AddV2":  # the bias of a single unit
        op = op.inputs[0].op
    return op.type in ("BiasAdd", "MatMul")
