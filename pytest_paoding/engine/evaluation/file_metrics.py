"""All that is judged on data, of the pruned model and of files as their own runtimes run them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_paoding.engine.evaluation.accuracy import accuracy_metrics
from pytest_paoding.engine.evaluation.breakdown.class_decay import class_groups, class_metric
from pytest_paoding.engine.evaluation.breakdown.slice_decay import slice_groups, slice_metric
from pytest_paoding.engine.evaluation.robust_scores import robust_score_metrics
from pytest_paoding.engine.evaluation.robustness import robustness_metrics
from pytest_paoding.engine.evaluation.score_metrics import divergence_metric, score_metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.evaluation.breakdown.worst_group import Groups
    from pytest_paoding.engine.evaluation.observing.answers import Observations
    from pytest_paoding.engine.evaluation.observing.exported_file import ExportedFile
    from pytest_paoding.engine.evaluation.resampling.resamples import Resamples
    from pytest_paoding.records.measurement import Measurement

_TRANSFERRED = "examples made on the pruned model"


def file_metrics(
    seen: Observations, files: Sequence[ExportedFile], resamples: Resamples
) -> dict[str, Measurement]:
    """Return the metrics of accuracy, scores and robustness for every file, under NAME@FORMAT.

    Before is the original model, after is the file. A file has no gradient to attack it with: it
    classifies adversarial examples made on the pruned model, of which it is another form.
    """
    found = {}
    for file, answers in zip(files, seen.files, strict=True):
        of_file = seen.of_file(answers, file.file_format)
        groups = groups_of(of_file, resamples)
        for name, each in judged_metrics(of_file, resamples, groups).items():
            if name.startswith("transfer_accuracy"):  # that is all there is of a file
                continue
            told = _transferred(each) if name.startswith("robust") else each
            found[f"{name}@{file.file_format}"] = told
    return found


def groups_of(seen: Observations, resamples: Resamples) -> tuple[Groups | None, Groups | None]:
    """Return the true classes, and the slices of the data, where there are any."""
    return class_groups(seen), slice_groups(seen, resamples.seed)


def judged_metrics(
    seen: Observations, resamples: Resamples, groups: tuple[Groups | None, Groups | None]
) -> dict[str, Measurement]:
    """Return the metrics of accuracy, groups, scores and robustness of two models."""
    classes, slices = groups
    return {
        **accuracy_metrics(seen),
        **class_metric(seen, classes),
        **slice_metric(seen, slices),
        **score_metrics(seen, resamples),
        **divergence_metric(seen, resamples),
        **robustness_metrics(seen),
        **robust_score_metrics(seen, resamples),
    }


def _transferred(measured: Measurement) -> Measurement:
    if measured.found is None:
        return measured
    return replace(measured, detail="; ".join(filter(None, (measured.detail, _TRANSFERRED))))
