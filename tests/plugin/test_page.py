"""The HTML page: whole, readable without a mouse or a screen, and the same verdict as elsewhere."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import struct
import subprocess
import sys
import zlib
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_paoding.__main__ import main
from pytest_paoding.records.budgets import Limit
from pytest_paoding.records.metrics import BUDGETS
from pytest_paoding.records.runs.run_record import RunRecord
from pytest_paoding.reporting import wording
from pytest_paoding.reporting.web import charts
from pytest_paoding.reporting.web.page import page
from support.projects import BUDGET
from support.random_results import results

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_paoding.records.results import GateResult
    from support.projects import Project

VOID = {"meta", "line", "polyline", "circle", "rect", "img"}
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)


class Page(HTMLParser):
    """Checks nesting, and keeps what tests ask for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        if tag not in VOID:
            self.open.append(tag)
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag == "a":
            self.links.append(str(found["href"]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def run_of(*found: GateResult) -> RunRecord:
    return RunRecord(exit=int(any(r.failed for r in found)), complete=True, results=found)


@settings(max_examples=60)
@given(st.lists(results(), max_size=3, unique_by=lambda result: result.name))
def test_any_run_is_a_whole_page_that_needs_nothing_else(found: list[GateResult]) -> None:
    text = page(run_of(*found))
    parsed = Page(text)
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in parsed.tags}
    for picture in parsed.all("img"):
        assert str(picture["src"]).startswith("data:image/png;base64,")
        assert picture["alt"]
    assert not re.search(r"https?://|url\(|@import", text.partition("</style>")[0])
    policy = next(each["content"] for tag, each in parsed.tags if "http-equiv" in each)
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert set(parsed.links) <= {f"#{name}" for name in parsed.ids}
    assert len(set(parsed.ids)) == len(parsed.ids)
    for result in found:
        assert result.outcome.word in parsed.words
        for row in wording.rows(result):
            assert row[-1] in parsed.words


@settings(max_examples=30)
@given(results())
def test_whatever_names_hold_stays_text(result: GateResult) -> None:
    hostile = '<script>alert("x")</script>&amp;'
    changed = dataclasses.replace(result, reason=hostile, notes=(hostile,), source=hostile)
    parsed = Page(page(run_of(changed)))
    assert parsed.all("script") == []
    assert hostile in "".join(parsed.words)


@pytest.fixture
def swept(single: Project) -> Project:
    single.configure(BUDGET, cnn={"slope": 0.0399, "layers": {"dense": 40}}, odd={"layers": {}})
    single.gate("--paoding-ratio=0.25,0.5,0.75", "--paoding-html=out/page.html")
    return single


def test_every_part_can_be_reached_and_named_without_seeing_it(swept: Project) -> None:
    parsed = Page((swept.path / "out" / "page.html").read_text(encoding="utf-8"))
    assert parsed.all("html") == [{"lang": "en"}]
    assert parsed.links[0] == "#gates"
    assert "gates" in parsed.ids
    assert len(parsed.all("h1")) == len(parsed.all("main")) == 1
    for table_head in parsed.all("th"):
        assert table_head["scope"] in {"col", "row"}
    assert len(parsed.all("caption")) == len(parsed.all("table"))
    for drawn in parsed.all("svg"):
        assert drawn["role"] == "img"
        assert drawn["aria-label"]
    for region in parsed.all("div"):
        assert "tabindex" not in region or (region["role"], region["tabindex"]) == ("region", "0")
    for bar in (each for each in parsed.all("span") if each.get("class") == "bar"):
        assert bar["aria-hidden"] == "true"
    assert len(parsed.all("summary")) == len(parsed.all("details")) > 0


def test_a_sweep_is_drawn_over_its_ratios_and_said_in_words(swept: Project) -> None:
    parsed = Page((swept.path / "out" / "page.html").read_text(encoding="utf-8"))
    (label,) = (drawn["aria-label"] for drawn in parsed.all("svg"))
    assert label == (
        "accuracy decay by ratio: 0.25: 0.0100; 0.5: 0.0200; 0.75: 0.0299. Limit 0.0200."
    )
    dots = [str(dot["class"]) for dot in parsed.all("circle")]
    assert dots == ["in", "in", "out"]
    words = "".join(parsed.words)
    assert "nothing can be pruned: layer 'output' is the output" in words
    assert "is an output" in words


def test_a_search_is_drawn_too(single: Project) -> None:
    single.configure(BUDGET, cnn={"slope": 0.0499, "layers": {"dense": 100}})
    single.gate("--paoding-ratio=auto", "--paoding-html=page.html")
    parsed = Page((single.path / "page.html").read_text(encoding="utf-8"))
    assert len(parsed.all("circle")) == len(single.gates["cnn"]["trials"])


def test_merged_reports_make_a_page(swept: Project) -> None:
    out = swept.path / "merged.html"
    assert main(["merge", str(swept.path / "run.json"), "--html", str(out)]) == 1
    assert "cnn@0.5" in "".join(Page(out.read_text(encoding="utf-8")).words)


def test_a_curve_of_equal_values_can_be_drawn() -> None:
    limit = Limit(BUDGETS["max_accuracy_decay"], 0.0)
    curve = charts.Curve("accuracy_decay", limit, ((0.1, 0.0), (0.2, 0.0)))
    assert "nan" not in charts.drawing(curve)


def test_numbers_on_strong_colours_have_that_of_the_page() -> None:
    drawn = charts.heat_map("output", ((9, 1), (5, 5)))
    kinds = re.findall(r'text-anchor="middle"( class="full")?>(\d+)</text>', drawn)
    assert [number for kind, number in kinds if kind] == ["9"]
    assert [number for kind, number in kinds if not kind][-3:] == ["1", "5", "5"]


def pixels(path: Path) -> tuple[int, int, list[bytes]]:
    """Return width, bytes of a pixel and rows of an 8-bit PNG."""
    data, place, packed = path.read_bytes(), 8, b""
    width, height, _, kind = struct.unpack(">IIBB", data[16:26])
    while place < len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        if data[place + 4 : place + 8] == b"IDAT":
            packed += data[place + 8 : place + 8 + length]
        place += 12 + length
    depth = {2: 3, 6: 4}[kind]
    raw, stride = zlib.decompress(packed), 1 + width * depth
    rows, above = [], bytes(width * depth)
    for number in range(height):
        line = raw[number * stride : (number + 1) * stride]
        above = unfiltered(line[0], bytearray(line[1:]), above, depth)
        rows.append(above)
    return width, depth, rows


def unfiltered(kind: int, line: bytearray, above: bytes, depth: int) -> bytes:
    for place, value in enumerate(line):
        left = line[place - depth] if place >= depth else 0
        up, corner = above[place], above[place - depth] if place >= depth else 0
        if kind == 4:
            guess = left + up - corner
            near = min(
                (abs(guess - each), rank, each) for rank, each in enumerate((left, up, corner))
            )
            line[place] = (value + near[2]) % 256
        else:
            line[place] = (value + (0, left, up, (left + up) // 2)[kind]) % 256
    return bytes(line)


def screenshot(swept: Project, *options: str) -> set[tuple[int, ...]]:
    """Return the colours of the page as Chromium shows it."""
    assert CHROMIUM is not None
    target = swept.path / "page.png"
    command = [
        CHROMIUM,
        "--headless",
        "--disable-gpu",
        "--hide-scrollbars",
        *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
        f"--user-data-dir={swept.path / 'profile'}",
        "--window-size=700,800",
        f"--screenshot={target}",
        *options,
        (swept.path / "out" / "page.html").as_uri(),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    width, depth, rows = pixels(target)
    return {tuple(row[x * depth : x * depth + 3]) for row in rows[::2] for x in range(0, width, 2)}


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium to look with")
@pytest.mark.skipif(sys.platform == "win32", reason="Chromium is looked for on POSIX systems only")
def test_chromium_shows_the_page_light_and_dark(swept: Project) -> None:
    light = screenshot(swept)
    assert {(255, 255, 255), (0x14, 0x69, 0x3C), (0xB3, 0x26, 0x1E)} <= light
    dark = screenshot(swept, "--blink-settings=preferredColorScheme=0")
    assert {(0x14, 0x18, 0x1D), (0x6F, 0xD1, 0x9B), (0xFF, 0x9A, 0x90)} <= dark
    assert (255, 255, 255) not in dark
