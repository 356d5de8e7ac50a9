"""The data the models learn from and are judged on.

Both sets ship with scikit-learn, so nothing is downloaded. A fixed, stratified part of each is held
out: training never sees it, and the functions `heldout_*` give it to tests and to the release gate.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.model_selection import train_test_split

if TYPE_CHECKING:
    from numpy.typing import NDArray

HELD_OUT = 0.3
"""Share of the samples that training never sees."""

_DARKEST = 16.0


class Samples(NamedTuple):
    """Inputs as float32 in [0, 1] and their labels as integers, in the same order."""

    inputs: NDArray[np.float32]
    labels: NDArray[np.int64]


def heldout_images() -> Samples:
    """Return the held-out digits as images, shape (540, 8, 8, 1), labels 0-9."""
    return digit_images()[1]


def heldout_pixels() -> Samples:
    """Return the held-out digits as rows of pixels, shape (540, 64), labels 0-9."""
    return digit_pixels()[1]


def heldout_measurements() -> Samples:
    """Return the held-out tumours, shape (171, 30), label 1 for malignant."""
    return tumour_measurements()[1]


@cache
def digit_images() -> tuple[Samples, Samples]:
    """Return the training and the held-out digits as images of one channel."""
    digits = load_digits()
    images = (digits.images[..., np.newaxis] / _DARKEST).astype(np.float32)
    return _split(images, digits.target)


def digit_pixels() -> tuple[Samples, Samples]:
    """Return the same digits as rows of 64 pixels."""
    training, heldout = digit_images()
    return _flat(training), _flat(heldout)


@cache
def tumour_measurements() -> tuple[Samples, Samples]:
    """Return the training and the held-out tumours.

    Every measurement is scaled by its least and largest value among the training samples. The few
    held-out values beyond them are clipped, as the service clips what it is sent, so that [0, 1] is
    the range of every legal input.
    """
    tumours = load_breast_cancer()
    malignant = 1 - tumours.target
    training, heldout = _split(tumours.data, malignant)
    low, high = training.inputs.min(axis=0), training.inputs.max(axis=0)

    def scaled(samples: Samples) -> Samples:
        inputs = np.clip((samples.inputs - low) / (high - low), 0, 1)
        return Samples(inputs.astype(np.float32), samples.labels)

    return scaled(training), scaled(heldout)


def _split(inputs: NDArray[np.floating], labels: NDArray[np.integer]) -> tuple[Samples, Samples]:
    x_train, x_heldout, y_train, y_heldout = train_test_split(
        inputs, labels, test_size=HELD_OUT, stratify=labels, random_state=0
    )
    return Samples(x_train, y_train), Samples(x_heldout, y_heldout)


def _flat(samples: Samples) -> Samples:
    return Samples(samples.inputs.reshape(len(samples.inputs), -1), samples.labels)
