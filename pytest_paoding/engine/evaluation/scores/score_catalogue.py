"""The catalogue of scores: what this package judges each task by, and how that is made."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from pytest_paoding.engine.evaluation.scores import mean_scores as means
from pytest_paoding.engine.evaluation.scores import places, tallies
from pytest_paoding.engine.evaluation.scores import rank_scores as ranks
from pytest_paoding.engine.evaluation.scores import tally_scores as counts
from pytest_paoding.engine.evaluation.scores.determination import DeterminationScore
from pytest_paoding.engine.evaluation.scores.score import Score
from pytest_paoding.engine.evaluation.scores.task_kind import TaskKind
from pytest_paoding.records.metrics import Direction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_paoding.engine.evaluation.scores.places import Layout, Places
    from pytest_paoding.engine.evaluation.scores.score import Rows

Make: TypeAlias = Callable[[str], Score]
"""From a name to its score."""

_LOWER, _HIGHER = Direction.LOWER, Direction.HIGHER
_TOP = re.compile(r"top_([1-9]\d*)_accuracy")
_OF_CLASS = re.compile(r"([a-z0-9]+)@(\d+)")
_RATIOS: Mapping[str, counts.Ratio] = MappingProxyType(
    {
        "recall": counts.recall,
        "precision": counts.precision,
        "f1": counts.f1,
        "iou": counts.overlap,
        "dice": counts.f1,
    }
)
"""Scores of a single class, by the part of the name before the `@`."""


def maker(name: str, task: TaskKind) -> Make | None:
    """Return what makes the score of that name for a task; None if there is none."""
    if found := _CATALOGUE[task].get(name):
        return found
    top, single = _TOP.fullmatch(name), _OF_CLASS.fullmatch(name)
    if top and task in _RANKED_CLASSES:
        return _mean(places.classes_at_places, means.within_top(int(top[1])))
    if single and single[1] in _RATIOS and task in _COUNTED:
        return _single(_COUNTED[task], _RATIOS[single[1]], int(single[2]))
    return None


def names_for(task: TaskKind) -> list[str]:
    """Return the names of the scores for a task; K and CLASS stand for numbers."""
    top = ["top_K_accuracy"] if task in _RANKED_CLASSES else []
    single = [f"{ratio}@CLASS" for ratio in _RATIOS] if task in _COUNTED else []
    return [*_CATALOGUE[task], *top, *single]


Counted: TypeAlias = "tuple[Layout, Callable[[Places], Rows]]"
"""How a task's arrays become places, and places become tallies."""


def _mean(layout: Layout, measure: means.Measure, direction: Direction = _HIGHER) -> Make:
    return partial(means.MeanScore, direction=direction, layout=layout, measure=measure)


def _tallied(
    counted: Counted, ratio: counts.Ratio, average: counts.Average, label: int | None = None
) -> Make:
    layout, tally = counted
    return partial(
        counts.TallyScore,
        direction=_HIGHER,
        layout=layout,
        tally=tally,
        ratio=ratio,
        average=average,
        label=label,
    )


def _single(counted: Counted, ratio: counts.Ratio, number: int) -> Make:
    return _tallied(counted, ratio, counts.of_class(number), number)


def _ranked(layout: Layout, ranking: Callable[[Places], Rows]) -> dict[str, Make]:
    areas = {"auc": ranks.roc_area, "average_precision": ranks.average_precision}
    return {
        name: partial(ranks.RankScore, direction=_HIGHER, layout=layout, ranking=ranking, area=area)
        for name, area in areas.items()
    }


def _averaged(counted: Counted) -> dict[str, Make]:
    """Return the scores of classes or labels over all of them."""
    return {
        "recall": _tallied(counted, counts.recall, counts.macro),
        "precision": _tallied(counted, counts.precision, counts.macro),
        "f1": _tallied(counted, counts.f1, counts.macro),
        "f1_micro": _tallied(counted, counts.f1, counts.micro),
        "f1_weighted": _tallied(counted, counts.f1, counts.by_support),
    }


def _of_classes(counted: Counted) -> dict[str, Make]:
    """Return the scores of class numbers, of samples or of positions."""
    layout = counted[0]
    return {
        "accuracy": _mean(layout, means.right),
        "log_loss": _mean(layout, means.surprise, _LOWER),
        "balanced_accuracy": _tallied(counted, counts.recall, counts.macro),
        **_averaged(counted),
        "mean_iou": _tallied(counted, counts.overlap, counts.macro),
    }


def _of_two_classes(counted: Counted) -> dict[str, Make]:
    """Return the scores of the classes 0 and 1: recall, precision and F1 are those of class 1."""
    return {
        **_of_classes(counted),
        **{name: _single(counted, _RATIOS[name], 1) for name in ("recall", "precision", "f1")},
        "f1_macro": _tallied(counted, counts.f1, counts.macro),
        **_ranked(counted[0], ranks.ranked_by_lead),
    }


def _of_labels(counted: Counted) -> dict[str, Make]:
    layout = counted[0]
    return {
        "exact_match": _mean(layout, means.labels_all_right),
        "hamming_loss": _mean(layout, means.label_wrong, _LOWER),
        "log_loss": _mean(layout, means.label_surprise, _LOWER),
        **_averaged(counted),
        **_ranked(layout, ranks.ranked_by_label),
    }


def _of_values(layout: Layout) -> dict[str, Make]:
    squared = means.squared_error
    return {
        "mae": _mean(layout, means.absolute_error, _LOWER),
        "mse": _mean(layout, squared, _LOWER),
        "rmse": partial(means.RootMeanScore, direction=_LOWER, layout=layout, measure=squared),
    }


_RANKED_CLASSES = frozenset({TaskKind.CLASSES, TaskKind.POSITIONS})
_COUNTED: Mapping[TaskKind, Counted] = MappingProxyType(
    {
        TaskKind.CLASSES: (places.classes_at_places, tallies.class_tallies),
        TaskKind.BINARY: (places.two_classes, tallies.class_tallies),
        TaskKind.MULTILABEL: (places.labels_as_places, tallies.label_tallies),
        TaskKind.POSITIONS: (places.classes_at_places, tallies.class_tallies),
    }
)
_CATALOGUE: Mapping[TaskKind, Mapping[str, Make]] = MappingProxyType(
    {
        TaskKind.CLASSES: {
            **_of_classes(_COUNTED[TaskKind.CLASSES]),
            **_ranked(places.classes_at_places, ranks.ranked_by_class),
        },
        TaskKind.BINARY: _of_two_classes(_COUNTED[TaskKind.BINARY]),
        TaskKind.MULTILABEL: _of_labels(_COUNTED[TaskKind.MULTILABEL]),
        TaskKind.POSITIONS: {
            **_of_classes(_COUNTED[TaskKind.POSITIONS]),
            "dice": _tallied(_COUNTED[TaskKind.POSITIONS], counts.f1, counts.macro),
        },
        TaskKind.REGRESSION: {
            **_of_values(places.values_at_places),
            "mape": _mean(places.values_at_places, means.relative_error, _LOWER),
            "r2": partial(DeterminationScore, direction=_HIGHER, layout=places.values_at_places),
        },
        TaskKind.RECONSTRUCTION: _of_values(places.values_at_places),
    }
)
"""Scores without a number in their names. A reconstruction has no `r2`, which would be a mean over
all pixels, many of which never vary, and no `mape`, as pixels may be 0."""
