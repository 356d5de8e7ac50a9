from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings

from pytest_paoding.config.documents.read_documents import read_baseline
from pytest_paoding.errors import ConfigError
from pytest_paoding.records.baseline import SCHEMA, Baseline, Entry, updated
from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.results import GateResult, Setting
from support.random_results import results

if TYPE_CHECKING:
    from pathlib import Path

FILE = "paoding-baseline.json"


def gate(name: str, size: float = 1000, **more: Any) -> GateResult:
    metrics = {"size": Measurement(2000, size, size), "f1": Measurement(found=1.0)}
    return GateResult(name=name, outcome=Outcome.WITHIN_BUDGET, metrics=metrics, **more)


def baseline(tmp_path: Path, *found: GateResult) -> Baseline:
    entries = {result.name: Entry.from_result(result) for result in found}
    return Baseline(tmp_path / FILE, FILE, entries)


def test_an_entry_holds_what_can_be_compared_and_nothing_of_the_run() -> None:
    result = gate(
        "net",
        nodeid="tests/test_a.py::test_a",
        duration=3.5,
        worker="gw0",
        source="models/net.keras",
        settings={"ratio": Setting(0.5, "call"), "seed": Setting(0, "built-in")},
        versions={"keras": "3.0"},
        machine="Linux x86_64",
    )
    assert Entry.from_result(result) == Entry(
        metrics={"size": 1000, "f1": 1.0},
        settings={"ratio": 0.5, "seed": 0},
        environment={"keras": "3.0", "machine": "Linux x86_64"},
    )


def test_found_values_are_rounded_and_undefined_ones_left_out() -> None:
    metrics = {
        "accuracy": Measurement(found=2 / 3),
        "agreement": Measurement(reason="nothing"),
        "size": Measurement(found=123456789),
    }
    assert Entry.of_metrics(metrics).metrics == {"accuracy": 0.666667, "size": 123456789}


@settings(max_examples=30)
@given(results())
def test_any_result_survives_the_file(result: GateResult) -> None:
    entries = {result.name: Entry.from_result(result)}
    text = Baseline(None, FILE, entries).to_text()  # type: ignore[arg-type]
    again = Baseline.from_document(json.loads(text), None, label=FILE)  # type: ignore[arg-type]
    assert again.to_text() == text


SMALL = 1.23456789e-7


def test_scores_have_digits_and_clocks_and_regressions_are_left_out() -> None:
    """A score may be small in its own unit, where six places would leave nothing of it."""
    metrics = {
        "error@mse": Measurement(found=SMALL),
        "robust_error@mse@0.1@tflite": Measurement(found=SMALL),
        "divergence": Measurement(found=SMALL),
        "own": Measurement(found=SMALL),
        "odd": Measurement(found=float("inf")),
        "latency_ratio": Measurement(found=0.5),
        "score_drop@f1": Measurement(found=0.1),
        "accuracy_drop@tflite": Measurement(found=0.1),
    }
    assert Entry.of_metrics(metrics).metrics == {
        "error@mse": 1.23457e-7,
        "robust_error@mse@0.1@tflite": 1.23457e-7,
        "divergence": 0.0,
        "own": 1.23457e-7,
    }


def test_what_is_better_stands_in_the_file_only_where_something_is_known(tmp_path: Path) -> None:
    one = baseline(tmp_path, gate("a", better={"f1": "higher"}), gate("b"))
    document = json.loads(one.to_text())
    assert document["gates"]["a"]["better"] == {"f1": "higher"}
    assert "better" not in document["gates"]["b"]
    assert Baseline.from_document(document, tmp_path, label=FILE).entries == one.entries


def test_the_text_is_sorted_so_that_a_diff_shows_what_changed(tmp_path: Path) -> None:
    one = baseline(tmp_path, gate("b"), gate("a"))
    two = baseline(tmp_path, gate("a"), gate("b"))
    assert one.to_text() == two.to_text()
    assert one.to_text().index('"a"') < one.to_text().index('"b"')


def test_a_file_that_is_not_there_has_no_entries(tmp_path: Path) -> None:
    assert read_baseline(tmp_path / FILE, label=FILE).entries == {}


@pytest.mark.parametrize(
    ("text", "line"),
    (
        ("", "is not valid JSON: .*; restore it, or delete it and run pytest --paoding-update-b.*"),
        ("{", "is not valid JSON"),
        ("<<<<<<< HEAD\n{}\n", "has merge conflict markers: resolve them"),
        ("[]", "is not a baseline: its schema is None, not 'pytest-paoding-baseline/1'"),
        ('{"schema": "pytest-paoding/1"}', "is not a baseline: its schema is 'pytest-paoding/1'"),
        (
            '{"schema": "pytest-paoding-baseline/2", "gates": {}}',
            "is of another schema than 1: update pytest-paoding",
        ),
        (
            f'{{"schema": "{SCHEMA}"}}',
            "is not as its schema says: gates: is missing; write it anew with",
        ),
        (f'{{"schema": "{SCHEMA}", "gates": {{"a": {{"x": 1}}}}}}', "gates.a.metrics: is missing"),
        (
            f'{{"schema": "{SCHEMA}", "gates": {{"a": {{"metrics": {{"size": "3"}}}}}}}}',
            "gates.a.metrics.size: input should be a number, not '3'",
        ),
        (
            f'{{"schema": "{SCHEMA}", "gates": {{"a": {{"metrics": 3}}}}}}',
            "gates.a.metrics: input sh",
        ),
        (
            f'{{"schema": "{SCHEMA}", "gates": {{"a": {{"metrics": {{}}, "settings": 3}}}}}}',
            "gates.a.settings: input should be a valid dictionary, not 3",
        ),
        (
            f'{{"schema": "{SCHEMA}", "gates": {{"a": {{"metrics": {{}}, "better": {{"f":1}}}}}}}}',
            "gates.a.better.f: input should be 'lower' or 'higher', not 1",
        ),
    ),
)
def test_a_file_that_is_no_baseline_is_refused_in_one_line(
    tmp_path: Path, text: str, line: str
) -> None:
    path = tmp_path / FILE
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=f"^{FILE}: .*{line}") as caught:
        read_baseline(path, label=FILE)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_baseline(tmp_path, label="folder")
    (tmp_path / FILE).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="is not valid JSON: 'utf-8' codec"):
        read_baseline(tmp_path / FILE, label=FILE)


def test_differences_name_settings_and_surroundings() -> None:
    old = Entry({}, {"ratio": 0.5, "seed": 0}, {"tensorflow": "2.18.0", "machine": "Linux x86_64"})
    new = Entry({}, {"ratio": 0.3, "seed": 0}, {"tensorflow": "2.21.0", "machine": "Linux x86_64"})
    assert new.differences(old) == ["ratio 0.5, here 0.3", "tensorflow 2.18.0, here 2.21.0"]
    assert new.differences(new) == []
    steps = Entry({}, {**new.settings, "step": 0.1}, new.environment)
    assert new.differences(steps) == ["step 0.1, here built-in"]


def test_only_missing_entries_are_added(tmp_path: Path) -> None:
    present = baseline(tmp_path, gate("a", 1000), gate("old"))
    found = [gate("a", 900), gate("b", 800), gate("bad", 1)]
    unfit = {"bad": "OVER BUDGET"}
    update = updated(present, found, everything=False, unfit=unfit, stale=["old"])
    assert update.lines == ("added b", "left out bad: OVER BUDGET")
    assert set(update.baseline.entries) == {"a", "b", "old"}
    assert update.baseline.entries["a"].metrics["size"] == 1000
    assert update.changes(present)


def test_everything_replaces_entries_of_gates_that_ran_and_removes_stale_ones(
    tmp_path: Path,
) -> None:
    present = baseline(tmp_path, gate("a", 1000), gate("same"), gate("unrun"), gate("old"))
    update = updated(
        present, [gate("a", 1001), gate("same")], everything=True, unfit={}, stale=["old"]
    )
    assert update.lines == ("changed a (size 1.000 kB -> 1.001 kB)", "removed old")
    assert set(update.baseline.entries) == {"a", "same", "unrun"}
    again = updated(update.baseline, [gate("same")], everything=True, unfit={})
    assert (again.lines, again.changes(update.baseline)) == ((), False)


def test_what_changed_is_told_also_where_no_metric_did(tmp_path: Path) -> None:
    present = baseline(tmp_path, gate("a"))
    moved = gate("a", versions={"keras": "4"})
    assert updated(present, [moved], everything=True, unfit={}).lines == (
        "changed a (settings or environment)",
    )
    metrics = {**gate("a").metrics, "flops": Measurement(found=7)}
    more = dataclasses.replace(gate("a"), metrics=metrics)
    assert updated(present, [more], everything=True, unfit={}).lines == (
        "changed a (flops - -> 7)",
    )
