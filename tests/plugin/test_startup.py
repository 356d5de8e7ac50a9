"""Installed but unused, the plugin costs nothing and says nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.projects import Project

HEAVY = {"tensorflow", "keras", "numpy", "pydantic", "tabulate"}
SHOW = """
import sys
def pytest_unconfigure():
    print("LOADED", *sorted(name.partition(".")[0] for name in sys.modules))
"""


@pytest.mark.parametrize("arguments", (["--co"], [], ["--co", "-q", "--help"]))
def test_an_unused_plugin_imports_nothing_heavy_and_prints_nothing(
    single: Project, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("PYTEST_PLUGINS", "pytest_paoding.plugin")
    single.write("conftest.py", SHOW)
    single.write("test_it.py", "def test_it(): pass")
    ran = single.pytester.run(sys.executable, "-m", "pytest", "-p", "no:benchmark", *arguments)
    assert ran.ret == 0
    (line,) = (line for line in ran.outlines if line.startswith("LOADED"))
    loaded = set(line.split())
    assert "pytest_paoding" in loaded
    assert not HEAVY & loaded
    if "--help" not in arguments:
        others = [line for line in ran.outlines if not line.startswith(("LOADED", "plugins:"))]
        assert "paoding" not in "\n".join(others).replace("pytest-of-", "")


@pytest.mark.parametrize("how", ("entry point", "imported before"))
def test_loading_the_plugin_warns_of_nothing(
    single: Project, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    single.write("conftest.py", "")
    single.write("test_it.py", "def test_it(): pass")
    code = "import pytest; raise SystemExit(pytest.main(['-W', 'error', '-p', 'no:benchmark']))"
    if how == "imported before":
        code = f"import pytest_paoding; {code}"
    ran = single.pytester.run(sys.executable, "-c", code)
    assert ran.ret == 0
    ran.stdout.fnmatch_lines(["plugins: *paoding-0.1.0*", "*1 passed*"])
