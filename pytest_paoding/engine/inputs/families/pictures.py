"""Synthetic inputs, for models without data.

Images are smooth random fields and "dead leaves" of ellipses and bars: natural images have falling
spectra and occluding edges, and so have these, whatever they depict. Uniform noise is a trap: its
mean dominates every second moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import FloatArray

_WIDE, _DIRECTIONS = 4096, 1024


def pictures(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return pictures around [0, 1], shape (count, height, width, channels): half of either kind.

    Args:
        size: Height, width and channels.
        count: Number of pictures.
        generator: The random generator.
    """
    half = count // 2
    parts = [smooth_fields(size, half, generator), dead_leaves(size, count - half, generator)]
    return np.concatenate(parts)


def smooth_fields(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return Gaussian random fields with spectra f^-a, a in [0.5, 3], around [0, 1]."""
    height, width, channels = size
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width))
    frequency[0, 0] = 1 / max(height, width)
    slope = generator.uniform(0.5, 3, (count, 1, 1, 1))
    noise = generator.standard_normal((count, channels, height, width))
    field = np.fft.ifft2(np.fft.fft2(noise) * frequency**-slope).real
    field -= field.mean(axis=(2, 3), keepdims=True)
    field /= field.std(axis=(2, 3), keepdims=True) + 1e-9
    mean = generator.uniform(0.05, 0.95, (count, 1, 1, 1))
    contrast = generator.uniform(0.1, 0.6, (count, 1, 1, 1))
    return np.moveaxis(mean + contrast * field, 1, -1)


def dead_leaves(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return images of soft ellipses and bars, each over those before it, on flat ground."""
    height, width, channels = size
    y = (np.arange(height, dtype=np.float32) / height)[:, None, None]
    x = (np.arange(width, dtype=np.float32) / width)[None, :, None]
    ground = np.where(
        generator.random((count, 1)) < 0.4,  # noqa: PLR2004 # shares of dark, light and grey
        0.0,
        np.where(generator.random((count, 1)) < 1 / 3, 1.0, generator.random((count, 1))),
    )
    image = np.broadcast_to(ground[:, None, None], (count, height, width, channels)).copy()
    leaves = generator.integers(1, 10, count)
    for number in range(leaves.max()):
        mask = _leaf(y, x, count, generator) * (number < leaves)
        mask = np.moveaxis(mask, -1, 0)[..., None]
        colour = generator.random((count, 1, 1, channels))
        image = image * (1 - mask) + mask * colour
    grain = generator.uniform(0, 0.08, (count, 1, 1, 1))
    return image + grain * generator.standard_normal(image.shape)


def _leaf(y: FloatArray, x: FloatArray, count: int, generator: np.random.Generator) -> FloatArray:
    """Return soft masks of one ellipse or bar for each image, shape (height, width, count)."""
    centre_y, centre_x = generator.uniform(0.1, 0.9, (2, count))
    length, breadth = np.exp(generator.uniform(np.log(0.03), np.log(0.4), (2, count)))
    angle = generator.uniform(0, np.pi, count)
    along = (x - centre_x) * np.cos(angle) + (y - centre_y) * np.sin(angle)
    across = (y - centre_y) * np.cos(angle) - (x - centre_x) * np.sin(angle)
    round_ = np.hypot(along / length, across / breadth)
    square = np.maximum(np.abs(along / length), np.abs(across / breadth))
    distance = np.where(generator.random(count) < 0.6, round_, square)  # noqa: PLR2004 # as above
    edge = generator.uniform(3, 15, count)
    mask: FloatArray = 1 / (1 + np.exp(np.clip((distance - 1) * edge, -30, 30)))
    return mask


def correlated(shape: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return vectors around the middle of [0, 1] with a falling spectrum of random directions.

    Vectors of more than 4,096 values have 1,024 such directions.
    """
    size = int(np.prod(shape))
    directions = size if size <= _WIDE else _DIRECTIONS
    falling = np.exp(-np.arange(directions) / max(1, directions / 6))
    mixing = generator.standard_normal((size, directions)) * falling
    mixing /= np.linalg.norm(mixing, axis=1, keepdims=True)
    values = generator.standard_normal((count, directions)) @ mixing.T / 10
    values += generator.standard_normal((count, size)) / 30
    return 0.5 + values.reshape(count, *shape)


def noise(
    shape: tuple[int, ...], span: float | FloatArray, count: int, generator: np.random.Generator
) -> FloatArray:
    """Return zero-mean noise of log-uniform scale, some of it beyond a range of width `span`.

    Models without recorded statistics need it: on smooth inputs their kernels may never see the
    directions of real data.
    """
    scale = span * np.exp(generator.uniform(-2, 0.5, (count, *(1,) * len(shape))))
    return (scale * generator.standard_normal((count, *shape))).astype(np.float32)
