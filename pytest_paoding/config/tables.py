"""The tables of [tool.paoding], validated: unknown keys and senseless values are refused by name.

The only module that imports Pydantic, and imported only when gates run.
"""

from __future__ import annotations

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

from pytest_paoding.config import values
from pytest_paoding.config.config_errors import dotted, faults_of
from pytest_paoding.config.model_names import check_name
from pytest_paoding.config.settings import OWN_KEYS, Bound, Layer, read_bound
from pytest_paoding.errors import ConfigError
from pytest_paoding.records.formats import EXPORTED, of_file, read_formats
from pytest_paoding.records.metrics import (
    BUDGETS,
    FILE_BUDGETS,
    LIMIT_TABLES,
    LIMITS,
    REGRESSIONS,
    Metric,
)
from pytest_paoding.records.protocol import (  # read at run time
    CORRUPTIONS,
    Allocation,
    AttackName,
    Effort,
    Mixing,
)
from pytest_paoding.records.results import Setting
from pytest_paoding.records.text import quantities
from pytest_paoding.records.text.ratios import read_ratio
from pytest_paoding.records.text.spelling import likely

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class AttackTable(_Table):
    """[tool.paoding.attack]: how robustness is measured."""

    name: AttackName | None = None
    epsilons: Annotated[tuple[float, ...] | None, BeforeValidator(quantities.strengths)] = None
    steps: Annotated[int | None, Field(ge=1)] = None
    restarts: Annotated[int | None, Field(ge=1)] = None
    samples: Annotated[int | None, Field(ge=1)] = None

    def layer(self) -> dict[str, Any]:
        """Return what this table says, by effective key."""
        names = {"name": "attack", "epsilons": "epsilons"}
        return {names.get(key, f"attack_{key}"): value for key, value in self}


class CorruptionTable(_Table):
    """[tool.paoding.corruption]: what else than attacks inputs suffer from."""

    kinds: Annotated[tuple[str, ...] | None, BeforeValidator(values.corruptions)] = None
    severities: Annotated[tuple[int, ...] | None, BeforeValidator(values.severities)] = None

    def layer(self) -> dict[str, Any]:
        """Return what this table says, by effective key; an empty one asks for every kind."""
        kinds = self.kinds if self.model_fields_set else CORRUPTIONS
        return {"corruptions": kinds, "severities": self.severities}


def _budget_field(metric: Metric) -> Any:
    read = partial(read_bound, metric=metric)
    return Annotated[Bound | None, BeforeValidator(read)], None


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
    confidence=(Annotated[float | None, BeforeValidator(quantities.confidence)], None),
    **{key: _budget_field(metric) for key, metric in BUDGETS.items()},
    **dict.fromkeys(EXPORTED, _FILE_BUDGET),
)
"""[tool.paoding.budget]: one optional key for every metric of the catalogue, a table by format.

With `confidence` the worse end of each estimate's interval has to be within its limit.
"""

Regression = create_model(
    "Regression",
    __base__=_Table,
    **{key: _budget_field(metric) for key, metric in REGRESSIONS.items()},
)
"""[tool.paoding.regression]: what may get worse than the baseline."""


class GateTable(_Table):
    """Keys that every source may set, for one gate or for all."""

    ratio: Annotated[Any, BeforeValidator(read_ratio)] = None
    strategy: Annotated[str | None, BeforeValidator(values.strategy)] = None
    seed: Annotated[int | None, Field(ge=0, lt=2**32)] = None
    step: Annotated[float | None, BeforeValidator(quantities.step)] = None
    input_range: Annotated[
        tuple[float, float] | dict[str, tuple[float, float]] | None,
        BeforeValidator(quantities.input_range),
    ] = None
    allocation: Allocation | None = None
    effort: Effort | None = None
    calibration: Annotated[Any, BeforeValidator(values.calibration)] = None
    ratios: Annotated[dict[str, float] | None, BeforeValidator(quantities.shares)] = None
    include: Annotated[tuple[str, ...] | None, BeforeValidator(quantities.patterns)] = None
    exclude: Annotated[tuple[str, ...] | None, BeforeValidator(quantities.patterns)] = None
    round_to: Annotated[int | None, Field(ge=1)] = None
    jump: Annotated[float | None, BeforeValidator(quantities.factor)] = None
    mixing: Mixing | None = None
    sparsity: Annotated[float | None, BeforeValidator(quantities.part)] = None
    verify: bool | None = None
    formats: Annotated[tuple[str, ...] | None, BeforeValidator(read_formats)] = None
    measure: Annotated[tuple[str, ...] | None, BeforeValidator(values.measures)] = None
    corruption: CorruptionTable | None = None
    attack: Annotated[AttackTable | None, BeforeValidator(values.named)] = None
    budget: Budget | None = None
    regression: Regression | None = None

    def layer(self, source: str, *, nested: Callable[[str], str]) -> Layer:
        """Return what this table says, as a layer of effective keys.

        Args:
            source: What reports call this table.
            nested: What they call a table in it.
        """
        own = {key: getattr(self, key) for key in self._own_keys}
        if self.attack is not None:
            own |= self.attack.layer()
        if self.corruption is not None:
            own |= self.corruption.layer()
        layer = {key: Setting(value, source) for key, value in own.items() if value is not None}
        for name in LIMIT_TABLES:
            layer |= _bounds(getattr(self, name), name, nested)
        return layer

    @property
    def _own_keys(self) -> tuple[str, ...]:
        return OWN_KEYS


def _bounds(
    table: BaseModel | None, name: str, nested: Callable[[str], str], file_format: str | None = None
) -> dict[str, Setting]:
    """Return the limits of a table, and of the tables by format in it."""
    layer: dict[str, Setting] = {}
    for key, bound in table or ():
        if isinstance(bound, BaseModel):
            layer |= _bounds(bound, f"{name}.{key}", nested, key)
        elif bound is not None:
            layer[of_file(key, file_format)] = Setting(bound, nested(name))
    return layer


class ModelTable(GateTable):
    """[tool.paoding.models.NAME]: a model that is gated without any test code."""

    path: Annotated[str, Field(min_length=1)]
    data: Annotated[str | None, BeforeValidator(values.data)] = None


class PaodingTable(GateTable):
    """[tool.paoding]."""

    artifacts: Annotated[str | None, Field(min_length=1)] = None
    baseline: Annotated[str | None, Field(min_length=1)] = None
    publish: Literal["test", "session"] | None = None
    require: tuple[str, ...] = Field(default=(), strict=False)
    junit_properties: bool = True
    models: dict[Annotated[str, AfterValidator(check_name)], ModelTable] = Field(
        default_factory=dict
    )

    @property
    def _own_keys(self) -> tuple[str, ...]:
        return (*super()._own_keys, "artifacts", "baseline", "publish")


_BUDGET_KEYS = ("confidence", *BUDGETS)
NESTED = dict.fromkeys(_BUDGET_KEYS, "budget") | dict.fromkeys(REGRESSIONS, "regression")
TABLES: Mapping[str, type[BaseModel]] = {
    "budget": Budget,
    "regression": Regression,
    "attack": AttackTable,
    "corruption": CorruptionTable,
    **dict.fromkeys(EXPORTED, FileBudget),
}
_BY_FORMAT = {name.replace("-", "_"): name for name in EXPORTED}
"""The keyword that holds the budget of a format, by which a table would be named for it."""
_KEYWORDS = (
    *(key for key in GateTable.model_fields if key not in LIMIT_TABLES),
    *_BY_FORMAT,
    "confidence",
    *LIMITS,
)


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
    tables["budget"] |= {
        name: present.pop(keyword) for keyword, name in _BY_FORMAT.items() if keyword in present
    }
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
