"""The tasks of a model's outputs, each found out when its labels are first seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_paoding.engine.evaluation.tasks.task_reading import last_activation, task_of
from pytest_paoding.engine.execution.signature import signature_of
from pytest_paoding.engine.keras_io.compilation import compiled_of
from pytest_paoding.engine.ports import find, listed
from pytest_paoding.errors import EvaluationError

if TYPE_CHECKING:
    from pytest_paoding.engine.evaluation.tasks.output_task import OutputTask
    from pytest_paoding.engine.execution.signature import Signature
    from pytest_paoding.engine.graph.trace import Graph
    from pytest_paoding.engine.keras_io.compilation import Compiled
    from pytest_paoding.records.protocol import TaskName, TaskNames


class JudgedTasks:
    """The tasks of a model's outputs.

    Attributes:
        compiled: How the model was compiled.
    """

    def __init__(
        self, graph: Graph, signature: Signature, compiled: Compiled, said: TaskNames | None
    ) -> None:
        """Take a model, and what the user says of its outputs.

        Raises:
            EvaluationError: A task is said of an output that the model does not have.
        """
        self.compiled = compiled
        self._graph = graph
        self._ports = signature.outputs
        self._said = _by_index(said, signature)
        self._found: dict[int, OutputTask] = {}

    @classmethod
    def of_model(cls, model: Any, graph: Graph, said: TaskNames | None) -> JudgedTasks:
        """Return the tasks of a model's outputs, as its compilation and the user tell.

        Raises:
            EvaluationError: As `__init__`.
        """
        signature = signature_of(model)
        compiled = compiled_of(model, [port.names for port in signature.outputs])
        return cls(graph, signature, compiled, said)

    def of(self, index: int, labels: Any = None) -> OutputTask:
        """Return the task of an output; the first labels that are shown decide.

        Raises:
            EvaluationError: The task that is said cannot be that of the output.
        """
        if index not in self._found:
            self._found[index] = task_of(
                self._graph,
                index,
                self._ports[index],
                said=self._said.get(index),
                loss=self.compiled.losses[index],
                labels=labels,
            )
        return self._found[index]

    def level(self, index: int) -> float | None:
        """Return the value of an output from which on a single unit or a label is given.

        None where its last activation tells nothing of it.
        """
        if self.of(index).halfway:
            return _LEVELS["sigmoid"]
        return _LEVELS.get(last_activation(self._graph, self._graph.outputs[index]))


_LEVELS: Mapping[str | None, float] = {"sigmoid": 0.5, "softmax": 0.5, None: 0.0}
"""Where the log-odds are 0, by the last activation."""


def _by_index(said: TaskNames | None, signature: Signature) -> dict[int, TaskName]:
    if said is None:
        return {}
    if not isinstance(said, Mapping):
        return dict.fromkeys(range(len(signature.outputs)), said)
    found = {}
    for name, task in said.items():
        index = find(signature.outputs, name)
        if index is None:
            raise EvaluationError(
                f"task names {name!r}: the outputs of the model are {listed(signature.outputs)}"
            )
        found[index] = task
    return found
