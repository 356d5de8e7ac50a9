"""What training and judging rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from clinic import data, forms, glucose

if TYPE_CHECKING:
    from collections.abc import Callable

RANGES = {data.glucose_curves: (glucose.LOWEST, glucose.HIGHEST)}
"""What differs from 0 to 1."""

SETS = [
    data.digit_images,
    data.digit_pixels,
    data.tumour_measurements,
    data.form_cuttings,
    data.glucose_curves,
]


@pytest.mark.parametrize("load", SETS, ids=lambda load: load.__name__)
def test_inputs_are_within_their_range(
    load: Callable[[], tuple[data.Samples, data.Samples]],
) -> None:
    low, high = RANGES.get(load, (0, 1))
    for samples in load():
        assert samples.inputs.dtype == np.float32
        assert samples.inputs.min() >= low
        assert samples.inputs.max() <= high
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


def test_generators_draw_the_same_from_the_same_seed() -> None:
    digits = data.digit_images()[0].inputs[..., 0]
    for draw in (
        lambda seed: forms.cuttings(digits, 3, seed),
        lambda seed: glucose.curves(3, seed),
    ):
        first, again, other = (np.concatenate([*map(np.ravel, draw(seed))]) for seed in (1, 1, 2))
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)


def test_every_class_of_a_form_is_where_there_is_ink_of_its_kind() -> None:
    for samples in data.form_cuttings():
        dark = [samples.inputs[..., 0][samples.labels == each].mean() for each in range(3)]
        assert dark[forms.PAPER] < 0.3 < dark[forms.PRINT] < dark[forms.HANDWRITING]


def test_windows_follow_each_other_without_a_gap() -> None:
    curves = glucose.curves(2, seed=3)
    past, future = glucose.windows(curves, step=glucose.PAST + glucose.FUTURE)
    length = len(past) // 2 * (glucose.PAST + glucose.FUTURE)
    joined = np.concatenate([past[..., 0], future], axis=1).reshape(2, -1)
    assert np.array_equal(joined, curves[:, :length])


def test_held_out_windows_do_not_overlap() -> None:
    _, heldout = data.glucose_curves()
    readings = 2 * 24 * 12
    assert len(heldout.inputs) == 40 * (readings // (glucose.PAST + glucose.FUTURE))
