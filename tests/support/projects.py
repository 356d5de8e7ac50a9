"""A project in a temporary folder, and pytest runs in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

# pytester forgets what a run inside this process imports: a module must not come in two versions.
import pytest_paoding.config.tables
import pytest_paoding.isolation.child_process
import pytest_paoding.isolation.isolated_engine
import pytest_paoding.plugin
import pytest_paoding.reporting.terminal  # noqa: F401

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

DATA = "[1, 2], [0, 1]"
CONFTEST = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})

import pytest
from support.fake_engine import FakeEngine, FakeModel

def pytest_paoding_engine(config):
    return FakeEngine()

@pytest.fixture
def net():
    return FakeModel({{"dense": 8, "conv": 4}}, {{"accuracy": (0.90, 0.85)}})

@pytest.fixture(scope="session")
def paoding_data():
    return {DATA}
"""
COUNTING = (
    CONFTEST
    + """
class Counting(FakeEngine):
    def _note(self, what):
        with open(LOG, "a") as file:
            print(what, file=file)

    def prune(self, model, **options):
        self._note("prune")
        return super().prune(model, **options)

    def evaluate(self, *models, **options):
        self._note("evaluate")
        return super().evaluate(*models, **options)

@pytest.hookimpl(tryfirst=True)
def pytest_paoding_engine(config):
    return Counting()
"""
)
BUDGET = '[tool.paoding]\nratio = 0.5\n[tool.paoding.budget]\nmax_accuracy_decay = "2%"\n'


@dataclass
class Project:
    """Attributes: pytester; plugins: options that choose the plugins of every run."""

    pytester: pytest.Pytester
    plugins: Sequence[str]

    @property
    def path(self) -> Path:
        return self.pytester.path

    @property
    def artifacts(self) -> Path:
        return self.path / "paoding-artifacts"

    def write(self, name: str, text: str) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def configure(self, text: str = BUDGET, **models: dict[str, Any]) -> None:
        """Write pyproject.toml, with a table and a file for every model given by its facts."""
        for name, facts in models.items():
            layers = facts.pop("layers", {"dense": 8, "conv": 4})
            content = {"layers": layers, "facts": {"accuracy": [0.9, 0.89], **facts}}
            self.write(f"models/{name}.keras", json.dumps(content))
            text += f'[tool.paoding.models.{name}]\npath = "models/{name}.keras"\n'
            text += 'data = "our_data:holdout"\n'
        self.write("our_data.py", f"def holdout():\n    return {DATA}\n")
        self.write("pyproject.toml", text)

    def tests(self, code: str, name: str = "test_it.py") -> None:
        """Write a test module."""
        self.write(name, f"import pytest\nfrom support.fake_engine import FakeModel\n{code}")

    def run(self, *arguments: str, interrupted: bool = False) -> pytest.RunResult:
        return self.pytester.runpytest_inprocess(
            *self.plugins, *arguments, no_reraise_ctrlc=interrupted
        )

    def gate(self, *arguments: str, interrupted: bool = False) -> pytest.RunResult:
        """Run with the gates on, and a JSON document."""
        both = ("--paoding", "--paoding-json=run.json")
        return self.run(*both, *arguments, interrupted=interrupted)

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.path / "run.json").read_text())
        return found

    @property
    def gates(self) -> dict[str, dict[str, Any]]:
        """The gates of the document by name."""
        return {gate["name"]: gate for gate in self.document["gates"]}

    @property
    def published(self) -> list[str]:
        """Files in the folder of artifacts, hidden ones as well."""
        if not self.artifacts.exists():
            return []
        return sorted(path.name for path in self.artifacts.iterdir() if path.name != ".gitignore")


def facts(project: Project) -> list[dict[str, object]]:
    """Return the gates of the document without what tells how the run went."""
    varying = {"duration", "spent", "worker", "reused"}
    return [
        {key: value for key, value in gate.items() if key not in varying}
        for gate in project.document["gates"]
    ]


def counted(project: Project) -> Project:
    """Let a project's engine write down what it does; return the project."""
    log = project.path / "work.log"
    project.write("conftest.py", COUNTING.replace("LOG", repr(str(log))))
    return project


def work(project: Project) -> list[str]:
    """Return what was done since the last call."""
    log = project.path / "work.log"
    found = sorted(log.read_text().split()) if log.exists() else []
    log.unlink(missing_ok=True)
    return found


def make_project(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, *plugins: str
) -> Project:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name in ("PYTEST_ADDOPTS", "CI", "PAODING_CACHE_KEY"):
        monkeypatch.delenv(name, raising=False)
    pytester.makeconftest(CONFTEST)
    return Project(pytester, ["-p", "pytest_paoding.plugin", *plugins])
