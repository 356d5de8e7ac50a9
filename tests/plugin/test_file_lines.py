"""The lines on files in further formats, below that of their gate."""

from __future__ import annotations

from dataclasses import replace

from pytest_paoding.records.budgets import Check, Limit, Outcome, Verdict
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.metrics import METRICS
from pytest_paoding.records.results import GateResult
from pytest_paoding.records.runs.run_record import RunRecord
from pytest_paoding.reporting.documents import markdown
from pytest_paoding.reporting.file_lines import file_heads, file_lines, file_rows
from pytest_paoding.reporting.terminal import failure_text
from pytest_paoding.reporting.web.page import page

SIZES = {f"size@{each}": Measurement(9000, 1000, 1000) for each in ("tflite", "tflite-int8")}
CHECK = Check("error@mae", Limit(METRICS["error"], 0.05), Measurement(), Verdict.MISSED)
REDUCED = {f"size_reduction@{each}": Measurement(found=0.9) for each in ("tflite", "tflite-int8")}


def gate(**metrics: float | None) -> GateResult:
    found = {name: Measurement(1.0, after, after) for name, after in metrics.items()}
    metrics_of_all = {**SIZES, **REDUCED, **found}
    return GateResult(name="net", outcome=Outcome.OVER_BUDGET, metrics=metrics_of_all)


def lines(**metrics: float | None) -> list[str]:
    return file_lines(gate(**metrics))


def test_scores_stand_where_no_sample_is_right_or_wrong() -> None:
    found = lines(
        **{
            "error@mae": 0.1,
            "error@mae@tflite": 0.29659,
            "error_decay@mae@tflite": 0.5,
            "score@r2@tflite": 0.91,
            "error@mae@tflite-int8": None,
        }
    )
    assert found == [
        "  tflite       net.tflite       1.0 kB (-90%)  mae 0.2966, r2 0.91",
        "  tflite-int8  net.int8.tflite  1.0 kB (-90%)",
    ]


VALUES = {
    "error@mae": 0.1,
    "score@mask/mean_iou": 0.5,
    "error@mae@tflite": 0.29659,
    "score@mask/mean_iou@tflite": 0.4,
    "robust_error@mae@0.1": 0.3,
    "robust_error@mae@0.2": 0.4,
    "robust_score@mask/mean_iou@0.1": 0.1,
    "robust_error@mae@0.1@tflite": 0.35,
}


def test_tables_of_files_show_scores_where_no_sample_is_right_or_wrong() -> None:
    result = gate(**VALUES)
    assert file_heads(result)[4:] == ("scores", "robust")
    model, lite, integer = (row[4:] for row in file_rows(result))
    assert model == ["mae 0.1, mask/mean_iou 0.5", "mae 0.4 @0.2"]
    assert lite == ["mae 0.2966, mask/mean_iou 0.4", "mae 0.35 @0.1"]
    assert integer == ["-", "-"]
    run = RunRecord(exit=1, complete=True, results=[replace(result, checks=(CHECK,))])
    for report in (
        failure_text(result, verbose=False),
        lines(**VALUES)[0],
        markdown(run),
        page(run),
    ):
        assert "mae 0.2966, mask/mean_iou 0.4" in report.replace("\\", "")


def test_a_table_of_files_has_accuracy_where_there_is_one() -> None:
    result = gate(**{"accuracy": 0.9, "accuracy@tflite": 0.8, "score@f1": 0.7})
    assert file_heads(result)[4] == "accuracy"
    assert [row[4] for row in file_rows(result)] == ["0.9000", "0.8000", "-"]
    assert file_heads(gate())[4] == "accuracy"


def test_accuracy_stands_before_scores() -> None:
    found = lines(
        **{"accuracy@tflite": 0.9, "score@f1@tflite": 0.8, "robust_accuracy@0.1@tflite": 1}
    )
    assert found[0].endswith("(-90%)  accuracy 0.9000  robust 1.0000 @0.1")
