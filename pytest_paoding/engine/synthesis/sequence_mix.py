"""The mix: inputs for models of tokens and series, where nothing was recorded.

Three kinds in one: sequences that were merely drawn, in great variety; the most certain of many
more, in balance over the classes; and some that gradients moved to classes drawn at random. Each
kind reaches what the others miss.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.execution.wave import Wave
from pytest_paoding.engine.inputs.draws import Draw, drawn, padding_of
from pytest_paoding.engine.inputs.inputs import chunked, most_inputs
from pytest_paoding.engine.synthesis.class_targets import classifying
from pytest_paoding.engine.synthesis.inversion import InputSearch, invert, sound
from pytest_paoding.engine.synthesis.substitution import embeddings, substitute

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_paoding.engine.execution.wave import Model
    from pytest_paoding.engine.graph.trace import Tensor
    from pytest_paoding.engine.graph.types import FloatArray, IntArray
    from pytest_paoding.engine.inputs.input_sources import InputSources
    from pytest_paoding.engine.inputs.inputs import Inputs

_DRAWN, _CANDIDATES, _CERTAIN = 2048, 6144, 768
_STEPS = 30  # gradient steps of what is moved
_OUTPUTS = 64  # outputs that certainty is measured at


def sequence_mix(
    model: Model,
    sources: InputSources,
    search: InputSearch,
) -> Inputs:
    """Return about 3,300 inputs of all three kinds, or as many as memory and effort allow.

    Costs a forward pass of 8,000 inputs, and up to 90 of those that are moved, 512 at most.

    Raises:
        NoGradientError: An operation of the model has no gradient.
    """
    graph, effort, generator = sources.graph, search.effort, search.generator
    share = min(1.0, most_inputs(sources) / (_DRAWN + _CERTAIN + effort.inputs))
    count, certain = round(share * _DRAWN), round(share * _CERTAIN)
    kinds = [drawn(sources, Draw(count, 0, generator))]
    if certain:
        candidates = drawn(sources, Draw(8 * certain, 0, generator))
        kinds.append(_most_certain(model, candidates, certain, generator))
    brief = replace(search, effort=replace(effort, steps=_STEPS))
    moved = brief.effort.affordable(graph, round(share * effort.inputs))
    if moved and classifying(graph):
        begin = drawn(sources, Draw(moved, 0, generator))
        kinds.append(_moved(model, begin, sources, brief))
    arrays = {each: np.concatenate([kind[each] for kind in kinds]) for each in graph.inputs}
    order = generator.permutation(len(next(iter(arrays.values()))))
    mixed = {tensor: each[order] for tensor, each in arrays.items()}
    return replace(chunked(graph, mixed, typical=True), doubtful=True)


def _most_certain(
    model: Model, candidates: Mapping[Tensor, Any], count: int, generator: np.random.Generator
) -> dict[Tensor, Any]:
    """Return the candidates that are most clearly of each class, as many of each."""
    graph = model.graph
    outputs = Wave(model, chunked(graph, candidates).chunks).finish()
    chosen = _extremes(outputs, count, generator)
    return {tensor: values[chosen] for tensor, values in candidates.items()}


def _extremes(outputs: FloatArray, count: int, generator: np.random.Generator) -> IntArray:
    """Return rows in which each output most exceeds the others, or is largest and least itself."""
    width = outputs.shape[1]
    if width > _OUTPUTS:
        outputs = outputs[:, generator.choice(width, _OUTPUTS, replace=False)]
    if 1 < width <= _OUTPUTS:
        others = np.logaddexp.reduce(outputs, axis=1, keepdims=True)
        scores = outputs - others
    else:
        scores = np.concatenate([outputs, -outputs], axis=1)
    each = -(-count // scores.shape[1])
    best = np.argsort(-scores, axis=0, kind="stable")[:each]
    return np.asarray(best.ravel()[:count])


def _moved(
    model: Model,
    begin: Mapping[Tensor, Any],
    sources: InputSources,
    search: InputSearch,
) -> dict[Tensor, Any]:
    """Return drawn inputs that gradients moved: series step by step, sentences by substitution."""
    found = dict(begin)
    if any(sources[each].numeric for each in begin):
        found = invert(model, begin, sources, search)
        for tensor, values in begin.items():
            padding = padding_of(sources, sources[tensor])
            if padding is not None:
                found[tensor] = np.where(values == padding, values, found[tensor])
    if any(embeddings(model.graph, tensor) for tensor in begin):
        found = substitute(model, found, sources, search.generator)
    return sound(sources, found)
