"""A document of one kind in the place of another is refused with the name of its own kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_paoding.config.documents.read_documents import (
    baseline_of,
    manifest_result,
    past_run_of,
    run_of,
)
from pytest_paoding.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DOCUMENTS: dict[str, dict[str, Any]] = {
    "a report of --paoding-json": {"schema": "pytest-paoding/1", "session": {}, "gates": []},
    "a manifest": {"schema": "pytest-paoding/1", "gate": {}},
    "a baseline": {"schema": "pytest-paoding-baseline/1", "gates": []},
    "a run of a history": {"schema": "pytest-paoding-history/1", "gates": {}},
    "a plan": {"format": 1, "fingerprint": "", "ratio": None, "layers": []},
}
READERS: dict[str, Callable[[Any, Path], Any]] = {
    "a report of --paoding-json": run_of,
    "a manifest": manifest_result,
    "a baseline": lambda found, path: baseline_of(found, path, label=str(path)),
    "a run of a history": lambda found, path: past_run_of(found, label=str(path)),
}


@pytest.mark.parametrize("kind", DOCUMENTS)
@pytest.mark.parametrize("wanted", READERS)
def test_what_is_of_another_kind_is_called_by_its_name(
    tmp_path: Path, wanted: str, kind: str
) -> None:
    path = tmp_path / "x.json"
    with pytest.raises(ConfigError) as caught:
        READERS[wanted](DOCUMENTS[kind], path)
    line = str(caught.value)
    if kind == wanted:
        assert "is not as its schema says: " in line
    else:
        assert line == f"{path}: is {kind}, not {wanted}"


@pytest.mark.parametrize("wanted", READERS)
@pytest.mark.parametrize(
    "document",
    [{"schema": each["schema"]} for each in DOCUMENTS.values() if "schema" in each]
    + [None, [], {"schema": []}],
)
def test_no_schema_is_said_to_be_another_than_itself(
    tmp_path: Path, wanted: str, document: Any
) -> None:
    with pytest.raises(ConfigError) as caught:
        READERS[wanted](document, tmp_path / "x.json")
    schema = document.get("schema") if isinstance(document, dict) else None
    assert f"is {schema!r}, not {schema!r}" not in str(caught.value)
