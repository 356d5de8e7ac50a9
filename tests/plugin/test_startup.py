"""Installed but unused, the plugin costs nothing and says nothing."""

from __future__ import annotations

import json
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from support.projects import BUDGET

if TYPE_CHECKING:
    from support.projects import Project

HEAVY = {"tensorflow", "keras", "numpy", "pydantic", "tabulate"}
SHOW = """
import sys
def pytest_unconfigure():
    print("LOADED", *sorted({name.partition(".")[0] for name in sys.modules}))
"""
MISSING = """
from importlib.metadata import PackageNotFoundError
from pytest_paoding.engine.exporting import packages
def version(package):
    raise PackageNotFoundError(package)
packages.version = version
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


@pytest.mark.parametrize(
    ("gone", "reason"),
    (
        ("model", "models/net.keras: there is no such file: train and save it first"),
        ("package", 'format onnx needs tf2onnx, which is not installed: pip install "pytest-pa'),
    ),
)
def test_what_is_missing_is_told_before_data_are_called_and_tensorflow_starts(
    single: Project, gone: str, reason: str
) -> None:
    single.configure(BUDGET.replace("ratio", 'formats = ["onnx"]\nratio', 1), net={})
    single.write("our_data.py", "raise AssertionError")
    if gone == "model":
        (single.path / "models" / "net.keras").unlink()
    single.write("conftest.py", SHOW + MISSING)
    ran = single.pytester.run(sys.executable, "-m", "pytest", *single.plugins, "--paoding")
    assert ran.ret == 1
    assert reason in ran.stdout.str()
    (line,) = (line for line in ran.outlines if line.startswith("LOADED"))
    assert not {"tensorflow", "keras", "our_data"} & set(line.split())


UNFIT = """
import numpy as np
LABELS = np.arange(20) % 3
def nan():
    return np.where(np.arange(100).reshape(20, 5) == 17, np.nan, 1.0), LABELS
def shape():
    return np.ones((20, 4)), LABELS
def batches():
    return iter([nan()])
"""
COMMAND = """
import sys
from pytest_paoding.__main__ import main
status = main(sys.argv[1:])
print("LOADED", *sorted({name.partition(".")[0] for name in sys.modules}))
raise SystemExit(status)
"""
INPUT = {"name": "pixels", "batch_shape": [None, 5], "dtype": "float32"}
DECLARED = {
    "class_name": "Sequential",
    "config": {"layers": [{"class_name": "InputLayer", "config": INPUT}]},
}
NOT_FINITE = "input 'pixels' has values that are not finite, the first in sample 3"


@pytest.mark.parametrize(
    ("data", "reason"),
    (
        ("our_data:nan", NOT_FINITE),
        ("our_data:batches", NOT_FINITE),
        ("our_data:shape", "input 'pixels' has the shape (20, 4), expected (samples, 5)"),
        ("our_data:shpae", "module 'our_data' has no attribute 'shpae'"),
    ),
)
@pytest.mark.parametrize("where", ("gate", "command"))
def test_unfit_data_are_told_before_tensorflow_starts(
    single: Project, data: str, reason: str, where: str
) -> None:
    single.write("our_data.py", UNFIT)
    single.write("conftest.py", SHOW)
    with zipfile.ZipFile(single.path / "net.keras", "w") as archive:
        archive.writestr("config.json", json.dumps(DECLARED))
    table = f'''
        [tool.paoding]
        budget = {{ max_accuracy_decay = 0.5 }}
        [tool.paoding.models.net]
        path = "net.keras"
        data = "{data}"'''
    single.write("pyproject.toml", table)
    if where == "command":
        limits = "--ratio=0.5", "-o=small.keras", f"--data={data}"
        ran = single.pytester.run(sys.executable, "-c", COMMAND, "prune", "net.keras", *limits)
    else:
        options = "-p", "pytest_paoding.plugin", "--paoding-ratio=0.5", "--paoding-only"
        ran = single.pytester.run(sys.executable, "-m", "pytest", *options)
    assert ran.ret != 0
    assert reason in ran.stdout.str() + ran.stderr.str()
    (line,) = (line for line in ran.outlines if line.startswith("LOADED"))
    assert not {"tensorflow", "keras"} & set(line.split())
