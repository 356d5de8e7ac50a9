"""What training and judging rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from clinic import data

if TYPE_CHECKING:
    from collections.abc import Callable

SETS = [data.digit_images, data.digit_pixels, data.tumour_measurements]


@pytest.mark.parametrize("load", SETS, ids=lambda load: load.__name__)
def test_inputs_are_within_their_range(
    load: Callable[[], tuple[data.Samples, data.Samples]],
) -> None:
    for samples in load():
        assert samples.inputs.dtype == np.float32
        assert samples.inputs.min() >= 0
        assert samples.inputs.max() <= 1
        assert len(samples.inputs) == len(samples.labels)


@pytest.mark.parametrize("load", SETS, ids=lambda load: load.__name__)
def test_no_held_out_sample_is_trained_on(
    load: Callable[[], tuple[data.Samples, data.Samples]],
) -> None:
    training, heldout = load()
    seen = {sample.tobytes() for sample in training.inputs}
    assert not any(sample.tobytes() in seen for sample in heldout.inputs)


def test_about_a_third_of_the_tumours_are_malignant() -> None:
    training, heldout = data.tumour_measurements()
    for samples in (training, heldout):
        assert samples.labels.mean() == pytest.approx(0.37, abs=0.01)
