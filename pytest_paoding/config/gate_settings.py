"""Effective settings of one gate: of several sources the first that says anything decides a key.

A layer is what one source says: effective keys with their values and that source's name. Layers are
ordered command line, call, marker, model table, [tool.paoding], built-in.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from pytest_paoding.config.catalogue import SETTINGS
from pytest_paoding.config.catalogue.keys import EngineCall
from pytest_paoding.errors import ConfigError
from pytest_paoding.records.budgets import Level, Limit
from pytest_paoding.records.formats import EXPORTED, parted
from pytest_paoding.records.metrics import LIMITS
from pytest_paoding.records.optional_packages import lacking
from pytest_paoding.records.protocol import CORRUPTIONS, MEASURES, Judging, Pruning
from pytest_paoding.records.results import DEFAULT, Setting
from pytest_paoding.records.text.efforts import shared
from pytest_paoding.records.text.jsonable import plain_value
from pytest_paoding.records.text.ratios import AUTO

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_paoding.records.metrics import Metric
    from pytest_paoding.records.protocol import InputShape
    from pytest_paoding.records.text.ratios import Ratio
    from pytest_paoding.records.text.targets import Target

Layer = Mapping[str, Setting]
_EXTENT = ("ratio", "target")
"""Settings of how much is pruned, of which a gate has one."""
_OF_SEARCHES = "quick"  # effort of a search unless one is given: what it finds is judged anyway
_DATA = "data"  # the source of what neither table nor call says, and the samples show
_TRIALS = 5  # that a search takes as a rule


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSettings:
    """Effective settings of one gate.

    Attributes:
        effective: Every key but the limits, with its value and source.
        limits: The budgets; none that is switched off.
    """

    effective: Layer
    limits: tuple[Limit, ...]

    @property
    def ratio(self) -> Ratio | None:
        """The ratio, several of them, or the wish to have it found; None with a target."""
        ratio: Ratio | None = self.effective["ratio"].value
        return ratio

    @property
    def target(self) -> Target | None:
        """What may stay of the model; None with a ratio."""
        target: Target | None = self.effective["target"].value
        return target

    def at(self, ratio: float | None) -> GateSettings:
        """Return the settings for one ratio, of several or found; the same if None is given.

        The ratios that a search tries share its effort.
        """
        if ratio is None:
            return self
        source = self.effective["ratio" if self.target is None else "target"].source
        one = {"ratio": Setting(ratio, source)}
        if self.ratio == AUTO:
            whole = self.effective["effort"]
            one["effort"] = replace(whole, value=shared(whole.value, _TRIALS))
        return replace(self, effective={**self.effective, **one})

    def pruned_for(self, shape: InputShape | None) -> GateSettings:
        """Return the settings with the shapes of inputs that were in use, unless they are said."""
        if shape is None or self.effective["input_shape"].value is not None:
            return self
        return replace(self, effective={**self.effective, "input_shape": Setting(shape, _DATA)})

    @property
    def pruning(self) -> Pruning:
        """Keywords of `Engine.prune`.

        Raises:
            ConfigError: There is no one ratio, which `at` chooses, and no target.
        """
        if self.target is None and not isinstance(self.ratio, float):
            raise ConfigError(f"one ratio is needed, not {plain_value(self.ratio)!r}")
        found: Pruning = self._keywords(EngineCall.PRUNE)
        return found

    @property
    def judging(self) -> Judging:
        """Keywords of `Engine.evaluate`."""
        found: Judging = self._keywords(EngineCall.EVALUATE)
        return found

    def _keywords(self, call: EngineCall) -> Any:
        return {name: self.effective[name].value for name in SETTINGS.of_call(call)}

    @property
    def formats(self) -> tuple[str, ...]:
        """What the pruned model is written as, "keras" first."""
        formats: tuple[str, ...] = self.effective["formats"].value
        return formats

    @property
    def exported(self) -> tuple[str, ...]:
        """The formats besides `.keras`."""
        return tuple(name for name in self.formats if name in EXPORTED)

    @property
    def shown(self) -> Layer:
        """Every key but the limits in plain form, with its source."""
        return {
            key: replace(setting, value=plain_value(setting.value))
            for key, setting in self.effective.items()
        }


def resolve(*layers: Layer, strict: bool = False) -> GateSettings:
    """Return what the layers, the strongest first, come to.

    Args:
        layers: What each source says; the built-in one is added.
        strict: Whether warn-level budgets count as error-level ones.

    Raises:
        ConfigError: No layer gives a ratio or a target, one gives both, or a package is missing.
    """
    asked = extent(layers)
    if not asked:
        raise ConfigError(
            "no ratio is given: run pytest with --paoding-ratio=0.5 or set ratio in [tool.paoding]"
        )
    said = ChainMap(asked, *(dict(layer) for layer in (*layers, SETTINGS.built_in)))
    effective = {key: said[key] for key in SETTINGS.of_gates}
    if effective["ratio"].value == AUTO and effective["effort"].source == DEFAULT:
        effective["effort"] = Setting(_OF_SEARCHES, DEFAULT)
    if reason := lacking(effective["attack"].value):
        raise ConfigError(reason)
    limits = _limits(said, strict=strict)
    for key, settled in (("corruptions", _corrupted), ("measure", _measured)):
        effective[key] = replace(effective[key], value=settled(effective, limits))
    return GateSettings(effective=effective, limits=limits)


def extent(layers: Iterable[Layer]) -> dict[str, Setting]:
    """Return ratio and target, of which the strongest layer that gives one decides; else nothing.

    Raises:
        ConfigError: It gives both.
    """
    for layer in layers:
        given = {key: layer[key] for key in _EXTENT if key in layer}
        if len(given) > 1:
            raise ConfigError(
                f"ratio and target are both given ({given['ratio'].source}): give one of them"
            )
        if given:
            return dict.fromkeys(_EXTENT, Setting(None, DEFAULT)) | given
    return {}


def _measured(effective: Layer, limits: Iterable[Limit]) -> tuple[str, ...]:
    """Return what is measured besides the usual: what is asked for, and what is limited."""
    asked = {*(limit.metric.extra for limit in limits), *effective["measure"].value}
    if effective["sparsity"].value:
        asked.add("compression")  # nothing else gets smaller by it
    return tuple(name for name in MEASURES if name in asked)


def _corrupted(effective: Layer, limits: Iterable[Limit]) -> tuple[str, ...]:
    """Return the kinds of corruption: unless named, all where something depends on them."""
    named: tuple[str, ...] | None = effective["corruptions"].value
    if named is not None:
        return named
    limited = any(limit.metric.on_corrupted for limit in limits)
    return CORRUPTIONS if limited or effective["severities"].source != DEFAULT else ()


def _limits(said: Layer, *, strict: bool) -> tuple[Limit, ...]:
    """Return the limits: of the model before those of its files, each score after all of them."""
    formats, order = said["formats"].value, list(LIMITS)
    found: list[tuple[tuple[int, int, str], Limit]] = []
    for key in said:
        base, file_format = parted(key)
        name, _, part = base.partition("@")
        metric, fits = LIMITS.get(name), file_format is None or file_format in formats
        if metric is not None and fits and said[key].value.level is not Level.OFF:
            place = (-1 if file_format is None else EXPORTED.index(file_format), order.index(name))
            limit = _limit(metric, said[key], said, strict=strict)
            limit = replace(limit, file_format=file_format, part=part or None)
            found.append(((*place, part), limit))
    return tuple(limit for _, limit in sorted(found, key=itemgetter(0)))


def _limit(metric: Metric, setting: Setting, said: Layer, *, strict: bool) -> Limit:
    bound, general = setting.value, said["confidence"].value if metric.sampled else None
    level = Level.ERROR if strict else bound.level
    return Limit(metric, bound.value, level, setting.source, bound.confidence or general)
