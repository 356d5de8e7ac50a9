"""Commands write over no file that is another's, and obey no name that a file holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
from keras import layers

from pytest_paoding.__main__ import main
from pytest_paoding.engine.keras_io.load import load_model
from pytest_paoding.engine.keras_io.save import save_model
from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.plan import LayerResult
from pytest_paoding.records.results import GateResult
from pytest_paoding.records.runs.run_record import RunRecord
from pytest_paoding.records.text.jsonable import to_json

if TYPE_CHECKING:
    from pathlib import Path

NAME = "a\n::error::gate passed\x1b[2J\u202e"
LONG = "x" * 300


def stack(*names: str) -> Any:
    inner = [layers.Dense(8, "relu", name=name) for name in names]
    return keras.Sequential([keras.Input((6,), name="x"), *inner, layers.Dense(3, name="out")])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "digits.keras"
    save_model(stack("hidden"), path)
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    (
        ("digits.npz", None),
        ("digits.npz", b""),
        ("digits.json", b'{"mine": 1}'),
        ("digits.json", b""),
    ),
)
def test_a_plan_costs_no_file(
    model: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes | None
) -> None:
    """Nor the inputs that the pruning was given, which have the name of the weights."""
    other, output = model.with_name(name), model.with_name("small.keras")
    options: list[str] = []
    if content is None:
        np.savez(other, x=np.ones((20, 6), "float32"))
        options = ["--calibration", str(other)]
    else:
        other.write_bytes(content)
    before = other.read_bytes()
    arguments = ["prune", str(model), "-r", "0.5", "-o", str(output), *options]
    with pytest.raises(SystemExit) as caught:
        main([*arguments, "--save-plan", str(model.with_name("digits.json"))])
    assert caught.value.code == 2
    assert f"{name}: is a file that" in capsys.readouterr().err
    assert other.read_bytes() == before
    assert not output.exists()


def test_a_plan_may_be_saved_again_under_its_name(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan, output = model.with_name("plan.json"), model.with_name("small.keras")
    for ratio in ("0.5", "0.25"):
        options = ["-r", ratio, "-o", str(output), "--save-plan", str(plan)]
        assert main(["prune", str(model), *options]) == 0
    again = ["--plan", str(plan), "--save-plan", str(plan), "-o", str(output)]
    assert main(["prune", str(model), *again]) == 0
    assert capsys.readouterr().err == ""
    assert load_model(output).layers[0].units == 6


def report(path: Path, *results: GateResult) -> Path:
    run = RunRecord(exit=0, complete=True, results=results, faults=(NAME,))
    path.write_text(to_json(run.to_dict()), encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", ("json", "markdown", "html"))
def test_a_shard_is_never_written_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    shard = report(tmp_path / "a.json")
    before = shard.read_bytes()
    with pytest.raises(SystemExit) as caught:
        main(["merge", str(shard), f"--{kind}", str(shard)])
    assert caught.value.code == 2
    assert "is a SHARD, which is never written to" in capsys.readouterr().err
    assert shard.read_bytes() == before


@pytest.mark.parametrize("kind", ("json", "markdown", "html"))
@pytest.mark.parametrize("name", ("digits.keras", "mine.toml", "mine.json", "manifest.json"))
def test_a_merged_report_costs_no_file_that_is_no_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, name: str
) -> None:
    shard, other = report(tmp_path / "a.json"), tmp_path / name
    other.write_text('{"schema": "pytest-paoding/1", "gate": {}}' if "manifest" in name else "mine")
    before = other.read_bytes()
    for option in (f"--{kind}={other}", f"--{kind}={tmp_path}"):
        with pytest.raises(SystemExit) as caught:
            main(["merge", str(shard), option])
        assert caught.value.code == 2
        told = capsys.readouterr().err
        assert f"error: argument {option.replace('=', ': ')}: " in told
        assert told.count("\n") == 1
    assert other.read_bytes() == before
    (tmp_path / "twice").touch()
    both = [f"--{each}={tmp_path / 'twice'}" for each in ("json", "html")]
    with pytest.raises(SystemExit):
        main(["merge", str(shard), *both])
    assert "is where the report in json goes too" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    (
        ["show", f"{LONG}.keras"],
        ["show", f"{LONG}.json"],
        ["prune", f"{LONG}.keras", "-r", "0.5", "-o", "out.keras"],
        ["prune", "{model}", "-r", "0.5", "-o", f"{LONG}.keras"],
        ["prune", "{model}", "-r", "0.5", "-o", "out.keras", "--save-plan", f"{LONG}.json"],
        ["prune", "{model}", "-o", "out.keras", "--plan", f"{LONG}.json"],
        ["prune", "{model}", "-r", "0.5", "-o", "out.keras", "--calibration", f"{LONG}.npy"],
        ["bench", "{model}", "--data", f"{LONG}.npz"],
        ["compare", f"{LONG}.json", f"{LONG}.json"],
        ["merge", f"{LONG}.json", "--json", "out.json"],
        ["merge", "{shard}", "--json", f"{LONG}.json"],
    ),
    ids=lambda arguments: "-".join(each for each in arguments if len(each) < 20),
)
def test_names_that_are_too_long_are_refused_in_one_line(
    model: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
) -> None:
    monkeypatch.chdir(model.parent)
    shard = report(model.with_name("shard.json"))
    given = [each.format(model=model, shard=shard) for each in arguments]
    try:
        code = main(given)
    except SystemExit as stopped:
        code = stopped.code
    assert code in {1, 2}
    assert "ame too long" in capsys.readouterr().err.splitlines()[-1]
    assert sorted(each.name for each in model.parent.iterdir()) == ["digits.keras", "shard.json"]


def harmless(text: str) -> None:
    for line in text.split("\n"):
        assert line.isprintable(), repr(line)
        assert not line.lstrip().startswith("::"), line


def test_no_command_obeys_the_names_of_a_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, output = tmp_path / "n.keras", tmp_path / "small.keras"
    save_model(stack(NAME, "::stop-commands::a"), file)
    plan = ["--save-plan", str(tmp_path / "plan.json")]
    prune = ["prune", str(file), "-o", str(output)]
    codes = [
        main(["show", str(file)]),
        main([*prune, "-r", "0.5", "--strategy", "impact", *plan]),
        main([*prune, "-r", "0.5", "--strategy", "impact", "--explain"]),
        main([*prune, "-r", "0.5", "--exclude", "*"]),
        main(["prune", str(output), "-o", str(output.with_name("b.keras")), "--plan", plan[1]]),
    ]
    assert codes == [0, 0, 0, 1, 1]
    out, err = capsys.readouterr()
    harmless(out)
    harmless(err)
    assert out.count(r"a\n::error::gate passed\x1b[2J\u202e") >= 3
    assert r"a\n::error" in err


def test_no_command_obeys_the_names_of_a_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = GateResult(
        name=NAME,
        outcome=Outcome.UNJUDGED,
        reason=NAME,
        layers=(LayerResult("::error::", 3, 2, NAME, NAME),),
        notes=(NAME,),
    )
    shard = report(tmp_path / "a.json", found)
    main(["show", str(shard)])
    main(["compare", str(shard), str(shard)])
    main(["merge", str(shard)])
    out, err = capsys.readouterr()
    harmless(out + err)
    assert r"\x1b[2J" in out
    assert json.loads(shard.read_text())["gates"][0]["name"] == NAME
