from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_paoding.config.configfile import ConfigFile, find, read
from pytest_paoding.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
[tool.other]
x = 1
[tool.paoding]
ratio = 0.5
  [ tool.paoding.models."a.b" ]
path = "a.keras"
[tool.paoding.models.c.budget]
max_size = 3
"""


@pytest.fixture
def file(tmp_path: Path) -> ConfigFile:
    path = tmp_path / "pyproject.toml"
    path.write_text(TEXT, encoding="utf-8")
    return read(path, rootdir=tmp_path)


def test_the_raw_table_and_its_models(file: ConfigFile, tmp_path: Path) -> None:
    assert file.table["ratio"] == 0.5
    assert file.models == ("a.b", "c")
    assert (file.root, file.label) == (tmp_path, "pyproject.toml")


def test_lines_of_headers(file: ConfigFile) -> None:
    assert file.line(["tool", "paoding"]) == 2
    assert file.line(["tool", "paoding", "models", "a.b"]) == 4
    assert file.line(["tool", "paoding", "models", "c"]) is None


@pytest.mark.parametrize("text", ("", "[tool]\n", "[tool.paoding]\nmodels = 3\n"))
def test_a_file_without_models_has_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(text, encoding="utf-8")
    assert read(path, rootdir=tmp_path).models == ()


@pytest.mark.parametrize(
    ("text", "why"),
    (
        ("[tool.paoding\n", r"^conf/x.toml: is not valid TOML: "),
        ("tool = 3\n", r"^conf/x.toml: tool is not a table, write \[tool.paoding\]$"),
        ("[tool]\npaoding = 3\n", r"^conf/x.toml: tool.paoding is not a table"),
        ("", r"^conf/x.toml: has no \[tool.paoding\] table$"),
    ),
)
def test_a_broken_file_is_one_line(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "conf" / "x.toml"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=why) as caught:
        read(path, rootdir=tmp_path, required=True)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_missing_or_no_text_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read(tmp_path / "no.toml", rootdir=tmp_path / "elsewhere")
    (tmp_path / "latin.toml").write_bytes(b"a = '\xe9'")
    with pytest.raises(ConfigError, match="is not valid TOML"):
        read(tmp_path / "latin.toml", rootdir=tmp_path)


def test_the_file_pytest_chose_comes_first(tmp_path: Path) -> None:
    chosen = tmp_path / "package" / "pyproject.toml"
    assert find(inipath=chosen, rootdir=tmp_path) == chosen


def test_else_the_nearest_one_up_to_the_root(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    (tmp_path / "pyproject.toml").touch()
    inipath = root / "a" / "b" / "pytest.ini"
    assert find(inipath=inipath, rootdir=root) is None
    (root / "pyproject.toml").touch()
    assert find(inipath=inipath, rootdir=root) == root / "pyproject.toml"
    assert find(inipath=None, rootdir=root) == root / "pyproject.toml"
    (root / "a" / "pyproject.toml").touch()
    assert find(inipath=inipath, rootdir=root) == root / "a" / "pyproject.toml"
    assert find(inipath=tmp_path / "x.ini", rootdir=root) == root / "pyproject.toml"


def test_without_settings_of_pytest_it_is_the_nearest_to_what_is_asked_for(tmp_path: Path) -> None:
    root, one, two = tmp_path / "root", tmp_path / "root/a/one", tmp_path / "root/a/two"
    for folder in (one, two):
        folder.mkdir(parents=True)
    test, missing = one / "test_it.py", root / "b" / "test_none.py"
    test.touch()
    for folder in (tmp_path, root, root / "a", one):
        (folder / "pyproject.toml").touch()
    for asked, nearest in (
        ([test], one),
        ([test, missing], one),
        ([test, two], root / "a"),
        ([two], root / "a"),
        ([one, root], root),
        ([missing], root),
        ([], root),
        ([tmp_path], root),
    ):
        assert find(inipath=None, rootdir=root, asked=asked) == nearest / "pyproject.toml"
    assert find(inipath=root / "x.ini", rootdir=root, asked=[test]) == root / "pyproject.toml"
