"""A row of the catalogue is all that a setting needs."""

from __future__ import annotations

import argparse
import inspect
import json
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_paoding.cli.arguments import PRUNING, add_settings, settings_of
from pytest_paoding.config.catalogue import SETTINGS
from pytest_paoding.config.catalogue.doc_rows import COLUMNS, doc_rows, markdown
from pytest_paoding.config.catalogue.keys import EngineCall, Key, Scope
from pytest_paoding.config.configfile import read
from pytest_paoding.config.loading import load
from pytest_paoding.config.tables import keywords
from pytest_paoding.records.protocol import AboutInputs, Engine, Judging, Pruning
from support.projects import BUDGET, make_project

if TYPE_CHECKING:
    from pathlib import Path

MORE = """
from pytest_paoding.config import catalogue
from pytest_paoding.config.catalogue.keys import Catalogue, EngineCall, Key
from pytest_paoding.records.text.quantities import factor

catalogue.SETTINGS = Catalogue((
    *catalogue.SETTINGS,
    Key(name="zeal", read=factor, help="how eagerly units go", default=2.0, metavar="Z",
        example="3", calls=(EngineCall.PRUNE,)),
    Key(name="attack_rage", table="attack", inner="rage", read=factor, help="how fiercely",
        example="3", calls=(EngineCall.EVALUATE,)),
))
"""
"""Two rows more, before anything is made from the catalogue."""

SHOW = """
import argparse, more, sys
from pytest_paoding.cli.arguments import add_settings, settings_of
from pytest_paoding.config.catalogue import SETTINGS
from pytest_paoding.config.catalogue.doc_rows import markdown

parser = argparse.ArgumentParser()
add_settings(parser)
for texts in ([], ["--zeal=4"]):
    print(settings_of(parser.parse_args(texts))["zeal"])
print(markdown([SETTINGS["zeal"]]))
parser.parse_args(["--zeal=0.5"])
"""
TESTS = """
@pytest.mark.paoding(zeal=4)
def test_marker(paoding, net):
    paoding.check(net)

@pytest.mark.paoding(zeal=4)
def test_call(paoding, net):
    paoding.check(net, zeal=5)
"""
TOLD = """

class Engine(FakeEngine):
    def prune(self, model, *, zeal, **options):
        with open("zeal.txt", "a") as file:
            print(zeal, file=file)
        return super().prune(model, **options)

def pytest_paoding_engine(config):
    return Engine()
"""


def test_one_row_adds_a_setting(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project(pytester, monkeypatch)
    project.write("more.py", MORE)
    with (project.path / "conftest.py").open("a") as file:
        file.write(TOLD)
    keys = "ratio = 0.5\nzeal = '2.5'\nattack = { rage = 8 }"
    table = BUDGET.replace("2%", "9%").replace("ratio = 0.5", keys)
    project.configure(table, cnn={}, mlp={})
    with (project.path / "pyproject.toml").open("a") as file:
        file.write("zeal = 3\n")  # in the table of the last model
    project.tests(TESTS)
    monkeypatch.setenv("PYTHONPATH", str(project.path))

    def run(*options: str) -> dict[str, tuple[float, str]]:
        given = ("-p", "more", *project.plugins, "-p", "no:cacheprovider", "--paoding")
        ran = pytester.runpytest_subprocess(*given, "--paoding-json=run.json", *options)
        assert ran.ret == 0
        shown = {name: gate["settings"]["zeal"] for name, gate in project.gates.items()}
        return {name: (each["value"], each["source"]) for name, each in shown.items()}

    assert run() == {
        "cnn": (2.5, "pyproject.toml [tool.paoding]"),
        "mlp": (3.0, "pyproject.toml [tool.paoding.models.mlp]"),
        "test_marker": (4.0, "marker"),
        "test_call": (5.0, "call"),
    }
    told = (project.path / "zeal.txt").read_text().split()
    assert sorted(told) == ["2.5", "3.0", "4.0", "5.0"]
    rage = {"value": 8.0, "source": "pyproject.toml [tool.paoding]"}
    assert project.gates["cnn"]["settings"]["attack_rage"] == rage
    assert {*run("--paoding-zeal=6").values()} == {(6.0, "command line")}
    refused = pytester.runpytest_subprocess("-p", "more", *project.plugins, "--paoding-zeal=0.5")
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    refused.stderr.fnmatch_lines(["*argument --paoding-zeal: '0.5' is not a factor above 1"])
    project.write("show.py", SHOW)
    done = pytester.run(sys.executable, "show.py")
    row = "| `zeal` | `3` | `2.0` | How eagerly units go. | `--paoding-zeal=Z` |"
    assert done.outlines == ["2.0", "4.0", *markdown([]).splitlines(), row, ""]
    done.stderr.fnmatch_lines(["*argument --zeal: '0.5' is not a factor above 1"])


@pytest.mark.parametrize("key", SETTINGS.keys, ids=lambda key: key.name)
def test_the_example_of_a_setting_is_taken_from_a_table_and_from_the_command_line(
    key: Key, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_paoding.config.checks.lacking_for", lambda _: None)
    value = key.example or json.dumps(key.words[-1] if key.words else not key.default)
    places = {Scope.GATE: key.table, Scope.RUN: "", Scope.MODEL: "models.net"}
    tables: dict[str, str] = {"": "ratio = 0.5\n", "models.net": "budget.max_size = 1\n"}
    if key.name != "path":
        tables["models.net"] += 'path = "net.keras"\n'
    place = places[key.scope]
    line = f"{key.key} = {value}\n"
    instead = key.name in {"ratio", "target"}
    tables[place] = line if instead else tables.get(place, "") + line
    path = tmp_path / "pyproject.toml"
    heads = {name: f"[tool.paoding{'.' * bool(name)}{name}]\n" for name in tables}
    extra = "[tool.paoding.budget]\nmax_size = 1\n" if key.name == "baseline" else ""
    if key.name == "baseline":
        extra = "[tool.paoding.regression]\nmax_size_increase = 1.0\n"
    path.write_text("".join(heads[name] + text for name, text in tables.items()) + extra)
    settings = load(read(path, rootdir=tmp_path), command_line={})
    if key.scope is Scope.GATE:
        assert settings.gate(model="net").shown[key.name].source != "built-in"
    elif key.scope is Scope.RUN:
        assert settings.shared[key.name].source != "built-in"


def test_what_goes_to_the_engine_is_what_the_engine_takes() -> None:
    assert {*SETTINGS.of_call(EngineCall.PRUNE)} == {*Pruning.__annotations__}
    assert {*SETTINGS.of_call(EngineCall.EVALUATE)} == {*Judging.__annotations__}
    parameters = inspect.signature(Engine.export).parameters.values()
    named = {each.name for each in parameters if each.kind is inspect.Parameter.KEYWORD_ONLY}
    assert {*SETTINGS.of_call(EngineCall.EXPORT)} == named | {*AboutInputs.__annotations__}


def test_names_are_unique_and_documented() -> None:
    names = [key.name for key in SETTINGS]
    assert len(set(names)) == len(names)
    for key in SETTINGS:
        assert key.help == key.help.strip().removesuffix(".")
        assert key.flag or key.words or key.example, key.name
    for row in doc_rows(SETTINGS):
        assert len(row) == len(COLUMNS)
        assert re.fullmatch(r"`\w+`", row[0])
        assert row[3].endswith(".")


def parsed(*texts: str) -> dict[str, Any]:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_settings(parser)
    return settings_of(parser.parse_args(texts))


def test_without_arguments_a_command_prunes_as_a_gate_does() -> None:
    built_in = {name: SETTINGS.built_in[name].value for name in PRUNING}
    assert parsed() == built_in
    gate = keywords({"ratio": 0.5}, where="here", source="call")
    assert gate["ratio"].value == 0.5


@pytest.mark.parametrize(
    ("texts", "found"),
    (
        (("--input-range", "-1", "2"), {"input_range": (-1.0, 2.0)}),
        (("--input-range", "a=0,1", "b=0,5"), {"input_range": {"a": (0.0, 1.0), "b": (0.0, 5.0)}}),
        (("--ratios", "a=50%", "b=0"), {"ratios": {"a": 0.5, "b": 0.0}}),
        (("--ratios=a=50%,b=0",), {"ratios": {"a": 0.5, "b": 0.0}}),
        (("--ratios=a=50%", "--ratios=b=0", "--ratios=a=0"), {"ratios": {"a": 0.0, "b": 0.0}}),
        (("--include", "a", "b,c"), {"include": ("a", "b", "c")}),
        (("--include=a", "--include=b"), {"include": ("b",)}),
        (("--strategy=scale",), {"strategy": "magnitude"}),
        (("--verify",), {"verify": True}),
    ),
)
def test_lists_and_tables_on_the_command_line(texts: tuple[str, ...], found: Any) -> None:
    given = parsed(*texts)
    assert {key: given[key] for key in found} == found
