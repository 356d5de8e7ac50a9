from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_paoding

ROOT = Path(pytest_paoding.__file__).parent
GATE = {
    "artifacts",
    "baseline",
    "budgets",
    "configfile",
    "consistency",
    "faults",
    "findings",
    "formats",
    "gate",
    "merging",
    "metrics",
    "naming",
    "notes",
    "parsers",
    "plain",
    "precedence",
    "printing",
    "products",
    "quantities",
    "readers",
    "references",
    "regression",
    "releases",
    "results",
    "revision",
    "runs",
    "search",
    "settings",
    "sharing",
    "sweeps",
    "workbench",
}
LIGHT = {
    "",
    "errors",
    "evaluation.evidence",
    "evaluation.measurement",
    "extras",
    "protocol",
    "pruning.strategies",
    "surgery.plan",
}
"""What every storey may import: no dependencies, no work."""
PYTEST = {
    "closing",
    "collection",
    "comparison",
    "fixtures",
    "hookspecs",
    "items",
    "itemstate",
    "late",
    "markers",
    "options",
    "phases",
    "plugin",
    "reporting",
    "running",
    "selection",
    "session",
    "source",
    "workers",
}
MAY_IMPORT = {3: {0, 2, 3}, 2: {0, 2}, 1: {0, 1}, 0: {0}}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def storey(name: str) -> int:
    """Return 3 for the pytest side, 2 for the gate side, 1 for the engine, 0 for the light."""
    if name in LIGHT:
        return 0
    first = name.partition(".")[0]
    return 3 if first in PYTEST else 2 if first in GATE else 1


def imports(path: Path) -> set[str]:
    """Return what a module imports at run time, also inside of functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {resolved(node.module or "", alias.name) for alias in node.names}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            found |= {ast.literal_eval(arg) for arg in node.args if isinstance(arg, ast.Constant)}
    return found


def resolved(module: str, name: str) -> str:
    """Return the submodule that `from module import name` imports, else the module."""
    below = ROOT.parent / Path(*module.split("."), name)
    is_module = below.is_dir() or below.with_suffix(".py").is_file()
    return f"{module}.{name}" if is_module and module.startswith("pytest_paoding") else module


MODULES = {module_name(path): path for path in sorted(ROOT.rglob("*.py"))}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_only_from_its_storey_and_below(name: str) -> None:
    own = storey(name)
    if name in {"", "__main__"} or name.startswith("commands"):
        return  # public names are loaded on demand; the command line is above all storeys
    for imported in imports(MODULES[name]):
        package, _, rest = imported.partition(".")
        if package == "pytest_paoding":
            seam = (name, rest) == ("plugin", "engine")
            assert seam or storey(rest) in MAY_IMPORT[own], f"{name} imports {imported}"


@pytest.mark.parametrize(
    ("package", "allowed"),
    (
        ("pytest", 3),
        ("_pytest", 4),
        ("tabulate", 3),
        ("pydantic", 2),
        ("numpy", 1),
        ("keras", 1),
        ("tensorflow", 1),
    ),
)
def test_a_dependency_is_imported_by_one_storey_only(package: str, allowed: int) -> None:
    users = [name for name, path in MODULES.items() if package in tops(imports(path))]
    assert {storey(name) for name in users} <= {allowed}
    if package == "pydantic":
        assert users == ["settings"]
    if package == "tabulate":
        assert all(name.startswith("reporting.") for name in users)


def tops(imported: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in imported}


@pytest.mark.parametrize("name", sorted(GATE - {"settings"} | LIGHT - {""}))
def test_what_starts_with_pytest_is_light(name: str) -> None:
    if name not in MODULES:
        pytest.skip(f"{name} is not there")
    code = f"import sys, pytest_paoding.{name}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"numpy", "keras", "tensorflow", "pydantic", "tabulate", "pytest"}
    assert not heavy & set(done.stdout.split())
