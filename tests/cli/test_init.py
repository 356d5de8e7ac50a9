"""`init`: what it writes is valid, within budget, and costs no file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import keras
import pytest

from pytest_paoding.__main__ import main
from pytest_paoding.config.configfile import read
from pytest_paoding.config.loading import load
from pytest_paoding.config.references import References
from pytest_paoding.engine.keras_io.save import save_model
from pytest_paoding.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

layers = keras.layers
DATA = """
import numpy as np

def holdout():
    x = np.random.default_rng(0).random((60, 6)).astype("float32") * 255
    return x, np.arange(60) % 3
"""


@pytest.fixture(scope="module")
def nets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models: one that scales its input, one of values, one that nothing can go from."""
    keras.utils.set_random_seed(1)
    folder: Path = tmp_path_factory.mktemp("nets")
    head = [keras.Input((6,), name="x"), layers.Rescaling(1 / 255, name="scale")]
    hidden = layers.Dense(64, "relu")
    save_model(keras.Sequential([*head, hidden, layers.Dense(3, "softmax")]), folder / "a.keras")
    values = keras.Sequential([keras.Input((5,)), layers.Dense(64, "relu"), layers.Dense(2)])
    save_model(values, folder / "b.keras")
    save_model(keras.Sequential([keras.Input((4,)), layers.Dense(2)]), folder / "c.keras")
    return folder


@pytest.fixture
def project(nets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder where commands run, with the first of these models."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "digits.keras").write_bytes((nets / "a.keras").read_bytes())
    (tmp_path / "net_data.py").write_text(DATA)
    yield tmp_path
    for name in ("net_data", "paoding_data"):
        sys.modules.pop(name, None)


def init(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str], str]:
    code = main(["init", "--strategy=magnitude", *arguments])
    out, err = capsys.readouterr()
    return code, out.splitlines(), err


def settings(folder: Path) -> Any:
    path = folder / "pyproject.toml"
    return load(read(path, rootdir=folder, required=True), command_line={})


def test_a_model_gets_a_table_and_a_function(project: Path, capsys: Any) -> None:
    code, out, err = init(capsys)
    assert (code, err) == (0, "")
    assert out[0].startswith("models/digits.keras: pruned 32 of 64 units in 1 layer, ")
    assert out[1:] == [
        "written: pyproject.toml, paoding_data.py",
        "next: let each function in paoding_data.py return its data, then pytest --paoding",
    ]
    found = settings(project)
    assert list(found.table.models) == ["digits"]
    gate = found.gate(model="digits")
    assert (gate.ratio, gate.effective["strategy"].value) == (0.5, "magnitude")
    assert gate.effective["input_range"].value == (0, 255)
    assert {limit.key for limit in gate.limits} == {
        "max_accuracy_decay",
        "max_size",
        "min_flops_reduction",
    }
    reference = found.table.models["digits"].data
    assert reference == "paoding_data:digits"
    with pytest.raises(DataError, match=r"let digits\(\) in paoding_data.py return \(x, y\)"):
        References(project).call(reference)


def test_what_is_measured_holds(project: Path, capsys: Any) -> None:
    """With data: then every budget is one that the same pruning keeps."""
    code, out, _ = init(capsys, "--data=net_data:holdout", "models/digits.keras")
    assert (code, out[1:]) == (0, ["written: pyproject.toml", "next: pytest --paoding"])
    assert not (project / "paoding_data.py").exists()
    found = settings(project)
    assert found.table.models["digits"].data == "net_data:holdout"
    keys = {limit.key for limit in found.gate(model="digits").limits}
    assert "max_accuracy_decay" in keys


def test_a_table_that_is_there_stays(project: Path, capsys: Any) -> None:
    for text in ("[tool.paoding]\n", "[tool.paoding]\nratio = 0.3\n", "[tool.paoding.budget]\n"):
        (project / "pyproject.toml").write_text(text)
        code, out, err = init(capsys, "gone.keras")
        assert (code, out, err.count("\n")) == (1, [], 1)
        assert "pyproject.toml: has a [tool.paoding] table already" in err
        assert (project / "pyproject.toml").read_text() == text
    assert init(capsys, "--print")[0] == 0
    assert (project / "pyproject.toml").read_text() == text


@pytest.mark.parametrize("content", ("a = [", "\udcff", "tool = { black = 1 }\n"))
def test_a_file_that_cannot_take_it_stays(project: Path, capsys: Any, content: str) -> None:
    path = project / "pyproject.toml"
    before = content.encode("utf-8", "surrogateescape")
    path.write_bytes(before)
    code, _, err = init(capsys)
    assert (code, err.count("\n")) == (1, 1)
    assert "pyproject.toml" in err
    assert path.read_bytes() == before
    assert not (project / "paoding_data.py").exists()


@pytest.mark.parametrize("link", (False, True))
def test_a_module_that_is_there_stays(project: Path, capsys: Any, *, link: bool) -> None:
    module = project / "paoding_data.py"
    if link:
        module.symlink_to("nowhere.py")
    else:
        module.write_text("mine = 1")
    code, _, err = init(capsys, "gone.keras")
    assert (code, err.count("\n")) == (1, 1)
    assert "paoding_data.py: is there already, and stays" in err
    assert link or module.read_text() == "mine = 1"
    assert not (project / "pyproject.toml").exists()


@pytest.mark.parametrize("ends", (b"\n", b"\r\n"), ids=("unix", "windows"))
def test_what_stood_before_is_as_it_was(project: Path, capsys: Any, ends: bytes) -> None:
    before = b'# caf\xc3\xa9\n[project]\nname = "x"'.replace(b"\n", ends)
    (project / "pyproject.toml").write_bytes(before)
    assert init(capsys)[0] == 0
    after = (project / "pyproject.toml").read_bytes()
    assert after.startswith(before + ends + ends)
    assert after.replace(b"\r\n", b"").count(b"\n") == (
        0 if ends == b"\r\n" else after.count(b"\n")
    )
    assert settings(project).table.models


def test_printed_it_is_valid_and_nothing_is_written(project: Path, capsys: Any) -> None:
    before = sorted(project.rglob("*"))
    code, out, err = init(capsys, "--print")
    assert code == 0
    assert err.startswith("models/digits.keras: pruned ")
    assert sorted(project.rglob("*")) == before
    (project / "pyproject.toml").write_text("\n".join(out))
    assert settings(project).table.models


def test_what_cannot_be_gated_is_left_out(project: Path, nets: Path, capsys: Any) -> None:
    for name in ("b", "c"):
        (project / f"{name}.keras").write_bytes((nets / f"{name}.keras").read_bytes())
    (project / "weights.h5").write_bytes(b"no model")
    code, out, _ = init(capsys)
    assert code == 0
    assert [line.partition(":")[0] for line in out[:4]] == [
        "b.keras",
        "left out",
        "models/digits.keras",
        "left out",
    ]
    found = settings(project)
    assert list(found.table.models) == ["b", "digits"]
    keys = {limit.key for limit in found.gate(model="b").limits}
    assert "max_accuracy_decay" in keys
    assert found.gate(model="b").effective["input_range"].value is None
    text = (project / "pyproject.toml").read_text()
    assert "# input_range = [0.0, 1.0]" in text
    assert '# task = "regression"' in text


def test_a_named_model_that_cannot_be_gated_is_an_error(
    project: Path, nets: Path, capsys: Any
) -> None:
    for path in (nets / "c.keras", project / "gone.keras"):
        code, _, err = init(capsys, "models/digits.keras", str(path))
        assert (code, err.count("\n")) == (1, 1)
    assert not (project / "pyproject.toml").exists()


def test_data_are_of_one_model(project: Path, nets: Path, capsys: Any) -> None:
    (project / "b.keras").write_bytes((nets / "b.keras").read_bytes())
    with pytest.raises(SystemExit):
        main(["init", "--data=net_data:holdout"])
    assert "argument --data: is of one model, name it: here are 2" in capsys.readouterr().err
