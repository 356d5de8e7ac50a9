"""Cuttings of scanned forms: handwritten digits among printed rules and boxes, drawn from a seed.

The digits are those of scikit-learn, the rest is drawn. As it is drawn, the class of every position
is known: paper, print, or handwriting, which is what a reader of digits wants to be left with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 24
"""Positions along each side of a cutting."""

PAPER, PRINT, HANDWRITING = range(3)

_DIGIT = 8
_INK = 0.4
"""From which darkness on a position of a digit is ink and not the blur of a scanner around it."""


def cuttings(
    digits: NDArray[np.float32], forms: int, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return images, shape (forms, 24, 24, 1), and the classes of their positions, (forms, 24, 24).

    Args:
        digits: Images of single digits, shape (n, 8, 8), in [0, 1], dark where there is ink.
        forms: How many cuttings to draw.
        seed: Of everything that is drawn.
    """
    random = np.random.default_rng(seed)
    drawn = [_cutting(digits, random) for _ in range(forms)]
    images, classes = (np.stack(each) for each in zip(*drawn, strict=True))
    return images[..., np.newaxis].astype(np.float32), classes


def _cutting(
    digits: NDArray[np.float32], random: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    printed = _printed(random)
    written = _written(digits, random)
    classes = np.full((SIDE, SIDE), PAPER)
    classes[printed > 0] = PRINT
    classes[written >= _INK] = HANDWRITING
    image = np.maximum(printed, written) + _shade(random)
    image += random.normal(scale=0.04, size=image.shape)
    return np.clip(image, 0.0, 1.0), classes


def _printed(random: np.random.Generator) -> NDArray[np.float64]:
    """Return the darkness of a rule to write on, and of a box or the columns of a table."""
    printed = np.zeros((SIDE, SIDE))
    dark = random.uniform(0.35, 0.9)
    printed[random.integers(SIDE // 2, SIDE)] = dark
    top, left = random.integers(0, SIDE // 2, size=2)
    height, width = random.integers(_DIGIT, SIDE // 2 + 1, size=2)
    rows, columns = slice(None), [left, left + width]
    if random.uniform() < 0.5:
        rows = slice(top, top + height + 1)
        printed[[top, top + height], left : left + width + 1] = dark
    printed[rows, columns] = dark
    return printed


def _written(digits: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float64]:
    """Return the darkness of two to four digits, each in a quarter of the cutting."""
    written = np.zeros((SIDE, SIDE))
    half = SIDE // 2
    for quarter in random.permutation(4)[: random.integers(2, 5)]:
        corner = half * np.array(divmod(int(quarter), 2))
        row, column = corner + random.integers(0, half - _DIGIT + 1, size=2)
        digit = digits[random.integers(len(digits))]
        written[row : row + _DIGIT, column : column + _DIGIT] = digit
    return written


def _shade(random: np.random.Generator) -> NDArray[np.float64]:
    """Return the grey of the paper, which a lamp brightens from one corner to the other."""
    slope = random.uniform(-0.1, 0.1, size=2)
    rows, columns = np.mgrid[0 : 1 : SIDE * 1j, 0 : 1 : SIDE * 1j]
    return 0.1 + slope[0] * (rows - 0.5) + slope[1] * (columns - 0.5)
