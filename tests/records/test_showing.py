"""Records show themselves: in one short line as repr, on one screen as text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from pytest_paoding.records.artifact_record import Artifact, ArtifactFile
from pytest_paoding.records.budgets import Check, Level, Limit, Outcome, Verdict, judge
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.metrics import METRICS
from pytest_paoding.records.plan import LayerResult
from pytest_paoding.records.results import GateResult, Setting, Trial
from pytest_paoding.records.runs.run_record import RunRecord
from support.random_results import results

SIZE = Limit(METRICS["size"], 300_000)
DECAY = Limit(METRICS["accuracy_decay"], 0.02, Level.WARN)
LARGE = Measurement(500_000, 310_000, 310_000)
MISSED = Check("size", SIZE, LARGE, Verdict.MISSED)
UNKNOWN = Check("accuracy_decay", DECAY, Measurement(reason="the data is empty"), Verdict.UNJUDGED)
FILE = Artifact(
    "out/net.keras", published=False, bytes=310_000, sha256="0" * 64, reason="it is full"
)
GATE = GateResult(
    name="net",
    outcome=Outcome.OVER_BUDGET,
    checks=(MISSED, UNKNOWN, Check("size", SIZE, replace(LARGE, found=1e5), Verdict.PASSED)),
    artifact=FILE,
)


@pytest.mark.parametrize(
    ("record", "text"),
    (
        (METRICS["size"], "<Metric size>"),
        (SIZE, "<Limit max_size 300.0 kB>"),
        (DECAY, "<Limit max_accuracy_decay 0.0200 (warn)>"),
        (Measurement(0.9, 0.88, 0.02), "<Measurement 0.9 -> 0.88, 0.02>"),
        (Measurement(reason="is NaN"), "<Measurement undefined: is NaN>"),
        (MISSED, "<Check size 310.0 kB > 300.0 kB>"),
        (UNKNOWN, "<Check accuracy decay UNJUDGED (warn): the data is empty>"),
        (Setting(0.5, "marker"), "<Setting 0.5 (marker)>"),
        (Trial(0.25, Outcome.OVER_BUDGET), "<Trial ratio 0.25 OVER BUDGET>"),
        (LayerResult("dense", 8, 4), "<LayerResult dense: 8 -> 4 units>"),
        (ArtifactFile("onnx", "net.onnx", 1500, ""), "<ArtifactFile net.onnx  1.5 kB>"),
        (FILE, "<Artifact not published: out/net.keras (it is full)>"),
        (replace(FILE, published=True), "<Artifact out/net.keras  310.0 kB>"),
        (GATE, "<GateResult net OVER BUDGET: size 310.0 kB > 300.0 kB>"),
        (RunRecord(exit=1, complete=True, results=[GATE]), "<RunRecord exit status 1, 1 gate>"),
    ),
)
def test_a_record_is_one_line_as_repr(record: Any, text: str) -> None:
    assert repr(record) == text


def test_a_gate_and_a_run_as_text() -> None:
    headline = "net OVER BUDGET: size 310.0 kB > 300.0 kB"
    assert str(GATE).splitlines() == [
        headline,
        "  accuracy decay UNJUDGED (warn): the data is empty",
        "  size 100.0 kB <= 300.0 kB",
        "  not published: out/net.keras (it is full)",
    ]
    both = RunRecord(exit=1, complete=True, results=[GATE, GATE])
    assert str(both).splitlines() == ["exit status 1, 2 gates", f"  {headline}", f"  {headline}"]


@settings(max_examples=40)
@given(results())
def test_any_gate_fits_a_screen(result: GateResult) -> None:
    assert len(str(result).splitlines()) <= 21
    assert "\n" not in repr(result)


def test_what_is_cut_is_counted() -> None:
    many = judge([DECAY] * 30, {"accuracy_decay": Measurement(found=0.01)}).checks
    lines = str(replace(GATE, checks=many)).splitlines()
    assert (len(lines), lines[-1]) == (21, "  ... and 12 more")
