"""Mutations: children of samples that survived, for a next generation of candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.inputs.families.drawing import TOGETHER, between
from pytest_paoding.engine.inputs.families.warps import warped_pictures, warped_series

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_paoding.engine.graph.types import FloatArray
    from pytest_paoding.records.protocol import InputKind

    Change = Callable[[FloatArray, float, np.random.Generator], FloatArray]
    """Returns changed samples: samples, how strongly, and the generator."""
    Join = Callable[[FloatArray, FloatArray, np.random.Generator], FloatArray]
    """Returns children of as many samples as of others."""

STRONG, SLIGHT = 1.0, 0.4
"""Strengths of children, and of copies that differ a little."""

_CUT_AT = 0.15  # deviation of where a cut runs from the middle, as a share of the side
_CONTRAST = (0.1, 0.25)  # mean and deviation of its logarithm: rather more than less
_GAMMA = 0.3  # deviation of its logarithm
_LIGHT = 0.05  # deviation of what is added to series
_NOISE = 0.2  # deviation of noise in columns, as a share of theirs


def mutated(
    kind: InputKind,
    samples: FloatArray,
    generator: np.random.Generator,
    *,
    strength: float = STRONG,
) -> FloatArray:
    """Return one child of every sample, in order.

    Pictures are warped. Of children at full strength three quarters are also joined with another
    sample: the lighter of both, the darker, or either side of a line; and half get another contrast
    and gamma. Films and volumes are pictures of many channels. Series and sounds are warped in
    time, joined at a step or halfway, and gain contrast or level. Rows are blended with another or
    take some of its columns, with noise where values are at neither end.

    Args:
        kind: What the samples hold; not tokens.
        samples: Shape (count, *size), in [0, 1].
        generator: The random generator.
        strength: How much they change. Below 1 no samples are joined and contrasts stay.

    Returns:
        Shape (count, *size), in [0, 1], float32.

    Memory beside them: some arrays of 2^18 values, or of one sample.

    Raises:
        KeyError: The kind is tokens.
    """
    change, join, finish = _MUTATIONS[kind]
    found = np.empty(samples.shape, np.float32)
    several = max(1, TOGETHER // max(1, samples[:1].size))
    for start in range(0, len(samples), several):
        place = slice(start, start + several)
        child = change(samples[place].astype(np.float32), strength, generator)
        if strength >= STRONG:
            others = samples[generator.integers(0, len(samples), len(child))].astype(np.float32)
            child = finish(join(child, others, generator), strength, generator)
        found[place] = np.clip(child, 0, 1)
    return found


def _some(share: float, samples: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Return ones for a share of samples, zeros for the others; of as many axes as they have."""
    chosen = generator.random((len(samples), *(1,) * (samples.ndim - 1))) < share
    return chosen.astype(np.float32)


def _normal(
    mean: float, deviation: float, samples: FloatArray, generator: np.random.Generator
) -> FloatArray:
    """Return one number for each sample; of as many axes as they have."""
    found = generator.normal(mean, deviation, (len(samples), *(1,) * (samples.ndim - 1)))
    return found.astype(np.float32)


def _one_of(
    choices: list[FloatArray], otherwise: FloatArray, generator: np.random.Generator
) -> FloatArray:
    """Return for each sample one of several ways to join it, or what it is otherwise."""
    shape = (len(otherwise), *(1,) * (otherwise.ndim - 1))
    way = generator.integers(0, len(choices) + 1, shape)
    return np.select([way == number for number in range(len(choices))], choices, otherwise)


def _warped_stacks(
    stacks: FloatArray, strength: float, generator: np.random.Generator
) -> FloatArray:
    """Return stacks of pictures, all of one warped alike, shape (count, ..., h, w, channels)."""
    count, *others, height, width, channels = stacks.shape
    flat = np.moveaxis(stacks.reshape(count, -1, height, width, channels), 1, 3)
    flat = flat.reshape(count, height, width, -1)
    found = warped_pictures(flat, strength, generator)
    apart = found.reshape(count, height, width, -1, channels)
    return np.moveaxis(apart, 3, 1).reshape(count, *others, height, width, channels)


def _joined_pictures(
    one: FloatArray, two: FloatArray, generator: np.random.Generator
) -> FloatArray:
    """Return the lighter of two samples, the darker, either side of a line, or the first."""
    height, width = one.shape[-3:-1]
    angle = _normal(0, np.pi, one, generator)[..., 0]
    rows = (np.arange(height) - (height - 1) / 2).astype(np.float32)[:, None]
    columns = (np.arange(width) - (width - 1) / 2).astype(np.float32)
    away = np.cos(angle) * columns + np.sin(angle) * rows
    away += np.sqrt(height * width) * _normal(0, _CUT_AT, one, generator)[..., 0]
    share = np.clip(away + np.float32(0.5), 0, 1)[..., None]
    cut = two + (one - two) * share
    choices = [np.maximum(one, two), np.minimum(one, two), cut]
    return _one_of(choices, one, generator)


def _relit(pictures: FloatArray, _: float, generator: np.random.Generator) -> FloatArray:
    """Return pictures half of which have another contrast and gamma."""
    chosen = _some(1 / 2, pictures, generator)
    contrast = np.exp(chosen * _normal(*_CONTRAST, pictures, generator))
    gamma = np.exp(chosen * _normal(0, _GAMMA, pictures, generator))
    middle = np.float32(0.5)
    found: FloatArray = np.clip(middle + (pictures - middle) * contrast, 0, 1) ** gamma
    return found


def _warped_steps(
    series: FloatArray, strength: float, generator: np.random.Generator
) -> FloatArray:
    """Return series of any number of axes, warped in time."""
    flat = series.reshape(*series.shape[:2], -1)
    return warped_series(flat, strength, generator).reshape(series.shape)


def _joined_series(one: FloatArray, two: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Return series that change into others at a step, their means, or the first."""
    steps = one.shape[1]
    step = np.arange(steps).reshape(1, steps, *(1,) * (one.ndim - 2))
    shape = (len(one), *(1,) * (one.ndim - 1))
    before = step < generator.integers(0, steps + 1, shape)
    choices = [np.where(before, one, two), np.where(before, two, one), (one + two) / 2]
    return _one_of(choices, one, generator)


def _louder(series: FloatArray, _: float, generator: np.random.Generator) -> FloatArray:
    """Return series half of which have another gain and level around the middle."""
    chosen = _some(1 / 2, series, generator)
    gain = np.exp(chosen * _normal(*_CONTRAST, series, generator))
    level = chosen * _normal(0, _LIGHT, series, generator)
    middle = np.float32(0.5)
    found: FloatArray = middle + (series - middle) * gain + level
    return found


def _shaken(rows: FloatArray, strength: float, generator: np.random.Generator) -> FloatArray:
    """Return rows with noise by the deviation of each column, but for values at either end.

    Those are categories, flags and absences, and stay what they are.
    """
    noise = generator.standard_normal(rows.shape, np.float32)
    noise *= np.float32(strength * _NOISE) * rows.std(axis=0)
    return np.where((rows > 0) & (rows < 1), rows + noise, rows)


def _joined_rows(one: FloatArray, two: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Return a blend of two rows, columns of either, many or few of the other, or the first."""
    share = between(generator, 0, 1, (len(one), *(1,) * (one.ndim - 1)))
    blend = one + (two - one) * share
    either = generator.random(one.shape) < 1 / 2
    few = generator.random(one.shape) < 1 / max(2, one[0].size)
    choices = [blend, np.where(either, two, one), np.where(few, two, one)]
    return _one_of(choices, one, generator)


def _as_they_are(rows: FloatArray, _: float, __: np.random.Generator) -> FloatArray:
    return rows


_PICTURES = (_warped_stacks, _joined_pictures, _relit)
_SERIES = (_warped_steps, _joined_series, _louder)
_MUTATIONS: Mapping[InputKind, tuple[Change, Join, Change]] = {
    "picture": _PICTURES,
    "video": _PICTURES,
    "volume": _PICTURES,
    "sequence": _SERIES,
    "audio": _SERIES,
    "features": (_shaken, _joined_rows, _as_they_are),
}
