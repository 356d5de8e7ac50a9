"""Every report of a gate gives the same numbers, whatever kind of metric they are of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import given, settings

from pytest_paoding.records.runs.run_record import RunRecord
from pytest_paoding.records.text.jsonable import to_json
from pytest_paoding.records.text.printing import show
from pytest_paoding.records.text.quantities import Unit
from pytest_paoding.reporting.documents import markdown
from pytest_paoding.reporting.file_lines import file_lines, file_rows
from pytest_paoding.reporting.properties import properties
from pytest_paoding.reporting.terminal import budget_table, failure_text, metric_table
from pytest_paoding.reporting.web.page import page
from support.random_results import SCORES, results
from support.report_rows import (
    named,
    numbers,
    rows_of_markdown,
    rows_of_page,
    typed,
    without_interval,
)

if TYPE_CHECKING:
    from pytest_paoding.records.results import GateResult


@settings(max_examples=40)
@given(results())
def test_every_check_has_the_same_numbers_everywhere(result: GateResult) -> None:
    run = RunRecord(exit=0, complete=True, results=[result])
    gate = json.loads(to_json(run.to_dict()))["gates"][0]
    checks = gate["checks"]
    told = properties(result)
    assert len(set(told)) == len(told)
    shown = rows_of_markdown(markdown(run), " | before"), rows_of_page(page(run), "Budgets")
    lines = budget_table(result).splitlines()[1:] if checks else []
    text = failure_text(result, verbose=False)
    for number, check in enumerate(checks):
        expected = numbers(check)
        for rows in shown:
            row = rows[number]
            assert without_interval(row) == expected
            assert typed(row[0]).replace(" ", "_") == named(check)
        line = lines[number]
        assert line in text
        place = 0
        for cell in (shown[1][number][0], *expected):
            place = line.index(cell, place) + len(cell)
        assert (f"paoding.{check['metric']}", repr(check["found"])) in told
        assert (f"paoding.{check['metric']}.limit", repr(check["limit"])) in told
        for part in ("before", "after", "epsilon"):
            given = check[part] is not None
            assert ((f"paoding.{check['metric']}.{part}", repr(check[part])) in told) == given
    assert all(len(rows) == len(checks) for rows in shown)


@settings(max_examples=40)
@given(results())
def test_every_metric_has_the_same_numbers_everywhere(result: GateResult) -> None:
    run = RunRecord(exit=0, complete=True, results=[result])
    metrics = json.loads(to_json(run.to_dict()))["gates"][0]["metrics"]
    rows = rows_of_page(page(run), "All metrics")
    assert [typed(row[0]).replace(" ", "_") for row in rows] == [
        named({"metric": name, "epsilon": metrics[name]["epsilon"]}) for name in result.metrics
    ]
    assert metrics.keys() == result.metrics.keys()
    lines = metric_table(result).splitlines()[1:] if rows else []
    for row, line in zip(rows, lines, strict=True):
        place = 0
        for cell in row[:4]:
            place = line.index(cell, place) + len(cell)
    for name in metrics:
        for score in (each for each in SCORES if f"@{each}" in name):
            assert any(f"@{score}" in row[0] for row in rows)


@settings(max_examples=40)
@given(results())
def test_every_file_has_the_same_numbers_everywhere(result: GateResult) -> None:
    rows = file_rows(result)
    run = RunRecord(exit=0, complete=True, results=[result])
    metrics = json.loads(to_json(run.to_dict()))["gates"][0]["metrics"]
    files = rows_of_page(page(run), "Files")
    assert files == rows
    if result.checks:
        assert rows_of_markdown(markdown(run), "format") == rows
    text = failure_text(result, verbose=False)
    for row, line in zip(rows[1:], file_lines(result), strict=True):
        assert all(cell in line for cell in row[:4])
        assert row[1] in text
        accuracy = metrics.get(f"accuracy@{row[0]}", {"after": None})["after"]
        scored = [
            f"{name.partition('@')[2].removesuffix('@' + row[0])} {each['after']:.4g}"
            for name, each in metrics.items()
            if name.startswith(("score@", "error@")) and name.endswith(f"@{row[0]}")
            if each["after"] is not None
        ]
        decided = any(m["after"] is not None for n, m in metrics.items() if is_accuracy(n))
        if decided:
            assert row[4] == show(accuracy, Unit.SHARE)
        elif any(name.partition("@")[0] in {"score", "error"} for name in metrics):
            assert sorted(row[4].split(", ")) == sorted(scored or "-")  # JSON sorts its keys


def is_accuracy(name: str) -> bool:
    return name.partition("@")[0] == "accuracy"
