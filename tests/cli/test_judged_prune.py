"""`prune` with data and budgets: judged as a gate is, written only within budget."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest

from pytest_paoding.__main__ import main
from pytest_paoding.cli.arguments import JUDGING, PRUNING, add_limits, add_settings, layer_of
from pytest_paoding.cli.usage import OneLineParser
from pytest_paoding.config.gate_settings import resolve
from pytest_paoding.engine.keras_io.load import load_model
from pytest_paoding.engine.keras_io.save import save_model
from pytest_paoding.records.metrics import BUDGETS, Metric
from pytest_paoding.records.results import Setting
from pytest_paoding.records.text.quantities import Unit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

layers = keras.layers
DATA = """
import numpy as np

def holdout():
    with np.load("data.npz") as found:
        return found["x"], found["y"]

def broken():
    raise NotImplementedError("fill in net_data.py")
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    keras.utils.set_random_seed(1)
    stack = [keras.Input((6,)), layers.Dense(16, "relu", name="hidden"), layers.Dense(3, "softmax")]
    path: Path = tmp_path_factory.mktemp("models") / "net.keras"
    save_model(keras.Sequential(stack), path)
    return path


@pytest.fixture
def project(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with data that the model is right about, and where commands run."""
    x = np.random.default_rng(0).random((60, 6), "float32")
    y = np.asarray(load_model(model)(x)).argmax(axis=1)
    np.savez(tmp_path / "data.npz", x=x, y=y)
    (tmp_path / "net_data.py").write_text(DATA)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("net_data", None)


def prune(
    capsys: pytest.CaptureFixture[str], model: Path, *options: str
) -> tuple[int, list[str], str]:
    fixed = ["--strategy=impact", "-o", "small.keras"]
    code = main(["prune", str(model), *fixed, *options])
    out, err = capsys.readouterr()
    return code, out.splitlines(), err


def files(folder: Path) -> set[str]:
    kept = {"data.npz", "net_data.py", "__pycache__"}
    return {path.name for path in folder.iterdir()} - kept


@pytest.mark.parametrize("data", ("net_data:holdout", "data.npz"))
def test_within_budget_it_is_written(project: Path, model: Path, capsys: Any, data: str) -> None:
    limits = ("--max-accuracy-decay=100%", "--min-parameters-removed=10%")
    code, out, err = prune(capsys, model, "-r=0.5", f"--data={data}", *limits)
    assert (code, err) == (0, "")
    rows = [line.split() for line in out]
    assert any(row[:3] == ["accuracy", "decay", "1.0000"] and row[-1] == "ok" for row in rows)
    assert any(row[:2] == ["robustness", "retention"] for row in rows)
    assert out[-2] == "within budget"
    assert out[-1].endswith("s: small.keras")
    assert files(project) == {"small.keras"}


@pytest.mark.parametrize("force", (False, True), ids=("kept-back", "forced"))
def test_over_budget_it_exits_with_one(
    project: Path, model: Path, capsys: Any, *, force: bool
) -> None:
    """And nothing is written: neither the model, nor its plan, nor further formats."""
    (project / "small.keras").write_bytes(b"before")
    options = ["-r", "0.5", "--max-parameters=1", "--save-plan=plan.json", "--export=savedmodel"]
    code, out, err = prune(capsys, model, *options, *["--force"] * force)
    assert (code, err) == (1, "")
    told = next(line for line in out if line.startswith("OVER BUDGET: parameters "))
    assert out.index(told) == len(out) - 3
    assert out[-1].startswith("to accept: raise the ratio, or raise max_parameters (command line)")
    written = {"small.keras", "small.savedmodel.zip", "plan.json"} if force else {"small.keras"}
    assert files(project) == written
    assert (out[-2].endswith(": small.keras is not written")) is not force
    assert ((project / "small.keras").read_bytes() == b"before") is not force


def test_what_cannot_be_judged_is_not_written(project: Path, model: Path, capsys: Any) -> None:
    for options, reason in (
        (["--max-accuracy-decay=2%"], "max_accuracy_decay needs data"),
        (["--data=net_data:broken"], "NotImplementedError: fill in net_data.py"),
        (["--data=gone.npz"], "gone.npz: cannot be read"),
        (["--data=gone_too.npz"], "gone_too.npz: cannot be read"),
    ):
        code, out, err = prune(capsys, model, "-r=0.5", *options, "--force")
        assert (code, out, err.count("\n")) == (1, [], 1)
        assert reason in err
    assert files(project) == set()


def test_a_budget_without_a_finding_is_unjudged(project: Path, model: Path, capsys: Any) -> None:
    options = ("--data=data.npz", "--max-score-decay=nothing=0.1", "--force")
    code, out, _ = prune(capsys, model, "-r=0.5", *options)
    assert code == 1
    assert any(line.startswith("UNJUDGED: score decay") for line in out)
    assert files(project) == set()


def test_the_most_within_budget_is_searched_for(project: Path, model: Path, capsys: Any) -> None:
    limits = ("--data=data.npz", "--max-accuracy-decay=10%", "--save-plan=plan.json")
    code, out, _ = prune(capsys, model, "--ratio=auto", *limits)
    assert code == 0
    assert re.search(r"found with \d trials", out[-1])
    before = (project / "small.keras").read_bytes()
    assert main(["prune", str(model), "--plan=plan.json", "-o", "again.keras"]) == 0
    assert (project / "again.keras").read_bytes() == before
    code, _, err = prune(capsys, model, "--ratio=auto")
    assert (code, err.count("\n")) == (1, 1)
    assert "ratio auto needs a budget to search within" in err


def test_a_plan_is_judged_too(project: Path, model: Path, capsys: Any) -> None:
    assert prune(capsys, model, "-r=0.5", "--save-plan=plan.json")[0] == 0
    (project / "small.keras").unlink()
    options = ("--plan=plan.json", "--data=data.npz")
    assert prune(capsys, model, *options, "--min-agreement=100%")[0] == 1
    assert files(project) == {"plan.json"}
    assert prune(capsys, model, *options, "--min-agreement=1%")[0] == 0
    assert files(project) == {"plan.json", "small.keras"}


def test_a_file_beside_the_output_is_nobodys_manifest(
    project: Path, model: Path, capsys: Any
) -> None:
    (project / "small.json").write_text('{"mine": 1}')
    assert prune(capsys, model, "-r=0.5", "--max-parameters=9999")[0] == 0
    assert (project / "small.json").read_text() == '{"mine": 1}'


def test_a_link_stays_and_what_it_leads_to_is_replaced(
    project: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "far").mkdir()
    (project / "small.keras").symlink_to(project / "far" / "net-2.keras")
    code, out, _ = prune(capsys, model, "-r=0.5", "--export=savedmodel")
    assert code == 0
    assert files(project / "far") == {"net-2.keras", "net-2.savedmodel.zip"}
    assert (project / "small.keras").is_symlink()
    assert out[-1].endswith(f": small.keras, {project / 'far' / 'net-2.savedmodel.zip'}")
    (project / "small.keras").unlink()
    (project / "small.keras").symlink_to(project / "far" / "net-2")
    with pytest.raises(SystemExit):
        prune(capsys, model, "-r=0.5")
    assert "net-2 does not end in .keras" in capsys.readouterr().err


def parsed(*words: str) -> Any:
    parser = OneLineParser()
    add_settings(parser, (*PRUNING, *JUDGING))
    add_limits(parser)
    return parser.parse_args(words)


@pytest.mark.parametrize(("key", "metric"), BUDGETS.items())
def test_every_budget_is_an_option(key: str, metric: Metric) -> None:
    value = 9 if metric.unit in {Unit.COUNT, Unit.BYTES} else 0.5
    layer = layer_of(parsed(f"--{key.replace('_', '-')}={value}"), (*PRUNING, *JUDGING))
    assert set(layer) == {key}
    (limit,) = resolve(layer, {"ratio": Setting(0.5, "call")}).limits
    assert (limit.metric, limit.value, limit.source) == (metric, value, "command line")


def test_only_what_is_said_is_of_the_command_line() -> None:
    words = ("--epsilons", "0.1", "0.2", "--confidence=0.95", "--format-budget", "onnx:max_size=9")
    layer = layer_of(parsed(*words), (*PRUNING, *JUDGING))
    assert {key: setting.value for key, setting in layer.items() if key != "max_size@onnx"} == {
        "epsilons": (0.1, 0.2),
        "confidence": 0.95,
    }
    assert layer["max_size@onnx"].value.value == 9
