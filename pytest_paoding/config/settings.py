"""Which of several sources decides a setting: the first that says anything, for every key alike.

A layer is what one source says: effective keys with their values and that source's name. Layers are
ordered command line, call, marker, model table, [tool.paoding], built-in.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from pytest_paoding.errors import ConfigError
from pytest_paoding.records.budgets import Level, Limit
from pytest_paoding.records.formats import EXPORTED, KERAS
from pytest_paoding.records.metrics import FILE_LIMITS, LIMITS, Metric
from pytest_paoding.records.optional_packages import lacking
from pytest_paoding.records.protocol import CORRUPTIONS, MEASURES, Judging, Pruning
from pytest_paoding.records.results import DEFAULT, Setting
from pytest_paoding.records.text.jsonable import one_line, plain_value
from pytest_paoding.records.text.quantities import confidence, read

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_paoding.records.text.ratios import Ratio

Layer = Mapping[str, Setting]

PRUNING_KEYS = tuple(Pruning.__annotations__)
JUDGING_KEYS = tuple(Judging.__annotations__)
OWN_KEYS = (*PRUNING_KEYS, "formats", "measure")
"""Keys that stand beside each other in the table of a gate."""

GATE_KEYS = tuple(dict.fromkeys((*OWN_KEYS, *JUDGING_KEYS, "confidence")))
"""Keys of a gate besides its budgets."""

BUILT_IN: Layer = MappingProxyType(
    {
        key: Setting(value, DEFAULT)
        for key, value in {
            "strategy": "reconstruct",
            "seed": 0,
            "step": 0.025,
            "input_range": (0.0, 1.0),
            "allocation": "global",
            "effort": "standard",
            "calibration": None,
            "ratios": {},
            "include": ("*",),
            "exclude": (),
            "round_to": 1,
            "jump": None,
            "mixing": "exact",
            "sparsity": 0.0,
            "verify": False,
            "attack": "fgsm",
            "epsilons": (0.01, 0.05),
            "attack_steps": None,
            "attack_restarts": None,
            "attack_samples": None,
            "corruptions": None,
            "severities": (1, 2, 3, 4, 5),
            "formats": (KERAS,),
            "confidence": None,
            "measure": (),
            "artifacts": "paoding-artifacts",
            "baseline": None,
            "publish": "test",
        }.items()
    }
)


@dataclass(frozen=True, slots=True)
class Bound:
    """A budget as one source gives it; without a value it is switched off."""

    value: float | None
    level: Level = Level.ERROR
    confidence: float | None = None


OFF = Bound(None, Level.OFF)


def read_bound(given: object, metric: Metric) -> Bound:
    """Read a budget: a quantity, "off", or a table with `limit`, `level` and `confidence`.

    Raises:
        ValueError: It is none of them; one line that says what was meant.
    """
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


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSettings:
    """The effective settings of one gate.

    Attributes:
        pruning: The keywords of `Engine.prune`; its ratio may be one of several, or "auto".
        judging: Keywords of `Engine.evaluate`.
        formats: What the pruned model is written as, "keras" first.
        limits: The budgets; none that is switched off.
        shown: Every key but the budgets in plain form, with its source.
    """

    pruning: Pruning
    judging: Judging
    formats: tuple[str, ...]
    limits: tuple[Limit, ...]
    shown: Mapping[str, Setting]

    @property
    def exported(self) -> tuple[str, ...]:
        """The formats besides `.keras`."""
        return tuple(name for name in self.formats if name in EXPORTED)

    @property
    def ratio(self) -> Ratio:
        """The ratio, several of them, or the wish to have it found."""
        return self.pruning["ratio"]

    def at(self, ratio: float | None) -> GateSettings:
        """Return the settings for one ratio of several; the same where None is given."""
        if ratio is None:
            return self
        shown = {**self.shown, "ratio": Setting(ratio, self.shown["ratio"].source)}
        pruning: Pruning = {**self.pruning, "ratio": ratio}
        return replace(self, pruning=pruning, shown=shown)


def resolve(*layers: Layer, strict: bool = False) -> GateSettings:
    """Return what the layers, the strongest first, come to.

    Args:
        layers: What each source says; the built-in one is added.
        strict: Whether warn-level budgets count as error-level ones.

    Raises:
        ConfigError: No layer gives a ratio, or a package is missing.
    """
    effective = ChainMap(*(dict(layer) for layer in (*layers, BUILT_IN)))
    if "ratio" not in effective:
        raise ConfigError(
            "no ratio is given: run pytest with --paoding-ratio=0.5 or set ratio in [tool.paoding]"
        )
    if reason := lacking(effective["attack"].value):
        raise ConfigError(reason)
    pruning = {key: effective[key].value for key in PRUNING_KEYS}
    limits = _limits(effective, strict=strict)
    if effective["corruptions"].value is None:
        wanted = Setting(_wanted(effective, limits), effective["corruptions"].source)
        effective = effective.new_child({"corruptions": wanted})
    measured = Setting(_measured(effective, limits), effective["measure"].source)
    effective = effective.new_child({"measure": measured})
    judging = {key: effective[key].value for key in JUDGING_KEYS}
    return GateSettings(
        pruning=cast("Pruning", pruning),
        judging=cast("Judging", judging),
        formats=effective["formats"].value,
        limits=tuple(limits),
        shown={
            key: Setting(plain_value(effective[key].value), effective[key].source)
            for key in GATE_KEYS
        },
    )


def _measured(effective: Layer, limits: Iterable[Limit]) -> tuple[str, ...]:
    """Return what is measured besides the usual: what is asked for, and what is limited."""
    asked = {*(limit.metric.extra for limit in limits), *effective["measure"].value}
    if effective["sparsity"].value:
        asked.add("compression")  # nothing else gets smaller by it
    return tuple(name for name in MEASURES if name in asked)


def _wanted(effective: Layer, limits: Iterable[Limit]) -> tuple[str, ...]:
    """Return the kinds of corruption where none are named: all where something depends on them."""
    averaged = any(limit.metric.averaged for limit in limits)
    return CORRUPTIONS if averaged or effective["severities"].source != DEFAULT else ()


def _limits(effective: Layer, *, strict: bool) -> list[Limit]:
    known: list[tuple[str, Metric, str | None]] = [(key, LIMITS[key], None) for key in LIMITS]
    formats = effective["formats"].value
    known += [(key, *rest) for key, rest in FILE_LIMITS.items() if rest[1] in formats]
    given = [(metric, name, effective[key]) for key, metric, name in known if key in effective]
    return [
        Limit(
            metric,
            found.value.value,
            Level.ERROR if strict else found.value.level,
            found.source,
            found.value.confidence or (effective["confidence"].value if metric.sampled else None),
            name,
        )
        for metric, name, found in given
        if found.value.level is not Level.OFF
    ]
