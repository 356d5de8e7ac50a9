"""Refit: fitting the weights of a reader to its original outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import FloatArray

IMAGE_RIDGE, VECTOR_RIDGE = 0.03, 0.1


def ridge(
    patches: FloatArray, missing: FloatArray, strength: float
) -> tuple[FloatArray, FloatArray]:
    """Return the change of weights and bias that best adds what is missing (centred ridge).

    Minimises `||missing - patches D - d||^2 + strength * v * ||D||^2` with v the mean squared
    length of a column, so that the present weights stay where the samples say little. Products are
    in float32, the solve in float64; with fewer rows than columns the dual system is solved.

    Args:
        patches: Inputs of sampled outputs, shape (rows, columns).
        missing: Original minus present outputs, shape (rows, outputs).
        strength: The ridge.
    """
    mean = patches.mean(axis=0, dtype=np.float64)
    centred = patches - mean.astype(np.float32)
    offset = missing.mean(axis=0, dtype=np.float64)
    target = missing - offset.astype(np.float32)
    rows, columns = centred.shape
    dual = rows < columns
    gram = (centred @ centred.T if dual else centred.T @ centred).astype(np.float64)
    gram[np.diag_indices(len(gram))] += strength * np.trace(gram) / columns + 1e-8
    if dual:
        change = centred.T @ np.linalg.solve(gram, target.astype(np.float64))
    else:
        change = np.linalg.solve(gram, (centred.T @ target).astype(np.float64))
    return change.astype(np.float32), (offset - mean @ change).astype(np.float32)
