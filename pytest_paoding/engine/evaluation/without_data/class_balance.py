"""Class balance: weights under which all classes of some answers count alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import FloatArray

_FULL = 8
"""Answers from which on a class counts in full: a few tell little of it."""
_SHARE, _LEAST = 0.1, 2.0
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class ClassBalance:
    """Answers to some inputs, weighted by their class.

    Attributes:
        weights: The weight of each answer, shape (inputs, positions).
        effective: The effective number of classes: exp of the entropy of their weights.
        count: The number of classes there are.
    """

    weights: FloatArray
    effective: float
    count: int

    @property
    def least(self) -> float:
        """The effective number below which agreement tells nothing: two, or a tenth of all."""
        return max(_LEAST, _SHARE * self.count)


def balanced(answers: Any, count: int, *, together: bool = False) -> ClassBalance:
    """Return weights that make classes count alike, those of fewer than eight answers less.

    >>> balanced(np.array([0] * 90 + [1] * 10), 2).weights[[0, 99], 0].round(4)
    array([0.0111, 0.1   ])
    >>> round(balanced(np.array([0] * 98 + [1] * 2), 2).effective, 2)
    1.65

    Args:
        answers: Class numbers, shape (inputs, ...).
        count: Number of classes.
        together: Whether all answers to an input are one, such as a set of labels.
    """
    rows = np.asarray(answers).reshape(len(answers), -1)
    if together:
        _, classes = np.unique(rows, axis=0, return_inverse=True)
        classes = classes.reshape(-1, 1)
    else:
        classes = rows.astype(np.int64)
    sizes = np.bincount(classes.ravel())
    full = np.maximum(sizes, _FULL)
    parts = sizes / full
    shares = parts[parts > 0] / parts.sum()
    effective = float(np.exp(-(shares * np.log(shares)).sum()))
    return ClassBalance((1 / full)[classes], effective + _ROUNDING, count)
