"""Whatever a report, a manifest or a baseline holds: an answer, or one line that says what not."""

from __future__ import annotations

import contextlib
import io
import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_paoding.__main__ import main
from pytest_paoding.cli.schema import text
from pytest_paoding.config.documents.read_documents import read_baseline, read_run
from pytest_paoding.config.documents.schema_types import conforming
from pytest_paoding.errors import ConfigError
from pytest_paoding.records.baseline import Baseline, Entry
from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.evidence.breakdown import Breakdown
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.plan import LayerResult
from pytest_paoding.records.results import GateResult
from pytest_paoding.records.runs.revision import Revision
from pytest_paoding.records.runs.run_record import RunRecord, surroundings
from pytest_paoding.records.text import strict_json
from pytest_paoding.records.text.jsonable import to_json
from support.harmless_logs import harmless
from support.mutated_documents import mutated, spoilt, texts
from support.random_results import results

if TYPE_CHECKING:
    from pathlib import Path


FUZZ = settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def report(found: list[GateResult]) -> dict[str, Any]:
    around = surroundings(found, Revision("0" * 40, dirty=True), "pytest")
    run = RunRecord(exit=1, complete=True, results=found, required=("a",), environment=around)
    return run.to_dict()


def manifest(found: list[GateResult]) -> dict[str, Any]:
    gate = found[0].to_dict()
    return {"schema": "pytest-paoding/1", "gate": {k: gate[k] for k in gate if k != "artifact"}}


def baseline(found: list[GateResult]) -> dict[str, Any]:
    entries = {each.name: Entry.from_result(each) for each in found}
    return Baseline(None, "", entries).to_document()  # type: ignore[arg-type]


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """Draw the content of a file that is nearly one of this package."""
    kind = draw(st.sampled_from([report, report, manifest, baseline]))
    found = draw(st.lists(results(), min_size=1, max_size=2))
    plain = json.loads(to_json(kind(found)))
    if draw(st.integers(0, 3)):
        return draw(mutated(plain)).encode()
    return draw(spoilt(to_json(plain)))


def told(*arguments: object) -> None:
    """Run a command; it must answer, or refuse in one line."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(each) for each in arguments])
    refusal = err.getvalue()
    assert not refusal or (code, refusal.count("\n")) == (1, 1), (code, refusal)
    harmless(out.getvalue() + refusal)


@FUZZ
@given(documents(), st.data())
def test_commands_answer_or_refuse_in_one_line(
    tmp_path: Path, content: bytes, data: st.DataObject
) -> None:
    path, sound = tmp_path / "x.json", tmp_path / "sound.json"
    path.write_bytes(content)
    sound.write_text(to_json(report(data.draw(st.lists(results(), max_size=1)))))
    told("show", path)
    told("compare", path, sound)
    told("compare", sound, path)
    (tmp_path / "all.json").unlink(missing_ok=True)
    targets = [f"--{kind}={tmp_path}/all.{kind}" for kind in ("json", "markdown", "html")]
    told("merge", path, sound, *targets)
    if (tmp_path / "all.json").exists():
        told("show", tmp_path / "all.json")
        harmless((tmp_path / "all.markdown").read_text("utf-8"))
        assert "\x1b" not in (tmp_path / "all.html").read_text("utf-8")


IMPOSSIBLE = {
    "evidence of 0 samples": lambda gate: gate["metrics"]["f1"].update(
        evidence={"contrast": "share", "both": 0, "lost": 0, "gained": 0, "neither": 0}
    ),
    "0 of them right before": lambda gate: gate["metrics"]["f1"].update(
        evidence={"contrast": "ratio", "both": 0, "lost": 0, "gained": 3, "neither": 0}
    ),
    "bounds for 21 levels": lambda gate: gate["metrics"]["f1"].update(
        evidence={
            "contrast": "share",
            "samples": 1,
            "method": "bca",
            "replicates": 0,
            "bounds": [1.0],
            "reason": None,
        }
    ),
    "is not square": lambda gate: gate["breakdown"].update(
        confusions=[{"output": "out", "before": [[1, 2], [3]], "after": []}]
    ),
    "'50' is not one target": lambda gate: gate["settings"].update(
        target={"value": "50", "source": "call"}
    ),
    "gates.0.metrics.f1.found: input should be a number, not '1'": lambda gate: gate["metrics"][
        "f1"
    ].update(found="1"),
    "gates.0.layers.0.units: input should be a valid integer, not True": lambda gate: gate[
        "layers"
    ][0].update(units=True),
    "gates.0.outcome: input should be 'within-budget', ": lambda gate: gate.update(outcome="good"),
}
"""Changes of a gate, by what is said of them."""


@pytest.mark.parametrize("line", IMPOSSIBLE)
@pytest.mark.parametrize("command", ("show", "merge", "compare"))
def test_the_line_names_the_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, line: str
) -> None:
    result = GateResult(
        name="net",
        outcome=Outcome.WITHIN_BUDGET,
        metrics={"f1": Measurement(found=0.5)},
        layers=(LayerResult("dense", 4, 2),),
        breakdown=Breakdown(),
    )
    document, path = report([result]), tmp_path / "x.json"
    IMPOSSIBLE[line](document["gates"][0])
    path.write_text(to_json(document))
    assert main([command, str(path), *[str(path)] * (command == "compare")]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"python -m pytest_paoding: error: {path}: is not as its schema says: ")
    assert line in told
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "line"),
    (
        ('{"a": NaN}', "NaN is no number in JSON"),
        ('{"a": -Infinity}', "-Infinity is no number in JSON"),
        ('{"a": 1e999}', "1e999 is beyond all numbers"),
        ('{"a": 1' + 30 * "0" + "}", "is beyond the whole numbers of 64 bits"),
        ('{"a": ' + 10_000 * "9" + "}", "is beyond the whole numbers of 64 bits"),
        (r'{"a": "\ud800"}', "surrogates not allowed"),
        (r'{"\udfff": 1}', "surrogates not allowed"),
        (65 * "[" + 65 * "]", "is nested too deeply"),
        (100_000 * "[", "is nested too deeply"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "the key 'c' stands in one object twice"),
        ('{"a": 1, "\\u0061": 2}', "the key 'a' stands in one object twice"),
        ("\ufeff{}", "Unexpected UTF-8 BOM"),
    ),
)
@pytest.mark.parametrize("command", ("show", "merge", "compare"))
def test_what_python_reads_and_others_do_not_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, content: str, line: str
) -> None:
    path = tmp_path / "x.json"
    path.write_text(content, encoding="utf-8")
    assert main([command, str(path), *[str(path)] * (command == "compare")]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"python -m pytest_paoding: error: {path}: is not valid JSON: ")
    assert line in told
    assert told.count("\n") == 1


def test_a_file_without_end_is_not_read_to_its_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strict_json, "MOST_BYTES", 10)
    path = tmp_path / "x.json"
    path.write_text('{"a": 12345678}')
    assert main(["merge", str(path)]) == 1
    assert "is larger than 10 bytes" in capsys.readouterr().err


@pytest.mark.parametrize("value", ("[]", "{}", '{"":0}', "0"))
def test_values_beyond_all_bounds_are_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], value: str
) -> None:
    """They would occupy many times the memory that their text does."""
    path = tmp_path / "x.json"
    path.write_text(f'{{"schema": [{4_000_000 * f"{value},"}0]}}')
    assert main(["show", str(path)]) == 1
    assert "is not valid JSON: holds more than 4,000,000 values" in capsys.readouterr().err


def test_what_a_later_version_adds_is_left_out_and_what_hooks_add_stays() -> None:
    document = report([GateResult(name="net", outcome=Outcome.SKIPPED)])
    later = json.loads(to_json(document))
    later["gates"][0]["later"] = {"a": 1}
    later["hook"] = later["session"]["hook"] = later["environment"]["hook"] = 7
    read = conforming(later, "report")
    assert "later" not in read["gates"][0]
    assert read["hook"] == read["session"]["hook"] == read["environment"]["hook"] == 7


def test_what_an_earlier_version_did_not_know_may_be_missing(tmp_path: Path) -> None:
    document = report([GateResult(name="net", outcome=Outcome.SKIPPED)])
    for name in ("breakdown", "better", "spent"):
        del document["gates"][0][name]
    path = tmp_path / "x.json"
    path.write_text(to_json(document))
    assert read_run(path).results[0].name == "net"


@given(st.recursive(texts, lambda inner: st.lists(inner) | st.dictionaries(texts, inner)))
def test_what_is_written_others_can_read(content: Any) -> None:
    written = to_json({"a": content})
    json.dumps(json.loads(written), ensure_ascii=False).encode()


@FUZZ
@given(documents())
def test_a_baseline_is_read_or_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "b.json"
    path.write_bytes(content)
    try:
        found, refusal = read_baseline(path, label="b.json"), ""
    except ConfigError as error:
        found, refusal = None, str(error)
    if found is None:
        assert refusal.startswith("b.json: ")
        assert "\n" not in refusal
    else:
        path.write_text(found.to_text(), encoding="utf-8")
        assert read_baseline(path, label="b.json") == found


@FUZZ
@given(documents())
def test_the_reader_and_the_schema_agree(content: bytes) -> None:
    """Only what a later version may have added is read, and what an earlier one did not know."""
    try:
        document = json.loads(content, parse_constant=lambda _: None)
    except (RecursionError, ValueError):
        return
    validator = jsonschema.Draft202012Validator(json.loads(text("report")))
    if validator.is_valid(document) and not _has_whole_floats(document):
        read = conforming(document, "report")
        assert read == document
        assert json.dumps(read) == json.dumps(document)


def _has_whole_floats(value: Any) -> bool:
    """Whether 1.0 stands somewhere, which counts as an integer in JSON Schema only."""
    if isinstance(value, (dict, list)):
        return any(map(_has_whole_floats, value.values() if isinstance(value, dict) else value))
    return isinstance(value, float) and value.is_integer()
