"""Reading off a model what its inputs may hold and what its outputs are, without running it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.evaluation.tasks.judged_tasks import JudgedTasks
from pytest_paoding.engine.execution.signature import signature_of
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.inputs.open_lengths import settled_sources
from pytest_paoding.records.readings.model_facts import InputFacts, ModelFacts, OutputFacts

if TYPE_CHECKING:
    from pytest_paoding.engine.evaluation.tasks.output_task import OutputTask
    from pytest_paoding.engine.inputs.input_sources import InputSource
    from pytest_paoding.engine.ports import Port


def facts_of(model: Any) -> ModelFacts:
    """Return what is known of a model's inputs and outputs.

    Args:
        model: A Sequential or Functional model.

    Cost: a run of the layers that scale an input, on three samples.

    Raises:
        PruningError: It has no graph, or its lengths cannot be settled.
    """
    signature, (sources, _) = signature_of(model), settled_sources(model)
    tasks = JudgedTasks.of_model(model, read_graph(model), None)
    outputs = (_output(port, tasks.of(index)) for index, port in enumerate(signature.outputs))
    return ModelFacts(tuple(map(_input, signature.inputs, sources)), tuple(outputs))


def _output(port: Port, task: OutputTask) -> OutputFacts:
    return OutputFacts(port.name, port.shape, task.name, task.why, guessed=task.guessed)


def _input(port: Port, source: InputSource) -> InputFacts:
    scale, lookups = source.scale, source.lookups
    low, high = scale.ends
    return InputFacts(
        name=port.name,
        shape=port.shape,
        dtype=port.dtype,
        kind=source.kind,
        low=low,
        high=high,
        why="" if source.assumed else scale.why,
        exact=not scale.typical and np.size(scale.low) == np.size(scale.high) == 1,
        looked_up=source.vocabulary is not None or (lookups is not None and lookups.everywhere),
    )
