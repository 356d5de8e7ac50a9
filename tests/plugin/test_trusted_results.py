"""Kept results that came from elsewhere: in CI they count only where they are signed."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_paoding.gate.keeping.entries import Seal, read_entry
from pytest_paoding.gate.keeping.store import Store
from support.nightly import nightly
from support.projects import counted, work

if TYPE_CHECKING:
    from pathlib import Path

    from support.projects import Project

BOTH, NOTHING = ["evaluate", "prune"], []
KEY = "a key of sixteen or more"


def cache(project: Project) -> Path:
    return project.path / ".pytest_cache" / "d" / "paoding"


def entries(project: Project, kind: str) -> list[Path]:
    return [path for path in cache(project).glob(f"{kind}-*") if path.suffix != ".lock"]


@pytest.mark.parametrize(
    ("variables", "options", "again"),
    (
        ({}, (), NOTHING),
        ({"CI": "false"}, (), NOTHING),
        ({"CI": "true"}, (), BOTH),
        ({"CI": "true"}, ("--paoding-cache=any",), NOTHING),
        ({"CI": "true", "PAODING_CACHE_KEY": KEY}, (), NOTHING),
        ({"PAODING_CACHE_KEY": KEY}, ("--paoding-cache=signed",), NOTHING),
        ({}, ("--paoding-cache=signed",), BOTH),
    ),
)
def test_in_ci_only_what_is_signed_is_not_done_again(
    single: Project,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    options: tuple[str, ...],
    again: list[str],
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    counted(single).configure(cnn={})
    for done in (BOTH, again):
        assert single.gate(*options).ret == 0
        assert work(single) == done


def test_within_a_run_work_is_done_once_in_ci_too(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    counted(project).configure()
    project.tests(
        """
@pytest.mark.parametrize("x", range(3))
@pytest.mark.paoding(max_accuracy_decay="10%")
def test_it(x, paoding, net):
    paoding.check(net)
"""
    )
    project.gate().assert_outcomes(passed=3)
    assert work(project) == BOTH
    assert not cache(project).exists()


@pytest.mark.parametrize("made_with", (None, "another key of sixteen"))
def test_a_forged_verdict_counts_for_nothing(
    single: Project, monkeypatch: pytest.MonkeyPatch, made_with: str | None
) -> None:
    """A pull request may bring a cache: what it says was sealed by whoever wrote it."""
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("PAODING_CACHE_KEY", KEY)
    counted(single).configure(cnn={"accuracy": [0.9, 0.5]})
    assert single.gate().ret == 1
    (evaluated,) = entries(single, "evaluated")
    forge(evaluated, Seal(KEY.encode()), Seal((made_with or "").encode()))
    work(single)
    assert single.gate().ret == 1
    assert work(single) == ["evaluate"]
    assert single.gates["cnn"]["metrics"]["accuracy"]["after"] == 0.5


def forge(entry: Path, seal: Seal, forged: Seal) -> None:
    """Let an entry say that nothing was lost."""
    content = read_entry(entry, entry.name, files={}, seal=seal)
    content["metrics"]["accuracy_decay"]["found"] = 0.0
    shutil.rmtree(entry)
    Store(entry.parent, forged).save(entry.name, content)
    assert entry.is_dir()


def test_without_a_key_nothing_is_read_or_written_in_ci(
    single: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted(single).configure(cnn={"accuracy": [0.9, 0.5]})
    single.gate()
    (evaluated,) = entries(single, "evaluated")
    forge(evaluated, Seal(), Seal())
    assert single.gate().ret == 0  # on one's own machine one could as well change the tests
    monkeypatch.setenv("CI", "true")
    before = sorted(cache(single).rglob("*"))
    assert single.gate().ret == 1
    assert sorted(cache(single).rglob("*")) == before


def test_a_key_that_can_be_guessed_is_refused(
    single: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAODING_CACHE_KEY", "short")
    single.configure(cnn={})
    ran = single.gate()
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stderr.fnmatch_lines(["ERROR: PAODING_CACHE_KEY has 5 characters, it needs 16 or more"])


def test_the_key_stands_nowhere(single: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAODING_CACHE_KEY", KEY)
    single.configure(cnn={})
    ran = single.gate("-v", "--paoding-markdown=run.md", "--paoding-html=run.html")
    assert ran.ret == 0
    assert KEY not in ran.stdout.str() + ran.stderr.str()
    texts = [path.read_bytes() for path in single.path.rglob("*") if path.is_file()]
    assert not any(KEY.encode() in text for text in texts)


PLACES: dict[str, Any] = {
    "a file": lambda path: path.write_text(""),
    "a link to nowhere": lambda path: path.symlink_to(path.parent / "no" / "where"),
}


@pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("inner", (".pytest_cache/d", *nightly(".pytest_cache/d/paoding")))
def test_a_cache_that_cannot_be_made_costs_only_what_it_would_have_saved(
    project: Project, place: Any, inner: str
) -> None:
    counted(project).configure(cnn={})
    path = project.path / inner
    path.parent.mkdir(parents=True)
    place(path)
    for _ in range(2):
        ran = project.gate()
        assert ran.ret == 0
        assert work(project) == BOTH
        told = [line for line in ran.outlines if line.startswith("nothing is kept for later runs")]
        assert len(told) == 1
        assert project.gates["cnn"]["outcome"] == "within-budget"
