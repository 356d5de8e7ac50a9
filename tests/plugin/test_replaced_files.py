"""Publication replaces what gates have published, and no other file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.projects import BUDGET

if TYPE_CHECKING:
    from support.projects import Project


@pytest.mark.parametrize("how", ("option", "setting", "link"))
def test_the_original_is_never_published_over(single: Project, how: str) -> None:
    single.configure(BUDGET, cnn={})
    before = (single.path / "models/cnn.keras").read_bytes()
    options = []
    if how == "link":
        single.artifacts.mkdir()
        (single.artifacts / "cnn.keras").symlink_to(single.path / "models/cnn.keras")
    elif how == "option":
        options = ["--paoding-artifacts=models"]
    else:
        text = (single.path / "pyproject.toml").read_text()
        single.write("pyproject.toml", text.replace("ratio =", 'artifacts = "models"\nratio =', 1))
    ran = single.gate(*options)
    assert ran.ret == 1
    ran.stdout.fnmatch_lines(["*cnn UNJUDGED: *cnn.keras is the model itself, which is never*"])
    assert (single.path / "models/cnn.keras").read_bytes() == before
    names = [each.name for each in (single.path / "models").iterdir()]
    assert names == ["cnn.keras"]
    assert single.gate(*options, "--paoding-no-artifacts").ret == 0


@pytest.mark.parametrize("content", ("{}", "[]", '{"schema": "mine"}', "3"))
def test_no_other_json_is_replaced_by_a_manifest(single: Project, content: str) -> None:
    single.configure(BUDGET, cnn={})
    other = single.write("paoding-artifacts/cnn.json", content)
    ran = single.gate()
    assert ran.ret == 1
    ran.stdout.fnmatch_lines(["*cnn UNJUDGED: *cnn.json is not a manifest of this package*"])
    assert other.read_text() == content
    assert single.published == ["cnn.json"]


@pytest.mark.parametrize("damaged", ("", "{", "[" * 100_000))
def test_what_was_published_is_replaced(single: Project, damaged: str) -> None:
    single.configure(BUDGET, cnn={})
    single.write("paoding-artifacts/cnn.json", damaged)
    for _ in range(2):
        assert single.gate().ret == 0
        assert single.published == ["cnn.json", "cnn.keras"]
