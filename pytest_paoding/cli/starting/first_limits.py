"""The first budgets of a model: from what a pruning of it cost, with room to spare."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_paoding.records.metrics import METRICS
from pytest_paoding.records.text.printing import round_limit, show
from pytest_paoding.records.text.quantities import Unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_paoding.records.measurement import Measurement
    from pytest_paoding.records.readings.model_facts import ModelFacts

_OF_CLASSES = ("classes", "binary")
_DECAYS = {"accuracy_decay": (0.02, 0.05), "score_decay_relative": (0.05, 0.10)}
"""What may get worse, with the least and the largest limit that is proposed."""
_LOSS, _RETENTION = 0.1, (0.5, 0.9)
_LEAST_REDUCTION = 0.04
"""Less is not worth a limit."""
_AGREEMENT = 0.95
"""Least synthetic agreement to ask for: see the page `without-data`."""


@dataclass(frozen=True, slots=True)
class FirstLimit:
    """One budget as a settings file has it.

    Attributes:
        key: Its key.
        value: Its value, a text or a number.
        why: Where it is from, in one line.
        active: Whether it holds; one that does not is only proposed.
    """

    key: str
    value: str | float
    why: str
    active: bool = True


def first_limits(
    metrics: Mapping[str, Measurement], facts: ModelFacts, *, ratio: float, data: bool
) -> list[FirstLimit]:
    """Return budgets for a model.

    Args:
        metrics: What a pruning of it has cost.
        facts: Its inputs and outputs.
        ratio: The ratio it was pruned by.
        data: Whether it was judged on data.
    """
    at = f"at ratio {ratio:g}"
    if not data:
        usual = _usual(facts, "not measured: it needs data")
        return [usual, *_counted(metrics, at), *_without_data(metrics, at)]
    decays = [*_decays(metrics, at)] or [_usual(facts, f"undefined {at}")]
    return [*decays, *_retention(metrics, at), *_counted(metrics, at)]


def _usual(facts: ModelFacts, why: str) -> FirstLimit:
    """Return a limit to begin with where nothing was measured."""
    of_classes = any(output.task in _OF_CLASSES for output in facts.outputs)
    name = "accuracy_decay" if of_classes or not facts.outputs else "score_decay_relative"
    least, _ = _DECAYS[name]
    return FirstLimit(METRICS[name].key, f"{least:.0%}", f"usual, but {why}")


def _decays(metrics: Mapping[str, Measurement], at: str) -> Iterator[FirstLimit]:
    """Yield the limit on what got worse: accuracy where there is one, else the worst score."""
    for name, (least, most) in _DECAYS.items():
        if worst := _found(metrics, name):
            limit = min(max(least, math.ceil(200 * max(worst)) / 100), most)
            over = ": lower the ratio, or search with --paoding-ratio=auto" * (max(worst) > limit)
            room = f"twice that, from {least:.0%} to {most:.0%}"
            why = f"{max(worst):.2%} {at}; {room}{over}"
            yield FirstLimit(METRICS[name].key, f"{limit:.0%}", why)
            return


def _retention(metrics: Mapping[str, Measurement], at: str) -> Iterator[FirstLimit]:
    for found in _found(metrics, "robustness_retention"):
        low, high = _RETENTION
        limit = min(max(low, math.floor(20 * (found - _LOSS)) / 20), high)
        room = f"{_LOSS:.0%} less, from {low:g} to {high:g}"
        yield FirstLimit("min_robustness_retention", limit, f"{found:.2f} {at}; {room}")


def _counted(metrics: Mapping[str, Measurement], at: str) -> Iterator[FirstLimit]:
    """Yield limits on what follows from the model alone: half of what went has to go."""
    half = "half of what went has to go"
    size = metrics["size"]
    if size.before and size.after and size.after < size.before:
        limit = round_limit((size.before + size.after) / 2, Unit.BYTES)
        before, after = (show(each, Unit.BYTES) for each in (size.before, size.after))
        yield FirstLimit("max_size", limit, f"{before} before, {after} {at}; {half}")
    for reduction in _found(metrics, "flops_reduction"):
        if reduction >= _LEAST_REDUCTION:
            limit = round_limit(reduction / 2, Unit.PERCENT)
            yield FirstLimit("min_flops_reduction", limit, f"{reduction:.1%} {at}; {half}")


def _without_data(metrics: Mapping[str, Measurement], at: str) -> Iterator[FirstLimit]:
    """Yield what could be limited in place of accuracy."""
    for found in _found(metrics, "synthetic_agreement"):
        if found >= _AGREEMENT:
            why = f"{found:.2%} {at}: tells without data whether answers stay"
            yield FirstLimit("min_synthetic_agreement", _AGREEMENT, why, active=False)


def _found(metrics: Mapping[str, Measurement], name: str) -> list[float]:
    """Return what was found of a metric, by each of its names, where it is defined."""
    return [
        measured.found
        for each, measured in metrics.items()
        if each.partition("@")[0] == name and measured.found is not None
    ]
