"""The tables of [tool.paoding], validated: unknown keys and senseless values are refused by name.

The only module that imports Pydantic, and imported only when gates run.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    create_model,
)

from pytest_paoding.config import values
from pytest_paoding.config.bounds import Bound, by_key, read_bound
from pytest_paoding.config.catalogue import SETTINGS
from pytest_paoding.config.catalogue.keys import Scope
from pytest_paoding.config.config_errors import dotted, faults_of
from pytest_paoding.config.model_names import check_name
from pytest_paoding.errors import ConfigError
from pytest_paoding.records.formats import EXPORTED, of_file
from pytest_paoding.records.metrics import (
    BUDGETS,
    FILE_BUDGETS,
    FILE_REGRESSIONS,
    LIMIT_TABLES,
    REGRESSIONS,
    Metric,
)
from pytest_paoding.records.results import Setting
from pytest_paoding.records.text.spelling import likely

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_paoding.config.catalogue.keys import Key
    from pytest_paoding.config.gate_settings import Layer


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


_FROM_FILE = "from a file"
"""Context of a validation whose values TOML gives, and not code."""


def _field(key: Key) -> Any:
    def read(value: object, info: ValidationInfo) -> Any:
        reader = key.read_file if info.context == _FROM_FILE else None
        return None if value is None else (reader or key.read)(value)

    required = key.needed and key.scope is Scope.MODEL
    return Annotated[Any, BeforeValidator(read)], ... if required else None


def _fields(table: str, scope: Scope = Scope.GATE) -> dict[str, Any]:
    """Return the fields of a table that are rows of the catalogue."""
    return {key.key: _field(key) for key in SETTINGS.within(table, scope)}


AttackTable = create_model("AttackTable", __base__=_Table, **_fields("attack"))
"""[tool.paoding.attack]: how robustness is measured."""

CorruptionTable = create_model("CorruptionTable", __base__=_Table, **_fields("corruption"))
"""[tool.paoding.corruption]: disturbances of the inputs other than attacks."""


def _budget_field(metric: Metric) -> Any:
    read = partial(read_bound, metric=metric)
    return Annotated[Bound | dict[str, Bound] | None, BeforeValidator(read)], None


FileBudget = create_model(
    "FileBudget",
    __base__=_Table,
    **{key: _budget_field(metric) for key, metric in FILE_BUDGETS.items()},
)
"""[tool.paoding.budget.FORMAT]: one optional key for every metric of an exported file."""

_FILE_BUDGET: Any = (FileBudget | None, None)
Budget = create_model(
    "Budget",
    __base__=_Table,
    **_fields("budget"),
    **{key: _budget_field(metric) for key, metric in BUDGETS.items()},
    **dict.fromkeys(EXPORTED, _FILE_BUDGET),
)
"""[tool.paoding.budget]: one optional key for every metric of the catalogue, a table by format.

With `confidence` the worse end of each estimate's interval has to be within its limit.
"""

FileRegression = create_model(
    "FileRegression",
    __base__=_Table,
    **{key: _budget_field(metric) for key, metric in FILE_REGRESSIONS.items()},
)
"""[tool.paoding.regression.FORMAT]: what of an exported file may get worse than the baseline."""

_FILE_REGRESSION: Any = (FileRegression | None, None)
Regression = create_model(
    "Regression",
    __base__=_Table,
    **{key: _budget_field(metric) for key, metric in REGRESSIONS.items()},
    **dict.fromkeys(EXPORTED, _FILE_REGRESSION),
)
"""[tool.paoding.regression]: what may get worse than the baseline, a table by format."""


_Keys = create_model("_Keys", __base__=_Table, **_fields(""))


class GateTable(_Keys):
    """Keys that every source may set, for one gate or for all."""

    if TYPE_CHECKING:  # a row of the catalogue
        formats: tuple[str, ...] | None
    corruption: Annotated[CorruptionTable | None, BeforeValidator(values.corruption_table)] = None
    attack: Annotated[AttackTable | None, BeforeValidator(values.attack_table)] = None
    budget: Budget | None = None
    regression: Regression | None = None

    def layer(self, source: str, *, nested: Callable[[str], str]) -> Layer:
        """Return what this table says, as a layer of effective keys.

        Args:
            source: What reports call this table.
            nested: What they call a table of limits in it.
        """
        given, layer = dict(self), dict[str, Setting]()
        for key in SETTINGS.optional:
            there = dict(given[key.table] or ()) if key.table else given
            if key.table not in LIMIT_TABLES and there.get(key.key) is not None:
                layer[key.name] = Setting(there[key.key], source)
        for name in LIMIT_TABLES:
            layer |= _bounds(given[name], name, nested)
        return layer


def _bounds(
    table: BaseModel | None, name: str, nested: Callable[[str], str], file_format: str | None = None
) -> dict[str, Setting]:
    """Return the limits of a table, and of the tables by format in it."""
    layer: dict[str, Setting] = {}
    for key, bound in table or ():
        if isinstance(bound, BaseModel):
            layer |= _bounds(bound, f"{name}.{key}", nested, key)
            continue
        limits = {} if bound is None else by_key(of_file(key, file_format), bound)
        layer |= {whole: Setting(each, nested(name)) for whole, each in limits.items()}
    return layer


_ModelKeys = create_model("_ModelKeys", __base__=GateTable, **_fields("", Scope.MODEL))
_RunKeys = create_model("_RunKeys", __base__=GateTable, **_fields("", Scope.RUN))


class ModelTable(_ModelKeys):
    """[tool.paoding.models.NAME]: a model that is gated without any test code."""

    if TYPE_CHECKING:  # rows of the catalogue
        path: str
        data: str | None


class PaodingTable(_RunKeys):
    """[tool.paoding]."""

    models: dict[Annotated[str, AfterValidator(check_name)], ModelTable] = Field(
        default_factory=dict
    )

    @classmethod
    def of_file(cls, table: Mapping[str, Any]) -> PaodingTable:
        """Return the table of a file.

        Raises:
            ValidationError: Something in it is wrong.
        """
        return cls.model_validate(dict(table), context=_FROM_FILE)


_BUDGET_KEYS = (*(key.key for key in SETTINGS.within("budget")), *BUDGETS)
NESTED = dict.fromkeys(_BUDGET_KEYS, "budget") | dict.fromkeys(REGRESSIONS, "regression")
TABLES: Mapping[str, type[BaseModel]] = {
    "budget": Budget,
    "regression": Regression,
    "attack": AttackTable,
    "corruption": CorruptionTable,
    **{f"budget.{name}": FileBudget for name in EXPORTED},
    **{f"regression.{name}": FileRegression for name in EXPORTED},
}
"""The inner tables, those by format under both names."""
_BY_FORMAT = {name.replace("-", "_"): name for name in EXPORTED}
"""The keyword that holds the budget of a format, by which a table would be named for it."""
_KEYWORDS = (
    *(key for key in GateTable.model_fields if key not in LIMIT_TABLES),
    *_BY_FORMAT,
    *_BUDGET_KEYS,
    *REGRESSIONS,
)


def _put_by_format(tables: dict[str, dict[str, Any]], name: str, given: Any) -> None:
    """Put the limits that a keyword gives for a format into the tables they belong to."""
    worse = {}
    if isinstance(given, Mapping):
        worse = {key: each for key, each in given.items() if key in FILE_REGRESSIONS}
        given = {key: each for key, each in given.items() if key not in worse}
    if worse:
        tables["regression"][name] = worse
    if given or not worse:
        tables["budget"][name] = given


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
    for name in LIMIT_TABLES:
        if name in present:
            raise ConfigError(f"{where}: {name}: unknown keyword, {_BUDGET_KEYWORD}")
    tables: dict[str, dict[str, Any]] = {
        name: {key: present.pop(key) for key in keys if key in present}
        for name, keys in zip(LIMIT_TABLES, (_BUDGET_KEYS, REGRESSIONS), strict=True)
    }
    for keyword, name in _BY_FORMAT.items():
        if keyword in present:
            _put_by_format(tables, name, present.pop(keyword))
    try:
        table = GateTable.model_validate({**present, **tables})
    except ValidationError as error:
        lines = [
            f"{where}: {dotted(part for part in (*f.tables, f.key) if part not in LIMIT_TABLES)}: "
            + (f.message or f"unknown keyword, {likely(f.key, _KEYWORDS)}")
            for f in faults_of(error)
        ]
        raise ConfigError("\n".join(lines)) from None
    return table.layer(source, nested=lambda _: source)
