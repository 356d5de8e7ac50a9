"""Labels, turned into class numbers from any form people hand in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.errors import DataError, EvaluationError

if TYPE_CHECKING:
    from pytest_paoding.engine.execution.signature import Port
    from pytest_paoding.engine.graph.types import IntArray

_MATRIX = 2


def classes_of(output: Port) -> int:
    """Return the number of classes an output tells apart; a single unit tells two.

    Raises:
        EvaluationError: It does not give one row of scores per sample, so it is no classifier's.
    """
    lengths = [length for length in output.shape if length != 1]
    if len(lengths) > 1 or None in lengths or not output.floating:
        shape = ", ".join("?" if length is None else str(length) for length in output.shape)
        raise EvaluationError(
            f"output {output.name!r} of shape (batch, {shape}), {output.dtype}, is not that of a "
            f"classifier, (batch, classes): give labels for another output only, as a dict by name"
        )
    return int(lengths[0] or 0) if lengths else 2


def class_numbers(labels: Any, output: Port) -> IntArray:
    """Return the class number of every sample, shape (samples,).

    Args:
        labels: Class numbers, shape (samples,) or (samples, 1), of any numeric dtype; or one-hot
            rows, shape (samples, classes).
        output: The output they are the truth of: of n units and n classes, or of one unit and the
            classes 0 and 1.

    Raises:
        DataError: They are neither, or out of range.
    """
    array = _numeric(labels, output)
    classes = classes_of(output)
    if array.ndim == _MATRIX and array.shape[1] == classes:
        return _from_one_hot(array, output)
    if array.ndim == _MATRIX and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise DataError(
            f"labels of output {output.name!r} have the shape {array.shape}: expected class "
            f"numbers, shape (samples,), or one-hot rows, shape (samples, {classes})"
        )
    _require_whole(array, output)
    numbers: IntArray = array.astype(np.int64)
    if numbers.size and (numbers.min() < 0 or numbers.max() >= classes):
        raise DataError(
            f"labels of output {output.name!r} run from {numbers.min()} to {numbers.max()}: "
            f"its {classes} classes are numbered from 0 to {classes - 1}"
        )
    return numbers


def _numeric(labels: Any, output: Port) -> Any:
    try:
        array = np.asarray(labels)
    except (RuntimeError, TypeError, ValueError) as error:
        raise DataError(f"labels of output {output.name!r} are no array: {error}") from error
    if array.dtype.kind in "biuf":
        return array
    example = array.ravel()[:1].tolist()
    raise DataError(f"labels of output {output.name!r} are no numbers ({example}): number them")


def _from_one_hot(array: Any, output: Port) -> IntArray:
    wrong = (array != 0).sum(axis=1) != 1
    wrong |= array.max(axis=1, initial=0) != 1
    if wrong.any():
        raise DataError(
            f"labels of output {output.name!r} are not one-hot: row {int(wrong.argmax())} is "
            f"{array[wrong.argmax()].tolist()}"
        )
    return array.argmax(axis=1).astype(np.int64)  # type: ignore[no-any-return]  # NumPy's Any


def _require_whole(array: Any, output: Port) -> None:
    if array.dtype.kind != "f":
        return
    wrong = ~np.isfinite(array) | (array != np.round(array))
    if wrong.any():
        raise DataError(
            f"labels of output {output.name!r} are no class numbers: {array[wrong][0]:g} in sample "
            f"{int(wrong.argmax())} (only classifiers can be judged)"
        )
