"""The schemas of documents: what is written is as they say, and they leave nothing open."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_paoding.__main__ import main
from pytest_paoding.cli.schema import KINDS, text
from pytest_paoding.records.baseline import Baseline, Entry
from pytest_paoding.records.runs.history import PastRun
from pytest_paoding.records.runs.revision import Revision
from pytest_paoding.records.runs.run_record import RunRecord, surroundings
from pytest_paoding.records.text.jsonable import to_json
from support.random_results import results

if TYPE_CHECKING:
    from pytest_paoding.records.results import GateResult
    from support.projects import Project


DRAFT = jsonschema.Draft202012Validator


@pytest.mark.parametrize("kind", KINDS)
def test_schemas_are_schemas(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", kind]) == 0
    schema = json.loads(capsys.readouterr().out)
    DRAFT.check_schema(schema)
    assert schema == json.loads(text(kind))


@settings(max_examples=60)
@given(st.lists(results(), max_size=3))
def test_any_report_is_as_its_schema_says(found: list[GateResult]) -> None:
    around = surroundings(found, Revision("0" * 40, dirty=True, branch="main"), "pytest --paoding")
    run = RunRecord(exit=1, complete=True, results=found, required=("a",), environment=around)
    document = json.loads(to_json(run.to_dict()))
    DRAFT(json.loads(text("report"))).validate(document)
    assert RunRecord.from_dict(document).to_dict()["gates"] == document["gates"]
    entries = {each.name: Entry.from_result(each) for each in found}
    written = Baseline(None, "", entries).to_text()  # type: ignore[arg-type]
    DRAFT(json.loads(text("baseline"))).validate(json.loads(written))
    kept = json.loads(to_json(PastRun.from_record(run).to_dict()))
    DRAFT(json.loads(text("history"))).validate(kept)


def leaves(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all keys of nested objects and lists."""
    if isinstance(node, dict):
        return [
            p for key, value in node.items() for p in [(*path, key), *leaves(value, (*path, key))]
        ]
    if isinstance(node, list):
        return [p for place, value in enumerate(node) for p in leaves(value, (*path, place))]
    return []


FREE = {"tensorflow", "keras", "numpy"}


def test_a_real_report_has_no_key_that_its_schema_could_do_without(ran: Project) -> None:
    document = ran.document
    validator = DRAFT(json.loads(text("report")))
    validator.validate(document)
    for path in leaves(document):
        if path[-1] in FREE or {"settings", "metrics", "spent"} & set(path[-2:-1]):
            continue
        broken = copy.deepcopy(document)
        inner = broken
        for key in path[:-1]:
            inner = inner[key]
        value = inner.pop(path[-1])
        assert not validator.is_valid(broken), f"{path} may be left out"
        inner[path[-1]] = object() if not isinstance(value, (dict, list)) else 3
        if path[-1] != "value":
            assert not validator.is_valid(broken), f"{path} may be anything"


@pytest.mark.parametrize("place", ((), ("environment",), ("session",)))
def test_hooks_may_add_to_the_document(ran: Project, place: tuple[str, ...]) -> None:
    document = inner = ran.document
    for key in place:
        inner = inner[key]
    inner["build"] = 7
    DRAFT(json.loads(text("report"))).validate(document)
    document["gates"][0]["build"] = 7
    assert not DRAFT(json.loads(text("report"))).is_valid(document)


def test_every_manifest_holds_a_gate_of_the_schema(ran: Project) -> None:
    manifest = json.loads((ran.artifacts / "good.json").read_text())
    schema = json.loads(text("report"))
    one = {"$defs": schema["$defs"], **schema["$defs"]["gate"]}
    DRAFT(one).validate({**manifest["gate"], "artifact": None})
