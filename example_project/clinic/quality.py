"""How good a model is: one number for each kind of task."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras

    from clinic.data import Samples


def accuracy(model: keras.Model, samples: Samples) -> float:
    """Return the share of the samples whose most probable class is the right one."""
    scores = model.predict(samples.inputs, verbose=0)
    found = scores.argmax(axis=1) if scores.shape[1] > 1 else scores[:, 0] > 0.5
    return float((found == samples.labels).mean())


def mean_iou(model: keras.Model, samples: Samples) -> float:
    """Return the mean over classes of positions rightly told, of those told or true."""
    scores = model.predict(samples.inputs, verbose=0)
    found = scores.argmax(axis=-1)
    shares = []
    for each in range(scores.shape[-1]):
        told, true = found == each, samples.labels == each
        shares.append((told & true).sum() / (told | true).sum())
    return float(np.mean(shares))


def mean_error(model: keras.Model, samples: Samples) -> float:
    """Return the mean distance of what is told from what came, in the unit of the labels."""
    found = model.predict(samples.inputs, verbose=0)
    return float(np.abs(found - samples.labels).mean())
