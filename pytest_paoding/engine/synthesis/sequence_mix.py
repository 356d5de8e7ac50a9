"""The mix: inputs for models of tokens and series, where nothing was recorded.

Four kinds in one: sequences that were merely drawn, in great variety; the most certain of many
more, in balance over the classes; those that gradients moved to classes drawn at random, as far as
they got there; and series, which gradients can move as far as one likes, that were moved to where
the model is as certain as of its own. Each kind reaches what the others miss. A model is far more
certain of its own inputs than of drawn ones, so most are chosen for that, or moved.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.execution.multiplications import multiplications
from pytest_paoding.engine.execution.wave import Wave
from pytest_paoding.engine.inputs.draws import Draw, drawn, padding_of
from pytest_paoding.engine.inputs.inputs import chunked, most_inputs
from pytest_paoding.engine.synthesis.class_targets import classifying
from pytest_paoding.engine.synthesis.inversion import Effort, InputSearch, invert, sound
from pytest_paoding.engine.synthesis.pull import SOFT, Pull
from pytest_paoding.engine.synthesis.substitution import ROUNDS, embeddings, substitute

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_paoding.engine.execution.wave import Model
    from pytest_paoding.engine.graph.trace import Tensor
    from pytest_paoding.engine.graph.types import FloatArray, IntArray
    from pytest_paoding.engine.inputs.input_sources import InputSources
    from pytest_paoding.engine.inputs.inputs import Inputs

_DRAWN, _CERTAIN, _MOVED = 512, 2048, 1024
_CANDIDATES = 8  # times as many as are kept for their certainty
_TRIED = 2  # times as many as are kept of those that were moved
_STEPS = 30  # gradient steps of what is moved; tokens are moved in fewer
_OUTPUTS = 64  # outputs that certainty is measured at
_FAR_MOVED, _FEWEST = 2048, 512  # series that are moved all the way
_LONG = (200, 60)  # steps of that, fewer where there is no room for more
_FAR = Pull(temperature=3.0, slows=True)
"""What moves them: answers are to be as far apart as those to a model's own inputs."""


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """Inputs of all kinds.

    Attributes:
        inputs: The inputs.
        spent: Multiplications and additions that they took.
    """

    inputs: Inputs
    spent: float


def sequence_mix(
    model: Model,
    sources: InputSources,
    search: InputSearch,
) -> Mix:
    """Return about 3,600 inputs of three kinds, and 2,048 series that were moved all the way.

    Or as many as memory and effort allow. Costs a forward pass of 16,000 inputs, and up to 90 of
    those that are moved, 2,048 at most, or 600 of series; at most twice the effort's work.

    Raises:
        NoGradientError: An operation of the model has no gradient.
    """
    graph, effort, generator = sources.graph, search.effort, search.generator
    share = min(1.0, most_inputs(sources) / (_DRAWN + _CERTAIN + _MOVED + _FAR_MOVED))
    kinds = [drawn(sources, Draw(round(share * _DRAWN), 0, generator))]
    each = max(1, multiplications(graph))
    certain = min(round(share * _CERTAIN), int(effort.work / each) // _CANDIDATES)
    if certain:
        candidates = drawn(sources, Draw(_CANDIDATES * certain, 0, generator))
        kinds.append(_most_certain(model, candidates, certain, generator))
    steps = _STEPS if any(source.numeric for source in sources) else ROUNDS
    brief = replace(effort, steps=steps, inputs=_TRIED * _MOVED)
    moved = brief.affordable(graph, round(share * brief.inputs)) if classifying(graph) else 0
    if moved:
        begin = drawn(sources, Draw(moved, 0, generator))
        found = _moved(model, begin, sources, replace(search, effort=brief))
        kinds.append(_most_certain(model, found, -(-moved // _TRIED), generator))
    spent = _CANDIDATES * certain * each + brief.cost(graph, moved)
    left = Effort(0, round(share * _FAR_MOVED), _FEWEST, 2 * effort.work - spent)
    far, more = _moved_all_the_way(model, sources, replace(search, effort=left))
    if far is not None:
        kinds.append(far)
    return Mix(_shuffled(kinds, sources, generator), spent + more)


def _moved_all_the_way(
    model: Model, sources: InputSources, search: InputSearch
) -> tuple[dict[Tensor, Any] | None, float]:
    """Return series of whose classes the model is certain, and their work; None for too few."""
    graph = sources.graph
    if classifying(graph) and all(source.numeric for source in sources):
        for steps in _LONG:
            effort = replace(search.effort, steps=steps)
            if count := effort.affordable(graph, effort.inputs):
                begin = drawn(sources, Draw(count, 0, search.generator))
                found = _moved(model, begin, sources, replace(search, effort=effort), _FAR)
                return found, effort.cost(graph, count)
    return None, 0.0


def _shuffled(
    kinds: Sequence[Mapping[Tensor, Any]], sources: InputSources, generator: np.random.Generator
) -> Inputs:
    """Return inputs of all kinds in random order, as such whose means are not to be trusted."""
    graph = sources.graph
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
        scores = _beside_others(outputs)
    else:
        scores = np.concatenate([outputs, -outputs], axis=1)
    each = -(-count // scores.shape[1])
    best = np.argsort(-scores, axis=0, kind="stable")[:each]
    return np.asarray(best.ravel()[:count])


def _beside_others(outputs: FloatArray) -> FloatArray:
    """Return how much each output exceeds the others: the logarithm of its share of a softmax."""
    found: FloatArray = outputs - np.logaddexp.reduce(outputs, axis=1, keepdims=True)
    return found


def _moved(
    model: Model,
    begin: Mapping[Tensor, Any],
    sources: InputSources,
    search: InputSearch,
    pull: Pull = SOFT,
) -> dict[Tensor, Any]:
    """Return drawn inputs that gradients moved: series step by step, sentences by substitution."""
    found = dict(begin)
    if any(sources[each].numeric for each in begin):
        found = invert(model, begin, sources, search, pull)
        for tensor, values in begin.items():
            padding = padding_of(sources, sources[tensor])
            if padding is not None:
                found[tensor] = np.where(values == padding, values, found[tensor])
    if any(embeddings(model.graph, tensor) for tensor in begin):
        found = substitute(model, found, sources, search.generator)
    return sound(sources, found)
