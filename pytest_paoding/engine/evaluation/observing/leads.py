"""Leads: by how much the true class is ahead of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tensorflow as tf

if TYPE_CHECKING:
    from collections.abc import Sequence


def lead(logits: Sequence[Any], labels: Sequence[Any]) -> Any:
    """Return the true class's logit minus the highest other one, the least over outputs.

    Args:
        logits: Of each output, shape (samples, classes).
        labels: True classes of each, shape (samples,).
    """
    leads = []
    for place, scores in enumerate(logits):
        truth = tf.one_hot(labels[place], tf.shape(scores)[1], on_value=True, off_value=False)
        own = tf.gather(scores, labels[place], axis=1, batch_dims=1)
        others = tf.where(truth, scores.dtype.min, scores)
        leads.append(tf.cast(own - tf.reduce_max(others, axis=1), tf.float64))
    return tf.reduce_min(tf.stack(leads), axis=0)
