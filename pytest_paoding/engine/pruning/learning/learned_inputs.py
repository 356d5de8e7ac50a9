"""Inputs that a reconstruction learns from: a user's, or those that a model takes for its own."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import tensorflow as tf

from pytest_paoding.engine.graph.norms import has_recorded
from pytest_paoding.engine.inputs.inputs import chunked, given, most_inputs, synthetic
from pytest_paoding.engine.pruning.learning.remembered import Remembered
from pytest_paoding.engine.synthesis.descent import NoGradientError
from pytest_paoding.engine.synthesis.inversion import InputSearch, invert, sound
from pytest_paoding.engine.synthesis.population import populate
from pytest_paoding.engine.synthesis.pull import HARD
from pytest_paoding.engine.synthesis.sequence_mix import sequence_mix
from pytest_paoding.errors import cause_of

if TYPE_CHECKING:
    import numpy as np

    from pytest_paoding.engine.execution.wave import Model
    from pytest_paoding.engine.inputs.input_sources import InputSources
    from pytest_paoding.engine.inputs.inputs import Inputs
    from pytest_paoding.engine.pruning.learning.budget import Budget
    from pytest_paoding.engine.pruning.task import Task
    from pytest_paoding.engine.synthesis.population import Population


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """Inputs to learn from, and how they were found.

    Attributes:
        inputs: The inputs.
        spent: Multiplications and additions that finding them took.
        note: For the user, if something went wrong.
        remembered: What else is known of the model by those who learn from these inputs.
    """

    inputs: Inputs
    spent: float = 0.0
    note: str | None = None
    remembered: Remembered = field(default_factory=Remembered)


def learned_inputs(
    task: Task, model: Model, budget: Budget, generator: np.random.Generator
) -> Learned:
    """Return the user's inputs, or find some.

    Where nothing was recorded, and inputs are sentences or series, they are mixed (see
    `sequence_mix`). Others are chosen from thousands of candidates, as far as the budget allows,
    and where there are recorded statistics they are then moved there by gradients. Of a model too
    large for that they are merely drawn, and half of them run the twin (see `inputs.synthetic`).
    """
    graph, calibration, sources = task.structure.graph, task.options.calibration, task.sources
    if calibration is not None:
        return Learned(given(graph, calibration, sources.screen))
    search = InputSearch(budget.moving, generator, task.progress)
    if not has_recorded(graph) and any(source.is_sequence for source in sources):
        return _mixed(model, sources, search)
    stock = budget.breeding.affordable(sources)
    if stock is None:
        return Learned(synthetic(sources, generator, recorded=has_recorded(graph)))
    population = populate(model, sources, stock, generator, task.progress)
    try:
        return _moved(model, task, population, search)
    except (NoGradientError, tf.errors.OpError) as error:  # some operations run untraced only
        return replace(_chosen(sources, population), note=_not_moved(error))


def _mixed(model: Model, sources: InputSources, search: InputSearch) -> Learned:
    try:
        mix = sequence_mix(model, sources, search)
        return Learned(mix.inputs, mix.spent)
    except (NoGradientError, tf.errors.OpError) as error:
        drawn = synthetic(sources, search.generator, recorded=False)
        return Learned(drawn, note=_not_moved(error))


def _chosen(sources: InputSources, population: Population) -> Learned:
    return Learned(chunked(sources.graph, population.inputs, typical=True), population.spent)


def _not_moved(error: Exception) -> str:
    reason = str(error) if isinstance(error, NoGradientError) else cause_of(error)
    return f"inputs were not found by gradients: {reason}"


def _moved(model: Model, task: Task, population: Population, search: InputSearch) -> Learned:
    """Return inputs of a population, moved to recorded statistics and their classes, if any."""
    graph, sources = task.structure.graph, task.sources
    size = len(next(iter(population.inputs.values())))
    moves = has_recorded(graph) and any(source.numeric for source in sources)
    count = search.effort.affordable(graph, min(size, most_inputs(sources))) if moves else 0
    if not count:
        return _chosen(sources, population)
    begin = {tensor: values[:count] for tensor, values in population.inputs.items()}
    found = sound(sources, invert(model, begin, sources, search, HARD))
    spent = population.spent + search.effort.cost(graph, count)
    return Learned(chunked(graph, found, typical=True), spent)
