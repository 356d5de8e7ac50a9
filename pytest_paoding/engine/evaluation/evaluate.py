"""What pruning cost: every metric of two models, from one pass over the data."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from pytest_paoding.engine.evaluation.asked_scores import asked_scores
from pytest_paoding.engine.evaluation.attacks.choose import attack_of
from pytest_paoding.engine.evaluation.attacks.legal_range import legal_ranges
from pytest_paoding.engine.evaluation.breakdown.class_decay import (
    recall_scores,
)
from pytest_paoding.engine.evaluation.breakdown.flips import FlipRecorder
from pytest_paoding.engine.evaluation.breakdown.group_tables import breakdown_of
from pytest_paoding.engine.evaluation.breakdown.slices import SliceReader
from pytest_paoding.engine.evaluation.breakdown.thumbnails import Thumbnails
from pytest_paoding.engine.evaluation.corrupted import corruption_metrics
from pytest_paoding.engine.evaluation.corruption import Corruptions
from pytest_paoding.engine.evaluation.costs.cost import cost_metrics
from pytest_paoding.engine.evaluation.costs.latency import latency_metrics
from pytest_paoding.engine.evaluation.costs.memory import memory_metrics
from pytest_paoding.engine.evaluation.data.judging_data import read
from pytest_paoding.engine.evaluation.data.overlap import apart
from pytest_paoding.engine.evaluation.data.sources import known_length
from pytest_paoding.engine.evaluation.file_metrics import file_metrics, groups_of, judged_metrics
from pytest_paoding.engine.evaluation.observing.exported_file import ExportedFile
from pytest_paoding.engine.evaluation.observing.observe import observe
from pytest_paoding.engine.evaluation.observing.predict import Predictor
from pytest_paoding.engine.evaluation.observing.recollection import recollection_of
from pytest_paoding.engine.evaluation.resampling.resamples import Resamples
from pytest_paoding.engine.evaluation.tasks.judged_tasks import JudgedTasks
from pytest_paoding.engine.evaluation.unlabelled_metrics import UnlabelledOutputs
from pytest_paoding.engine.evaluation.without_data.fidelity import fidelity_metrics
from pytest_paoding.engine.execution.held_values import held_values
from pytest_paoding.engine.execution.signature import signature_of
from pytest_paoding.engine.exporting.runtimes import open_file
from pytest_paoding.engine.graph.axes import channels_first
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.guard import state_kept
from pytest_paoding.engine.inputs.input_sources import sources_of
from pytest_paoding.engine.inputs.open_lengths import given_shapes
from pytest_paoding.errors import EvaluationError
from pytest_paoding.records.measurement import Evaluation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from pytest_paoding.engine.evaluation.data.judging_data import Batch
    from pytest_paoding.engine.graph.trace import Graph
    from pytest_paoding.records.asked_for import AskedFor
    from pytest_paoding.records.protocol import (
        InputKinds,
        InputRange,
        InputShape,
        TaskNames,
    )

_MOST_SAMPLES = 250
_MOST_VALUES = 1 << 28
_MOST_VALUES_OF_A_TENSOR = 1 << 31


def evaluate(  # noqa: PLR0913 - every setting by its own name
    original: Any,
    pruned: Any,
    data: Any = None,
    *,
    attack: str = "fgsm",
    epsilons: tuple[float, ...] = (),
    attack_steps: int | None = None,
    attack_restarts: int | None = None,
    attack_samples: int | None = None,
    corruptions: tuple[str, ...] = (),
    severities: tuple[int, ...] = (1, 2, 3, 4, 5),
    seed: int = 0,
    input_range: InputRange | None = None,
    input_kind: InputKinds | None = None,
    input_shape: InputShape | None = None,
    measure: tuple[str, ...] = (),
    task: TaskNames | None = None,
    score: tuple[str | AskedFor, ...] = (),
    slices: Callable[[Any, Any], Any] | None = None,
    calibration: Any = None,
    files: Mapping[str, Path] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Evaluation:
    """Measure two models on the same data, side by side, in one pass.

    Both are judged on the outputs the data has labels for. A sample counts as right, or as agreed
    on, where that holds at each of them; the attack is on the sum of their losses. To judge one of
    several outputs, give labels for that one: `y={"digit": labels}`; of the others only how alike
    they are is measured.

    Args:
        original: The model before pruning, Sequential or Functional; neither model is changed.
        pruned: The model after; its inputs and outputs are the same.
        data: A pair (x, y) of arrays, a `tf.data.Dataset` of batches, or any iterable of such
            batches, which is read once. x and y are arrays, or lists in the model's order or dicts
            by name; labels are class numbers or one-hot, or None, which leaves only agreement. None
            in place of the data leaves only what needs none.
        attack: Its name; see `attacks.choose.attack_of`.
        epsilons: Its strengths: the largest change of any value, in the inputs' own unit.
        attack_steps: Number of its steps; None for the usual number.
        attack_restarts: Number of random starts, where it has any; None for the usual number.
        attack_samples: Number of samples to attack, the first ones; None for the usual number.
        corruptions: Kinds of corruption; see `corruption.Corruptions`.
        severities: Their severities, numbers from 1 to 5.
        seed: Seed of attacks and corruptions.
        input_range: Low and high of a legal input, or that by input name; read off the original by
            default. Attacks are clipped to it, and not made if the data lies outside.
        input_kind: What inputs hold, or that by name, as for a pruning.
        input_shape: The shape of synthetic inputs, or that by name, as for a pruning; operations
            are counted for it.
        task: What outputs are judged as, or that for some by name: `classes`, `binary`,
            `multilabel`, `positions`, `regression`, `reconstruction` or `any`. Read off the loss
            the model was compiled with, the last activation and the labels by default.
        score: Scores to compare; by default those the model was compiled with, or else the usual
            one of each task. See `scores.score_names`.
        slices: Called with x and y of each batch, as the data give them, returns for each sample
            the name of its group, a text or a whole number; several in a list; or None.
        measure: What else to measure: `fidelity` on synthetic inputs, which is measured anyway
            where there is no data, and `latency`.
        calibration: Inputs that the pruning has learned from, which may not be judged on.
        files: What `export` has made of the pruned model, by format; each is judged as it is, by
            its own runtime.
        progress: Told ("evaluating", samples done, samples in all as far as known).

    Returns:
        The metrics by name: accuracy, accuracy_decay, accuracy_retention, agreement,
        unlabelled_agreement@OUTPUT and unlabelled_divergence@OUTPUT of each output without labels
        beside others, class_accuracy_decay, slice_decay if slices are named, divergence, score@NAME
        or error@NAME, score_decay@NAME, score_decay_relative@NAME and score_retention@NAME of each
        score, robust_score@NAME@EPSILON or robust_error@NAME@EPSILON, robust_accuracy@EPSILON and
        transfer_accuracy@EPSILON for each epsilon, robustness_retention, robustness_overlap,
        corruption_accuracy, corruption_retention, parameters, parameters_removed, flops,
        flops_reduction and activation_memory; where they were asked for synthetic_agreement,
        output_divergence, latency_ratio and batch_latency_ratio. What is undefined has a reason.
        Those that need data are there for every file too, under NAME@FORMAT; before is the original
        model. Its `breakdown` tells what averages hide: classes, slices, and flipped samples.

    Cost: per batch one pass of each model, with a gradient where there are epsilons, and one more
    for each epsilon; a batch is of at most 250 samples, fewer where a model's tensors are large.
    What the original has said of the same samples is remembered; see `observing.recollection`.

    Raises:
        DataError: The data is empty, not finite, does not fit the model, or was learned from.
        EvaluationError: An output is not finite, random, or not that of a classifier.
        PruningError: A model has no graph.
    """
    graph = read_graph(original)
    signature = signature_of(original)
    sources = sources_of(graph, input_range, input_kind)
    ranges = legal_ranges(sources)
    fixed = [read_graph(each, given_shapes(each, input_shape)) for each in (original, pruned)]
    costs = {**cost_metrics(*fixed), **memory_metrics(*fixed)}
    with state_kept(original, pruned):
        if data is None or "fidelity" in measure:
            costs |= fidelity_metrics(
                original,
                pruned,
                task=task,
                input_range=input_range,
                input_kind=input_kind,
                input_shape=input_shape,
            )
        if "latency" in measure:
            costs |= latency_metrics((original, pruned), signature, ranges)
    if data is None:
        return Evaluation(costs)
    planes = any(channels_first(call.operation) for call in graph.calls)
    tried = attack_of(
        attack,
        steps=attack_steps,
        restarts=attack_restarts,
        samples=attack_samples,
        epsilons=tuple(epsilons),
        inputs=signature.inputs,
        ranges=ranges,
        seed=seed,
    )
    worse = Corruptions(
        kinds=corruptions,
        severities=severities,
        inputs=signature.inputs,
        ranges=ranges,
        channels_first=planes,
        seed=seed,
    )
    tasks = JudgedTasks.of_model(original, graph, task)
    sliced = None if slices is None else SliceReader(slices, len(signature.inputs))
    source = data if sliced is None else sliced.watched(data)
    batches = read(source, signature, tasks, lambda first: _batch_size(graph, first))
    batches = apart(batches, calibration, signature)
    first = next(batches)
    judged = {
        index: tasks.of(index) for index in sorted(first.truths) or range(len(signature.outputs))
    }
    levels = {index: tasks.level(index) for index in judged}
    asked = asked_scores(score, judged, tasks.compiled, levels) if first.truths else ((), ())
    scores, untaken = asked
    recalls = recall_scores(judged.values()) if first.truths else ()
    predictors = (
        Predictor(original, signature, judged, "original", recollection_of(original, judged)),
        Predictor(pruned, signature_of(pruned), judged, "pruned"),
    )
    opened = [
        ExportedFile(name, open_file(name, path, signature), predictors[1])
        for name, path in (files or {}).items()
    ]
    unlabelled = UnlabelledOutputs((original, pruned), tasks, first.truths, opened)
    counted = _counted(chain([first], batches), progress, known_length(data))
    flips = FlipRecorder(judged, Thumbnails.of(sources, channels_first=planes))
    seen = observe(
        unlabelled.watched(counted),
        predictors,
        tried,
        corruptions=worse if corruptions else None,
        files=opened,
        scores=(*scores, *recalls),
        flips=flips,
    )
    seen = replace(
        seen,
        scores=scores,
        notes=(*seen.notes, *untaken),
        slices=None if sliced is None else sliced.memberships,
    )
    resamples = Resamples(seen.original.size, seed)
    groups = groups_of(seen, resamples)
    metrics = {
        **judged_metrics(seen, resamples, groups),
        **corruption_metrics(seen),
        **costs,
        **file_metrics(seen, opened, resamples),
        **unlabelled.metrics(resamples),
    }
    return Evaluation(metrics, breakdown_of(seen, *groups, flips))


def _batch_size(graph: Graph, first: Batch) -> int:
    """Return the size of batches for which the tensors a gradient needs fit into memory."""
    longest = max(length for part in first.inputs for length in part.shape[1:] or (1,))
    total = 0
    for call in graph.calls:
        values = held_values(call, longest)
        if values > _MOST_VALUES_OF_A_TENSOR:
            raise EvaluationError(
                f"layer {call.name!r} makes {values:,} values of one sample: too many to run"
            )
        total += values
    return max(1, min(_MOST_SAMPLES, _MOST_VALUES // max(total, 1)))


def _counted(
    batches: Iterable[Batch], progress: Callable[[str, int, int], None] | None, total: int
) -> Iterator[Batch]:
    """Yield batches, and report progress once each has been judged."""
    done = 0
    for batch in batches:
        yield batch
        done += batch.size
        if progress is not None:
            progress("evaluating", done, max(done, total))
