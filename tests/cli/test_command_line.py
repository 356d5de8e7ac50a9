from __future__ import annotations

import subprocess
import sys

import keras
import numpy as np
import pytest

from pytest_paoding.__main__ import main
from pytest_paoding.cli import arguments, judging
from pytest_paoding.engine.keras_io.load import load_model
from pytest_paoding.engine.keras_io.save import save_model

layers = keras.layers


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The file of a convolutional model."""
    keras.utils.set_random_seed(1)
    stack = [
        keras.Input((8, 8, 1)),
        layers.Conv2D(8, 3, activation="relu", name="conv"),
        layers.Flatten(),
        layers.Dense(16, "relu", name="hidden"),
        layers.Dense(10, "softmax", name="out"),
    ]
    path = tmp_path_factory.mktemp("models") / "digits.keras"
    save_model(keras.Sequential(stack), path)
    return path


def run(capsys, *arguments):
    code = main([str(each) for each in arguments])
    return code, *capsys.readouterr()


def test_it_prunes_a_file_and_says_what_is_left(model, tmp_path, capsys):
    output, before = tmp_path / "small.keras", model.read_bytes()
    options = ("--ratio", ".5", "--strategy", "impact", "-o", output)
    code, out, err = run(capsys, "prune", model, *options)
    assert (code, err) == (0, "")
    found = load_model(output)
    assert (found.layers[0].filters, found.layers[2].units) == (4, 8)
    assert model.read_bytes() == before
    rows = [line.split() for line in out.splitlines()]
    assert ["layer", "units", "kept", "how"] in rows
    assert ["conv", "8", "4", "magnitude"] in rows
    assert ["hidden", "16", "8", "impact"] in rows
    assert any(row[:3] == ["out", "10", "10"] and "output" in row for row in rows)
    total = load_model(model).count_params()
    assert ["parameters", str(total), *[str(found.count_params())] * 2] in rows
    assert any(row[:1] == ["size"] and row[2] == "kB" for row in rows)
    assert out.isascii()
    assert out.splitlines()[-1].endswith(f"s: {output}")
    assert list(tmp_path.iterdir()) == [output]


def test_every_option_reaches_the_engine(model, tmp_path, capsys, monkeypatch):
    seen = {}
    original = judging.KerasEngine.prune

    def spy(self, *arguments, **options):
        seen.update(options)
        return original(self, *arguments, **options)

    monkeypatch.setattr(judging.KerasEngine, "prune", spy)
    inputs = tmp_path / "inputs.npy"
    np.save(inputs, np.ones((3, 8, 8, 1)))
    drawn = ("--strategy", "scale", "--seed", 7, "--step", 0.1, "--input-range", -1, 2)
    drawn += ("--allocation", "uniform", "--effort", "thorough", "--calibration", inputs)
    drawn += ("--ratios", "conv=50%", "hid*=0.4", "--include", "conv", "hidden", "--exclude", "o*")
    drawn += (
        "--round-to",
        2,
        "--jump",
        3,
        "--input-shape=8,8,1",
        "--input-kind=picture",
        "--mixing",
        "recompute",
        "--sparsity",
        "25%",
        "--verify",
    )
    output = tmp_path / "small.keras"
    code, out, _ = run(capsys, "prune", model, "--ratio", "25%", *drawn, "-o", output)
    assert code == 0
    assert "calibration was not used: strategy 'magnitude' reads no inputs" in out
    assert "proved: off by" in out
    assert np.array_equal(seen.pop("calibration"), np.ones((3, 8, 8, 1)))
    assert callable(seen.pop("progress"))
    assert seen == {
        "allocation": "uniform",
        "effort": "thorough",
        "ratios": {"conv": 0.5, "hid*": 0.4},
        "include": ("conv", "hidden"),
        "exclude": ("o*",),
        "round_to": 2,
        "jump": 3.0,
        "mixing": "recompute",
        "sparsity": 0.25,
        "verify": True,
        "ratio": 0.25,
        "target": None,
        "strategy": "magnitude",
        "seed": 7,
        "step": 0.1,
        "input_range": (-1.0, 2.0),
        "input_kind": "picture",
        "input_shape": (8, 8, 1),
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    (
        ([], "the following arguments are required: COMMAND"),
        (["shrink"], "invalid choice: 'shrink'"),
        (["prune", "MODEL", "-o", "OUT"], "required: -r/--ratio, --target or --plan"),
        (["prune", "MODEL", "-o", "OUT", "--target", "50%"], "'50%' is not one target such as"),
        (
            ["prune", "MODEL", "-r", ".5", "--target", "flops:50%", "-o", "OUT"],
            "argument --target: not allowed with argument -r/--ratio",
        ),
        (["prune", "MODEL", "-r", "50", "-o", "OUT"], 'did you mean "50%"?'),
        (["prune", "MODEL", "-r", "0", "-o", "OUT"], "above 0 and below 1"),
        (["prune", "MODEL", "-r", ".5", "-o", "OUT", "--strategy", "best"], "choice: 'best'"),
        (["prune", "MODEL", "-r", ".5", "-o", "OUT", "--seed", "-1"], "is not a seed from 0 to"),
        (["prune", "MODEL", "-r", ".5", "-o", "OUT", "--step", "0"], "prunes next to nothing"),
        (["prune", "MODEL", "-r", ".5", "-o", "OUT", "--input-range", "1", "0"], "is empty"),
        (["prune", "MODEL", "-r", ".5", "-o", "OUT", "--ratios", "a"], "of the form PATTERN=SHARE"),
        (["prune", "MODEL", "-r", ".5", "-o", "OUT", "--ratios", "a=9"], "'a': '9' is not a share"),
        (["prune", "MODEL", "-r", ".5", "-o", "OUT", "--round-to", "0"], "not a positive whole"),
        (["prune", "MODEL", "-r", ".5", "-o", "model.h5"], "does not end in .keras"),
        (["prune", "MODEL", "-r", ".5", "-o", "no/folder.keras"], "its folder must exist"),
        (["prune", "MODEL", "-r", ".5", "-o", "MODEL"], "OUT is the MODEL itself"),
    ),
)
def test_wrong_usage_exits_with_two_and_says_why(arguments, message, model, tmp_path, capsys):
    names = {"MODEL": str(model), "OUT": str(tmp_path / "small.keras")}
    before = model.read_bytes()
    with pytest.raises(SystemExit) as caught:
        main([names.get(each, each) for each in arguments])
    err = capsys.readouterr().err
    assert (caught.value.code, err.count("\n")) == (2, 1)
    assert message in err
    assert model.read_bytes() == before
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_possible_exits_with_one_and_leaves_everything(tmp_path, capsys):
    output = tmp_path / "small.keras"
    output.write_bytes(b"precious")
    missing = tmp_path / "missing.keras"
    code, out, err = run(capsys, "prune", missing, "-r", ".5", "-o", output)
    assert (code, out) == (1, "")
    assert err == (
        f"python -m pytest_paoding: error: {missing}: there is no such file: train and save it "
        f"first\n"
    )
    single = tmp_path / "single.keras"
    save_model(keras.Sequential([keras.Input((4,)), layers.Dense(3, name="only")]), single)
    code, out, err = run(capsys, "prune", single, "-r", ".5", "-o", output)
    assert (code, out) == (1, "")
    assert "has nothing to prune: layer 'only'" in err
    assert err.count("\n") == 1
    assert output.read_bytes() == b"precious"


def test_with_explain_it_says_of_each_layer_why_no_more_went(model, tmp_path, capsys):
    output = tmp_path / "small.keras"
    options = ("-r", ".5", "--strategy", "impact", "-o", output, "--exclude", "conv", "--explain")
    code, out, _ = run(capsys, "prune", model, *options)
    assert code == 0
    assert out.splitlines()[:3] == [
        "layer   before  after  chosen by  why not more",
        "conv         8      8             layer 'conv' is excluded by 'conv'",
        "hidden      16      8  impact",
    ]


def test_inputs_of_several_names_are_read_from_one_file(tmp_path):
    np.savez(tmp_path / "inputs.npz", left=[1.0], right=[2.0])
    found = arguments.arrays(tmp_path / "inputs.npz")
    assert {name: array.tolist() for name, array in found.items()} == {
        "left": [1.0],
        "right": [2.0],
    }


@pytest.mark.parametrize("content", (b"", b"no array", b"PK\x03\x04broken"))
def test_inputs_that_cannot_be_read_leave_everything(content, model, tmp_path, capsys):
    inputs = tmp_path / "inputs.npy"
    inputs.write_bytes(content)
    output = tmp_path / "small.keras"
    code, _, err = run(
        capsys, "prune", model, "-r", ".5", "-o", output, "--calibration", str(inputs)
    )
    assert (code, err.count("\n"), output.exists()) == (1, 1, False)
    assert f"error: {inputs}: cannot be read as .npy or .npz: " in err


def test_a_full_disk_leaves_the_old_file(model, tmp_path, capsys, monkeypatch):
    output = tmp_path / "small.keras"
    output.write_bytes(b"precious")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(judging.KerasEngine, "save", full)
    code, _, err = run(capsys, "prune", model, "-r", ".5", "-o", output)
    assert code == 1
    assert f"error: cannot write {tmp_path}" in err
    assert "No space left on device; make room there, or set" in err
    assert output.read_bytes() == b"precious"


def test_progress_is_shown_on_a_terminal_only(model, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr("pytest_paoding.reporting.progress._PATIENCE", 0.0)
    options = ("-r", ".5", "--strategy", "impact", "-o", tmp_path / "small.keras")
    code, out, err = run(capsys, "prune", model, *options)
    assert code == 0
    assert "paoding: digits.keras: pruning 1/20" in err
    assert err.endswith("\r")
    assert "pruning 1/20" not in out


def test_the_module_runs_as_a_program(model, tmp_path):
    command = [sys.executable, "-W", "error", "-m", "pytest_paoding"]
    output = tmp_path / "small.keras"
    done = subprocess.run(
        [*command, "prune", str(model), "--ratio", "50%", "--strategy=impact", "-o", str(output)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "pruned 12 of 24 units in 2 layers" in done.stdout
    assert output.exists()


def test_its_version_is_the_packages(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out[0].isdigit()


def test_a_plan_does_again_what_was_done(model, tmp_path, capsys):
    plan, once, again = (tmp_path / name for name in ("plan.json", "once.keras", "again.keras"))
    code, out, _ = run(capsys, "prune", model, "-r", ".5", "-o", once, "--save-plan", plan)
    assert code == 0
    assert plan.with_suffix(".npz").is_file()
    code, told, err = run(capsys, "prune", model, "--plan", plan, "-o", again)
    assert (code, err) == (0, "")
    assert again.read_bytes() == once.read_bytes()
    assert told.splitlines()[:6] == out.splitlines()[:6]


@pytest.mark.parametrize(
    ("name", "message"),
    (
        ("digits.keras", "does not end in .json: the plan must not replace another file"),
        ("no/plan.json", "its folder must exist"),
    ),
)
def test_a_plan_replaces_no_other_file(model, tmp_path, capsys, name, message):
    before, output = model.read_bytes(), tmp_path / "out.keras"
    plan = model.parent / name
    with pytest.raises(SystemExit) as caught:
        run(capsys, "prune", model, "-o", output, "-r", ".5", "--save-plan", plan)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err
    assert model.read_bytes() == before
    assert not output.exists()


def test_a_plan_stands_in_place_of_a_ratio(model, tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        run(capsys, "prune", model, "-o", tmp_path / "out.keras", "-r", ".5", "--plan", "a.json")
    assert caught.value.code == 2
    assert "--plan: not allowed with argument -r/--ratio" in capsys.readouterr().err


@pytest.mark.parametrize("content", (None, b"", b"\xff", b"[]", b'{"format": 1}'))
def test_what_is_no_plan_is_refused_in_one_line(model, tmp_path, capsys, content):
    plan = tmp_path / "plan.json"
    if content is not None:
        plan.write_bytes(content)
    code, out, err = run(capsys, "prune", model, "--plan", plan, "-o", tmp_path / "out.keras")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "plan" in err
    assert not (tmp_path / "out.keras").exists()
