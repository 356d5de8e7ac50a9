"""Candidate pictures vary in what tells pictures apart: spectra, edges, grounds, colours."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_paoding.engine.inputs.families.drawing import between
from pytest_paoding.engine.inputs.families.drawn_pictures import candidate_pictures as drawn
from pytest_paoding.engine.inputs.families.drawn_pictures import scenes
from pytest_paoding.engine.inputs.families.drawn_pictures.colours import (
    mixed_channels,
    natural_colours,
    palettes,
)
from pytest_paoding.engine.inputs.families.drawn_pictures.soft_outlines import soft_outlines
from pytest_paoding.engine.inputs.families.spectra import falling, filtered_noise

GREY, COLOUR = (32, 32, 1), (32, 32, 3)
SCENES = (scenes.leafy_scenes, scenes.object_scenes, scenes.full_scenes)


def pictures(family, size=GREY, count=300):
    return family(size, count, np.random.default_rng(0)).astype(np.float64)


def slopes(found):
    """Return the exponent by which the amplitude of waves falls with their frequency."""
    grey = found.mean(axis=-1)
    waves = np.abs(np.fft.fft2(grey - grey.mean(axis=(1, 2), keepdims=True)))
    frequency = np.hypot(np.fft.fftfreq(32)[:, None], np.fft.fftfreq(32))
    band = (frequency > 0.05) & (frequency < 0.4)
    x = np.log(frequency[band])
    y = np.log(waves[:, band] + 1e-3)
    return -(y * (x - x.mean())).mean(axis=1) / x.var()


def edges(found):
    """Return the kurtosis of differences between neighbours: few large ones make edges."""
    step = np.diff(found.mean(axis=-1), axis=2).reshape(len(found), -1)
    return (step**4).mean(axis=1) / ((step**2).mean(axis=1) ** 2 + 1e-12)


@pytest.mark.parametrize("family", (drawn.field_pictures, drawn.colour_fields, *SCENES))
def test_spectra_are_from_grain_to_soft(family):
    found = slopes(pictures(family))
    assert np.quantile(found, 0.05) < 1.25
    assert np.quantile(found, 0.95) > 2


@pytest.mark.parametrize(
    "family", (drawn.curve_pictures, drawn.leaf_pictures, drawn.line_pictures, *SCENES)
)
def test_edges_are_sharp_in_many_pictures_and_soft_in_some(family):
    found = edges(pictures(family))
    assert np.quantile(found, 0.9) > 15  # of Gaussian differences it is 3
    assert np.quantile(found, 0.02) < np.quantile(found, 0.9) / 2.5


@pytest.mark.parametrize(
    "family",
    (drawn.field_pictures, drawn.curve_pictures, drawn.leaf_pictures, drawn.texture_pictures),
)
def test_grounds_are_at_either_end_and_between(family):
    found = np.median(pictures(family)[:, [0, 0, -1, -1], [0, -1, 0, -1], 0], axis=1)
    assert (found < 0.1).mean() > 0.15
    assert (found > 0.9).mean() > 0.15
    assert ((found > 0.2) & (found < 0.8)).mean() > 0.1


def test_curves_are_thin_and_wide_and_on_the_ground_mostly():
    found = pictures(drawn.curve_pictures)
    figure = np.abs(found - np.median(found, axis=(1, 2), keepdims=True)) > 0.2
    share = figure.mean(axis=(1, 2, 3))
    assert np.quantile(share, 0.1) < 0.08
    assert np.quantile(share, 0.9) > 0.2


def test_small_pictures_are_soft_copies_of_larger_ones():
    small = pictures(drawn.curve_pictures, (8, 8, 1))
    grey = np.abs(small - np.median(small, axis=(1, 2), keepdims=True))
    half_covered = (grey > 0.15) & (grey < 0.85 * grey.max(axis=(1, 2), keepdims=True))
    assert half_covered.mean() > 0.05  # edges fall between pixels
    assert pictures(drawn.curve_pictures, (1, 1, 1)).std() > 0.1


@pytest.mark.parametrize("family", SCENES)
def test_scenes_have_small_chroma_and_any_lightness(family):
    found = pictures(family, COLOUR)
    means = found.mean(axis=(1, 2))
    chroma = np.ptp(means, axis=1)
    assert 0.03 < np.median(chroma) < 0.25
    assert np.quantile(chroma, 0.95) > 2 * np.median(chroma)
    assert np.quantile(means.mean(axis=1), 0.1) < 0.35
    assert np.quantile(means.mean(axis=1), 0.9) > 0.65


def test_blue_and_orange_differ_more_than_green_and_magenta():
    red, green, blue = natural_colours((20000,), np.random.default_rng(0)).T
    assert np.abs(red - blue).mean() > 1.3 * np.abs(green - (red + blue) / 2).mean()


def test_objects_are_mirrored_at_their_axis():
    columns = np.abs(np.arange(-20, 21, dtype=np.float32))[None, None]
    rows = np.arange(-20, 21, dtype=np.float32)[None, :, None]
    radius = between(np.random.default_rng(1), 5, 12, (30, 1, 1))
    mask = soft_outlines(rows, columns - 6, radius, np.random.default_rng(0)).mask
    np.testing.assert_array_equal(mask, mask[:, :, ::-1])
    assert 0.02 < mask.mean() < 0.6


@pytest.mark.parametrize("channels", (1, 2, 3, 4, 7))
def test_palettes_have_colours_and_greys(channels):
    ground, figure = palettes(400, channels, np.random.default_rng(0))
    assert ground.shape == figure.shape == (400, 1, 1, channels)
    for each in (ground, figure):
        assert each.min() >= 0
        assert each.max() <= 1
    if channels == 3:
        assert 0.15 < (np.ptp(ground, axis=-1) == 0).mean() < 0.35
    assert (ground == 0).any()
    assert np.abs(ground - figure).mean() > 0.2


def test_other_channels_of_scenes_are_means_of_the_colours():
    colours = np.random.default_rng(0).random((5, 2, 2, 3), np.float32)
    found = mixed_channels(colours, 6, np.random.default_rng(0))
    assert found.shape == (5, 2, 2, 6)
    assert (found <= colours.max(axis=-1, keepdims=True) + 1e-6).all()
    assert mixed_channels(colours, 3, np.random.default_rng(0)) is colours


def test_two_fields_of_one_transform_know_nothing_of_each_other():
    response = falling((16, 17), np.full(200, 1.5))
    found = filtered_noise(response, 3, np.random.default_rng(0))
    assert found.shape == (200, 3, 16, 17)
    np.testing.assert_allclose(found.std(axis=(2, 3)), 1, atol=1e-3)
    products = (found[:, 0] * found[:, 1]).mean(axis=(1, 2))
    assert abs(products.mean()) < 0.05


def test_spectrograms_have_tracks_along_time():
    found = pictures(drawn.spectrogram_pictures)[..., 0]
    along = np.abs(np.diff(found, axis=2)).mean(axis=(1, 2))
    down = np.abs(np.diff(found, axis=1)).mean(axis=(1, 2))
    ratio = along / down
    assert (ratio < 0.8).mean() > 0.15
    assert (ratio > 1.25).mean() > 0.15
