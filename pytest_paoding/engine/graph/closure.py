"""Laws of arrays, which hold whatever the rules recorded.

An array that loses positions must still be an array, so positions may leave it along one axis only;
and it must not be emptied. The laws join or pin labels until both hold for every tensor and weight.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.ledger import Ledger
    from pytest_paoding.engine.graph.types import IntArray


def close(ledger: Ledger) -> None:
    """Apply the laws to everything recorded of a model."""
    _keep_rectangular(ledger)
    _keep_axes(ledger)


def _keep_rectangular(ledger: Ledger) -> None:
    """Join labels until every array shrinks along one axis only.

    A reshape may split one axis into several. Where later layers have not decided along which of
    them positions leave, it is the last, so that a channel leaves at all its positions. Arrays are
    taken in the order of the calls, as joins in one settle those after it.
    """
    for labels, _ in ledger.arrays():
        varying = [axis for axis, length in enumerate(labels.shape) if length > 1]
        if len(varying) > 1:
            marks = ledger.labels.resolve().marked(labels)
            if not any(_constant_but(marks, axis) for axis in varying):
                rows = np.moveaxis(labels, varying[-1], -1).reshape(-1, labels.shape[varying[-1]])
                ledger.labels.join(rows[1:], rows[:1])


def _keep_axes(ledger: Ledger) -> None:
    """Pin a class that fills a whole array: no tensor or weight may lose all of an axis.

    Several units that fill an array only together are left free; quorums keep one of them.
    """
    classes = ledger.labels.resolve()
    for labels, title in ledger.arrays():
        marks = classes.marked(labels)
        if marks.size and marks.flat[0] >= 0 and (marks == marks.flat[0]).all():
            ledger.labels.pin(labels, f"{title} would have nothing left")


def _constant_but(marks: IntArray, axis: int) -> bool:
    """Whether `marks` vary along no axis but `axis`."""
    rows = np.moveaxis(marks, axis, -1).reshape(-1, marks.shape[axis])
    return bool((rows == rows[0]).all())
