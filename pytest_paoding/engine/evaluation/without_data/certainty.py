"""Certainty: how sure a model is of its answers, from no more than by chance to fully."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pytest_paoding.engine.evaluation.tasks.output_task import OutputTask
    from pytest_paoding.engine.graph.types import FloatArray


def yes_or_no(task: OutputTask, values: FloatArray) -> bool:
    """Whether each value is an answer of its own, not one of several classes."""
    return task.name == "multilabel" or values.shape[-1:] in {(), (1,)} or values.ndim < 2  # noqa: PLR2004 # inputs and units


def certainty(task: OutputTask, values: FloatArray) -> float:
    """Return the mean probability of answers, 0 where it is as by chance, 1 where it is 1.

    Args:
        task: What the output is judged as.
        values: The output before its activation, shape (inputs, ..., units).

    >>> from types import SimpleNamespace as Task
    >>> certainty(Task(name="classes"), np.zeros((5, 10)))
    0.0
    >>> round(certainty(Task(name="binary"), np.array([[9.0], [-9.0]])), 3)
    1.0
    """
    if not values.size:
        return 0.0
    if yes_or_no(task, values):
        return float(np.tanh(np.abs(values) / 2).mean())
    shifted = np.exp(values - values.max(axis=-1, keepdims=True))
    chance: float = 1 / values.shape[-1]
    top = float(np.reciprocal(shifted.sum(axis=-1)).mean())
    return (top - chance) / (1.0 - chance)
