"""Leads: by how much the true class is ahead of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tensorflow as tf

if TYPE_CHECKING:
    from collections.abc import Sequence

_NEVER_BEHIND = 1e30


def lead(logits: Sequence[Any], labels: Sequence[Any]) -> Any:
    """Return the true class's logit minus the highest other one, the least over outputs that count.

    Args:
        logits: Of each output, shape (samples, classes).
        labels: True classes of each, shape (samples,); -1 where a sample does not count.
    """
    leads = []
    for place, scores in enumerate(logits):
        truth = tf.one_hot(labels[place], tf.shape(scores)[1], on_value=True, off_value=False)
        own = tf.gather(scores, tf.maximum(labels[place], 0), axis=1, batch_dims=1)
        others = tf.where(truth, scores.dtype.min, scores)
        ahead = tf.cast(own - tf.reduce_max(others, axis=1), tf.float64)
        leads.append(tf.where(labels[place] < 0, tf.constant(_NEVER_BEHIND, tf.float64), ahead))
    return tf.reduce_min(tf.stack(leads), axis=0)
