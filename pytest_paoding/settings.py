"""The tables of [tool.paoding], validated: unknown keys and senseless values are refused by name.

The only module that imports Pydantic, and imported only when gates run.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    create_model,
)

from pytest_paoding import quantities
from pytest_paoding.budgets import BUDGETS, NO_BUDGET, Metric
from pytest_paoding.errors import ConfigError
from pytest_paoding.faults import dotted, faults_of, in_file, likely
from pytest_paoding.naming import check_name
from pytest_paoding.precedence import PRUNING_KEYS, Bound, Layer, Settings, read_bound
from pytest_paoding.protocol import Allocation, Effort, Mixing  # noqa: TC001 # read at run time
from pytest_paoding.pruning import strategies
from pytest_paoding.results import Setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_paoding.configfile import ConfigFile


def known_strategy(value: object) -> str:
    """Return the name of a known strategy.

    Raises:
        ValueError: There is none of that name.
    """
    name = strategies.ALIASES.get(str(value), str(value))
    if name in strategies.NAMES:
        return name
    raise ValueError(f"{value!r} is no strategy, {likely(name, strategies.NAMES)}")


def _data(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"\w+(\.\w+)*:\w+(\.\w+)*", value):
        return value
    raise ValueError(f"{value!r} is not of the form 'package.module:callable'")


def _calibration(value: object) -> object:
    return _data(value) if isinstance(value, (str, int, float)) else value


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Attack(_Table):
    """[tool.paoding.attack]: how robustness is measured."""

    name: Literal["fgsm"] | None = None
    epsilons: Annotated[tuple[float, ...] | None, BeforeValidator(quantities.strengths)] = None


def _budget_field(metric: Metric) -> Any:
    read = partial(read_bound, metric=metric)
    return Annotated[Bound | None, BeforeValidator(read)], None


Budget = create_model(
    "Budget", __base__=_Table, **{key: _budget_field(metric) for key, metric in BUDGETS.items()}
)
"""[tool.paoding.budget]: one optional key for every metric of the catalogue."""


class GateTable(_Table):
    """Keys that every source may set, for one gate or for all."""

    ratio: Annotated[float | None, BeforeValidator(quantities.ratio)] = None
    strategy: Annotated[str | None, BeforeValidator(known_strategy)] = None
    seed: Annotated[int | None, Field(ge=0, lt=2**32)] = None
    step: Annotated[float | None, BeforeValidator(quantities.step)] = None
    input_range: Annotated[
        tuple[float, float] | dict[str, tuple[float, float]] | None,
        BeforeValidator(quantities.input_range),
    ] = None
    allocation: Allocation | None = None
    effort: Effort | None = None
    calibration: Annotated[Any, BeforeValidator(_calibration)] = None
    ratios: Annotated[dict[str, float] | None, BeforeValidator(quantities.shares)] = None
    include: Annotated[tuple[str, ...] | None, BeforeValidator(quantities.patterns)] = None
    exclude: Annotated[tuple[str, ...] | None, BeforeValidator(quantities.patterns)] = None
    round_to: Annotated[int | None, Field(ge=1)] = None
    mixing: Mixing | None = None
    verify: bool | None = None
    attack: Attack | None = None
    budget: Budget | None = None

    def layer(self, source: str, *, budget_source: str) -> Layer:
        """Return what this table says, as a layer of effective keys."""
        own = {key: getattr(self, key) for key in self._own_keys}
        if self.attack is not None:
            own |= {"attack": self.attack.name, "epsilons": self.attack.epsilons}
        layer = {key: Setting(value, source) for key, value in own.items() if value is not None}
        budgets = {key: bound for key, bound in self.budget or () if bound is not None}
        return layer | {key: Setting(bound, budget_source) for key, bound in budgets.items()}

    @property
    def _own_keys(self) -> tuple[str, ...]:
        return PRUNING_KEYS


class ModelTable(GateTable):
    """[tool.paoding.models.NAME]: a model that is gated without any test code."""

    path: str
    data: Annotated[str | None, BeforeValidator(_data)] = None


class PaodingTable(GateTable):
    """[tool.paoding]."""

    artifacts: str | None = None
    publish: Literal["test", "session"] | None = None
    require: tuple[str, ...] = Field(default=(), strict=False)
    junit_properties: bool = True
    models: dict[Annotated[str, AfterValidator(check_name)], ModelTable] = Field(
        default_factory=dict
    )

    @property
    def _own_keys(self) -> tuple[str, ...]:
        return (*super()._own_keys, "artifacts", "publish")


_TABLES: Mapping[str, type[BaseModel]] = {"budget": Budget, "attack": Attack}
_KEYWORDS = (*(key for key in GateTable.model_fields if key != "budget"), *BUDGETS)


def load(file: ConfigFile, *, command_line: Layer, strict: bool = False) -> Settings:
    """Validate a file's table and what the configured models' gates come to.

    Raises:
        ConfigError: With one line for every fault.
    """
    try:
        table = PaodingTable.model_validate(dict(file.table))
    except ValidationError as error:
        lines = [in_file(f, file, _known(f.tables), tuple(BUDGETS)) for f in faults_of(error)]
        raise ConfigError("\n".join(lines)) from None
    settings = Settings(file, table, command_line, strict)
    if lines := _missing(settings):
        raise ConfigError("\n".join(lines))
    return settings


def _known(tables: tuple[str, ...]) -> tuple[str, ...]:
    innermost = PaodingTable if not tables else _TABLES.get(tables[-1], ModelTable)
    return tuple(innermost.model_fields)


def _missing(settings: Settings) -> list[str]:
    """Return a line for every configured gate that lacks a ratio or budgets."""
    if settings.table.budget is not None and not settings.table.budget.model_fields_set:
        return [f"{settings.file.label}: [tool.paoding.budget] is empty: {NO_BUDGET}"]
    lines = []
    for name in settings.table.models:
        place = f"{settings.file.label}: [tool.paoding.models.{name}]"
        try:
            gate = settings.gate(model=name)
        except ConfigError as error:
            lines.append(f"{place} {error}")
        else:
            lines += [] if gate.limits else [f"{place} no budget applies: {NO_BUDGET}"]
    return lines


_BUDGET_KEYWORD = 'every budget is a keyword of its own, such as max_size="300 kB"'


def keywords(given: Mapping[str, Any], *, where: str, source: str) -> Layer:
    """Validate the keywords of a marker or a call.

    Args:
        given: The keywords; budgets stand beside the other keys. None means not given.
        where: What the message names before the keyword.
        source: What reports call this source.

    Raises:
        ConfigError: With one line for every fault.
    """
    present = {key: value for key, value in given.items() if value is not None}
    if "budget" in present:
        raise ConfigError(f"{where}: budget: unknown keyword, {_BUDGET_KEYWORD}")
    budget = {key: present.pop(key) for key in BUDGETS if key in present}
    try:
        table = GateTable.model_validate({**present, "budget": budget})
    except ValidationError as error:
        lines = [
            f"{where}: {dotted([*(part for part in f.tables if part != 'budget'), f.key])}: "
            + (f.message or f"unknown keyword, {likely(f.key, _KEYWORDS)}")
            for f in faults_of(error)
        ]
        raise ConfigError("\n".join(lines)) from None
    return table.layer(source, budget_source=source)
