"""Draws: values of every input of a model, without data, by what each input is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.execution.tensors import is_floating
from pytest_paoding.engine.inputs.families.candidate_inputs import candidates, families_of
from pytest_paoding.engine.inputs.families.fields import films, sequences, sounds, volumes
from pytest_paoding.engine.inputs.families.pictures import correlated, noise, pictures
from pytest_paoding.engine.inputs.families.token_draws import token_draws

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_paoding.engine.graph.trace import Tensor
    from pytest_paoding.engine.graph.types import BoolArray, FloatArray
    from pytest_paoding.engine.inputs.input_sources import InputSource, InputSources
    from pytest_paoding.engine.inputs.vocabularies import Vocabulary
    from pytest_paoding.records.protocol import InputKind

    Family = Callable[[tuple[int, ...], int, np.random.Generator], FloatArray]

_FAMILIES: Mapping[InputKind, Family] = {
    "picture": pictures,
    "sequence": sequences,
    "tokens": correlated,
    "features": correlated,
    "audio": sounds,
    "video": films,
    "volume": volumes,
}
"""Values around [0, 1] of a shape without the samples, by the kind of an input."""

_SMOOTH = ("picture", "video", "volume", "audio")  # whole numbers of these are rounded fields
_ABOUT = 3.0  # a typical range is so many times as wide as values mostly spread


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """A draw of inputs.

    Attributes:
        count: How many.
        outside: How many of them beyond their range.
        generator: The random generator.
        varied: Whether they are candidates, of as many families as there are, to choose from.
    """

    count: int
    outside: int
    generator: np.random.Generator
    varied: bool = False


def drawn(sources: InputSources, draw: Draw) -> dict[Tensor, Any]:
    """Return synthetic values of every input, all kinds of them mixed.

    Where the sources have a screen, those that fail are left out (see `screen`).
    """
    values, beyond = _mixed(sources, draw)
    if sources.screen is None:
        return values
    within = lambda count: _mixed(sources, replace(draw, count=count, outside=0))[0]  # noqa: E731
    return sources.screen.passed(values, beyond, within)


def _mixed(sources: InputSources, draw: Draw) -> tuple[dict[Tensor, Any], BoolArray]:
    """Return values of every input, and a mask of those that were drawn beyond their range."""
    arrays = {source.tensor: _drawn(sources, source, draw) for source in sources}
    order = draw.generator.permutation(draw.count)
    beyond = np.asarray(order >= draw.count - draw.outside)
    return {tensor: each[order] for tensor, each in arrays.items()}, beyond


def uniform(sources: InputSources, draw: Draw) -> dict[Tensor, Any]:
    """Return values of every input that fill its range evenly."""
    return {source.tensor: _drawn(sources, source, draw, even=True) for source in sources}


def _drawn(sources: InputSources, source: InputSource, draw: Draw, *, even: bool = False) -> Any:
    fills = even and source.vocabulary is None and is_floating(source.tensor)
    values = _evenly(source, draw) if fills else _of_source(source, draw)
    if source.vocabulary is None and source.lookups is not None:
        values = source.lookups.imposed(values, draw.generator)
    return padded(values, padding_of(sources, source), draw.generator)


def _evenly(source: InputSource, draw: Draw) -> Any:
    low, high = source.ends
    values = draw.generator.random((draw.count, *source.layout.own))
    return (low + (high - low) * values).astype(source.tensor.dtype)


def _of_source(source: InputSource, draw: Draw) -> Any:
    if source.vocabulary is not None:
        return _words(source, source.vocabulary, draw)
    if not is_floating(source.tensor) and source.kind not in _SMOOTH:
        return _integers(source, draw)
    low, high = source.ends
    continuous = is_floating(source.tensor)
    outside = draw.outside if continuous and not source.is_sequence else 0
    inside = _inside(source, draw, draw.count - outside)
    values = (low + (high - low) * source.layout.taken(inside)).astype(np.float32)
    if not continuous:
        return np.rint(values).astype(source.tensor.dtype)
    beyond = _beyond(source, outside, draw.generator)
    return np.concatenate([values, beyond]).astype(source.tensor.dtype)


def _inside(source: InputSource, draw: Draw, count: int) -> FloatArray:
    """Return values in [0, 1], as they are drawn."""
    shape = source.layout.shape
    if draw.varied and families_of(source.kind, shape):
        return candidates(source.kind, shape, count, draw.generator)
    found: FloatArray = np.clip(_FAMILIES[source.kind](shape, count, draw.generator), 0, 1)
    return found


def _words(source: InputSource, vocabulary: Vocabulary, draw: Draw) -> Any:
    words = (vocabulary.words,) if vocabulary.words else ()
    known = vocabulary.first, vocabulary.size
    numbers = token_draws((*source.layout.shape, *words), known, draw.count, draw.generator)
    values = source.layout.taken(vocabulary.values(numbers, draw.generator))
    if source.lookups is not None:
        values = source.lookups.values(values)
    dtype = source.tensor.dtype
    return values if dtype == "string" else values.astype(dtype)


def _integers(source: InputSource, draw: Draw) -> Any:
    low, high = (np.floor(each).astype(np.int64) for each in source.ends)
    shape = (draw.count, *source.layout.own)
    evenly = draw.generator.integers(low, high, shape, endpoint=True)
    return evenly.astype(source.tensor.dtype)


def _beyond(source: InputSource, count: int, generator: np.random.Generator) -> FloatArray:
    """Return noise that does not keep to a source's range."""
    layout = source.layout
    low, high = source.ends
    if source.scale.typical:
        values = layout.taken(noise(layout.shape, 1.0, count, generator))
        around: FloatArray = (low + high) / 2 + (high - low) / _ABOUT * values
        return around.astype(np.float32)
    width = high - low
    span = float(width) if np.ndim(width) == 0 else 1.0
    found: FloatArray = layout.taken(noise(layout.shape, span, count, generator))
    return found if np.ndim(width) == 0 else found * width


def padding_of(sources: InputSources, source: InputSource) -> float | None:
    """Return the value of an input's steps that a layer masks; None where none does."""
    if source.vocabulary is not None:
        return source.vocabulary.padding
    readers = (call.operation for call in sources.graph.readers(source.tensor))
    masking = (layer for layer in readers if isinstance(layer, keras.layers.Masking))
    return next((float(layer.mask_value) for layer in masking), None)


def padded(values: Any, padding: float | None, generator: np.random.Generator) -> Any:
    """Pad half of some sequences at their end.

    Args:
        values: Sequences, shape (count, steps, ...); the first half of them is changed.
        padding: The value of steps that do not count; None to leave all as they are.
        generator: Draws the lengths, from one step to all.
    """
    if padding is None or values.ndim < 2:  # noqa: PLR2004 # samples and steps
        return values
    lengths = generator.integers(1, values.shape[1] + 1, len(values) // 2)
    beyond_end = np.arange(values.shape[1]) >= lengths[:, None]
    values[: len(lengths)][beyond_end] = padding
    return values
