"""Further formats: exported after pruning, judged as files, published together or not at all."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

from support.projects import BUDGET, CONFTEST

if TYPE_CHECKING:
    from support.projects import Project

FORMATS = BUDGET.replace("ratio = 0.5", 'ratio = 0.5\nformats = ["tflite", "tflite-int8"]')
LIMITED = FORMATS + '[tool.paoding.budget.tflite-int8]\nmin_accuracy = 0.85\nmax_size = "1 kB"\n'
FILES = ["cnn.int8.tflite", "cnn.json", "cnn.keras", "cnn.tflite"]


def test_every_format_is_published_and_in_the_manifest(project: Project) -> None:
    project.configure(LIMITED, cnn={})
    ran = project.gate("--junitxml=junit.xml")
    assert ran.ret == 0
    assert project.published == FILES
    gate = project.gates["cnn"]
    manifest = json.loads((project.artifacts / "cnn.json").read_text())
    assert gate["artifact"]["files"] == manifest["files"]
    assert [file["format"] for file in manifest["files"]] == ["keras", "tflite", "tflite-int8"]
    for file in manifest["files"]:
        assert (project.artifacts / file["name"]).stat().st_size == file["bytes"]
    assert gate["metrics"]["size@tflite-int8"]["found"] == manifest["files"][2]["bytes"]
    assert gate["metrics"]["accuracy@tflite"]["found"] == 0.89
    assert gate["settings"]["formats"] == {
        "value": ["keras", "tflite", "tflite-int8"],
        "source": "pyproject.toml [tool.paoding]",
    }
    assert gate["versions"]["runtime of tflite-int8"] == "1.0"
    assert gate["notes"][0] == "the tflite-int8 file saw synthetic inputs"
    properties = {p.get("name") for p in ET.parse(project.path / "junit.xml").iter("property")}
    assert {"paoding.accuracy@tflite-int8", "paoding.size@tflite-int8"} <= properties


def test_one_file_over_its_budget_keeps_all_from_being_published(project: Project) -> None:
    project.configure(LIMITED, cnn={"lost": {"tflite-int8": 0.1}}, mlp={})
    project.write("paoding-artifacts/cnn.tflite", "previous")
    ran = project.gate()
    ran.assert_outcomes(failed=1, passed=1)
    ran.stdout.fnmatch_lines(["cnn OVER BUDGET: accuracy @tflite-int8 0.7900 < 0.8500"])
    ran.stdout.fnmatch_lines(
        ["to accept: lower the ratio, or lower min_accuracy@tflite-int8 (pyproject.toml *"]
    )
    mine = [name for name in project.published if name.startswith("cnn")]
    assert mine == ["cnn.tflite"]
    assert (project.artifacts / "cnn.tflite").read_text() == "previous"


def test_a_format_without_a_budget_is_exported_measured_and_shown(single: Project) -> None:
    single.configure(FORMATS, cnn={"lost": {"tflite-int8": 0.8}, "robust": {"0.1": [0.5, 0.4]}})
    ran = single.gate("--paoding-markdown=run.md", "--paoding-html=run.html")
    assert ran.ret == 0
    ran.stdout.fnmatch_lines(
        [
            "cnn  published      paoding-artifacts/cnn.keras *",
            "  tflite       cnn.tflite       * B (-*%)  accuracy 0.8900  robust 0.4000 @0.1",
            "  tflite-int8  cnn.int8.tflite  * B (-*%)  accuracy 0.0900  robust 0.4000 @0.1",
        ]
    )
    text = (single.path / "run.md").read_text()
    assert "| format | file | size | change | accuracy | robust |" in text
    assert "| tflite-int8 | cnn.int8.tflite |" in text
    page = (single.path / "run.html").read_text()
    assert "<caption>Files</caption>" in page
    assert "cnn.int8.tflite" in page


@pytest.mark.parametrize(
    ("option", "files"),
    (
        ("--paoding-formats=onnx,savedmodel", ["cnn.onnx", "cnn.savedmodel.zip"]),
        ("--paoding-formats=keras", []),
    ),
)
def test_the_command_line_chooses_formats(single: Project, option: str, files: list[str]) -> None:
    single.configure(LIMITED, cnn={})
    assert single.gate(option).ret == 0
    assert single.published == sorted([*files, "cnn.json", "cnn.keras"])


def test_the_command_line_limits_files(single: Project) -> None:
    single.configure(LIMITED, cnn={})
    ran = single.gate("--paoding-format-budget=tflite:max_size=10 B")
    assert ran.ret == 1
    (check,) = (c for c in single.gates["cnn"]["checks"] if c["metric"] == "size@tflite")
    assert (check["source"], check["limit"], check["passed"]) == ("command line", 10, False)
    assert single.run("--paoding", "--paoding-format-budget=tflite:max_sise=10").ret == 4
    assert single.run("--paoding", "--paoding-formats=tflit").ret == 4


def test_tests_choose_formats_and_budgets_by_keywords(single: Project) -> None:
    single.configure()
    single.tests(
        """
@pytest.mark.paoding(formats=["tflite-int8"], max_accuracy_decay="10%")
def test_it(paoding, net):
    result = paoding.check(net, name="net", tflite_int8={"max_size": "1 kB"})
    assert result.metrics["size@tflite-int8"].after < 1000
    assert [check.name for check in result.checks] == ["accuracy_decay", "size@tflite-int8"]
"""
    )
    assert single.gate().ret == 0
    assert single.published == ["net.int8.tflite", "net.json", "net.keras"]


def test_a_missing_package_is_told_before_any_work(single: Project) -> None:
    single.configure(FORMATS, cnn={})
    single.write("conftest.py", CONFTEST.replace("FakeEngine()", "FakeEngine(missing=('tflite',))"))
    ran = single.gate()
    assert ran.ret == 1
    gate = single.gates["cnn"]
    assert gate["outcome"] == "unjudged"
    assert gate["reason"] == "format tflite needs a package, which is not installed"
    assert (gate["layers"], gate["metrics"]) == ([], {})
    assert single.published == []


def test_what_cannot_be_exported_is_unjudged_and_nothing_is_lost(single: Project) -> None:
    single.configure(FORMATS, cnn={"unexportable": "tflite-int8"})
    single.write("paoding-artifacts/cnn.keras", "previous")
    assert single.gate().ret == 1
    reason = single.gates["cnn"]["reason"]
    assert reason == "the model cannot be exported as tflite-int8: dense has no match"
    assert single.published == ["cnn.keras"]


@pytest.mark.parametrize("blocked", ("cnn.keras", "cnn.tflite", "cnn.int8.tflite"))
def test_files_are_published_together_or_not_at_all(single: Project, blocked: str) -> None:
    single.configure(FORMATS, cnn={})
    for name in FILES:
        if name != blocked:
            single.write(f"paoding-artifacts/{name}", f"previous {name}")
    single.write(f"paoding-artifacts/{blocked}/inside", "")
    ran = single.gate()
    ran.assert_outcomes(passed=1, errors=1)
    ran.stdout.fnmatch_lines([f"cannot publish *{blocked}: Is a directory*"])
    assert single.published == sorted(FILES)
    for name in FILES:
        if name != blocked:
            assert (single.artifacts / name).read_text() == f"previous {name}"
    assert single.gates["cnn"]["artifact"]["published"] is False


def test_files_that_were_not_there_before_are_taken_back_too(single: Project) -> None:
    single.configure(FORMATS, cnn={})
    single.write("paoding-artifacts/cnn.int8.tflite/inside", "")
    assert single.gate().ret == 1
    assert single.published == ["cnn.int8.tflite"]


def test_files_of_formats_no_longer_asked_for_stay(single: Project) -> None:
    single.configure(FORMATS, cnn={})
    single.gate()
    before = (single.artifacts / "cnn.tflite").read_bytes()
    single.gate("--paoding-formats=keras", "--paoding-ratio=0.25")
    assert single.published == FILES
    assert (single.artifacts / "cnn.tflite").read_bytes() == before
    manifest = json.loads((single.artifacts / "cnn.json").read_text())
    assert [file["format"] for file in manifest["files"]] == ["keras"]


def test_of_several_ratios_the_files_of_the_best_are_published(project: Project) -> None:
    facts = {"accuracy": [0.9, 0.9], "slope": 0.1}
    project.configure(LIMITED.replace("2%", "6%"), cnn=facts)
    ran = project.gate("--paoding-ratio=0.25,0.5,0.75")
    ran.assert_outcomes(passed=2, xfailed=1)
    assert project.published == FILES
    kept = json.loads((project.artifacts / "cnn.int8.tflite").read_text())["layers"]
    assert kept == {"dense": 4, "conv": 2}


def test_the_search_for_a_ratio_judges_files_and_publishes_those_of_the_ratio_it_finds(
    single: Project,
) -> None:
    facts = {"accuracy": [0.9, 0.9], "slope": 0.1, "lost": {"tflite-int8": 0.03}}
    single.configure(LIMITED, cnn={**facts, "layers": {"dense": 100}})
    assert single.gate("--paoding-ratio=auto", "--paoding-max-accuracy-decay=50%").ret == 0
    kept = json.loads((single.artifacts / "cnn.int8.tflite").read_text())["layers"]
    assert kept == {"dense": 80}  # 0.9 - 0.1 * 0.2 - 0.03 = 0.85
    assert single.gates["cnn"]["settings"]["ratio"]["value"] == 0.2
    model = json.JSONDecoder().raw_decode((single.artifacts / "cnn.keras").read_text())[0]
    assert model["layers"] == kept
    assert single.published == FILES


def test_publishing_after_the_session_takes_all_files(project: Project) -> None:
    project.configure(FORMATS, cnn={})
    assert project.gate("--paoding-publish=session").ret == 0
    assert project.published == FILES


COUNTED = (
    CONFTEST.replace("return FakeEngine()", "return Counting()")
    + """
class Counting(FakeEngine):
    def _note(self, what):
        with open("work.log", "a") as file:
            print(what, file=file)

    def export(self, *args, **options):
        self._note("export")
        return super().export(*args, **options)

    def evaluate(self, *args, **options):
        self._note("evaluate")
        return super().evaluate(*args, **options)

    def prune(self, *args, **options):
        self._note("prune")
        return super().prune(*args, **options)
"""
)


@pytest.mark.parametrize(
    ("option", "work"),
    (
        ("--paoding-max-accuracy-decay=9%", []),
        ("--paoding-formats=tflite", ["evaluate", "export"]),
        ("--paoding-formats=keras", ["evaluate"]),
        ("--paoding-ratio=0.25", ["evaluate", "export", "prune"]),
    ),
)
def test_files_are_exported_and_measured_once(
    single: Project, option: str, work: list[str]
) -> None:
    single.configure(FORMATS, cnn={})
    single.write("conftest.py", COUNTED)
    single.gate()
    before = {name: (single.artifacts / name).read_bytes() for name in FILES[2:]}
    (single.path / "work.log").write_text("")
    assert single.gate(option).ret == 0
    assert sorted((single.path / "work.log").read_text().split()) == work
    if not work:
        assert single.gates["cnn"]["reused"]
        assert single.gates["cnn"]["notes"][0] == "the tflite-int8 file saw synthetic inputs"
        assert {name: (single.artifacts / name).read_bytes() for name in before} == before


def test_a_hook_that_publishes_elsewhere_finds_all_files(single: Project) -> None:
    single.configure(FORMATS, cnn={})
    single.write(
        "conftest.py",
        CONFTEST
        + """
import shutil

def pytest_paoding_publish(config, result, staged, target):
    shelf = config.rootpath / "shelf"
    shelf.mkdir()
    for file in result.artifact.files:
        shutil.copy(staged.with_name(file.name), shelf)
    return shelf / staged.name
""",
    )
    assert single.gate().ret == 0
    found = sorted(path.name for path in (single.path / "shelf").iterdir())
    assert found == ["cnn.int8.tflite", "cnn.keras", "cnn.tflite"]
    assert single.published == []
