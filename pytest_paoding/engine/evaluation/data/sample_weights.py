"""Weights of the data for judging, checked, with labels and without."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.evaluation.tasks.output_task import counted_in, fitted_weights
from pytest_paoding.errors import DataError

if TYPE_CHECKING:
    from pytest_paoding.engine.evaluation.tasks.output_task import OutputTask
    from pytest_paoding.engine.graph.types import BoolArray, FloatArray


def checked_weights(weights: Any, shape: tuple[int, ...], name: str) -> FloatArray | None:
    """Return weights of samples, or of their places, as an array; None where all count alike.

    Args:
        weights: As the user hands them in.
        shape: That of what is true.
        name: The output's.

    Raises:
        DataError: They are no numbers, do not fit, are not finite or below 0.
    """
    if weights is None:
        return None
    given = np.asarray(weights)
    if given.dtype.kind not in "biuf":
        raise DataError(f"sample weights of output {name!r} are no numbers")
    fitting = fitted_weights(given, shape)
    if fitting is None:
        raise DataError(
            f"sample weights of output {name!r} have the shape {given.shape}, its labels "
            f"{shape}: give one for each sample, or for each place of it"
        )
    array: FloatArray = fitting.astype(np.float64)
    if not (np.isfinite(array).all() and (array >= 0).all()):
        raise DataError(f"sample weights of output {name!r} are not finite or below 0")
    return array


def masked_by(weights: Any, samples: int, task: OutputTask) -> BoolArray:
    """Return what counts of an output without labels, shape (samples,) or (samples, *places).

    Args:
        weights: As the user hands them in.
        samples: The number of samples.
        task: What it is judged as: one answer for each sample has no places.

    Raises:
        DataError: As `checked_weights`.
    """
    known = task.places
    given = (*np.shape(weights)[1:], *known)  # lengths that the model leaves open
    places = (given[at] if size is None else size for at, size in enumerate(known))
    shape = (samples, *(size or 1 for size in places))
    counted = np.asarray(checked_weights(weights, shape, task.port.name))
    while counted.ndim > 1 and counted.shape[-1] == 1:
        counted = counted[..., 0]
    return counted > 0


def standing_in(labels: Any, weights: Any) -> Any:
    """Return labels with one that counts in place of each that has the weight 0.

    As that may be anything, it tells nothing of what an output is judged as.

    Args:
        labels: As the user hands them in, of one output.
        weights: Likewise; None where all count alike.
    """
    if weights is None:
        return labels
    try:
        array = np.asarray(labels)
        flags = counted_in(weights, array.shape)
    except ValueError:  # lists of different lengths, which are refused elsewhere
        return labels
    if flags.all() or not flags.any():
        return labels
    shape, own = np.shape(weights), min(np.ndim(weights), array.ndim)
    while own > 1 and shape[own - 1] == 1:
        own -= 1
    rows = array.reshape(prod(array.shape[:own]), -1)
    known = flags.reshape(len(rows), -1)[:, :1]
    return np.where(known, rows, rows[known[:, 0].argmax()]).reshape(array.shape)
