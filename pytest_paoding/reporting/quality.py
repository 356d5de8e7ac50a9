"""How good a model is, before pruning and after, in few words: accuracy or scores, and robustness.

Plain ASCII. Where no sample is right or wrong, scores stand in the place of accuracy.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from pytest_paoding.records.formats import of_file, parted
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.metrics import METRICS, Direction
from pytest_paoding.records.text.printing import show
from pytest_paoding.records.text.quantities import Unit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_paoding.records.results import GateResult

UNKNOWN = "-"
"""Stands where nothing is known."""
_NOTHING = Measurement()
_SCORES = ("score", "error")


class _Robust(NamedTuple):
    """What was found under one attack; `stem` is the metric's name without the strength."""

    stem: str
    after: float
    strength: str
    before: float | None


def has_accuracy(result: GateResult) -> bool:
    """Whether samples are right or wrong; else scores stand in the place of accuracy."""
    found = (parted(name)[0] for name, each in result.metrics.items() if each.after is not None)
    scored = any(name.partition("@")[0] in _SCORES for name in result.metrics)
    return "accuracy" in found or not scored


def quality_name(result: GateResult) -> str:
    """Return what the quality of a gate's models is called."""
    return "accuracy" if has_accuracy(result) else "scores"


def quality(result: GateResult, file_format: str | None = None, *, change: bool = False) -> str:
    """Return the accuracy or the scores; "-" where none is known.

    Args:
        result: Record of the gate.
        file_format: The exported file that is meant; None for the `.keras` file.
        change: Whether to show the value before pruning, too.
    """
    if has_accuracy(result):
        accuracy = result.metrics.get(of_file("accuracy", file_format), _NOTHING)
        return _shown(accuracy.before, accuracy.after, METRICS["accuracy"].unit, change=change)
    found = []
    for name, measured in result.metrics.items():
        base, suffix = parted(name)
        metric, _, score = base.partition("@")
        if metric in _SCORES and suffix == file_format and measured.after is not None:
            value = _shown(measured.before, measured.after, Unit.PLAIN, change=change)
            found.append(f"{score} {value}")
    return ", ".join(found) or UNKNOWN


def robustness(result: GateResult, file_format: str | None = None, *, change: bool = False) -> str:
    """Return the robust accuracy, or the first robust score, at the strength where it is worst.

    Args:
        result: Record of the gate.
        file_format: The exported file that is meant; None for the `.keras` file.
        change: Whether to show the value before pruning, too.
    """
    found = list(_under_attack(result, file_format, ("robust_accuracy",)))
    if not found and not has_accuracy(result):
        scored = list(_under_attack(result, file_format, ("robust_score", "robust_error")))
        found = [each for each in scored if each.stem == scored[0].stem]
    if not found:
        return UNKNOWN
    metric = METRICS[found[0].stem.partition("@")[0]]
    worst = max if metric.direction is Direction.LOWER else min
    robust = worst(found, key=itemgetter(1))
    score = robust.stem.partition("@")[2]
    value = _shown(robust.before, robust.after, metric.unit, change=change)
    return f"{score} {value} @{robust.strength}".lstrip()


def told(result: GateResult, file_format: str | None = None, *, change: bool = False) -> list[str]:
    """Return what is known of quality and robustness, each with its name; empty where nothing is.

    Args:
        result: Record of the gate.
        file_format: The exported file that is meant; None for the `.keras` file.
        change: Whether to show the values before pruning, too.
    """
    word = "accuracy " if has_accuracy(result) else ""
    both = (
        (word, quality(result, file_format, change=change)),
        ("robust ", robustness(result, file_format, change=change)),
    )
    return [f"{name}{value}" for name, value in both if value != UNKNOWN]


def _shown(before: float | None, after: float | None, unit: Unit, *, change: bool) -> str:
    ends = (before, after) if change and before is not None else (after,)
    return " -> ".join(show(value, unit) for value in ends)


def _under_attack(
    result: GateResult, file_format: str | None, metrics: tuple[str, ...]
) -> Iterator[_Robust]:
    for name, measured in result.metrics.items():
        base, suffix = parted(name)
        stem, _, strength = base.rpartition("@")
        fits = stem.partition("@")[0] in metrics and suffix == file_format
        if fits and measured.after is not None:
            yield _Robust(stem, measured.after, strength, measured.before)
