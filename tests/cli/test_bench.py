"""The trade-off: trials, their medians, the table, the plot and the command."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import keras
import numpy as np
import pytest

from pytest_paoding.__main__ import main
from pytest_paoding.cli.bench import Grid, trials
from pytest_paoding.engine.keras_engine import KerasEngine
from pytest_paoding.errors import ArtifactError, DataError, PaodingError, PruningError
from pytest_paoding.reporting.tradeoff import BenchTrial, medians, plot, table

if TYPE_CHECKING:
    from pathlib import Path

layers = keras.layers


@pytest.fixture(scope="module")
def model() -> keras.Model:
    keras.utils.set_random_seed(0)
    hidden = layers.Dense(12, "relu")
    return keras.Sequential([keras.Input((5,)), hidden, layers.Dense(3, "softmax")])


@pytest.fixture(scope="module")
def data(model: keras.Model) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).random((40, 5), dtype="float32")
    return x, np.asarray(model(x)).argmax(axis=1)


def test_every_strategy_is_tried_at_every_ratio(model, data) -> None:
    grid = Grid(strategies=("magnitude", "reconstruct"), ratios=(0.25, 0.5), seeds=(0, 1))
    found = list(trials("net", model, data, grid))
    assert [(each.strategy, each.ratio) for each in found] == [
        (strategy, ratio)
        for strategy in ("magnitude", "reconstruct")
        for ratio in (0.25, 0.5)
        for _ in range(2)
    ]
    for each in found:
        assert each.accuracy == pytest.approx(1 - each.decay)
        assert each.agreement == pytest.approx(each.accuracy)  # labels are its own answers
        assert 0 < each.removed < 1
        assert each.seconds > 0


def test_a_trial_that_fails_says_which_it_was(model, data) -> None:
    grid = Grid(strategies=("magnitude",), settings={"exclude": ("*",), "include": ("nobody",)})
    with pytest.raises(PruningError, match=r"net: magnitude at 0\.25: include: no layer matches"):
        list(trials("net", model, data, grid))


def test_what_was_learned_from_is_not_judged_on(model, data) -> None:
    grid = Grid(strategies=("reconstruct",), ratios=(0.5,), settings={"calibration": data[0][:5]})
    with pytest.raises(DataError, match="sample 0 of the data for judging is among the inputs"):
        list(trials("net", model, data, grid))


def test_medians_are_taken_figure_by_figure() -> None:
    def trial(accuracy: float, retention: float | None) -> BenchTrial:
        return BenchTrial("net", "impact", 0.5, 0.7, accuracy, 1 - accuracy, 0.9, retention, 2.0)

    (found,) = medians([trial(0.5, None), trial(0.7, 0.2), trial(0.9, 0.4)])
    assert found.accuracy == 0.7
    assert found.retention == pytest.approx(0.3)
    (found,) = medians([trial(0.5, None)])
    assert found.retention is None
    assert table([found]).splitlines()[-1].split() == [
        *("net", "impact", "0.5", "70.0%", "0.500", "+0.500", "0.900", "2.0")
    ]


def test_the_command_prints_the_table_and_draws(model, data, tmp_path: Path, capsys) -> None:
    pytest.importorskip("matplotlib", reason="the plot is an extra")
    KerasEngine().save(model, tmp_path / "net.keras")
    np.savez(tmp_path / "data.npz", x=data[0], y=data[1])
    np.save(tmp_path / "calibration.npy", data[0] / 2)
    picture = tmp_path / "plot.svg"
    arguments = ["bench", str(tmp_path / "net.keras"), "--data", str(tmp_path / "data.npz")]
    arguments += ["--strategies", "reconstruct", "--ratios", "25%", "0.5", "--seeds", "1"]
    arguments += ["--calibration", str(tmp_path / "calibration.npy"), "--plot", str(picture)]
    assert main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in lines[2:]] == [
        ["net", "reconstruct", "0.25"],
        ["net", "reconstruct", "0.5"],
    ]
    assert picture.read_text(encoding="utf-8").lstrip().startswith("<?xml")


def test_data_without_labels_is_refused(model, tmp_path: Path, capsys) -> None:
    KerasEngine().save(model, tmp_path / "net.keras")
    np.savez(tmp_path / "data.npz", x=np.zeros((3, 5)))
    assert main(["bench", str(tmp_path / "net.keras"), "--data", str(tmp_path / "data.npz")]) == 1
    assert "holds no arrays x and y" in capsys.readouterr().err


def test_a_model_that_cannot_be_judged_is_refused(model, data) -> None:
    grid = Grid(strategies=("magnitude",), ratios=(0.5,))
    with pytest.raises(DataError, match=r"net: no accuracy"):
        list(trials("net", model, (data[0], None), grid))


def test_a_plot_without_matplotlib_says_what_to_install(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(PaodingError, match="a plot needs matplotlib"):
        plot([], tmp_path / "plot.svg")


@pytest.mark.parametrize("name", ("plot.keras", "plot", "plot.pgf", "no/plot.svg", "folder.svg"))
def test_a_plot_that_cannot_be_written_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    pytest.importorskip("matplotlib", reason="the plot is an extra")
    (tmp_path / "folder.svg").mkdir()
    trial = BenchTrial("m", "impact", 0.5, 0.5, 1.0, 0.0, 1.0, None, 1.0)
    with pytest.raises(ArtifactError, match=rf"cannot write .*{name}: ") as caught:
        plot([trial], tmp_path / name)
    assert str(caught.value).isprintable()
    assert [each.name for each in tmp_path.iterdir()] == ["folder.svg"]


@pytest.mark.parametrize("installed", (True, False), ids=("installed", "not-installed"))
def test_a_plot_that_cannot_be_drawn_is_refused_before_any_work(
    tmp_path: Path, monkeypatch, capsys, *, installed: bool
) -> None:
    """Before the model and the data are looked for: there are none."""
    if installed:
        pytest.importorskip("matplotlib", reason="the plot is an extra")
    else:
        monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    gone = [str(tmp_path / "gone.keras"), "--data", str(tmp_path / "gone.npz")]
    assert main(["bench", *gone, "--plot", str(tmp_path / "plot.keras")]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert ("must end in one of" if installed else 'pip install "pytest-paoding[plot]"') in err


def test_a_plot_has_a_panel_for_each_model_five_in_a_row(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the plot is an extra")
    found = [
        BenchTrial(f"m{number}", "impact", 0.5, 0.5, 1.0, 0.0, 1.0, None, 1.0)
        for number in range(7)
    ]
    plot(found, tmp_path / "plot.svg")
    text = (tmp_path / "plot.svg").read_text()
    assert [text.count(f"<!-- m{number} -->") for number in range(7)] == [1] * 7
    assert text.count("<!-- parameters removed -->") == 7
    assert text.count("<!-- accuracy -->") == 2


HOSTILE = (
    "$x^{$",
    "a$\\frac{$b$",
    "\x1b[2J\n\x07",
    "<script>--></svg>",
    "\u202e\U0001f600\u6f22",
    "m" * 250,
)
"""Names of files that mathematics, terminals, markup or fonts make something else of."""


@pytest.mark.parametrize("ending", ("svg", "png", "pdf"))
def test_a_plot_shows_the_name_of_a_file_as_it_is(tmp_path: Path, ending: str) -> None:
    pytest.importorskip("matplotlib", reason="the plot is an extra")
    found = [BenchTrial(name, "impact", 0.5, 0.5, 1.0, 0.0, 1.0, None, 1.0) for name in HOSTILE]
    plot(found, tmp_path / f"plot.{ending}")
    assert (tmp_path / f"plot.{ending}").stat().st_size > 0
    if ending == "svg":
        root = ET.parse(tmp_path / "plot.svg").getroot()
        assert {each.tag.rpartition("}")[2] for each in root.iter()} >= {"svg", "path"}
        assert "script" not in {each.tag.rpartition("}")[2] for each in root.iter()}
        assert "<!-- $x^{$ -->" in (tmp_path / "plot.svg").read_text(encoding="utf-8")
