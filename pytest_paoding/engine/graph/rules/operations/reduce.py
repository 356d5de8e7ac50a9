"""Reductions along axes, and operations that depend on the order of positions there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.graph.axes import inner_axes
from pytest_paoding.engine.graph.rules.registry import known, rule
from pytest_paoding.engine.graph.views import View, first_along

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.visit import Visit

_REDUCTIONS = """
    All Amax Amin Any Argmax Argmin CountNonzero Max Mean Median Min Prod Std Sum Var
""".split()  # noqa: SIM905 # a list would take a line for each name


@rule(
    *known("keras.src.ops.numpy", *_REDUCTIONS),
    *known("keras.src.ops.math", "Logsumexp"),
    *known("keras.src.ops.linalg", "Norm"),
)
def reduction(visit: Visit) -> View | Sequence[View]:
    """Reduces all positions along some axes, which go together or not at all."""
    layer, view = visit.layer, visit.input
    axes = inner_axes(layer.axis, view.rank)
    if axes is None:
        return visit.fixed("reduces the batch")
    visit.whole(view, axes, "makes one value of these positions")
    labels = first_along(view.labels, axes)
    keeps = getattr(layer, "keepdims", False)  # counting has no such option
    return View(visit.shape, labels if keeps else np.squeeze(labels, axes))


@rule(
    *known("keras.src.ops.numpy", "Argsort", "Cumprod", "Cumsum", "Roll", "Sort"),
    *known("keras.src.ops.nn", "Normalize"),
)
def ordered(visit: Visit) -> View | Sequence[View]:
    """Computes values that depend on the other positions along some axes."""
    axes = inner_axes(visit.layer.axis, visit.input.rank)
    if axes is None:
        return visit.fixed("works along the batch")
    visit.whole(visit.input, axes, "gives values that depend on all of these positions")
    return visit.input
