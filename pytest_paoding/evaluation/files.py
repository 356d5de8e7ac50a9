"""Exported files, judged as they are: by what their own runtime makes of the data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from pytest_paoding.errors import EvaluationError, shortened
from pytest_paoding.evaluation.accuracy import accuracy_metrics
from pytest_paoding.evaluation.heads import Head, two_columns_or_more
from pytest_paoding.evaluation.robustness import robustness_metrics
from pytest_paoding.silence import STDERR, silenced

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.evaluation.measurement import Measurement
    from pytest_paoding.evaluation.observe import Observations
    from pytest_paoding.evaluation.predict import Predictor
    from pytest_paoding.exporting.runtimes import Runtime

_TRANSFERRED = "examples made on the pruned model"


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file as a function from inputs to logits.

    Attributes:
        file_format: Its format.
        runtime: What runs it.
        model: The model it was exported from: which outputs are judged, and what they hold.
    """

    file_format: str
    runtime: Runtime
    model: Predictor

    @property
    def title(self) -> str:
        """What messages call it."""
        return f"exported {self.file_format}"

    def logits(self, inputs: Sequence[Any]) -> list[Any]:
        """Return the logits of each judged output, shape (samples, classes).

        Args:
            inputs: One tensor for each input of the model, of its dtype.

        Raises:
            EvaluationError: The file cannot be run on them.
        """
        arrays = [each.numpy() for each in inputs]
        with silenced(STDERR):
            try:
                outputs = self.runtime.run(arrays)
            except Exception as error:
                line = shortened(str(error).strip().partition("\n")[0])
                raise EvaluationError(
                    f"the {self.file_format} file cannot be run on the data: {line}"
                ) from error
        judged = [outputs[index] for index in self.model.judged]
        return [
            two_columns_or_more(tf.constant(scores), head if scores[0].size == 1 else Head.LOGITS)
            for scores, head in zip(judged, self.model.heads, strict=True)
        ]  # of several classes the top one is the same in logits and in probabilities


def file_metrics(seen: Observations, files: Sequence[ExportedFile]) -> dict[str, Measurement]:
    """Return for every file what `accuracy` and `robustness` measure, under NAME@FORMAT.

    Before is the original model, after is the file. A file has no gradient to attack it with: it
    classifies adversarial examples made on the pruned model, of which it is another form.
    """
    found = {}
    for file, answers in zip(files, seen.files, strict=True):
        of_file = replace(seen, pruned=answers)
        told = {
            name: _transferred(each)
            for name, each in robustness_metrics(of_file).items()
            if not name.startswith("transfer_accuracy")  # that is all there is of a file
        }
        for name, each in {**accuracy_metrics(of_file), **told}.items():
            found[f"{name}@{file.file_format}"] = _of_file(each, file)
    return found


def _transferred(measured: Measurement) -> Measurement:
    if measured.found is None:
        return measured
    return replace(measured, detail="; ".join(filter(None, (measured.detail, _TRANSFERRED))))


def _of_file(measured: Measurement, file: ExportedFile) -> Measurement:
    """Return a measurement whose reason speaks of the file where it spoke of the pruned model."""
    said = f"the {file.file_format} file is"
    reason = measured.reason and measured.reason.replace("the pruned model is", said)
    return replace(measured, reason=reason)
