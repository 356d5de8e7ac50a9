"""Shared inputs: what was found for one ratio serves the next ratio of the same model.

A search for a ratio, a sweep over several, and gates on one model in several formats prune the same
model again and again. What they learn from does not depend on the ratio, and takes most of the
time; nor does what shrinking one group alone costs, or what the original says of what trials of a
search are taught. The last few findings are kept for as long as the process lives, where they are
small.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.keras_io.digest import identify
from pytest_paoding.engine.pruning.learning.learned_inputs import Learned, learned_inputs

if TYPE_CHECKING:
    from pytest_paoding.engine.execution.wave import Model
    from pytest_paoding.engine.graph.trace import Graph
    from pytest_paoding.engine.inputs.inputs import Inputs
    from pytest_paoding.engine.pruning.learning.budget import Budget
    from pytest_paoding.engine.pruning.task import Task

_KEPT = 4  # findings
_BYTES = 1 << 26  # of one of them at most: 64 MB


@dataclass(frozen=True, slots=True, eq=False)
class _Finding:
    """Inputs of a model, without its tensors.

    Attributes:
        learned: What was found, without its chunks.
        chunks: Values of every input in order, chunk by chunk.
        state: State of the random generator when they were found.
    """

    learned: Learned
    chunks: tuple[tuple[Any, ...], ...]
    state: Any

    def of(self, graph: Graph) -> Learned:
        """Return the finding for a graph of the same model."""
        chunks = tuple(dict(zip(graph.inputs, each, strict=True)) for each in self.chunks)
        return replace(self.learned, inputs=replace(self.learned.inputs, chunks=chunks))


_findings: OrderedDict[str, _Finding] = OrderedDict()


def shared_inputs(
    task: Task, model: Model, budget: Budget, generator: np.random.Generator
) -> Learned:
    """Return what `learned_inputs` finds, from memory where it was found before.

    The random generator is left in the same state either way. Inputs that a user gives are not
    kept, nor those of models with layers of a project's own, whose code may change.

    Args:
        task: The task.
        model: The model.
        budget: What may be spent.
        generator: The random generator, as its seed makes it.
    """
    key = _key(task, budget) if task.options.calibration is None else None
    if key is None:
        return learned_inputs(task, model, budget, generator)
    for other in _findings.keys() - {key}:  # they are larger than all the rest
        _findings[other].learned.remembered.book = None
    if key in _findings:
        _findings.move_to_end(key)
        generator.bit_generator.state = _findings[key].state
        return _findings[key].of(task.structure.graph)
    learned = learned_inputs(task, model, budget, generator)
    if sum(each.nbytes for chunk in learned.inputs.chunks for each in chunk.values()) <= _BYTES:
        _findings[key] = _kept(learned, task.structure.graph, generator)
        while len(_findings) > _KEPT:
            _findings.popitem(last=False)
    return learned


def _kept(learned: Learned, graph: Graph, generator: np.random.Generator) -> _Finding:
    inputs: Inputs = learned.inputs
    chunks = tuple(tuple(chunk[tensor] for tensor in graph.inputs) for chunk in inputs.chunks)
    without = replace(learned, inputs=replace(inputs, chunks=()))
    return _Finding(without, chunks, generator.bit_generator.state)


def _key(task: Task, budget: Budget) -> str | None:
    """Return what the inputs depend on; None where the model's own code is part of it."""
    model = identify(task.structure.graph.model)
    if model is None or task.sources.screen is not None:
        return None
    options = task.options
    about = f"{model} {options.seed} {budget.seconds} {options.mixing}"
    found = hashlib.sha256(about.encode())
    for source in task.sources:
        told = (source, source.kind, source.layout.shape, source.layout.own, source.tensor.shape)
        found.update(" ".join(map(str, told)).encode())
        for end in source.ends:
            found.update(np.ascontiguousarray(end, np.float64).tobytes())
    return found.hexdigest()
