"""An exported file as a function, run by its own runtime."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from pytest_paoding.engine.evaluation.heads import Head, two_columns_or_more
from pytest_paoding.engine.silence import STDERR, silenced
from pytest_paoding.errors import EvaluationError, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.evaluation.predict import Predictor
    from pytest_paoding.engine.exporting.runtimes import Runtime


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file as a function from inputs to logits.

    Attributes:
        file_format: Its format.
        runtime: The runtime that runs it.
        model: The model it was exported from, whose outputs and heads it shares.
    """

    file_format: str
    runtime: Runtime
    model: Predictor

    @property
    def title(self) -> str:
        """Its name in messages."""
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
