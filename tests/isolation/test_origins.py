"""A class or a function is found where it came from, in a process that has not imported it."""

from __future__ import annotations

import importlib
import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_paoding.errors import ConfigError
from pytest_paoding.isolation.origins import Origin

if TYPE_CHECKING:
    from pathlib import Path

CODE = """
class Layer:
    class Inner:
        def call(self):
            pass

def score(y, z):
    def inside():
        pass
    return inside

plain = lambda: 0
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "own_layers.py").write_text(CODE)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "own_layers.py").write_text("other = 1\n")
    return tmp_path


def imported(home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(home / "a")
    return importlib.import_module("own_layers")


@pytest.mark.parametrize("code", (json.dumps, np.median, np.ndarray, print))
def test_what_others_wrote_is_found_too(code: Any) -> None:
    assert Origin.needed(code, "it").find() is code


@pytest.mark.parametrize("elsewhere", (None, "a", "b"))
@pytest.mark.parametrize("name", ("Layer", "Layer.Inner", "score"))
def test_it_is_found_by_name_and_else_by_its_file(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str, elsewhere: str | None
) -> None:
    code: Any = imported(home, monkeypatch)
    for part in name.split("."):
        code = getattr(code, part)
    origin = Origin.needed(code, "it")
    assert (origin.module, origin.name) == ("own_layers", name)
    sys.modules.pop("own_layers")
    sys.path.remove(str(home / "a"))
    if elsewhere:
        monkeypatch.syspath_prepend(home / elsewhere)
    found = origin.find()
    assert found is not code
    assert found.__qualname__ == code.__qualname__


def test_what_stands_at_no_top_level_has_no_origin(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = imported(home, monkeypatch)
    main = type("Main", (), {"__module__": "__main__"})
    bound = module.Layer.Inner().call
    for code in (module.plain, module.score(0, 0), main, bound, "text", module):
        assert Origin.of(code) is None
        with pytest.raises(
            ConfigError, match=r"layer 'x': a child process.* define it as a function"
        ):
            Origin.needed(code, "layer 'x'")


@pytest.mark.parametrize(
    ("origin", "told"),
    (
        (Origin("no_such_module", "f"), "module 'no_such_module' cannot be imported .*: ModuleNot"),
        (Origin("json", "no_such"), "module 'json' has no 'no_such' in a child process"),
        (Origin("gone", "f", "gone.py"), "module 'gone' cannot be imported by the child process"),
    ),
)
def test_what_is_not_there_is_named_in_one_line(origin: Origin, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        origin.find()
    sys.modules.pop("gone", None)
