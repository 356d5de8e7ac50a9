"""`show MODEL`: what a model is made of, and what ratios would leave of it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import keras
import pytest
from keras import layers

from pytest_paoding import prune
from pytest_paoding.__main__ import main
from pytest_paoding.engine.dissection import RATIOS, dissect
from pytest_paoding.engine.graph.groups import find_groups
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.keras_io.save import save_model
from pytest_paoding.reporting.anatomy_page import anatomy_text
from support.nightly import spread
from support.patterns import PATTERNS

EXAMPLE = Path(__file__).parents[2] / "example_project" / "models"


def test_the_example_fits_one_screen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(EXAMPLE / "digits_cnn.keras")]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.isascii()
    assert len(out.splitlines()) <= 40
    assert max(map(len, out.splitlines())) <= 100
    assert "stem + block_conv_2; carried by stem_norm, block_conv_2_norm; read by" in out
    assert "hidden (x16)" in out
    assert "digit: it is an output of the model" in out


@pytest.mark.parametrize("path", sorted(EXAMPLE.glob("*.keras")), ids=lambda path: path.stem)
def test_every_model_of_the_example_is_shown(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whichever Keras there is, though one of them has saved the files."""
    assert main(["show", str(path)]) == 0
    assert "it is an output of the model" in capsys.readouterr().out


def test_the_reference_shows_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(EXAMPLE / "digits_cnn.keras")]) == 0
    page = files("pytest_paoding") / "docs" / "command-line.md"
    assert f"```text\n{capsys.readouterr().out}```" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", spread(PATTERNS))
def test_every_pattern_is_shown_as_it_would_be_pruned(name: str) -> None:
    model = PATTERNS[name].build()
    anatomy = dissect(model, (0.5,))
    assert anatomy.whole.parameters == model.count_params()
    assert sum(layer.parameters for layer in anatomy.layers) == model.count_params()
    assert anatomy_text(anatomy).isascii()
    if all(group.mergeable for group in find_groups(walk(model, rule_for))) and anatomy.groups:
        pruned = prune(model, ratio=0.5, strategy="magnitude")
        (half,) = anatomy.ratios
        assert half.parameters == pruned.model.count_params()


def test_ratios_leave_what_a_uniform_pruning_does() -> None:
    model = keras.Sequential(
        [keras.Input((6,)), layers.Dense(16, "relu"), layers.Dense(8, "relu"), layers.Dense(3)]
    )
    for found in dissect(model).ratios:
        options = {"strategy": "reconstruct", "allocation": "uniform", "effort": 0.2}
        pruned = prune(model, ratio=found.ratio, **options).model
        assert found.parameters == pruned.count_params()
        assert found.units == sum(layer.units for layer in pruned.layers[:-1])
    assert [each.ratio for each in dissect(model).ratios] == list(RATIOS)


def test_what_cannot_be_counted_is_unknown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    x = keras.Input((None, 3), name="series")
    y = layers.GlobalAveragePooling1D()(layers.Conv1D(4, 3, name="conv")(x))
    save_model(keras.Model(x, layers.Dense(2, name="head")(y)), tmp_path / "open.keras")
    assert main(["show", str(tmp_path / "open.keras")]) == 0
    out = capsys.readouterr().out
    assert "reads series ?x3 float32" in out
    assert "FLOPs unknown" in out
    assert [line.split()[-1] for line in out.splitlines() if line.startswith("0.5 ")] == ["unknown"]


def test_a_model_that_cannot_be_loaded_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.keras").write_bytes(b"nothing")
    assert main(["show", str(tmp_path / "broken.keras")]) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
