"""Candidates: cheap inputs of many families, of which weights choose those that a model expects.

No family is made for one data set: what counts is that some of the inputs of some family are close
to what the model was trained on, as its recorded statistics or its certainty then tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.inputs.families.drawn_pictures.candidate_pictures import (
    colour_fields,
    curve_pictures,
    field_pictures,
    leaf_pictures,
    line_pictures,
    spectrogram_pictures,
    texture_pictures,
)
from pytest_paoding.engine.inputs.families.drawn_pictures.colours import COLOUR
from pytest_paoding.engine.inputs.families.drawn_pictures.scenes import (
    full_scenes,
    leafy_scenes,
    object_scenes,
)
from pytest_paoding.engine.inputs.families.fields import films, sequences, sounds, volumes
from pytest_paoding.engine.inputs.families.moving_draws import blobs, candidate_films, knocks
from pytest_paoding.engine.inputs.families.series_shapes import (
    pulses,
    seasons,
    steps,
    walks,
    waves,
)
from pytest_paoding.engine.inputs.families.table_draws import (
    binary,
    clusters,
    factor_vectors,
    heavy_tails,
    mixed_columns,
    plain_vectors,
    skewed,
    sparse,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_paoding.engine.graph.types import FloatArray
    from pytest_paoding.engine.inputs.families.drawing import Family
    from pytest_paoding.records.protocol import InputKind

_FIGURES = (field_pictures, curve_pictures, curve_pictures, leaf_pictures)
_DRAWINGS = (texture_pictures, line_pictures, spectrogram_pictures)
_SCENES = (leafy_scenes, object_scenes, full_scenes)

CANDIDATES: Mapping[InputKind, tuple[Family, ...]] = {
    "picture": (*_FIGURES, *_FIGURES, *_DRAWINGS, object_scenes),
    "features": (
        *(plain_vectors, factor_vectors, clusters, skewed),
        *(heavy_tails, sparse, binary, mixed_columns),
    ),
    "sequence": (sequences, sequences, walks, waves, seasons, pulses, steps),
    "audio": (sounds, knocks),
    "video": (films, candidate_films),
    "volume": (volumes, blobs),
}
"""Families by the kind of an input, each as often as its share asks for; none of tokens.

Pictures: two thirds fields, curves and leaves, 1:2:1, the rest textures, lines, spectrograms and
scenes alike.
"""

COLOUR_CANDIDATES: tuple[Family, ...] = (
    *(*_SCENES, *_SCENES),
    *(field_pictures, curve_pictures, leaf_pictures),
    *(colour_fields, texture_pictures, line_pictures),
)
"""Families of pictures of three channels: half of them scenes."""


def families_of(kind: InputKind, size: tuple[int, ...]) -> tuple[Family, ...]:
    """Return the families of an input, each as often as its share asks for; none of tokens.

    Args:
        kind: What the input holds.
        size: Its shape as it is drawn, without the samples; channels last.
    """
    if kind == "picture" and size[-1] == COLOUR:
        return COLOUR_CANDIDATES
    return CANDIDATES.get(kind, ())


def candidates(
    kind: InputKind, size: tuple[int, ...], count: int, generator: np.random.Generator
) -> FloatArray:
    """Return candidates of all families of a kind, in random order.

    Args:
        kind: What the input holds; tokens have no candidates.
        size: Its shape as it is drawn, without the samples; channels last.
        count: Number of candidates. Of fewer than there are families each is of another one.
        generator: The random generator.

    Returns:
        Shape (count, *size), in [0, 1], float32.

    Memory beside them: those of one family, and what it needs for some of them.
    """
    families = families_of(kind, size)
    order = generator.permutation(count)
    found = np.empty((count, *size), np.float32)
    first = generator.permutation(len(families))
    parts: dict[Family, list[int]] = {}
    for number, chosen in enumerate(first):
        parts.setdefault(families[chosen], []).append(number)
    for family, numbers in parts.items():
        places = np.concatenate([order[number :: len(families)] for number in numbers])
        if places.size:
            found[places] = np.clip(family(size, len(places), generator), 0, 1)
    return found
