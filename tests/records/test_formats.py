from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_paoding.config.bounds import Bound, file_bound
from pytest_paoding.config.configfile import read
from pytest_paoding.config.loading import load
from pytest_paoding.config.model_names import check_name
from pytest_paoding.config.tables import keywords
from pytest_paoding.errors import ConfigError
from pytest_paoding.gate.pruned_files import Exports
from pytest_paoding.records.artifact_record import Artifact, ArtifactFile
from pytest_paoding.records.baseline import Entry
from pytest_paoding.records.budgets import Level, Limit, Outcome, Verdict, judge
from pytest_paoding.records.formats import ENDINGS, EXPORTED, parted, read_formats
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.metrics import BUDGETS, FILE_LIMITS, METRICS
from pytest_paoding.records.results import GateResult, Setting

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_paoding.config.gate_settings import GateSettings


@pytest.mark.parametrize(
    ("given", "formats"),
    (
        (["tflite-int8"], ("keras", "tflite-int8")),
        ("onnx, keras,tflite", ("keras", "tflite", "onnx")),
        ("keras", ("keras",)),
        (("savedmodel", "savedmodel"), ("keras", "savedmodel")),
    ),
)
def test_formats_are_read_in_one_order_with_keras_first(
    given: object, formats: tuple[str, ...]
) -> None:
    assert read_formats(given) == formats


@pytest.mark.parametrize(
    ("given", "message"),
    (
        ("tflite_int8", "'tflite_int8' is no format, did you mean tflite-int8?"),
        (["keras", 3], "3 is no format, known are keras, tflite, "),
        ([[]], r"\[\] is no format"),
        ([], r"\[\] is not a list of formats such as"),
        ({"onnx": 1}, "is not a list of formats"),
        ("keras,", "'' is no format"),
    ),
)
def test_what_is_no_format_is_refused_with_what_was_meant(given: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_formats(given)


def test_files_of_a_gate_have_names_of_their_own() -> None:
    assert len(set(ENDINGS.values())) == len(ENDINGS)
    for name in ("net.int8", "net.FLOAT16", "net.savedmodel"):
        with pytest.raises(ValueError, match="its files could be those of 'net'"):
            check_name(name)
    assert check_name("int8") == "int8"


def settings(folder: Path, text: str, **given: Any) -> GateSettings:
    path = folder / "pyproject.toml"
    path.write_text(f"[tool.paoding]\nratio = 0.5\n{text}")
    loaded = load(read(path, rootdir=folder), command_line=given.pop("command_line", {}))
    return loaded.gate(**{"model": "net" if "models.net" in text else None, **given})


TABLE = """
formats = ["keras", "tflite-int8", "onnx"]
[tool.paoding.budget]
max_size = "2 MB"
[tool.paoding.budget.tflite-int8]
max_size = "60 kB"
min_accuracy = { limit = 0.9, level = "warn" }
[tool.paoding.models.net]
path = "net.keras"
budget = { onnx = { min_agreement = "99%" }, tflite-int8 = { max_size = "50 kB" } }
"""


def limits(found: GateSettings) -> dict[str, tuple[float, str]]:
    return {limit.key: (limit.value, limit.source.rpartition("[")[2]) for limit in found.limits}


def test_budgets_of_formats_follow_the_order_of_sources_key_by_key(tmp_path: Path) -> None:
    assert limits(settings(tmp_path, TABLE)) == {
        "max_size": (2_000_000, "tool.paoding.budget]"),
        "min_accuracy@tflite-int8": (0.9, "tool.paoding.budget.tflite-int8]"),
        "max_size@tflite-int8": (50_000, "tool.paoding.models.net]"),
        "min_agreement@onnx": (0.99, "tool.paoding.models.net]"),
    }
    call = keywords({"tflite_int8": {"max_size": "40 kB"}}, where="paoding", source="call")
    marker = keywords({"formats": ["tflite-int8"]}, where="marker", source="marker")
    found = limits(settings(tmp_path, TABLE, call=call, marker=marker))
    assert found["max_size@tflite-int8"] == (40_000, "call")
    assert "min_agreement@onnx" not in found  # nothing is exported as onnx any more
    key, bound = file_bound("tflite-int8:max_size=30 kB")
    given = {key: Setting(bound, "command line")}
    found = limits(settings(tmp_path, TABLE, call=call, command_line=given))
    assert found["max_size@tflite-int8"] == (30_000, "command line")


@pytest.mark.parametrize(
    ("text", "line"),
    (
        ('formats = ["tflit"]', "[tool.paoding] formats: 'tflit' is no format, did you mean tfl"),
        (
            "[tool.paoding.budget.onnx]\nmax_size = 3",
            "[tool.paoding.budget.onnx] nothing is exported as onnx: add it to formats",
        ),
        (
            TABLE.replace('path = "net.keras"', 'path = "net.keras"\nformats = ["tflite-int8"]'),
            "[tool.paoding.models.net.budget.onnx] nothing is exported as onnx",
        ),
        (
            'formats = ["onnx"]\n[tool.paoding.budget.onnx]\nmax_flops = 3',
            "[tool.paoding.budget.onnx] max_flops: unknown key, ",
        ),
        (
            'formats = ["onnx"]\n[tool.paoding.budget.onnx]\nmax_size = "3%"',
            "[tool.paoding.budget.onnx] max_size: '3%' is not a size",
        ),
    ),
)
def test_what_is_wrong_with_formats_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(tmp_path, text)
    assert str(caught.value).startswith(f"pyproject.toml: {line}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    (
        ("tflite-int8:max_sise=3", "did you mean tflite-int8:max_size"),
        ("tflite-int9:max_size=3", "did you mean tflite-int8"),
        ("max_size=3", "not of the form FORMAT:KEY=LIMIT"),
        ("onnx:max_size", "not of the form FORMAT:KEY=LIMIT"),
        ("onnx:max_size=x", "'x' is not a size"),
    ),
)
def test_a_wrong_limit_on_the_command_line_is_one_line(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        file_bound(text)


def test_a_limit_of_a_format_may_be_switched_off() -> None:
    assert file_bound("onnx:max_size=off") == ("max_size@onnx", Bound(None, Level.OFF))


def test_every_limit_of_a_format_looks_at_its_own_file() -> None:
    metrics = {
        "size": Measurement(9, 5, 5),
        "size@onnx": Measurement(9, 7, 7),
        "robust_accuracy@0.1": Measurement(1, 0.5, 0.5),
        "robust_accuracy@0.1@onnx": Measurement(1, 0.25, 0.25),
        "robust_accuracy@0.2@onnx": Measurement(1, 0.75, 0.75),
    }
    size, robust = METRICS["size"], METRICS["robust_accuracy"]
    judged = judge(
        [
            Limit(size, 6),
            Limit(size, 6, file_format="onnx"),
            Limit(robust, 0.5),
            Limit(robust, 0.5, file_format="onnx"),
            Limit(robust, 0.5, file_format="tflite"),
        ],
        metrics,
    )
    assert {check.name: check.verdict for check in judged.checks} == {
        "size": Verdict.PASSED,
        "size@onnx": Verdict.MISSED,
        "robust_accuracy@0.1": Verdict.PASSED,
        "robust_accuracy@0.1@onnx": Verdict.MISSED,
        "robust_accuracy@0.2@onnx": Verdict.PASSED,
        "robust_accuracy@tflite": Verdict.UNJUDGED,
    }
    assert judged.outcome is Outcome.UNJUDGED


def test_only_what_can_be_measured_on_a_file_can_be_limited_there() -> None:
    assert {parted(key)[1] for key in FILE_LIMITS} == set(EXPORTED)
    without = {key for key in BUDGETS if f"{key}@onnx" not in FILE_LIMITS}
    assert without == {
        "max_parameters",
        "min_parameters_removed",
        "max_flops",
        "min_flops_reduction",
        "max_activation_memory",
        "max_compressed_size",
        "min_synthetic_agreement",
        "max_output_divergence",
        "max_output_shift",
        "max_latency_ratio",
        "max_batch_latency_ratio",
        "min_transfer_accuracy",
        "min_corruption_accuracy",
        "min_corruption_retention",
    }


def test_records_with_files_survive_the_trip_and_older_ones_are_read() -> None:
    files = (ArtifactFile("keras", "net.keras", 3, "a"), ArtifactFile("onnx", "net.onnx", 2, "b"))
    checks = judge(
        [Limit(METRICS["size"], 6, file_format="onnx")], {"size@onnx": Measurement(9, 7, 7)}
    ).checks
    artifact = Artifact("net.keras", published=True, bytes=3, sha256="a", files=files)
    result = GateResult(name="net", outcome=Outcome.OVER_BUDGET, checks=checks, artifact=artifact)
    plain = result.to_dict()
    assert plain["checks"][0]["budget"] == "max_size@onnx"
    assert GateResult.from_dict(plain) == result
    del plain["artifact"]["files"]
    older = GateResult.from_dict(plain).artifact
    assert older is not None
    assert older.files == ()


def test_baselines_hold_files_but_not_which_ones_are_asked_for() -> None:
    metrics = {"size": Measurement(found=3), "size@onnx": Measurement(found=2)}
    assert Entry.of_metrics(metrics).metrics == {"size": 3, "size@onnx": 2}
    settings = {"ratio": Setting(0.5, "call"), "formats": Setting(["keras", "onnx"], "call")}
    result = GateResult(name="net", outcome=Outcome.WITHIN_BUDGET, settings=settings)
    assert Entry.from_result(result).settings == {"ratio": 0.5}


def test_a_file_is_compared_with_the_original_keras_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 25)
    sizes = Exports({"onnx": tmp_path / "a"}, 100).sizes
    detail = "before is the .keras file of the original model"
    assert sizes == {
        "size@onnx": Measurement(100, 25, 25, detail=detail),
        "size_reduction@onnx": Measurement(100, 25, 0.75, detail=detail),
    }
