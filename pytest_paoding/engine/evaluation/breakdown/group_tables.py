"""The breakdown of one evaluation: tables of classes and slices, and confusion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.evaluation.observing.class_answers import class_answers
from pytest_paoding.records.evidence.breakdown import Breakdown, Confusion, GroupRow, GroupTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_paoding.engine.evaluation.breakdown.flips import FlipRecorder
    from pytest_paoding.engine.evaluation.breakdown.worst_group import Groups
    from pytest_paoding.engine.evaluation.observing.answers import Observations
    from pytest_paoding.engine.graph.types import IntArray

_LISTED, _PICTURED = 1000, 30
"""Most groups of a table, and classes of a confusion."""


def breakdown_of(
    seen: Observations, classes: Groups | None, slices: Groups | None, flips: FlipRecorder
) -> Breakdown:
    """Return what averages hide of what was seen.

    Args:
        seen: What was seen.
        classes: Its true classes.
        slices: Its slices.
        flips: Which samples flipped.
    """
    return Breakdown(
        classes=_table(classes),
        slices=_table(slices),
        confusions=tuple(_confusions(seen)),
        flipped=flips.count,
        flips=flips.worst,
    )


def _table(groups: Groups | None) -> GroupTable:
    if groups is None:
        return GroupTable()
    order = np.argsort(-groups.decays, kind="stable")[:_LISTED]  # NaN goes last
    numbers = np.stack([groups.before, groups.after, groups.decays], axis=1)
    rows = [
        GroupRow(
            groups.names[place],
            int(groups.samples[place]),
            *(None if np.isnan(each) else float(each) for each in numbers[place]),
        )
        for place in order
    ]
    return GroupTable(len(groups), int((groups.samples == 0).sum()), tuple(rows))


def _confusions(seen: Observations) -> Iterator[Confusion]:
    for each in class_answers(seen):
        task = each.task
        if task.count <= _PICTURED:
            counts = (_counted(each.truth, side, task.count) for side in (each.before, each.after))
            yield Confusion(task.port.name, *counts)


def _counted(truth: IntArray, answers: IntArray, classes: int) -> tuple[tuple[int, ...], ...]:
    counts = np.bincount(truth * classes + answers, minlength=classes**2)
    return tuple(map(tuple, counts.reshape(classes, classes).tolist()))
