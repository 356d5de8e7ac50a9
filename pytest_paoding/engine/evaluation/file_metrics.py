"""All that is judged on data, of the pruned model and of files as their own runtimes run them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_paoding.engine.evaluation.accuracy import accuracy_metrics
from pytest_paoding.engine.evaluation.robust_scores import robust_score_metrics
from pytest_paoding.engine.evaluation.robustness import robustness_metrics
from pytest_paoding.engine.evaluation.score_metrics import divergence_metric, score_metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        for name, each in judged_metrics(of_file, resamples).items():
            if name.startswith("transfer_accuracy"):  # that is all there is of a file
                continue
            told = _transferred(each) if name.startswith("robust") else each
            found[f"{name}@{file.file_format}"] = told
    return found


def judged_metrics(seen: Observations, resamples: Resamples) -> dict[str, Measurement]:
    """Return the metrics of accuracy, scores and robustness of two models."""
    return {
        **accuracy_metrics(seen),
        **score_metrics(seen, resamples),
        **divergence_metric(seen, resamples),
        **robustness_metrics(seen),
        **robust_score_metrics(seen, resamples),
    }


def _transferred(measured: Measurement) -> Measurement:
    if measured.found is None:
        return measured
    return replace(measured, detail="; ".join(filter(None, (measured.detail, _TRANSFERRED))))
