"""The lines on files in further formats, below that of their gate."""

from __future__ import annotations

from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.results import GateResult
from pytest_paoding.reporting.file_lines import file_lines

SIZES = {f"size@{each}": Measurement(9000, 1000, 1000) for each in ("tflite", "tflite-int8")}
REDUCED = {f"size_reduction@{each}": Measurement(found=0.9) for each in ("tflite", "tflite-int8")}


def lines(**metrics: float | None) -> list[str]:
    found = {name: Measurement(1.0, after, after) for name, after in metrics.items()}
    return file_lines(
        GateResult(name="net", outcome=Outcome.WITHIN_BUDGET, metrics={**SIZES, **REDUCED, **found})
    )


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
        "  tflite       net.tflite       1.0 kB (-90%)  mae 0.2966  r2 0.91",
        "  tflite-int8  net.int8.tflite  1.0 kB (-90%)",
    ]


def test_accuracy_stands_before_scores() -> None:
    found = lines(
        **{"accuracy@tflite": 0.9, "score@f1@tflite": 0.8, "robust_accuracy@0.1@tflite": 1}
    )
    assert found[0].endswith("(-90%)  accuracy 0.9000  robust 1.0000 @0.1")
