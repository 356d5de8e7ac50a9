"""What is bound to fail is found before a model is loaded."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from pytest_paoding.config.gate_settings import resolve
from pytest_paoding.config.references import References
from pytest_paoding.errors import DataError, PaodingError
from pytest_paoding.gate.early_checks import check_early, require_passes
from pytest_paoding.gate.source import Source
from pytest_paoding.records.budgets import Level, Limit
from pytest_paoding.records.metrics import METRICS, Metric
from pytest_paoding.records.results import Setting
from support.fake_engine import FakeEngine, FakeModel
from support.gates import DATA, limit, run

if TYPE_CHECKING:
    from pathlib import Path


def settings(*limits: Limit, **given: Any) -> Any:
    told = {"ratio": 0.5, **given}
    found = resolve({key: Setting(value, "call") for key, value in told.items()})
    return dataclasses.replace(found, limits=limits)


@pytest.mark.parametrize("metric", METRICS.values(), ids=str)
def test_a_limit_that_needs_data_is_refused_without(metric: Metric, tmp_path: Path) -> None:
    told = settings(Limit(metric, 0.5))
    check_early(told, DATA, References(tmp_path))
    check_early(settings(Limit(metric, 0.5, Level.WARN)), None, References(tmp_path))
    if not metric.needs_data:
        check_early(told, None, References(tmp_path))
        return
    with pytest.raises(PaodingError, match=f"{metric.key} needs data, set data to"):
        check_early(told, None, References(tmp_path))


@pytest.mark.parametrize("ratio", (0.5, "auto"))
@pytest.mark.parametrize("data", (DATA, iter([DATA]), None, [DATA]))
def test_trials_need_data_that_can_be_read_again(ratio: Any, data: Any) -> None:
    told = settings(ratio=ratio)
    if ratio == "auto" and hasattr(data, "__next__"):
        with pytest.raises(DataError, match="ratio auto reads the data in every trial"):
            require_passes(told, data)
    else:
        require_passes(told, data)


def test_nothing_of_the_model_is_touched_then(tmp_path: Path) -> None:
    class Untouched(FakeEngine):
        def prune(self, *_: Any, **__: Any) -> Any:
            raise AssertionError

    for given in ({"data": None}, {"model": FakeModel({"a": 4}, {"contradiction": "no"})}):
        found = run(tmp_path, limit("max_accuracy_decay", 0.1), engine=Untouched(), **given)
        assert found.result.reason


@pytest.mark.parametrize(
    "given", ({"score": ("no_such_module:score",)}, {"slices": "no_such_module:slices"})
)
def test_code_that_cannot_be_imported_is_named(given: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(PaodingError, match="no_such_module"):
        check_early(settings(**given), DATA, References(tmp_path))


@pytest.mark.parametrize(
    ("name", "missing"),
    (("gone.keras", True), ("no/gone.keras", True), ("file/x.keras", False), ("a\0b.keras", False)),
)
def test_a_file_is_missed_before_an_engine_starts(
    tmp_path: Path, name: str, *, missing: bool
) -> None:
    """What else is wrong with a path, the engine says in its own words."""

    class Asked(FakeEngine):
        def identify(self, model: Any) -> str | None:
            self.calls.append("identify")
            return str(model)

    (tmp_path / "file").touch()
    engine = Asked()
    source = Source(engine, tmp_path / name, model=None, hook=lambda: None)
    if not missing:
        assert source.identify() == str(tmp_path / name)
        return
    with pytest.raises(PaodingError, match="there is no such file: train and save it first"):
        source.identify()
    assert engine.calls == []


def test_the_model_is_missed_before_data_and_packages_are_looked_for(tmp_path: Path) -> None:
    def missed() -> None:
        raise PaodingError("net.keras: there is no such file")

    def unused() -> Any:
        raise AssertionError

    class Unused(FakeEngine):
        versions = unused  # type: ignore[assignment]

    found = run(tmp_path, engine=Unused(), load_data=unused, find_model=missed)
    assert found.result.reason == "net.keras: there is no such file"
