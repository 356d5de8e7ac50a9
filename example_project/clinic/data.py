"""The data the models learn from and are judged on.

Digits and tumours ship with scikit-learn, forms and curves of glucose are drawn here, so nothing is
downloaded. A fixed part of each is held out: training never sees it, and the functions `heldout_*`
give it to tests and to the release gate.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.model_selection import train_test_split

from clinic import forms, glucose

if TYPE_CHECKING:
    from numpy.typing import NDArray

HELD_OUT = 0.3
"""Share of the samples that training never sees."""

_DARKEST = 16.0


class Samples(NamedTuple):
    """Inputs as float32 and what they are, in the same order.

    Labels are numbers of classes, one for each sample or one for each of its positions, or values
    that are to be told. Inputs run from 0 to 1, those of glucose over the range of the sensor.
    """

    inputs: NDArray[np.float32]
    labels: NDArray[np.int64] | NDArray[np.float32]


def heldout_images() -> Samples:
    """Return the held-out digits as images, shape (540, 8, 8, 1), labels 0-9."""
    return digit_images()[1]


def heldout_pixels() -> Samples:
    """Return the held-out digits as rows of pixels, shape (540, 64), labels 0-9."""
    return digit_pixels()[1]


def heldout_measurements() -> Samples:
    """Return the held-out tumours, shape (171, 30), label 1 for malignant."""
    return tumour_measurements()[1]


def heldout_cuttings() -> Samples:
    """Return held-out forms, shape (200, 24, 24, 1), and classes 0-2 of their positions."""
    return form_cuttings()[1]


def heldout_curves() -> Samples:
    """Return held-out glucose, three hours (520, 36, 1) and the half hours after them (520, 6)."""
    return glucose_curves()[1]


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


@cache
def form_cuttings() -> tuple[Samples, Samples]:
    """Return forms to train on and others held out, each with digits of its own part alone."""
    training, heldout = digit_images()
    return (
        Samples(*forms.cuttings(training.inputs[..., 0], 1500, seed=1)),
        Samples(*forms.cuttings(heldout.inputs[..., 0], 200, seed=2)),
    )


@cache
def glucose_curves() -> tuple[Samples, Samples]:
    """Return windows of the curves of 80 patients to train on, and of 40 others held out.

    Those to train on overlap. Those held out do not: they are fewer, but each of them counts.
    """
    return (
        Samples(*glucose.windows(glucose.curves(80, seed=1), step=5)),
        Samples(*glucose.windows(glucose.curves(40, seed=2), step=glucose.PAST + glucose.FUTURE)),
    )


def _split(inputs: NDArray[np.floating], labels: NDArray[np.integer]) -> tuple[Samples, Samples]:
    x_train, x_heldout, y_train, y_heldout = train_test_split(
        inputs, labels, test_size=HELD_OUT, stratify=labels, random_state=0
    )
    return Samples(x_train, y_train), Samples(x_heldout, y_heldout)


def _flat(samples: Samples) -> Samples:
    return Samples(samples.inputs.reshape(len(samples.inputs), -1), samples.labels)
