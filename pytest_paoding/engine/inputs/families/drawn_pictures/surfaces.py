"""Surfaces: textures, and a canvas on which coloured, shaded things are put over each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.inputs.families.drawing import between
from pytest_paoding.engine.inputs.families.drawn_pictures.colours import COLOUR
from pytest_paoding.engine.inputs.families.spectra import falling, filtered_noise

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import FloatArray
    from pytest_paoding.engine.inputs.families.drawn_pictures.soft_outlines import SoftOutline

_SLOPES = (0.6, 2.2)  # of the spectra of textures: 1/f in the middle
_HUE = 0.35  # largest share of a texture's colour
_LEAST = 16  # textures to choose from
_SHADE = 0.3  # largest change of lightness from a thing's middle to its rim
_GRAIN = (0.25, 0.7)  # largest contrast of a texture; share of things that have one


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """Pictures that are being painted.

    Attributes:
        colours: Shape (count, height, width, 3); what is put on it changes it in place.
        textures: Textures of things, of mean 0 and deviation 1, shape (any, height, width, 3).
    """

    colours: FloatArray
    textures: FloatArray

    def put(
        self,
        outline: SoftOutline,
        colour: FloatArray,
        generator: np.random.Generator,
        opacity: FloatArray | float = 1.0,
    ) -> None:
        """Put a thing on the first pictures, over what is there.

        Args:
            outline: Its outline, in as many pictures as it is put on.
            colour: Its colour, shape (count, 1, 1, 3).
            generator: Draws its shading and its texture.
            opacity: How much of what lies below it hides, shape (count, 1, 1), if not all.
        """
        shape = (len(outline.mask), 1, 1)
        here = self.colours[: shape[0]]
        along, across = (np.clip(each, -1, 1) for each in (outline.along, outline.across))
        slopes = between(generator, -_SHADE, _SHADE, (2, *shape))
        light = 1 + slopes[0] * along + slopes[1] * across
        contrast, share = _GRAIN
        grain = between(generator, 0, contrast, (*shape, 1))
        grain *= generator.random((*shape, 1)) < share
        thing = self.textures[generator.integers(0, len(self.textures), shape[0])]
        thing *= grain
        thing += colour * light[..., None]
        thing -= here
        thing *= (outline.mask * opacity)[..., None]
        here += thing

    def darken(self, mask: FloatArray) -> None:
        """Take light off all pictures, by shares of shape (count, height, width)."""
        np.multiply(self.colours, (1 - mask)[..., None], out=self.colours)


def surface_textures(
    grid: tuple[int, ...], count: int, generator: np.random.Generator
) -> FloatArray:
    """Return coloured 1/f textures of mean 0 and deviation 1, shape (at least 16, *grid, 3)."""
    count = max(count, _LEAST)
    slope = between(generator, *_SLOPES, (count,))
    field = np.moveaxis(filtered_noise(falling(grid, slope), COLOUR, generator), 1, -1)
    hue = between(generator, 0, _HUE, (count, 1, 1, 1))
    found = (field[..., :1] + hue * field) / np.sqrt(1 + hue**2)
    return np.ascontiguousarray(found)
