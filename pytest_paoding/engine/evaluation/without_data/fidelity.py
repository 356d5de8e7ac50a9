"""Fidelity without data: how alike two models answer to inputs that the engine draws itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.evaluation.accuracy import by_guess
from pytest_paoding.engine.evaluation.resampling.sample_means import PairedMeans
from pytest_paoding.engine.evaluation.resampling.score_bounds import bounded_curve
from pytest_paoding.engine.evaluation.tasks.judged_tasks import JudgedTasks
from pytest_paoding.engine.evaluation.without_data.certainty import certainty, yes_or_no
from pytest_paoding.engine.evaluation.without_data.class_balance import balanced
from pytest_paoding.engine.execution.wave import Model, Wave
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.guard import without_warnings
from pytest_paoding.engine.inputs.inputs import chunked
from pytest_paoding.engine.inputs.open_lengths import settled_sources
from pytest_paoding.engine.synthesis.varied_inputs import varied_inputs
from pytest_paoding.errors import ExecutionError
from pytest_paoding.records.evidence import Contrast
from pytest_paoding.records.measurement import ASSUMED, Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from typing_extensions import Unpack

    from pytest_paoding.engine.evaluation.tasks.output_task import OutputTask
    from pytest_paoding.engine.graph.trace import Graph, Tensor
    from pytest_paoding.engine.graph.types import FloatArray, Shape
    from pytest_paoding.engine.inputs.input_sources import InputSources
    from pytest_paoding.records.protocol import AboutInputs, TaskNames

_NAMES = ("synthetic_agreement", "output_divergence")
_UNUSUAL = ("features", "sequence")  # kinds whose values have no usual range
_UNKNOWN = (
    "nothing tells the range of input {!r}, and what agrees in a wrong one tells nothing: set "
    "input_range, scale it by a layer of the model, or give data"
)
_MOST_SOUND = 0.5  # share of them that the original must make numbers of; others are left out
_SURE = 0.6  # certainty of drawn inputs from which on a model has learned its classes
_UNSURE = ", merely drawn: the original's certainty of them, {:.2f}, is too low to move them"
_SEED = 0x5EED  # not one of those a pruning begins with: other inputs than it has learned from


@without_warnings()
def fidelity_metrics(
    original: Any, pruned: Any, task: TaskNames | None = None, **inputs: Unpack[AboutInputs]
) -> dict[str, Measurement]:
    """Return synthetic_agreement and output_divergence of two models.

    Agreement is the share of inputs that both models answer alike, the original's classes counting
    alike; divergence the root mean square of what the outputs differ by before their last
    activation, as a share of the original's deviation. The inputs are moved to classes drawn at
    random, or merely drawn where that cannot be done in seconds; where the original is unsure of
    merely drawn ones, the worse of both figures counts. They are not the data, and where the
    original gives too few classes to them, agreement tells nothing and is undefined. Both are where
    nothing tells the range of a table's columns, or of a series.

    Args:
        original: The model before pruning.
        pruned: The model after; its inputs and outputs are the same.
        task: What outputs are judged as; see `evaluate`.
        **inputs: `input_range`, `input_kind` and `input_shape`, as for a pruning.

    Cost: see `varied_inputs`, and one pass of either model over 512 inputs, fewer where tensors are
    large.
    """
    sources, _ = settled_sources(original, **inputs)
    tasks = JudgedTasks.of_model(original, sources.graph, task)
    if unknown := next((each for each in sources if each.assumed and each.kind in _UNUSUAL), None):
        reason = _UNKNOWN.format(unknown.name)
        agreement = Measurement(reason=_of_values(tasks, sources.graph) or reason)
        return {"synthetic_agreement": agreement, "output_divergence": Measurement(reason=reason)}
    try:
        looks = list(_looks(sources, tasks, pruned))
    except ExecutionError as error:
        return dict.fromkeys(_NAMES, Measurement(reason=str(error)))
    found = [(_agreement(tasks, sources.graph, each), _divergence(each)) for each in looks]
    agreements, divergences = zip(*found, strict=True)
    apart = max(divergences, key=lambda each: np.inf if each.found is None else each.found)
    return {"synthetic_agreement": min(agreements, key=_worst), "output_divergence": apart}


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """What two models make of the same inputs.

    Attributes:
        before: Outputs of the original before their activation, shape (inputs, values).
        after: Those of the pruned model.
        detail: Tells the inputs.
    """

    before: FloatArray
    after: FloatArray
    detail: str


def _looks(sources: InputSources, tasks: JudgedTasks, pruned: Any) -> Iterator[_Look]:
    """Yield what both models make of varied inputs, and of what these were before, if that tells.

    Inputs that were moved are far from where answers change. So are those of a model that has
    learned its classes; one that is unsure of most inputs may change its answers to them alone. Of
    the real ones nobody knows, so how sure it is of merely drawn ones tells which it is.

    Raises:
        ExecutionError: A model cannot be run, or makes no numbers of some inputs.
    """
    graph = sources.graph
    original, shapes = Model(graph, WorkingWeights()), [tensor.shape for tensor in graph.inputs]
    varied = varied_inputs(original, sources, np.random.default_rng(_SEED))
    assumed = f", {ASSUMED}" if any(source.assumed for source in sources) else ""
    moved = " moved to classes" if varied.moved else f", not moved to classes: {varied.reason}"
    chunks = chunked(graph, varied.values).chunks
    before = _outputs(original, chunks)
    _require_widths(graph, before)
    yield _look(before, _outputs_of(pruned, shapes, chunks), f"{moved}{assumed}")
    if not varied.moved:
        return
    chunks = chunked(graph, varied.starts).chunks
    before = _outputs(original, chunks)
    sure = _certainty(graph, tasks, before[: varied.usual])
    if sure < _SURE:
        told = f"{_UNSURE.format(sure)}{assumed}"
        yield _look(before, _outputs_of(pruned, shapes, chunks), told)


def _look(before: FloatArray, after: FloatArray, told: str) -> _Look:
    """Return what both models make of inputs, of those that the original makes numbers of.

    Raises:
        ExecutionError: These are too few, or the pruned model makes none of some of them.
    """
    sound = np.isfinite(before).all(axis=1)
    if not sound.mean() > _MOST_SOUND or not np.isfinite(after[sound]).all():
        raise ExecutionError("outputs on synthetic inputs are not finite")
    return _Look(before[sound], after[sound], f"{int(sound.sum())} synthetic inputs{told}")


def _certainty(graph: Graph, tasks: JudgedTasks, outputs: FloatArray) -> float:
    """Return how sure a model is at the output where it is the least sure."""
    sound = outputs[np.isfinite(outputs).all(axis=1)]
    answered = [
        certainty(task, values) for task, values in _by_task(graph, tasks, sound) if task.answered
    ]
    return min(answered, default=1.0)


def _of_values(tasks: JudgedTasks, graph: Graph) -> str | None:
    """Return why there is no agreement, where no output has answers that are the same or not."""
    judged = [tasks.of(index) for index in range(len(graph.outputs))]
    if any(task.answered for task in judged):
        return None
    kind = f"output {judged[0].port.name!r} is judged as {judged[0].name}"
    return f"{kind}: values agree more or less, see output divergence"


def _require_widths(graph: Graph, outputs: FloatArray) -> None:
    """Refuse outputs of other shapes than the layers say: nothing tells which value is which."""
    said = sum(prod(length or 1 for length in tensor.shape) for tensor in set(graph.outputs))
    if outputs.shape[1] != said:
        raise ExecutionError(
            f"the model gives {outputs.shape[1]} values for a sample, not the {said} that the "
            f"shapes of its outputs say"
        )


def _divergence(look: _Look) -> Measurement:
    before, after = look.before, look.after
    spread = float(np.sqrt(np.square(before - before.mean(axis=0)).sum(axis=1).mean()))
    if not spread:
        return Measurement(reason="the original gives the same for all synthetic inputs")
    moved = float(np.sqrt(np.square(after - before).sum(axis=1).mean()))
    return Measurement(found=moved / spread, detail=look.detail)


def _outputs_of(pruned: Any, shapes: Sequence[Shape], chunks: Sequence[Any]) -> FloatArray:
    """Return what another model makes of chunks for inputs of the same shapes, in order."""
    graph = read_graph(pruned, shapes)
    given = [dict(zip(graph.inputs, chunk.values(), strict=True)) for chunk in chunks]
    return _outputs(Model(graph, WorkingWeights()), given)


def _outputs(model: Model, chunks: Sequence[Mapping[Tensor, Any]]) -> FloatArray:
    """Return a model's outputs before their activation, real numbers, shape (inputs, values)."""
    found = np.concatenate([Wave(model, [each]).finish() for each in chunks])
    return found if found.dtype.kind == "f" else found.astype(np.float64)


def _agreement(tasks: JudgedTasks, graph: Graph, look: _Look) -> Measurement:
    """Return the share of inputs to which both models give the same answers.

    Undefined where no output has answers that are the same or not, as of a regression, and where
    the original's are of too few classes.
    """
    if values := _of_values(tasks, graph):
        return Measurement(reason=values)
    both = zip(*(_by_task(graph, tasks, each) for each in (look.before, look.after)), strict=True)
    judged = [
        (task, _answers(task, before), _answers(task, after))
        for (task, before), (_, after) in both
        if task.answered
    ]
    alike = _alike(judged)
    found = [
        _share(task, before, same) for (task, before, _), same in zip(judged, alike, strict=True)
    ]
    worst = min(found, key=_worst)
    apart = _divergence(look).found or 0.0
    if doubt := by_guess([task for task, *_ in judged], apart, worst.found or 0.0):
        return Measurement(reason=doubt)
    return replace(worst, detail=look.detail)


def _alike(judged: Sequence[tuple[OutputTask, Any, Any]]) -> list[Any]:
    """Return where the answers of each output are the same, shape (inputs, positions).

    Those of outputs with one answer for each input count only where they all are.
    """
    same = [
        (before == after).reshape(len(before), -1)
        if task.name == "positions"
        else (before == after).reshape(len(before), -1).all(axis=1, keepdims=True)
        for task, before, after in judged
    ]
    single = [each for each in same if each.shape[1] == 1]
    if not single:
        return same
    together = np.logical_and.reduce(single)
    return [together if each.shape[1] == 1 else each for each in same]


def _share(task: OutputTask, before: Any, same: Any) -> Measurement:
    """Return the share that is the same, all classes of the original's answers counting alike."""
    units = task.port.shape[-1] if task.port.shape else 1
    balance = balanced(before, max(units or 1, 2), together=task.name == "multilabel")
    if balance.effective < balance.least:
        return Measurement(
            reason=f"the original gives an effective number of {balance.effective:.2g} of "
            f"{balance.count} classes to {len(same)} synthetic inputs, {balance.least:g} are "
            f"needed to tell: give data"
        )
    weights = balance.weights.sum(axis=1)
    shares = (balance.weights * same).sum(axis=1) / weights
    curve = bounded_curve(PairedMeans(after=shares, weights=weights), Contrast.SHARE)
    found = float((balance.weights * same).sum() / balance.weights.sum())
    return Measurement(found=found, evidence=curve)


def _worst(measurement: Measurement) -> float:
    """Return what was found; what is undefined is worse than all that is not."""
    return -1.0 if measurement.found is None else measurement.found


def _by_task(
    graph: Graph, tasks: JudgedTasks, outputs: FloatArray
) -> Iterator[tuple[OutputTask, FloatArray]]:
    """Yield the task of each output with its values for all inputs, before their activation."""
    made = (tensor for call in graph.output_calls for tensor in call.outputs)
    ends = [tensor for tensor in made if tensor in graph.outputs]
    shapes = [tuple(length or 1 for length in tensor.shape) for tensor in ends]
    parts = np.split(outputs, np.cumsum([prod(shape) for shape in shapes])[:-1], axis=1)
    for tensor, shape, values in zip(ends, shapes, parts, strict=True):
        yield tasks.of(graph.outputs.index(tensor)), values.reshape(-1, *shape)


def _answers(task: OutputTask, values: FloatArray) -> Any:
    """Return the top class at each position, or which labels hold, of values before activation."""
    return values > 0 if yes_or_no(task, values) else values.argmax(axis=-1)
