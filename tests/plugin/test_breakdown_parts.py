"""What averages hide, in every report: bounded, escaped, and the same after a trip through JSON."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import keras
import pytest

from pytest_paoding.__main__ import main
from pytest_paoding.engine.keras_engine import KerasEngine
from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.evidence.breakdown import (
    Breakdown,
    Confusion,
    Flip,
    GroupRow,
    GroupTable,
)
from pytest_paoding.records.results import GateResult
from pytest_paoding.records.runs.run_record import RunRecord
from pytest_paoding.reporting.web.page import page

if TYPE_CHECKING:
    from support.projects import Project

DATA = """
import numpy as np

def holdout():
    draw = np.random.default_rng(0)
    y = np.arange(120) % 4
    x = draw.random((120, 6, 6, 1)).astype("float32") / 2
    x[np.arange(120), y, y] += 0.4
    return x, y

def sites(x, y):
    return ["north" if each.mean() > 0.27 else "south" for each in x]

def half(x, y):
    return sites(x, y)[::2]
"""
SETTINGS = """
[tool.paoding]
strategy = "magnitude"
slices = "our_data:sites"
[tool.paoding.budget]
max_class_accuracy_decay = 0
max_slice_decay = { limit = "2%", level = "warn" }
[tool.paoding.models.net]
path = "models/net.keras"
data = "our_data:holdout"
input_range = [0.0, 1.0]
"""


def shown(breakdown: Breakdown) -> str:
    """Return the page of one gate."""
    result = GateResult(name="net", outcome=Outcome.OVER_BUDGET, breakdown=breakdown)
    return page(RunRecord(exit=1, complete=True, results=[result]))


def test_a_thousand_classes_are_the_worst_thirty_and_a_word() -> None:
    rows = tuple(GroupRow(f"class {n}", 50, 0.9, 0.8 - n / 2000, 0.1) for n in range(1000))
    text = shown(Breakdown(classes=GroupTable(1200, 7, rows)))
    assert "The 30 worst of 1200. 7 of 1200 have no samples." in text
    assert text.count('<th scope="row">class ') == 30
    assert "Confusion is drawn where samples have one of at most 30 classes." in text
    assert len(text) < 20_000


def test_flips_are_twelve_and_their_number() -> None:
    flips = tuple(Flip(n, "1", "2", "1", 1.5, "iVBORw0=") for n in range(100))
    text = shown(Breakdown(flipped=345, flips=flips))
    assert "<p>345 answers changed; the 12 worst.</p>" in text
    assert text.count("<img ") == 12
    assert text.count('<span class="in">1</span></td><td><span class="out">2</span>') == 12
    alone = shown(Breakdown(flipped=1, flips=(Flip(3, "1", "2", None, 1.5),)))
    assert "<p>1 answer changed.</p>" in alone
    assert "<img " not in alone
    assert "<p>0 answers changed.</p>" in shown(Breakdown(flipped=0))
    assert "answers changed" not in shown(Breakdown())


def test_whatever_names_and_answers_hold_stays_text() -> None:
    hostile = '"><script>alert(1)</script>'
    table = GroupTable(1, 0, (GroupRow(hostile, 1),))
    counts = ((1, 0), (2, 3))
    text = shown(
        Breakdown(
            classes=table,
            slices=table,
            confusions=(Confusion(hostile, counts, counts),),
            flipped=1,
            flips=(Flip(0, hostile, hostile, hostile, 1.0, hostile),),
        )
    )
    assert "<script" not in text
    assert "2 of 6 samples are answered as another class" in text


def test_thirty_classes_are_drawn_without_numbers_in_their_cells() -> None:
    counts = tuple(tuple(range(30)) for _ in range(30))
    text = shown(Breakdown(confusions=(Confusion("kind", counts, counts),)))
    assert text.count("<rect ") == 2 * 30 * 29  # none where there is no sample
    assert text.count("<text ") == 2 * 2 * 10
    assert len(text) < 300_000


@pytest.fixture
def real(single: Project) -> Project:
    """A project with a net that tells where a picture is bright."""
    keras.utils.set_random_seed(0)
    x = keras.Input((6, 6, 1))
    y = keras.layers.Conv2D(8, 3, activation="relu")(x)
    model = keras.Model(x, keras.layers.Dense(4, "softmax")(keras.layers.Flatten()(y)))
    model.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy")
    single.write("conftest.py", "")
    single.write("our_data.py", DATA)
    single.write("pyproject.toml", SETTINGS)
    names: dict[str, object] = {}
    exec(DATA, names)
    model.fit(*names["holdout"](), epochs=6, verbose=0)  # type: ignore[operator]
    (single.path / "models").mkdir()
    KerasEngine().save(model, single.path / "models" / "net.keras")
    return single


def test_every_report_tells_what_the_average_hides(real: Project) -> None:
    files = ("--paoding-html=run.html", "--paoding-markdown=run.md", "--junitxml=run.xml")
    ran = real.gate("--paoding-ratio=0.88", *files)
    assert ran.ret == 1
    gate = real.gates["net"]
    hidden, decay = gate["breakdown"], gate["metrics"]["class_accuracy_decay"]
    worst = hidden["classes"]["rows"][0]
    assert (worst["before"], worst["after"], worst["decay"]) == (
        decay["before"],
        decay["after"],
        decay["found"],
    )
    assert worst["name"] in decay["detail"]
    assert {row["name"] for row in hidden["slices"]["rows"]} == {"slice 'north'", "slice 'south'"}
    assert hidden["slices"]["rows"][0]["decay"] == gate["metrics"]["slice_decay"]["found"]
    agreed = gate["metrics"]["agreement"]["found"]
    assert hidden["flipped"] == round(120 * (1 - agreed)) == len(hidden["flips"]) > 0
    ran.stdout.fnmatch_lines(["note *: class accuracy decay: worst of 4 classes is *"])
    html = (real.path / "run.html").read_text()
    pictures = html.count('<img class="thumb" src="data:image/png;base64,iVBOR')
    assert pictures == min(12, hidden["flipped"])
    assert f"<p>{hidden['flipped']} answer" in html
    markdown = (real.path / "run.md").read_text()
    assert f"class accuracy decay: worst of 4 classes is {worst['name']}" in markdown
    told = ET.parse(real.path / "run.xml").iter("property")
    values = {each.get("name"): each.get("value") for each in told}
    for name in ("class_accuracy_decay", "slice_decay"):
        assert values[f"paoding.{name}"] == repr(gate["metrics"][name]["found"])
    merged = ["merge", str(real.path / "run.json"), "--html", str(real.path / "merged.html")]
    assert main(merged) == 1
    again = (real.path / "merged.html").read_text()
    one, other = (
        each.partition("<summary>Classes")[2].partition("<summary>Layers")[0]
        for each in (html, again)
    )
    assert one == other != ""


def test_slices_that_are_wrong_leave_the_gate_unjudged(real: Project) -> None:
    ran = real.gate("--paoding-ratio=0.5", "--paoding-slices=our_data:half")
    assert ran.ret == 1
    gate = real.gates["net"]
    assert gate["outcome"] == "unjudged"
    assert gate["reason"] == "slices returned 60 names for 120 samples"
