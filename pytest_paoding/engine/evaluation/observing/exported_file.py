"""An exported file as a function, run by its own runtime."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from pytest_paoding.engine.silence import STDERR, silenced
from pytest_paoding.errors import EvaluationError, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.evaluation.observing.heads import Head
    from pytest_paoding.engine.evaluation.observing.predict import Predictor
    from pytest_paoding.engine.evaluation.tasks.output_task import OutputTask
    from pytest_paoding.engine.exporting.runtimes import Runtime


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file as a function from inputs to the forms that its tasks judge.

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

    @property
    def tasks(self) -> tuple[OutputTask, ...]:
        """The task of each judged output."""
        return self.model.tasks

    @property
    def judged(self) -> tuple[int, ...]:
        """Indices of the judged outputs."""
        return self.model.judged

    @property
    def heads(self) -> list[Head]:
        """What these hold."""
        return self.model.heads

    def forms(self, inputs: Sequence[Any]) -> list[Any]:
        """Return the form of each judged output, such as logits, shape (samples, ...).

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
        triples = zip(self.tasks, self.judged, self.heads, strict=True)
        return [task.form(tf.constant(outputs[index]), head) for task, index, head in triples]
