"""Neighbouring rows: how alike the rows of a kernel are that pixels next to each other have.

Pixels next to each other hold nearly the same, so training moves their rows alike: on the digits
of scikit-learn the mean cosine of rows of neighbours is .1 to .3, on MNIST .22, where that of any
two rows is .01 to .03. Columns of a table in another order, or the same pixels permuted, show
nothing of it. A series shows it along one axis only, or goes on from the end of a line to the
beginning of the next, which no picture does.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_paoding.engine.graph.types import FloatArray, IntArray

_LEAST = 6  # pixels of a side: tables of fewer lines are often blocks of columns that go together
_ELONGATED = 2  # most times as long as wide: more are series of several features
_COLOUR = 3
_UNITS = 256  # that are looked at: their cosines are known well enough
_PAIRS = 20_000  # of any rows, whose cosines tell what is usual

# Every threshold is far from both sides: nets of 16 to 128 units on digits, trained for five epochs
# or more, have 5.2 deviations or more along rows and columns, 3.6 along both diagonals, .092 of
# cosine and at most .48 of it across the ends of lines. Permuted, none has more than 2.5 deviations
# along either axis, and a random order of rows reaches 5 along both once in 10^13 kernels.
_BESIDE = 5.0  # deviations by which neighbours along rows and along columns stand out
_DIAGONAL = 3.0  # deviations by which those along diagonals do, all together
_ALIKE = 0.05  # least cosine of neighbours beyond the usual one: fewer is no help in drawing
_EVEN = 0.4  # least share that the smaller cosine, along rows or columns, has of the larger
_FAR = 4  # pixels a quarter of the picture apart, two at least, are far from each other
_FADED = 0.75  # largest share of it that is left there: what comes back every season is no less
_ENDS = 0.6  # largest share of it from the end of a line to the beginning of the next


@dataclass(frozen=True, slots=True)
class PictureShape:
    """The shape of a flattened picture.

    Attributes:
        height: Its height.
        width: Its width.
        channels: Number of channels.
        first: Whether they come first.
    """

    height: int
    width: int
    channels: int = 1
    first: bool = False

    def places(self) -> IntArray:
        """Return the flat place of each value, shape (height, width, channels)."""
        sides, channels = (self.height, self.width), self.channels
        flat = np.arange(self.height * self.width * channels)
        if self.first:
            return np.moveaxis(flat.reshape(channels, *sides), 0, -1)
        return flat.reshape(*sides, channels)

    def __str__(self) -> str:
        """Return its sides, and its channels where it has several."""
        colours = f" x {self.channels}" if self.channels > 1 else ""
        return f"{self.height} x {self.width}{colours}"


def picture_of_rows(kernel: FloatArray) -> PictureShape | None:
    """Return the shape of the picture whose pixels the rows of a kernel read; None if none shows.

    Only the shape whose neighbours are most alike is tried further: a picture of several channels
    that come first looks like a larger grey one too, but less so.

    Args:
        kernel: Shape (values, units).
    """
    unit = _directions(kernel)
    usual, spread = _usual(unit)
    alike = [(_least_alike(_arranged(unit, shape), usual), shape) for shape in _shapes(len(unit))]
    _, best = max(alike, key=lambda each: each[0], default=(0.0, None))
    return best if best is not None and _shows(_arranged(unit, best), usual, spread) else None


def _directions(kernel: FloatArray) -> FloatArray:
    """Return the rows of some units at length 1; those of length 0 stay."""
    step = -(-kernel.shape[1] // _UNITS)
    some = np.asarray(kernel[:, ::step], np.float32)
    length = np.linalg.norm(some, axis=1, keepdims=True)
    return np.asarray(some / np.maximum(length, np.finfo(np.float32).tiny))


def _usual(unit: FloatArray) -> tuple[float, float]:
    """Return mean and deviation of the cosine of any two rows, of some pairs drawn by a rule."""
    one, two = np.random.default_rng(0).integers(0, len(unit), (2, _PAIRS))
    apart = one != two
    cosines = np.einsum("nu,nu->n", unit[one[apart]], unit[two[apart]])
    return (float(cosines.mean()), float(cosines.std())) if apart.any() else (0.0, 0.0)


def _shapes(values: int) -> Iterator[PictureShape]:
    """Yield the shapes that a number of values may have, grey ones and those of colours."""
    for channels in (1, _COLOUR):
        pixels, rest = divmod(values, channels)
        for short in range(_LEAST, isqrt(pixels) + 1) if not rest else ():
            long, rest = divmod(pixels, short)
            if rest or long > _ELONGATED * short:
                continue
            for sides in {(short, long), (long, short)}:
                yield PictureShape(*sides, channels)
                if channels > 1:
                    yield PictureShape(*sides, channels, first=True)


def _least_alike(rows: FloatArray, usual: float) -> float:
    """Return the smaller cosine of neighbours along rows and along columns."""
    pairs = ((rows[:, :-1], rows[:, 1:]), (rows[:-1], rows[1:]))
    return min(_Likeness.of(*pair, usual).cosine for pair in pairs)


def _shows(rows: FloatArray, usual: float, spread: float) -> bool:
    """Whether the rows of a kernel show a picture of the shape in which they are arranged.

    Args:
        rows: Shape (height, width, channels, units), of length 1.
        usual: Mean cosine of any two rows.
        spread: Deviation of it.
    """
    right = _Likeness.of(rows[:, :-1], rows[:, 1:], usual)
    down = _Likeness.of(rows[:-1], rows[1:], usual)
    falling = _Likeness.of(rows[:-1, :-1], rows[1:, 1:], usual)
    rising = _Likeness.of(rows[:-1, 1:], rows[1:, :-1], usual)
    ends = _Likeness.of(rows[:-1, -1], rows[1:, 0], usual)
    apart = max(2, len(rows) // _FAR)
    far = _Likeness.of(rows[:-apart], rows[apart:], usual)
    least, most = sorted((right.cosine, down.cosine))
    return (
        least >= max(_ALIKE, _EVEN * most)
        and min(right.clear, down.clear) >= _BESIDE * spread
        and min(falling.cosine, rising.cosine) > 0
        and (falling.clear + rising.clear) / np.sqrt(2) >= _DIAGONAL * spread
        and ends.cosine <= _ENDS * right.cosine
        and far.cosine <= _FADED * down.cosine
        and _channels_alike(rows, usual, spread)
    )


def _channels_alike(rows: FloatArray, usual: float, spread: float) -> bool:
    """Whether rows of one pixel are alike in all channels; of one channel they are.

    Nets that weigh colours against each other fail this. Without it, tables whose columns come in
    blocks would pass as pictures of colours.
    """
    if rows.shape[2] == 1:
        return True
    found = _Likeness.of(rows[:, :, :-1], rows[:, :, 1:], usual)
    return found.cosine >= _ALIKE and found.clear >= _BESIDE * spread


def _arranged(unit: FloatArray, shape: PictureShape) -> FloatArray:
    """Return rows as pixels lie, shape (height, width, channels, units); a view."""
    sides, channels = (shape.height, shape.width), shape.channels
    if shape.first:
        return np.moveaxis(unit.reshape(channels, *sides, -1), 0, 2)
    return unit.reshape(*sides, channels, -1)


@dataclass(frozen=True, slots=True)
class _Likeness:
    """How alike pairs of rows are.

    Attributes:
        cosine: Their mean cosine, beyond the usual one.
        clear: The same in deviations of such a mean, times the deviation of single cosines.
    """

    cosine: float
    clear: float

    @classmethod
    def of(cls, one: FloatArray, two: FloatArray, usual: float) -> _Likeness:
        cosines = np.einsum("...u,...u->...", one, two)
        cosine = float(cosines.mean()) - usual
        return cls(cosine, cosine * np.sqrt(cosines.size))
