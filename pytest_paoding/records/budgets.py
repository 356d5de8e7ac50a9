"""Limits, and the only place where they meet what was measured: `judge()`.

Everything that is shown, written or returned to the operating system is derived from its result.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from pytest_paoding.records.formats import of_file, parted
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.metrics import Direction, Metric
from pytest_paoding.records.text.printing import Shown, at, show, show_apart, title

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Level(Enum):
    """Consequence of a missed budget: the gate fails, a warning, or nothing."""

    ERROR = "error"
    WARN = "warn"
    OFF = "off"


class Verdict(Enum):
    """The answer for one budget."""

    PASSED = "passed"
    MISSED = "missed"
    UNJUDGED = "unjudged"


class Outcome(Enum):
    """The answer for one gate."""

    WITHIN_BUDGET = "within-budget"
    OVER_BUDGET = "over-budget"
    UNJUDGED = "unjudged"
    FORCED = "forced"
    """Over budget, but published because the user gave a reason."""
    REJECTED = "rejected"
    """Over budget at one of several ratios; a smaller one has to hold."""
    SKIPPED = "skipped"
    CRASHED = "crashed"
    """The process that ran the gate died."""

    @property
    def word(self) -> str:
        """The status word in every report, such as OVER BUDGET."""
        if self is Outcome.WITHIN_BUDGET:
            return "PRUNED"
        return str(self.value).replace("-", " ").upper()


PUBLISHED = frozenset({Outcome.WITHIN_BUDGET, Outcome.FORCED})
FAILING = frozenset({Outcome.OVER_BUDGET, Outcome.UNJUDGED, Outcome.CRASHED})


_BEYOND = {"<=": ">", ">=": "<"}

NO_BUDGET = "set at least one, such as max_accuracy_decay, that is not off"
"""Remedy where no budget applies."""


@dataclass(frozen=True, slots=True, repr=False)
class Limit(Shown):
    """A budget: the value a metric may just reach.

    Attributes:
        metric: What is limited.
        value: The limit.
        level: How serious a miss is.
        source: Source of the limit.
        confidence: Required confidence that the true value is within the limit, between 0 and 1;
            None to compare the found value itself.
        file_format: Format of the limited file; None for the model and its `.keras` file.
        part: Score that it limits; None for all of them.
    """

    metric: Metric
    value: float
    level: Level = Level.ERROR
    source: str = "call"
    confidence: float | None = None
    file_format: str | None = None
    part: str | None = None

    @property
    def key(self) -> str:
        """The name that no other limit of the gate has, such as `max_size@tflite-int8`."""
        key = self.metric.key if self.part is None else f"{self.metric.key}@{self.part}"
        return of_file(key, self.file_format)

    def __str__(self) -> str:
        level = "" if self.level is Level.ERROR else f" ({self.level.value})"
        return f"{self.key} {show(self.value, self.metric.unit)}{level}"


@dataclass(frozen=True, slots=True, repr=False)
class Check(Shown):
    """One budget with what was found.

    Attributes:
        name: The metric's name, with `@EPSILON` where it is measured per attack strength, and
            `@FORMAT` where it is one of an exported file.
    """

    name: str
    limit: Limit
    measurement: Measurement
    verdict: Verdict

    @property
    def title(self) -> str:
        """Its name for people, with the strength of the attack that was the worst."""
        return title(self.name, self.measurement.epsilon)

    @property
    def fails(self) -> bool:
        """Whether this check fails the gate."""
        return self.limit.level is Level.ERROR and self.verdict is not Verdict.PASSED

    @property
    def warns(self) -> bool:
        """Whether this check is to be reported although the gate may pass."""
        return self.limit.level is Level.WARN and self.verdict is not Verdict.PASSED

    @property
    def compared(self) -> float | None:
        """The value compared with the limit: the found one, or the worse end of its interval."""
        found, limit = self.measurement.found, self.limit
        if limit.confidence is None:
            return found
        interval = self.measurement.interval(limit.confidence)
        if interval is None:
            return found
        return interval[1] if limit.metric.direction is Direction.LOWER else interval[0]

    @property
    def uncertain(self) -> bool:
        """Whether the samples are too few to tell the found value from the limit.

        They are where the limit is within the 95 % interval and no confidence is asked for.
        """
        interval = None if self.limit.confidence is not None else self.measurement.interval()
        return interval is not None and interval[0] < self.limit.value < interval[1]

    @property
    def relation(self) -> str:
        """Found value and limit, as they relate: `size 310.0 kB > 300.0 kB`."""
        metric, sure = self.limit.metric, self.limit.confidence
        compared, limit = show_apart(self.compared, self.limit.value, metric.unit)
        operator = metric.operator if self.verdict is Verdict.PASSED else _BEYOND[metric.operator]
        bound = ""
        if sure:
            bound = f" (bound{at(sure)}, found {show(self.measurement.found, metric.unit)})"
        return f"{self.title} {compared} {operator} {limit}{bound}{' (warn)' * self.warns}"

    def __str__(self) -> str:
        if self.verdict is Verdict.UNJUDGED:
            level = " (warn)" * self.warns
            return f"{self.title} UNJUDGED{level}: {self.measurement.reason}"
        return self.relation

    @property
    def distance(self) -> float:
        """Distance of the compared value beyond the limit; 0 where it is within or undefined."""
        if self.verdict is not Verdict.MISSED or self.compared is None:
            return 0.0
        return abs(self.compared - self.limit.value)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Every budget's check, and the outcome they add up to."""

    outcome: Outcome
    checks: tuple[Check, ...]


def judge(limits: Iterable[Limit], measurements: Mapping[str, Measurement]) -> Judgement:
    """Compare every limit with what was measured.

    Both operators are inclusive. Where a limit asks for a confidence, the worse end of the interval
    is compared, not the found value. A missing or infinite value never passes, and neither does an
    empty set of limits. A gate with one undefined error-level budget is UNJUDGED even where another
    is missed: it must not be possible to force what nobody has measured.
    """
    checks = tuple(
        _check(name, limit, measurements.get(name))
        for limit in limits
        if limit.level is not Level.OFF
        for name in measured_names(limit, measurements)
    )
    failing = {check.verdict for check in checks if check.fails}
    if Verdict.UNJUDGED in failing or not checks:
        return Judgement(Outcome.UNJUDGED, checks)
    return Judgement(Outcome.OVER_BUDGET if failing else Outcome.WITHIN_BUDGET, checks)


def measured_names(limit: Limit, measurements: Mapping[str, Measurement]) -> list[str]:
    """Return the names of what a limit limits: of every strength or score, unless it says which."""
    metric = limit.metric
    if not metric.parted:
        return [of_file(metric.name, limit.file_format)]
    whole = metric.name if limit.part is None else f"{metric.name}@{limit.part}"
    if limit.part is not None and not metric.per_epsilon:
        return [of_file(whole, limit.file_format)]
    found = [each for each in measurements if _is_part(each, whole, limit)]
    return found or [of_file(whole, limit.file_format)]


def _is_part(name: str, whole: str, limit: Limit) -> bool:
    """Whether a name is that of a strength or a score which a limit limits."""
    base, file_format = parted(name)
    stem = base.rpartition("@")[0] if limit.metric.per_epsilon else base
    any_score = limit.metric.per_score and limit.part is None
    fits = stem.startswith(f"{whole}@") if any_score else stem == whole
    return fits and file_format == limit.file_format


def _check(name: str, limit: Limit, measurement: Measurement | None) -> Check:
    if measurement is None:
        needs = f": set {limit.metric.needs}" if limit.metric.needs else ""
        measurement = Measurement(reason=f"{title(name)} was not measured{needs}")
    elif limit.confidence and measurement.found is not None:
        doubt = measurement.doubt(limit.confidence)
        if doubt is not None:
            measurement = replace(measurement, found=None, reason=doubt)
    check = Check(name, limit, measurement, Verdict.UNJUDGED)
    return replace(check, verdict=verdict(check.compared, limit))


def verdict(found: float | None, limit: Limit) -> Verdict:
    """Return the answer for one budget and one value."""
    if found is None or not math.isfinite(found):
        return Verdict.UNJUDGED
    within = found <= limit.value if limit.metric.operator == "<=" else found >= limit.value
    return Verdict.PASSED if within else Verdict.MISSED
