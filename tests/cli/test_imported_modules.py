"""`--import`: layers and functions of a project, known to every command that loads a model."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import keras
import pytest
from keras import layers

from pytest_paoding.__main__ import COMMANDS, main
from support.nightly import nightly

LOADING = ("show", "prune", "bench", "init", "verify")
CODE = """
import keras

@keras.saving.register_keras_serializable("ours")
class Twice(keras.layers.Layer):
    def call(self, x):
        return 2 * x

@keras.saving.register_keras_serializable("ours")
def swishy(x):
    return x * keras.ops.sigmoid(1.5 * x)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a project with models of its own code, unknown to commands."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "our_layers.py").write_text(CODE)
    named: dict[str, Any] = {"__name__": "our_layers"}
    exec(CODE, named)  # registers it in this process, not in those of the commands
    for name, activation, more in (
        ("layer", "relu", [named["Twice"](name="twice")]),
        ("function", named["swishy"], []),
    ):
        inner = [layers.Dense(6, activation, name="it"), *more, layers.Dense(2, name="last")]
        model = keras.Sequential([keras.Input((4,)), layers.Dense(8, "relu"), *inner])
        for ending in ("keras", "h5"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model.save(tmp_path / f"{name}.{ending}")
    return tmp_path


def called(*arguments: str) -> subprocess.CompletedProcess[str]:
    given = [sys.executable, "-m", "pytest_paoding", *arguments]
    return subprocess.run(given, capture_output=True, text=True, check=False, timeout=200)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("file", ("function.h5", *nightly("layer.keras")))
def test_what_a_module_registers_is_known(file: str) -> None:
    lacking = called("show", file)
    assert (lacking.returncode, lacking.stderr.count("\n")) == (1, 1)
    kind, name = ("class", "ours>Twice") if "layer" in file else ("function", "ours>swishy")
    assert f"needs the {kind} {name!r}, which is not known here" in lacking.stderr
    assert "in conftest.py for gates, with --import=MODULE on the command line" in lacking.stderr
    shown = called("show", file, "--import=our_layers")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "last: it is an output" in shown.stdout


def test_it_is_pruned_with_several_modules(folder: Path) -> None:
    (folder / "more").mkdir()
    (folder / "more" / "other.py").write_text("import our_layers")
    given = ["--import", "more.other", "--import", "keras", "-r", "0.5", "--effort", "1"]
    found = called("prune", "function.keras", *given, "-o", "smaller.keras")
    assert (found.returncode, found.stderr) == (0, "")
    assert (folder / "smaller.keras").is_file()


@pytest.mark.parametrize(
    ("code", "told"),
    (
        ("", "'absent' cannot be imported: ModuleNotFoundError: No module named 'absent'"),
        ("raise ValueError('a\\nb')", "'absent' raised at absent.py:1: ValueError: a"),
        ("import sys; sys.exit(0)", "'absent' raised at absent.py:1: SystemExit: 0"),
        ("def", "'absent' cannot be imported: SyntaxError: invalid syntax"),
    ),
)
def test_a_module_that_cannot_be_imported_is_wrong_usage(
    code: str, told: str, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    if code:
        Path("absent.py").write_text(code)
    more = {"prune": ["-o", "a.keras", "-r", "0.5"], "bench": ["--data", "a.npz"]}
    for command in LOADING:
        with pytest.raises(SystemExit) as caught:
            main([command, "net.keras", *more.get(command, []), "--import=absent"])
        out, err = capsys.readouterr()
        assert (caught.value.code, out, err.count("\n")) == (2, "", 1)
        assert f"{command}: error: argument --import: module {told}" in err


@pytest.mark.parametrize("name", ("", "a/b.py", "a..b", "../a", "our_layers.py:x"))
def test_what_is_no_name_of_a_module_is_wrong_usage(name: str, capsys: Any) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["show", "net.keras", f"--import={name}"])
    assert caught.value.code == 2
    assert "is not of the form 'package.module'" in capsys.readouterr().err


@pytest.mark.parametrize("command", [each.__name__.rpartition(".")[2] for each in COMMANDS])
def test_every_command_that_loads_a_model_has_it(command: str, capsys: Any) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert ("--import MODULE" in capsys.readouterr().out) == (command in LOADING)
