"""The storeys are the folders: who may import whom is read off a table of folders."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

import pytest_paoding

ROOT = Path(pytest_paoding.__file__).parent
TOP = ""
EVERYBODY = (TOP, "records")
"""What every storey may import: the few modules at the top, and records."""

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "plugin": ("config", "gate", "reporting"),
    "cli": ("config", "gate", "reporting", "engine"),
    "reporting": ("config",),
    "gate": ("config",),
    "isolation": ("config",),
    "config": (),
    "records": (),
    "engine": tuple(
        f"engine/{each}"
        for each in (
            "keras_io",
            "graph",
            "execution",
            "inputs",
            "synthesis",
            "surgery",
            "pruning",
            "exporting",
            "evaluation",
        )
    ),
    "engine/keras_io": ("engine",),
    "engine/graph": ("engine",),
    "engine/execution": ("engine", "engine/keras_io", "engine/graph"),
    "engine/inputs": ("engine", "engine/keras_io", "engine/graph", "engine/execution"),
    "engine/synthesis": ("engine", "engine/graph", "engine/execution", "engine/inputs"),
    "engine/surgery": (
        *("engine", "engine/keras_io", "engine/graph"),
        *("engine/execution", "engine/inputs"),
    ),
    "engine/pruning": (
        *("engine", "engine/keras_io", "engine/graph", "engine/execution", "engine/inputs"),
        *("engine/surgery", "engine/synthesis"),
    ),
    "engine/exporting": (
        *("engine", "engine/keras_io", "engine/graph", "engine/execution"),
        "engine/inputs",
    ),
    "engine/evaluation": (
        *("engine", "engine/keras_io", "engine/graph", "engine/execution"),
        *("engine/inputs", "engine/synthesis", "engine/exporting"),
    ),
}
"""For each folder those it may import besides itself and what everybody may."""

LIGHT = ("config", "gate", "records", "reporting", "plugin")
"""What pytest imports at its start, or before a gate runs: no NumPy, no Keras, no TensorFlow."""

DEPENDENCIES = {
    "pytest": ("plugin",),
    "tabulate": ("reporting",),
    "pydantic": ("config",),
    "numpy": ("cli", "engine", "isolation"),
    "keras": ("engine",),
    "tensorflow": ("engine",),
}
"""The one folder that may import a package."""

MOST_MODULES, MOST_LINES = 15, 300
LATE = {"plugin": ("engine", "isolation")}
"""What is imported inside of functions only, once it is needed, and else for types alone."""

MOST_AT_THE_TOP = 4


def folder(path: Path) -> str:
    """Return the folder of the table that a module or package belongs to."""
    parts = path.relative_to(ROOT).parts[:-1]
    deepest = "/".join(parts[:2])
    return deepest if deepest in MAY_IMPORT else "/".join(parts[:1])


MODULES = sorted(ROOT.rglob("*.py"))
PACKAGED = [path for path in MODULES if path.parent != ROOT]
TITLES = {path: path.relative_to(ROOT).as_posix() for path in MODULES}


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def called(node: ast.Call) -> str:
    """Return the last name of what is called."""
    function = node.func
    return getattr(function, "attr", getattr(function, "id", ""))


@cache
def statements(path: Path, *, late: bool = True) -> list[str]:
    """Return what a module imports, for types only too, and inside of functions if `late`."""
    tree = tree_of(path)
    inside = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        for inner in ast.walk(node)
    }
    found: list[str] = []
    for node in ast.walk(tree):
        if id(node) in inside and not late:
            continue
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and called(node) == "import_module":
            found += [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
    return found


@cache
def typing_only(path: Path) -> set[str]:
    """Return what a module imports for types only."""
    tree = tree_of(path)
    return {
        f"{inner.module}.{alias.name}" if isinstance(inner, ast.ImportFrom) else alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
        if isinstance(inner, (ast.Import, ast.ImportFrom))
        for alias in inner.names
    }


def home(imported: str) -> Path | None:
    """Return the module of this package that an import reads; None for others."""
    top, *parts = imported.split(".")
    if top != "pytest_paoding":
        return None
    for count in range(len(parts), -1, -1):
        place = ROOT.joinpath(*parts[:count])
        for path in (place.with_suffix(".py"), place / "__init__.py"):
            if path in TITLES:
                return path
    return None


IMPORTS = {path: {home(each) for each in statements(path)} - {None, path} for path in MODULES}


@pytest.mark.parametrize("path", PACKAGED, ids=TITLES.get)
def test_a_module_imports_only_from_its_storey_and_below(path: Path) -> None:
    own = folder(path)
    allowed = {own, *EVERYBODY, *MAY_IMPORT[own]}
    at_once = {home(each) for each in set(statements(path, late=False)) - typing_only(path)}
    for imported in IMPORTS[path] - {None}:
        late = imported not in at_once and folder(imported) in LATE.get(own, ())
        assert folder(imported) in allowed or late, TITLES[imported]


def test_no_modules_import_each_other_in_a_circle() -> None:
    left = {path: set(needs) for path, needs in IMPORTS.items()}
    while free := {path for path, needs in left.items() if not needs & left.keys()}:
        left = {path: needs for path, needs in left.items() if path not in free}
    assert not [TITLES[path] for path in left]


@pytest.mark.parametrize("package", DEPENDENCIES)
def test_a_dependency_is_imported_by_one_storey_only(package: str) -> None:
    users = {
        folder(path).partition("/")[0]
        for path in MODULES
        if package in {name.partition(".")[0] for name in set(statements(path)) - typing_only(path)}
    }
    assert users == set(DEPENDENCIES[package])


@pytest.mark.parametrize(
    "path",
    [path for path in PACKAGED if folder(path) in LIGHT],
    ids=TITLES.get,
)
def test_what_stands_above_the_engine_is_light(path: Path) -> None:
    heavy = ("numpy", "keras", "tensorflow")
    reached, waiting = set[Path](), [path]
    while waiting:
        now = waiting.pop()
        if now not in reached and not any(each in TITLES[now] for each in ("engine", "isolation")):
            reached.add(now)
            waiting += [each for each in IMPORTS[now] if each is not None]
    for each in reached:
        tops = {name.partition(".")[0] for name in set(statements(each)) - typing_only(each)}
        assert not tops & set(heavy), TITLES[each]


def test_importing_the_plugin_loads_nothing_heavy() -> None:
    code = "import sys, pytest_paoding.plugin; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"numpy", "keras", "tensorflow", "pydantic", "tabulate"}
    assert not heavy & set(done.stdout.split())


def test_folders_are_small() -> None:
    sizes = Counter(path.parent for path in MODULES if path.name != "__init__.py")
    assert not {
        each.relative_to(ROOT).as_posix(): n for each, n in sizes.items() if n > MOST_MODULES
    }


def test_modules_are_short() -> None:
    tests = Path(__file__).parent.rglob("*.py")
    lines = {path: len(path.read_text("utf-8").splitlines()) for path in (*MODULES, *tests)}
    assert not {path.name: count for path, count in lines.items() if count > MOST_LINES}


def test_no_two_modules_have_one_name() -> None:
    names = Counter(path.stem for path in MODULES if path.name != "__init__.py")
    assert not [name for name, count in names.items() if count > 1]


def test_no_two_classes_have_one_name() -> None:
    names = Counter(
        node.name
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    )
    assert not [name for name, count in names.items() if count > 1]


def test_at_the_top_are_the_storeys() -> None:
    assert len([path for path in MODULES if path.parent == ROOT]) <= MOST_AT_THE_TOP
    folders = {path.parent for path in MODULES if path.parent.parent == ROOT}
    assert {path.name for path in folders} == {each for each in MAY_IMPORT if "/" not in each}
