"""Reading a task: off what the user says, the compiled loss, the head and the labels."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.evaluation.tasks.class_task import BinaryTask, ClassTask
from pytest_paoding.engine.evaluation.tasks.label_task import LabelTask
from pytest_paoding.engine.evaluation.tasks.output_task import numbers
from pytest_paoding.engine.evaluation.tasks.position_task import PositionTask
from pytest_paoding.engine.evaluation.tasks.value_task import AnyTask, ReconstructionTask, ValueTask
from pytest_paoding.engine.keras_io.compilation import class_name_of, ignored_by
from pytest_paoding.records.protocol import TASKS

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_paoding.engine.evaluation.tasks.output_task import OutputTask
    from pytest_paoding.engine.graph.trace import Graph, Tensor
    from pytest_paoding.engine.ports import Port
    from pytest_paoding.records.protocol import TaskName

_KINDS: dict[TaskName, Callable[[Port, str], OutputTask]] = {
    "classes": ClassTask,
    "binary": BinaryTask,
    "multilabel": LabelTask,
    "positions": PositionTask,
    "regression": ValueTask,
    "reconstruction": ReconstructionTask,
    "any": AnyTask,
}
_OF_CLASSES = frozenset(
    {"categoricalcrossentropy", "sparsecategoricalcrossentropy", "categoricalhinge"}
    | {"categoricalfocalcrossentropy", "categoricalgeneralizedcrossentropy", "circle"}
)
_OF_LABELS = frozenset(
    {"binarycrossentropy", "binaryfocalcrossentropy", "hinge", "squaredhinge", "dice", "tversky"}
)
_OF_VALUES = frozenset(
    {"meansquarederror", "mse", "meanabsoluteerror", "mae", "meanabsolutepercentageerror", "mape"}
    | {"meansquaredlogarithmicerror", "msle", "huber", "logcosh", "poisson", "cosinesimilarity"}
)
_MOVEMENTS = ("Reshape", "Flatten", "Permute", "Identity", "Squeeze", "ExpandDims", "Cast")


def task_of(  # noqa: PLR0913 - all that may tell it
    graph: Graph, index: int, port: Port, *, said: TaskName | None, loss: Any, labels: Any
) -> OutputTask:
    """Return the task of an output.

    Args:
        graph: The model's graph.
        index: Number of the output.
        port: The output.
        said: What the user says it is.
        loss: The loss it was trained by, as a configuration has it; None where that is not known.
        labels: Some labels; None where there are none.

    Raises:
        EvaluationError: The task that is said cannot be that of the output.
        DataError: The labels are no numbers.
    """
    if said is not None:
        return _said(port, said, loss)
    name = "".join(filter(str.isalnum, class_name_of(loss))).lower()
    why = f"loss {class_name_of(loss)}"
    array = None if labels is None else numbers(labels, port)
    rows = _has_rows(port)
    if name in _OF_CLASSES:
        ignored = ignored_by(loss)
        return ClassTask(port, why, ignored=ignored) if rows else PositionTask(port, why, ignored)
    if name in _OF_LABELS:
        return _of_labels(port, why, array) if rows else PositionTask(port, why)
    if name in _OF_VALUES:
        return _of_values(graph, index, port, why, array)
    return _by_head(graph, graph.outputs[index], port, array)


def _said(port: Port, said: TaskName, loss: Any) -> OutputTask:
    if said == "binary":
        name = "".join(filter(str.isalnum, class_name_of(loss))).lower()
        return BinaryTask(port, "as said", halfway=name in _OF_VALUES, told=False)
    if said == "classes":
        return ClassTask(port, "as said", ignored=ignored_by(loss))
    if said == "positions":
        return PositionTask(port, "as said", ignored_by(loss))
    return _KINDS[said](port, "as said")


def _has_rows(port: Port) -> bool:
    """Whether an output is one row of scores for a sample, and not one score for each step."""
    lengths = [length for length in port.shape if length != 1]
    steps = bool(lengths) and port.units == 1
    return len(lengths) <= 1 and None not in lengths and not steps


def _of_labels(port: Port, why: str, array: Any) -> OutputTask:
    """Return the task of independent probabilities: of one, of several, or of classes after all."""
    if port.units == 1:
        return BinaryTask(port, why)
    if array is None:
        return LabelTask(port, why)
    if _numbers_classes(array) or _is_one_hot(array):
        return ClassTask(port, f"{why}, one class for each sample")
    return LabelTask(port, why)


def _of_values(graph: Graph, index: int, port: Port, why: str, array: Any) -> OutputTask:
    same = [tensor.shape for tensor in graph.inputs] == [graph.outputs[index].shape]
    if array is None and same and prod(size or 1 for size in port.shape) > 1:
        return ReconstructionTask(port, f"{why}, and the shape of the input")
    return ValueTask(port, why)


def _by_head(graph: Graph, tensor: Tensor, port: Port, array: Any) -> OutputTask:
    """Return the task by the last activation and the labels, where no loss is known."""
    activation = last_activation(graph, tensor)
    why = f"head {activation or 'without activation'}"
    if not _has_rows(port):
        return _of_many(port, why, activation, array)
    if activation in ("softmax", "log_softmax"):
        return ClassTask(port, why)
    if activation == "sigmoid":
        return _of_labels(port, why, array)
    return _unlabelled(port, why) if array is None else _of_linear(port, why, array)


def _unlabelled(port: Port, why: str) -> OutputTask:
    """Return the task of a row of numbers of which nothing tells what they are."""
    if port.units == 1:
        return AnyTask(port, why)
    return ClassTask(port, f"{why}; set task if these are values", told=False, guessed=True)


def _of_linear(port: Port, why: str, array: Any) -> OutputTask:
    """Return the task of a row of numbers without a telling activation."""
    if _is_one_hot(array) and port.units > 1:
        return ClassTask(port, f"{why}, one-hot labels")
    numbered = f"{why}, labels are class numbers"
    if _numbers_classes(array) and port.units > 1:
        return ClassTask(port, numbered)
    if _numbers_classes(array) and array.max(initial=0) <= 1:
        return BinaryTask(port, numbered, told=False)
    if port.units > 1 and _zeros_and_ones(array):
        return LabelTask(port, f"{why}, labels are 0 and 1")
    return ValueTask(port, f"{why}, labels are values")


def _of_many(port: Port, why: str, activation: str | None, array: Any) -> OutputTask:
    """Return the task of an output of many positions."""
    if activation in ("softmax", "log_softmax"):
        return PositionTask(port, why)
    if array is None:
        return AnyTask(port, why)
    whole = array.dtype.kind in "biu" or (
        array.dtype.kind == "f" and bool((array == np.round(array)).all())
    )
    shorter = array.ndim == len(port.shape) or array.shape[-1:] == (1,)
    if whole and (activation == "sigmoid" or (shorter and (port.shape[-1] or 1) > 1)):
        return PositionTask(port, f"{why}, labels are class numbers")
    if _zeros_and_ones(array):
        return PositionTask(port, f"{why}, labels are 0 and 1")
    return ValueTask(port, f"{why}, labels are values")


def _numbers_classes(array: Any) -> bool:
    """Whether labels are whole numbers from 0, one for each sample."""
    flat = array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 1)  # noqa: PLR2004 # samples and a column
    if not flat or array.dtype.kind not in "biuf" or not array.size:
        return False
    return bool((array == np.round(array)).all() and array.min() >= 0)


def _is_one_hot(array: Any) -> bool:
    """Whether labels are rows with one 1 and otherwise zeros."""
    if array.ndim != 2 or array.shape[1] < 2 or array.dtype.kind not in "biuf":  # noqa: PLR2004 # samples and classes
        return False
    return bool((((array == 0) | (array == 1)).all(axis=1) & (array.sum(axis=1) == 1)).all())


def _zeros_and_ones(array: Any) -> bool:
    """Whether labels are zeros and ones, with some of both."""
    if array.dtype.kind not in "biuf":
        return False
    ones = array == 1
    return bool((ones | (array == 0)).all() and ones.any() and not ones.all())


def last_activation(graph: Graph, tensor: Tensor) -> str | None:
    """Return the name of the activation that an output leaves the model by; None for a linear one.

    Movements behind it are followed.
    """
    call = graph.producer(tensor)
    while call is not None and type(call.operation).__name__ in _MOVEMENTS and call.inputs:
        call = graph.producer(call.inputs[0])
    if call is None:
        return None
    layer = call.operation
    inner = getattr(layer, "layer", layer)  # of TimeDistributed and the like
    activation = getattr(inner, "activation", None)
    if activation is None:
        name = type(inner).__name__
        return {"Softmax": "softmax", "LogSoftmax": "log_softmax", "Sigmoid": "sigmoid"}.get(name)
    name = getattr(activation, "__name__", type(activation).__name__.lower())
    return None if activation is keras.activations.linear else name


assert set(_KINDS) == set(TASKS)  # noqa: S101 # a task without a class is a defect
