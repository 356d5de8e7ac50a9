"""Varied inputs: what a model is judged on where there is no data.

Drawn inputs of one family may all fall into one class, and then any model that has kept a constant
agrees with the original. So gradients move them to classes drawn at random, from starts of two
families, one of which no pruning learns from: noise that fills the range evenly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.inputs.draws import Draw, drawn, uniform
from pytest_paoding.engine.inputs.inputs import most_inputs
from pytest_paoding.engine.synthesis.class_targets import classifying
from pytest_paoding.engine.synthesis.descent import NoGradientError
from pytest_paoding.engine.synthesis.inversion import Effort, InputSearch, invert, sound
from pytest_paoding.engine.synthesis.substitution import embeddings, substitute
from pytest_paoding.errors import ExecutionError, cause_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_paoding.engine.execution.wave import Model
    from pytest_paoding.engine.graph.trace import Tensor
    from pytest_paoding.engine.inputs.input_sources import InputSources

_INPUTS = 512
_WORK = 2.5e11
_EFFORTS = (
    Effort(steps=60, inputs=_INPUTS, least=_INPUTS // 2, work=_WORK),
    Effort(steps=30, inputs=_INPUTS, least=_INPUTS // 8, work=_WORK),  # of large models fewer
)
_SUBSTITUTIONS = 3  # times four rounds of substitutions


@dataclass(frozen=True, slots=True)
class VariedInputs:
    """Inputs to judge on.

    Attributes:
        values: An array for each input tensor.
        moved: Whether they were moved to classes.
        starts: What they were before; the same where they were not moved.
        usual: How many of those at the beginning were drawn as for a pruning, not evenly.
        reason: Why they were not moved, in a few words.
    """

    values: Mapping[Tensor, Any]
    moved: bool
    starts: Mapping[Tensor, Any]
    usual: int
    reason: str = ""


def varied_inputs(
    model: Model, sources: InputSources, generator: np.random.Generator
) -> VariedInputs:
    """Return 512 inputs, moved to classes where gradients can and that takes seconds.

    Args:
        model: The model whose classes they are to be of.
        sources: Its inputs.
        generator: The random generator.

    Cost: 60 gradient steps of each input where values are moved, 12 where tokens are; of large
    models 30 steps of as few as 64 inputs, 2.5e11 multiplications at most.
    """
    screened = sources.screened(calibrated=False)
    try:
        found = _moved(model, screened, generator)
    except ExecutionError as error:  # the screen leaves out too many
        found = str(error)
    if isinstance(found, str):
        plain = drawn(sources, Draw(_INPUTS, 0, generator))
        return VariedInputs(plain, moved=False, starts=plain, usual=_INPUTS, reason=found)
    return found


def _moved(
    model: Model, sources: InputSources, generator: np.random.Generator
) -> VariedInputs | str:
    """Return inputs of all classes; the reason where there are none."""
    graph = sources.graph
    numeric = any(source.numeric for source in sources)
    tokens = any(embeddings(graph, tensor) for tensor in graph.inputs)
    if not classifying(graph) or not (numeric or tokens):
        return "nothing tells where to"
    counts = [each.affordable(graph, most_inputs(sources)) for each in _EFFORTS]
    if not any(counts):
        return "which would take too long"
    effort, count = next(pair for pair in zip(_EFFORTS, counts, strict=True) if pair[1])
    try:
        starts, usual = _starts(sources, count, generator)
        found = starts
        if numeric:
            found = invert(model, found, sources, InputSearch(effort, generator))
        for _ in range(_SUBSTITUTIONS if tokens else 0):
            found = substitute(model, found, sources, generator)
        return VariedInputs(sound(sources, found), moved=True, starts=starts, usual=usual)
    except NoGradientError as error:
        return str(error)
    except tf.errors.OpError as error:  # some operations run untraced only
        return cause_of(error)


def _starts(
    sources: InputSources, count: int, generator: np.random.Generator
) -> tuple[dict[Tensor, Any], int]:
    """Return inputs to begin with, and how many of them are drawn as for a pruning: the first half.

    The others are drawn evenly.
    """
    half = count // 2
    draws = Draw(count - half, 0, generator), Draw(half, 0, generator)
    evenly = uniform(sources, draws[1])
    halves = drawn(sources, draws[0]), sources.screen.passed(evenly) if sources.screen else evenly
    usual = len(next(iter(halves[0].values())))
    return {each: np.concatenate([part[each] for part in halves]) for each in halves[0]}, usual
