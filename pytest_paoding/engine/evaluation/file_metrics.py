"""Metrics of exported files, judged as their own runtimes run them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_paoding.engine.evaluation.accuracy import accuracy_metrics
from pytest_paoding.engine.evaluation.robustness import robustness_metrics
from pytest_paoding.engine.evaluation.score_metrics import divergence_metric, score_metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.evaluation.observing.answers import Observations
    from pytest_paoding.engine.evaluation.observing.exported_file import ExportedFile
    from pytest_paoding.records.measurement import Measurement

_TRANSFERRED = "examples made on the pruned model"


def file_metrics(
    seen: Observations, files: Sequence[ExportedFile], seed: int
) -> dict[str, Measurement]:
    """Return the metrics of accuracy, scores and robustness for every file, under NAME@FORMAT.

    Before is the original model, after is the file. A file has no gradient to attack it with: it
    classifies adversarial examples made on the pruned model, of which it is another form.
    """
    found = {}
    for file, answers in zip(files, seen.files, strict=True):
        of_file = seen.of_file(answers, file.file_format)
        told = {
            name: _transferred(each)
            for name, each in robustness_metrics(of_file).items()
            if not name.startswith("transfer_accuracy")  # that is all there is of a file
        }
        judged = {**accuracy_metrics(of_file), **score_metrics(of_file, seed)}
        for name, each in {**judged, **divergence_metric(of_file, seed), **told}.items():
            found[f"{name}@{file.file_format}"] = each
    return found


def _transferred(measured: Measurement) -> Measurement:
    if measured.found is None:
        return measured
    return replace(measured, detail="; ".join(filter(None, (measured.detail, _TRANSFERRED))))
