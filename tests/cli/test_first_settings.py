"""The parts of `init`: the search for models, names, budgets and the texts that hold them."""

from __future__ import annotations

import ast
import keyword
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_paoding.cli.starting import model_search
from pytest_paoding.cli.starting.beginning import Beginning, MeasuredModel
from pytest_paoding.cli.starting.first_limits import first_limits
from pytest_paoding.cli.starting.first_names import function_names, gate_names
from pytest_paoding.cli.starting.model_search import model_files
from pytest_paoding.config.configfile import of_text
from pytest_paoding.config.loading import load
from pytest_paoding.config.model_names import check_name
from pytest_paoding.errors import ConfigError
from pytest_paoding.records.budgets import Limit, judge
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.metrics import BUDGETS
from pytest_paoding.records.protocol import TASKS
from pytest_paoding.records.readings.model_facts import InputFacts, ModelFacts, OutputFacts
from pytest_paoding.records.text import quantities

if TYPE_CHECKING:
    from collections.abc import Sequence

IMAGE = InputFacts("image", (8, 8, 1), "float32", "picture", 0.0, 255.0, "scale")
CLASSES = OutputFacts("digit", (10,), "classes", "head softmax")


def metrics(
    decay: float | None = 0.01,
    retention: float | None = 0.9,
    after: int = 60,
    name: str = "accuracy_decay",
) -> dict[str, Measurement]:
    return {
        name: Measurement(found=decay),
        "robustness_retention": Measurement(found=retention),
        "size": Measurement(100_000, after * 1000, after * 1000),
        "flops_reduction": Measurement(100, after, 1 - after / 100),
        "synthetic_agreement": Measurement(found=0.99),
    }


@given(
    st.floats(-0.3, 0.05),
    st.none() | st.floats(0.5, 2),
    st.integers(1, 100),
    st.sampled_from(("accuracy_decay", "score_decay_relative@mae")),
)
def test_budgets_hold_what_they_were_made_from(
    decay: float, retention: float | None, after: int, name: str
) -> None:
    found = metrics(decay, retention, after, name)
    limits = first_limits(found, ModelFacts((), ()), ratio=0.5, data=True)
    keys = [limit.key for limit in limits]
    assert len(keys) == len(set(keys))
    assert ("min_robustness_retention" in keys) is (retention is not None)
    assert ("max_size" in keys) is (after < 100)
    for limit in limits:
        metric = BUDGETS[limit.key]
        (check,) = judge([Limit(metric, quantities.read(limit.value, metric.unit))], found).checks
        assert not check.fails, limit


@given(st.floats(0.0501, 1))
def test_what_costs_too_much_is_over_budget_and_says_so(decay: float) -> None:
    limit = first_limits(metrics(decay), ModelFacts((), ()), ratio=0.5, data=True)[0]
    assert limit.value == "5%"
    assert limit.why.endswith(": lower the ratio, or search with --paoding-ratio=auto")


def test_what_is_undefined_has_the_usual_limit() -> None:
    facts = ModelFacts((IMAGE,), (CLASSES,))
    limit = first_limits(metrics(None), facts, ratio=0.25, data=True)[0]
    assert (limit.key, limit.value) == ("max_accuracy_decay", "2%")
    assert limit.why == "usual, but undefined at ratio 0.25"


@pytest.mark.parametrize("task", TASKS)
def test_without_data_the_task_tells_what_is_limited(task: str) -> None:
    facts = ModelFacts((IMAGE,), (OutputFacts("y", (3,), task, "said"),))
    limits = first_limits(metrics(), facts, ratio=0.5, data=False)
    by_accuracy = task in {"classes", "binary"}
    assert limits[0].key == ("max_accuracy_decay" if by_accuracy else "max_score_decay_relative")
    assert [limit.key for limit in limits if not limit.active] == ["min_synthetic_agreement"]


names = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=8
)


@given(st.lists(names, min_size=1, max_size=6))
def test_names_are_valid_and_their_own(stems: list[str]) -> None:
    paths = [PurePosixPath("models", f"{stem}.keras") for stem in stems]
    gates = gate_names(paths)
    assert [check_name(name) for name in gates] == gates
    assert len({name.casefold() for name in gates}) == len(gates)
    functions = function_names(gates)
    assert len(set(functions.values())) == len(gates)
    assert all(each.isidentifier() and not keyword.iskeyword(each) for each in functions.values())


def beginning(models: Sequence[MeasuredModel], data: str | None = None) -> Beginning:
    return Beginning.of(models, {"ratio": 0.5, "effort": "quick", "seed": 3}, data=data)


inputs = st.builds(
    InputFacts,
    name=names,
    shape=st.tuples(st.none() | st.integers(1, 9)),
    dtype=st.just("float32"),
    kind=st.just("features"),
    low=st.just(0.0),
    high=st.floats(1, 9),
    why=names | st.just(""),
    exact=st.booleans(),
    looked_up=st.booleans(),
)
outputs = st.builds(
    OutputFacts,
    name=names,
    shape=st.just((3,)),
    task=st.sampled_from(TASKS),
    why=names,
    guessed=st.booleans(),
)


@settings(max_examples=30)
@given(
    names,
    st.lists(inputs, min_size=1, max_size=3, unique_by=lambda each: each.name),
    st.lists(outputs, min_size=1, max_size=2),
    st.none() | st.just("our_data:holdout"),
)
def test_the_texts_are_valid_whatever_a_model_calls_its_parts(
    stem: str, given_inputs: list[InputFacts], given_outputs: list[OutputFacts], data: str | None
) -> None:
    facts = ModelFacts(tuple(given_inputs), tuple(given_outputs))
    path = PurePosixPath("models", f"{stem}.keras")
    found = beginning([MeasuredModel(path, facts, metrics())], data)
    read = load(of_text(found.table, Path("pyproject.toml")), command_line={})
    ((name, table),) = read.table.models.items()
    assert table.path == path.as_posix()
    assert table.data == (data or f"paoding_data:{function_names([name])[name]}")
    told = {each.name: (each.low, each.high) for each in given_inputs if shown(each)}
    ranges = read.gate(model=name).effective["input_range"].value
    assert ranges == ((told or None) if len(given_inputs) > 1 else next(iter(told.values()), None))
    (function,) = (
        node for node in ast.parse(found.module).body if isinstance(node, ast.FunctionDef)
    )
    assert function.name == table.data.partition(":")[2] or data
    assert isinstance(function.body[-1], ast.Raise)


def shown(fact: InputFacts) -> bool:
    return bool(fact.why) and fact.exact and not fact.looked_up


def test_every_line_of_settings_is_explained() -> None:
    model = MeasuredModel(PurePosixPath("net.keras"), ModelFacts((IMAGE,), (CLASSES,)), metrics())
    lines = beginning([model]).table.split("\n# [tool")[0].splitlines()
    explained = [line for line in lines if " = " in line and not line.startswith("path")]
    assert len(explained) >= 9
    assert all("  # " in line for line in explained)
    assert "input_range = [0.0, 255.0]              # read off the model (scale)" in explained


def tree(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text('{"schema": "", "gate": {}}' if path.endswith("json") else "")


def test_the_search_leaves_out_what_is_not_the_projects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = ("a.keras", "b/c/net.h5", "b/old.hdf5", "build/net.keras")
    tree(tmp_path, *own, "readme.md", ".hidden.keras", ".git/x.keras", "b/.cache/x.keras")
    tree(tmp_path, "env/pyvenv.cfg", "env/lib/x.keras", "__pycache__/x.keras", "b/conda-meta/x")
    tree(tmp_path, "b/conda-meta/y.keras", "paoding-artifacts/x.keras", "out/p.keras", "out/p.json")
    tree(tmp_path, "/".join("abcdefgh" + "i/x.keras"), "node_modules/m/x.keras")
    (tmp_path / "link").symlink_to(tmp_path / "b")
    monkeypatch.chdir(tmp_path)
    found = [path.as_posix() for path in model_files()]
    assert found == ["a.keras", "build/net.keras"]


def test_the_search_has_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"no \.keras or \.h5 file here"):
        model_files()
    tree(tmp_path, *(f"{number}.keras" for number in range(21)))
    with pytest.raises(ConfigError, match="there are 21 models here: name the models to gate"):
        model_files()
    monkeypatch.setattr(model_search, "_MOST_FILES", 20)
    with pytest.raises(ConfigError, match="more than 20 files here"):
        model_files()
