"""Fidelity without data: how alike two models answer to inputs that the engine draws itself."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.evaluation.tasks.judged_tasks import JudgedTasks
from pytest_paoding.engine.execution.signature import signature_of
from pytest_paoding.engine.execution.wave import Model, Wave
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.guard import without_warnings
from pytest_paoding.engine.inputs.draws import Draw, drawn
from pytest_paoding.engine.inputs.inputs import chunked
from pytest_paoding.engine.inputs.open_lengths import settled_sources
from pytest_paoding.engine.keras_io.compilation import compiled_of
from pytest_paoding.errors import ExecutionError
from pytest_paoding.records.evidence import Contrast, Evidence
from pytest_paoding.records.measurement import Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Unpack

    from pytest_paoding.engine.evaluation.tasks.output_task import OutputTask
    from pytest_paoding.engine.graph.trace import Graph
    from pytest_paoding.engine.graph.types import FloatArray
    from pytest_paoding.engine.inputs.input_sources import InputSources
    from pytest_paoding.records.protocol import AboutInputs, TaskNames

_NAMES = ("synthetic_agreement", "output_divergence")
_INPUTS = 512
_MOST_SOUND = 0.5  # share of them that the original must make numbers of; others are left out
_SEED = 0x5EED  # not one of those a pruning begins with: other inputs than it has learned from


@without_warnings()
def fidelity_metrics(
    original: Any, pruned: Any, task: TaskNames | None = None, **inputs: Unpack[AboutInputs]
) -> dict[str, Measurement]:
    """Return synthetic_agreement and output_divergence of two models.

    Agreement is the share of inputs on which every output has the same top class, or sign where it
    is a single number; divergence the root mean square of what the outputs differ by before their
    last activation, as a share of the original's deviation. Images are smooth fields and shapes,
    vectors correlated noise, all within the range of the inputs. They are not the data: the numbers
    tell whether pruning has broken a model, not how well it does its task.

    Args:
        original: The model before pruning.
        pruned: The model after; its inputs and outputs are the same.
        task: What outputs are judged as; see `evaluate`.
        **inputs: `input_range`, `input_kind` and `input_shape`, as for a pruning.

    Cost: one pass of either model over 512 inputs, fewer where tensors are large.
    """
    sources, _ = settled_sources(original, **inputs)
    shapes = [tensor.shape for tensor in sources.graph.inputs]
    chunks = _chunks(sources)
    graphs = sources.graph, read_graph(pruned, shapes)
    try:
        before, after = (_outputs(each, chunks) for each in graphs)
    except ExecutionError as error:
        return dict.fromkeys(_NAMES, Measurement(reason=str(error)))
    sound = np.isfinite(before).all(axis=1)
    if not sound.mean() > _MOST_SOUND or not np.isfinite(after[sound]).all():
        reason = "outputs on synthetic inputs are not finite"
        return dict.fromkeys(_NAMES, Measurement(reason=reason))
    before, after = before[sound], after[sound]
    detail = f"{len(before)} synthetic inputs"
    spread = float(np.sqrt(np.square(before - before.mean(axis=0)).sum(axis=1).mean()))
    moved = float(np.sqrt(np.square(after - before).sum(axis=1).mean()))
    return {
        "synthetic_agreement": _agreement(original, sources.graph, (before, after), task),
        "output_divergence": Measurement(
            found=moved / spread if spread else None,
            reason=None if spread else "the original gives the same for all synthetic inputs",
            detail=detail,
        ),
    }


def _chunks(sources: InputSources) -> list[list[Any]]:
    """Return inputs in chunks, an array for each input tensor."""
    graph = sources.graph
    values = drawn(sources, Draw(_INPUTS, 0, np.random.default_rng(_SEED)))
    return [[chunk[each] for each in graph.inputs] for chunk in chunked(graph, values).chunks]


def _outputs(graph: Graph, chunks: list[list[Any]]) -> FloatArray:
    """Return a model's outputs before their activation, real numbers, shape (inputs, values)."""
    model = Model(graph, WorkingWeights())
    given = [dict(zip(graph.inputs, chunk, strict=True)) for chunk in chunks]
    found = np.concatenate([Wave(model, [each]).finish() for each in given])
    return found if found.dtype.kind == "f" else found.astype(np.float64)


def _agreement(
    original: Any, graph: Graph, both: tuple[FloatArray, FloatArray], said: TaskNames | None
) -> Measurement:
    """Return the share of inputs to which both models give the same answers.

    Undefined where no output has answers that are the same or not, as of a regression.
    """
    signature = signature_of(original)
    names = [port.names for port in signature.outputs]
    tasks = JudgedTasks(graph, signature, compiled_of(original, names), said)
    alike = np.ones(len(both[0]), bool)
    judged = [each for each in _by_task(graph, tasks, both) if each[0].answered]
    for _, before, after in judged:
        same = before == after
        alike &= same.reshape(len(same), -1).all(axis=1)
    if not judged:
        task = tasks.of(0)
        kind = f"output {task.port.name!r} is judged as {task.name}"
        return Measurement(reason=f"{kind}: values agree more or less, see output divergence")
    agreed = int(alike.sum())
    evidence = Evidence(Contrast.SHARE, agreed, len(alike) - agreed)
    detail = f"{len(alike)} synthetic inputs"
    return Measurement(found=agreed / len(alike), detail=detail, evidence=evidence)


def _by_task(
    graph: Graph, tasks: JudgedTasks, both: tuple[FloatArray, FloatArray]
) -> Iterator[tuple[OutputTask, Any, Any]]:
    """Yield the task of each output with the answers of both models to all inputs."""
    made = (tensor for call in graph.output_calls for tensor in call.outputs)
    ends = [tensor for tensor in made if tensor in graph.outputs]
    shapes = [tuple(length or 1 for length in tensor.shape) for tensor in ends]
    cuts = np.cumsum([prod(shape) for shape in shapes])[:-1]
    parts = zip(ends, shapes, *(np.split(each, cuts, axis=1) for each in both), strict=True)
    for tensor, shape, *values in parts:
        task = tasks.of(graph.outputs.index(tensor))
        before, after = (_answers(task, each.reshape(-1, *shape)) for each in values)
        yield task, before, after


def _answers(task: OutputTask, values: FloatArray) -> Any:
    """Return the top class at each position, or which labels hold, of values before activation."""
    if task.name == "multilabel" or values.shape[-1:] in {(), (1,)} or values.ndim < 2:  # noqa: PLR2004 # inputs and units
        return values > 0
    return values.argmax(axis=-1)
