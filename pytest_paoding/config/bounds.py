"""Limits as one source gives them: a quantity, "off", or a table with a level and a confidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_paoding.config.values import named_parts
from pytest_paoding.records.budgets import Level
from pytest_paoding.records.formats import EXPORTED, of_file, parted
from pytest_paoding.records.metrics import FILE_LIMITS
from pytest_paoding.records.text.jsonable import one_line
from pytest_paoding.records.text.quantities import confidence, read
from pytest_paoding.records.text.spelling import likely

if TYPE_CHECKING:
    from pytest_paoding.records.metrics import Metric


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit as one source gives it; one without a value is switched off."""

    value: float | None
    level: Level = Level.ERROR
    confidence: float | None = None


OFF = Bound(None, Level.OFF)
_FIELDS = {"limit", "level", "confidence"}


def read_bound(given: object, metric: Metric) -> Bound | dict[str, Bound]:
    """Read a limit: a quantity, "off", or a table with `limit`, `level` and `confidence`.

    One of scores may be a table of such limits by the names of scores instead, or a text such as
    `mae=0.1,r2=0.02`.

    Raises:
        ValueError: It is none of them; one line that says what was meant.
    """
    if metric.per_score and isinstance(given, str) and "=" in given:
        given = named_parts(given)
    if metric.per_score and isinstance(given, Mapping) and not _FIELDS & given.keys():
        if not given:
            raise ValueError("names no score")
        return {str(name).strip(): _one(each, metric) for name, each in given.items()}
    return _one(given, metric)


def by_part(bound: Bound | Mapping[str, Bound]) -> dict[str | None, Bound]:
    """Return limits by the score they are of; one of all scores stands under None."""
    if isinstance(bound, Mapping):
        return {name: each for name, each in bound.items()}  # noqa: C416 - of wider keys
    return {None: bound}


def by_key(key: str, bound: Bound | Mapping[str, Bound]) -> dict[str, Bound]:
    """Return limits by whole keys, such as `max_score_decay@mae@tflite`.

    Args:
        key: Key of all of them, with the format if they are of a file.
        bound: The limit, or limits by score.
    """
    base, file_format = parted(key)
    return {
        of_file(base if part is None else f"{base}@{part}", file_format): each
        for part, each in by_part(bound).items()
    }


def _one(given: object, metric: Metric) -> Bound:
    usual = Level.WARN if metric.advisory else Level.ERROR
    if not isinstance(given, Mapping):
        return OFF if given == "off" else Bound(read(given, metric.unit), usual)
    table: dict[str, object] = dict(given)
    names = [level.value for level in Level]
    level = table.pop("level", usual.value)
    if level not in names:
        raise ValueError(f"level {level!r} is unknown, known are {', '.join(names)}")
    limit = table.pop("limit", None)
    sure = _confidence(table.pop("confidence", None), metric)
    if table:
        name = one_line(next(iter(table)))
        raise ValueError(f"{name}: unknown key, known are limit, level, confidence")
    if Level(level) is Level.OFF:
        return OFF
    if limit is None:
        raise ValueError("limit is missing")
    return Bound(read(limit, metric.unit), Level(level), sure)


def _confidence(given: object, metric: Metric) -> float | None:
    if given is None:
        return None
    if not metric.sampled:
        what = metric.name.replace("_", " ")
        raise ValueError(f"confidence: {what} is not estimated from the samples of one run")
    return confidence(given)


def file_bound(text: str) -> tuple[str, Bound | dict[str, Bound]]:
    """Return the key of a limit on an exported file, and the limit, or those of scores by name.

    Raises:
        ValueError: `text` is not of the form FORMAT:KEY=LIMIT.
    """
    name, _, rest = text.partition(":")
    key, _, value = rest.partition("=")
    found = FILE_LIMITS.get(of_file(key, name))
    if found is None or not value:
        known = [f"{each}:{metric.key}" for metric, each in FILE_LIMITS.values()]
        hint = likely(f"{name}:{key}", known) if name in EXPORTED else likely(name, EXPORTED)
        raise ValueError(f"{text!r} is not of the form FORMAT:KEY=LIMIT, {hint}")
    return of_file(key, name), read_bound(value, found[0])
