from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pytest_paoding.config.references import References
from pytest_paoding.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOURCE = """\
import sys
sys.path.append("elsewhere")

class Sets:
    @staticmethod
    def holdout():
        import neighbour
        return neighbour.DATA

def nothing():
    pass

def broken():
    raise KeyError("first line\\nsecond line")

def silent():
    raise ValueError

number = 3
"""


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "our_data.py").write_text(SOURCE)
    (tmp_path / "neighbour.py").write_text("DATA = ([1], [2])\n")
    (tmp_path / "our_broken.py").write_text("import no_such_module\n")
    yield tmp_path
    for name in ("our_data", "neighbour", "our_broken", "our_passes"):
        sys.modules.pop(name, None)


def test_the_folder_is_importable_during_import_and_call_only(root: Path) -> None:
    before = list(sys.path)
    assert References(root).call("our_data:Sets.holdout") == ([1], [2])
    assert sys.path == before


def test_inputs_for_calibration_take_the_place_of_their_name(root: Path) -> None:
    named = {"ratio": 0.5, "calibration": "our_data:Sets.holdout"}
    assert References(root).calibrated(named) == {"ratio": 0.5, "calibration": ([1], [2])}  # type: ignore[arg-type]
    inputs = {"calibration": [1]}
    assert References(root).calibrated(inputs) is inputs  # type: ignore[arg-type, comparison-overlap]
    wanted = "calibration 'our_data:nothing' returned nothing, it must return inputs, without"
    with pytest.raises(DataError, match=wanted):
        References(root).calibrated({"calibration": "our_data:nothing"})  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("reference", "line"),
    (
        ("no_such:f", "cannot be called: ModuleNotFoundError: No module named 'no_such'"),
        ("our_broken:f", "raised at our_broken.py:1: ModuleNotFoundError: No module named 'no_suc"),
        ("our_data:nope", "cannot be called: AttributeError: module 'our_data' has no attribute"),
        ("our_data:number", "cannot be called: TypeError: 'int' object is not callable"),
        ("our_data:broken", "raised at our_data.py:14: KeyError: 'first line"),
        ("our_data:silent", "raised at our_data.py:17: ValueError"),
        ("our_data:nothing", "returned nothing, it must return (x, y) or batches"),
    ),
)
def test_every_fault_is_one_line(root: Path, reference: str, line: str) -> None:
    before = list(sys.path)
    with pytest.raises(DataError) as caught:
        References(root).call(reference)
    assert str(caught.value).startswith(f"data {reference!r} {line}")
    assert "\n" not in str(caught.value)
    assert sys.path == before


@pytest.mark.parametrize("key", ("data", "calibration"))
def test_a_callable_that_returns_an_iterator_is_called_for_every_pass(root: Path, key: str) -> None:
    (root / "our_passes.py").write_text(
        "calls = []\n"
        "def batches():\n"
        "    calls.append(len(calls))\n"
        "    return iter([([len(calls)], [0]), ([2], [1])])\n"
    )
    found = References(root).call("our_passes:batches", key=key)
    if key == "calibration":
        assert list(found) == [([1], [0]), ([2], [1])]
        assert list(found) == []
        return
    for number in (1, 2, 3):
        assert list(found) == [([number], [0]), ([2], [1])]
