"""The catalogue: everything that is measured, and by which keys it can be limited."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

from pytest_paoding.records.formats import EXPORTED, of_file
from pytest_paoding.records.text.printing import Shown
from pytest_paoding.records.text.quantities import Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Direction(Enum):
    """Which values of a metric are the better ones."""

    LOWER = "lower"
    HIGHER = "higher"


@dataclass(frozen=True, slots=True, repr=False)
class Metric(Shown):
    """Something measured on a model before and after pruning.

    Attributes:
        name: Name in reports; its budget key is `max_NAME` where lower is better, else `min_NAME`.
        direction: Which values are better.
        unit: Unit of the found value, which a budget limits.
        sides: Unit of the values before and after, where they are of another metric.
        per_epsilon: Measured once per attack strength, under the names `NAME@EPSILON`.
        per_score: Measured once per score, under the names `NAME@SCORE`; where it is both, they are
            `NAME@SCORE@EPSILON`. Metrics of somebody's own and outputs without labels have their
            names there.
        limit_key: Its budget key, where that is another.
        on_corrupted: Whether it is measured on corrupted inputs.
        extra: Measure that has to be asked for, where the metric depends on one.
        advisory: Whether a budget warns unless its level says otherwise, as clocks are no judges.
        on_files: Whether it is measured on exported files too.
        needs: Setting without which it is not measured.
        of_groups: Whether it is that of the worst of several groups of samples, which a note names.
    """

    name: str
    direction: Direction
    unit: Unit = Unit.PLAIN
    sides: Unit = Unit.PLAIN
    per_epsilon: bool = False
    per_score: bool = False
    limit_key: str = ""
    on_corrupted: bool = False
    extra: str | None = None
    advisory: bool = False
    on_files: bool = False
    needs: str = ""
    of_groups: bool = False

    def __str__(self) -> str:
        return self.name

    @property
    def counted(self) -> bool:
        """Whether it follows from the model alone, and only improves as the ratio grows."""
        return self.sides in {Unit.COUNT, Unit.BYTES}

    @property
    def sampled(self) -> bool:
        """Whether it is an estimate from the samples of one run."""
        judged = self.sides is Unit.SHARE or self.per_score or self.of_groups
        return (judged or self.name == "divergence") and self.name in METRICS

    @property
    def needs_data(self) -> bool:
        """Whether it is measured on data for judging only."""
        return self.sampled and self.extra is None

    @property
    def key(self) -> str:
        """The budget's name in settings."""
        usual = ("max_" if self.direction is Direction.LOWER else "min_") + self.name
        return self.limit_key or usual

    @property
    def parted(self) -> bool:
        """Whether it is measured under several names, `NAME@PART`."""
        return self.per_epsilon or self.per_score

    @property
    def operator(self) -> str:
        """How the found value must relate to the limit; inclusive."""
        return "<=" if self.direction is Direction.LOWER else ">="


_LOWER, _HIGHER = Direction.LOWER, Direction.HIGHER
_SHARE, _RETENTION, _PERCENT = Unit.SHARE, Unit.RETENTION, Unit.PERCENT
_COUNT, _BYTES, _MS = Unit.COUNT, Unit.BYTES, Unit.MILLISECONDS
METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        metric.name: metric
        for metric in (
            Metric("accuracy", _HIGHER, _SHARE, _SHARE, on_files=True),
            Metric("accuracy_decay", _LOWER, _SHARE, _SHARE, on_files=True),
            Metric("accuracy_retention", _HIGHER, _RETENTION, _SHARE, on_files=True),
            Metric("agreement", _HIGHER, _SHARE, _SHARE, on_files=True),
            Metric("unlabelled_agreement", _HIGHER, _SHARE, _SHARE, per_score=True, on_files=True),
            Metric("unlabelled_divergence", _LOWER, _RETENTION, per_score=True, on_files=True),
            Metric("class_accuracy_decay", _LOWER, _SHARE, _SHARE, on_files=True, of_groups=True),
            Metric("slice_decay", _LOWER, on_files=True, needs="slices", of_groups=True),
            Metric("score", _HIGHER, per_score=True, on_files=True, needs="score"),
            Metric(
                "error", _LOWER, per_score=True, limit_key="max_score", on_files=True, needs="score"
            ),
            Metric("score_decay", _LOWER, per_score=True, on_files=True, needs="score"),
            Metric(
                "score_decay_relative",
                _LOWER,
                _PERCENT,
                per_score=True,
                on_files=True,
                needs="score",
            ),
            Metric(
                "score_retention", _HIGHER, _RETENTION, per_score=True, on_files=True, needs="score"
            ),
            Metric("divergence", _LOWER, _RETENTION, on_files=True),
            Metric("robust_accuracy", _HIGHER, _SHARE, _SHARE, per_epsilon=True, on_files=True),
            Metric("robust_score", _HIGHER, per_score=True, per_epsilon=True, on_files=True),
            Metric(
                "robust_error",
                _LOWER,
                per_score=True,
                per_epsilon=True,
                limit_key="max_robust_score",
                on_files=True,
            ),
            Metric("robustness_retention", _HIGHER, _RETENTION, _SHARE, on_files=True),
            Metric("robustness_overlap", _HIGHER, _SHARE, _SHARE, on_files=True),
            Metric("transfer_accuracy", _HIGHER, _SHARE, _SHARE, per_epsilon=True),
            Metric("corruption_accuracy", _HIGHER, _SHARE, _SHARE, on_corrupted=True),
            Metric("corruption_retention", _HIGHER, _RETENTION, _SHARE, on_corrupted=True),
            Metric("parameters", _LOWER, _COUNT, _COUNT),
            Metric("parameters_removed", _HIGHER, _PERCENT, _COUNT),
            Metric("size", _LOWER, _BYTES, _BYTES, on_files=True),
            Metric("size_reduction", _HIGHER, _PERCENT, _BYTES, on_files=True),
            Metric("flops", _LOWER, _COUNT, _COUNT),
            Metric("flops_reduction", _HIGHER, _PERCENT, _COUNT),
            Metric("activation_memory", _LOWER, _BYTES, _BYTES),
            Metric("compressed_size", _LOWER, _BYTES, _BYTES, extra="compression"),
            Metric("synthetic_agreement", _HIGHER, _SHARE, _SHARE, extra="fidelity"),
            Metric("output_divergence", _LOWER, _RETENTION, extra="fidelity"),
            Metric("output_shift", _LOWER),
            Metric("latency_ratio", _LOWER, _RETENTION, _MS, extra="latency", advisory=True),
            Metric("batch_latency_ratio", _LOWER, _RETENTION, _MS, extra="latency", advisory=True),
        )
    }
)
"""Every metric of this package by name, in the order of reports."""

BUDGETS: Mapping[str, Metric] = MappingProxyType(
    {metric.key: metric for metric in METRICS.values()}
)
"""All metrics by budget key."""

REGRESSIONS: Mapping[str, Metric] = MappingProxyType(
    {
        metric.key: metric
        for metric in (
            Metric("accuracy_drop", _LOWER, _SHARE, _SHARE, on_files=True),
            Metric("agreement_drop", _LOWER, _SHARE, _SHARE, on_files=True),
            Metric("score_drop", _LOWER, per_score=True, on_files=True),
            Metric("divergence_increase", _LOWER, _RETENTION, _RETENTION, on_files=True),
            Metric("robustness_drop", _LOWER, _SHARE, _SHARE, on_files=True),
            Metric("robust_score_drop", _LOWER, per_score=True, on_files=True),
            Metric("metric_drop", _LOWER, per_score=True),
            Metric("size_increase", _LOWER, _PERCENT, _BYTES, on_files=True),
            Metric("parameters_increase", _LOWER, _PERCENT, _COUNT),
            Metric("flops_increase", _LOWER, _PERCENT, _COUNT),
        )
    }
)
"""What may get worse than the baseline, by key; `before` is the baseline, `after` the present."""

LIMIT_TABLES = ("budget", "regression")
"""The tables of limits."""

LIMITS: Mapping[str, Metric] = MappingProxyType({**BUDGETS, **REGRESSIONS})
"""Everything that can be limited, by key."""

FILE_BUDGETS: Mapping[str, Metric] = MappingProxyType(
    {key: metric for key, metric in BUDGETS.items() if metric.on_files}
)
"""What can be limited of an exported file, by key."""

FILE_REGRESSIONS: Mapping[str, Metric] = MappingProxyType(
    {key: metric for key, metric in REGRESSIONS.items() if metric.on_files}
)
"""What of an exported file may get worse than the baseline, by key."""

FILE_LIMITS: Mapping[str, tuple[Metric, str]] = MappingProxyType(
    {
        of_file(key, name): (metric, name)
        for name in EXPORTED
        for key, metric in (*FILE_BUDGETS.items(), *FILE_REGRESSIONS.items())
    }
)
"""Metric and format of every limit on a file, by key, such as `max_size@tflite-int8`."""

KNOWN: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in LIMITS.values()})
"""Every metric that can be limited, by name."""


def metric_of(name: str) -> Metric | None:
    """Return the metric of a name, whatever stands behind its first "@"; None if not of here."""
    return KNOWN.get(name.partition("@")[0])


def unit_of(name: str) -> Unit:
    """Return the unit of a metric by its name; a plain number's if the metric is not of here."""
    metric = metric_of(name)
    return Unit.PLAIN if metric is None else metric.unit


def better_values(metrics: Iterable[Metric]) -> dict[str, str]:
    """Return which values are better of those metrics that are not of this package."""
    return {each.name: each.direction.value for each in metrics if each.name not in KNOWN}
