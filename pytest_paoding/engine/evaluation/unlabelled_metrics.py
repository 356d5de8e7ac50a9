"""How alike the outputs are that have no labels, where others have some."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_paoding.engine.evaluation.accuracy import accuracy_metrics
from pytest_paoding.engine.evaluation.observing.exported_file import ExportedFile
from pytest_paoding.engine.evaluation.observing.predict import Predictor
from pytest_paoding.engine.evaluation.observing.unlabelled import Bystanders
from pytest_paoding.engine.evaluation.score_metrics import divergence_metric
from pytest_paoding.engine.execution.signature import signature_of
from pytest_paoding.errors import EvaluationError
from pytest_paoding.records.measurement import Measurement

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from pytest_paoding.engine.evaluation.data.judging_data import Batch
    from pytest_paoding.engine.evaluation.observing.answers import Observations
    from pytest_paoding.engine.evaluation.resampling.resamples import Resamples
    from pytest_paoding.engine.evaluation.tasks.judged_tasks import JudgedTasks
    from pytest_paoding.engine.evaluation.tasks.output_task import OutputTask


class UnlabelledOutputs:
    """The outputs of both models that have no labels, where others have some."""

    def __init__(
        self,
        models: tuple[Any, Any],
        tasks: JudgedTasks,
        labelled: Collection[int],
        files: Sequence[ExportedFile],
    ) -> None:
        """Take two models, the indices of outputs with labels, and files of the second."""
        ports = signature_of(models[0]).outputs
        rest = [index for index in range(len(ports)) if labelled and index not in labelled]
        found = {index: _task(tasks, index) for index in rest}
        known = {index: each for index, each in found.items() if not isinstance(each, str)}
        self._refused = {
            ports[index].name: each for index, each in found.items() if isinstance(each, str)
        }
        self._formats = [each.file_format for each in files]
        self._bystanders = _bystanders(models, known, files) if known else None

    def watched(self, batches: Iterable[Batch]) -> Iterable[Batch]:
        """Return batches that are looked at while they are read."""
        return batches if self._bystanders is None else self._bystanders.watched(batches)

    def metrics(self, resamples: Resamples) -> dict[str, Measurement]:
        """Return unlabelled_agreement@OUTPUT and unlabelled_divergence@OUTPUT, and of every file.

        Values agree more or less, so there is no agreement of them.

        Args:
            resamples: Resamples of the samples, for the intervals.
        """
        found: dict[str, Measurement] = {}
        for name, reason in self._refused.items():
            found |= {f"{each}@{name}": Measurement(reason=reason) for each in _NAMES.values()}
        seen = () if self._bystanders is None else self._bystanders.observations()
        for each in seen:
            found |= dict(_of_output(each, self._formats, resamples))
        return found


_NAMES: Mapping[str, str] = {
    "agreement": "unlabelled_agreement",
    "divergence": "unlabelled_divergence",
}


def _task(tasks: JudgedTasks, index: int) -> OutputTask | str:
    """Return the task of an output, or why it has none."""
    try:
        return tasks.of(index)
    except EvaluationError as error:
        return str(error)


def _bystanders(
    models: tuple[Any, Any], tasks: Mapping[int, OutputTask], files: Sequence[ExportedFile]
) -> Bystanders:
    original, pruned = (
        Predictor(model, signature_of(model), tasks, title)
        for model, title in zip(models, ("original", "pruned"), strict=True)
    )
    shared = [ExportedFile(each.file_format, each.runtime, pruned) for each in files]
    return Bystanders((original, pruned), shared)


def _of_output(
    seen: Observations, formats: Sequence[str], resamples: Resamples
) -> Iterator[tuple[str, Measurement]]:
    """Yield the metrics of one output, of the pruned model and of every file."""
    files = zip(formats, seen.files, strict=True)
    versions = [("", seen), *((f"@{name}", seen.of_file(each, name)) for name, each in files)]
    for suffix, version in versions:
        metrics = {**accuracy_metrics(version), **divergence_metric(version, resamples)}
        broken = max(version.original.not_finite, version.pruned.not_finite)
        task = version.tasks[0]
        for known, name in _NAMES.items():
            if known == "divergence" or task.answered:
                measured = metrics[known]
                if broken:
                    measured = Measurement(reason=f"outputs of {broken} samples are not finite")
                yield f"{name}@{task.port.name}{suffix}", measured
