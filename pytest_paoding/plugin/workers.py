"""What the processes of a run share, and what travels where they share no disk.

A worker of pytest-xdist may run in another folder or on another machine. It is near if it can read
the token that the controller has put into a folder of its own: then it uses the same store and the
same list of taken names. Otherwise it works on its own; and what it has to publish for a project
that is not in its own folder travels to the controller as bytes, in the report of the test.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_paoding.errors import ArtifactError
from pytest_paoding.gate.artifacts import Staged, open_staging, sha256_of
from pytest_paoding.gate.store import Store, key_of
from pytest_paoding.records.formats import KERAS

if TYPE_CHECKING:
    import pytest

    from pytest_paoding.records.results import GateResult

INPUT = "paoding"
"""The key of what a worker is told."""


@dataclass(slots=True)
class _Names:
    """Names that are taken, by this process and by those near it."""

    store: Store | None
    taken: dict[str, str] = field(default_factory=dict)

    def claim(self, name: str, owner: str) -> str:
        """Return who has a name: `owner`, unless somebody else was first."""
        if name not in self.taken:
            self.taken[name] = owner if self.store is None else _first(self.store, name, owner)
        return self.taken[name]


def _first(store: Store, name: str, owner: str) -> str:
    key = key_of("claim", name=name)
    with store.making(key):
        found = store.load(key)
        if found is None:
            found = {"owner": owner}
            store.save(key, found)
        return str(found["owner"])


class Sharing:
    """What one process of a run has in common with the others."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._told: dict[str, Any] = getattr(config, "workerinput", {}).get(INPUT, {})

    @cached_property
    def scratch(self) -> Path:
        """A folder for this run alone; removed at its end."""
        return Path(tempfile.mkdtemp(prefix="paoding-run-"))

    @cached_property
    def near(self) -> bool:
        """Whether this worker sees the controller's disk."""
        try:
            token = Path(self._told["folder"], "token").read_text(encoding="utf-8")
        except (KeyError, OSError, UnicodeDecodeError):
            return False
        return bool(token == self._told["token"])

    @cached_property
    def names(self) -> _Names:
        """The names that gates of this run have taken."""
        return _Names(Store(Path(self._told["folder"])) if self.near else None)

    @cached_property
    def store(self) -> Store:
        """Where work is kept: for later runs if pytest has a cache, else for this run."""
        if self.near:
            return Store(Path(self._told["store"]))
        return self._own_store(distributed=False)

    def _own_store(self, *, distributed: bool) -> Store:
        cache = getattr(self._config, "cache", None)
        # Every worker that starts clears the cache, also what others have put there meanwhile.
        cleared = distributed and self._config.getoption("cacheclear", default=False)
        if cache is None or cleared:
            return Store(self.scratch / "store")
        return Store(cache.mkdir(INPUT))

    def tell(self, root: Path) -> dict[str, str]:
        """Return what the controller tells a worker.

        Args:
            root: Folder of the settings, which relative paths start from.
        """
        self.store = self._own_store(distributed=True)
        token = self.scratch / "token"
        if not token.exists():
            token.write_text(secrets.token_hex(16), encoding="utf-8")
        return {
            "folder": str(self.scratch),
            "token": token.read_text(encoding="utf-8"),
            "store": str(self.store.folder),
            "root": str(root),
        }

    def travels(self, root: Path) -> bool:
        """Whether files of this worker, whose settings are in `root`, have to travel."""
        return bool(self._told) and not (self.near and self._told["root"] == str(root))

    def close(self) -> None:
        """Remove what was for this run alone, and what nobody has used for long."""
        if "store" in vars(self) and not self.near:
            self.store.sweep()
        if "scratch" in vars(self):
            shutil.rmtree(self.scratch, ignore_errors=True)


def packed(staged: Staged) -> dict[str, Any]:
    """Return a staged model and its manifest as a report can carry them."""
    return {
        "name": staged.target.name,
        "files": {name: path.read_bytes() for name, path in staged.files.items()},
        "manifest": staged.manifest.read_bytes(),
    }


def unpacked(files: dict[str, Any], result: GateResult, artifacts: Path, *, owner: int) -> Staged:
    """Stage what has travelled, in the folder it is published in here.

    Raises:
        ArtifactError: It cannot be written, or is not what was sent.
    """
    folder = open_staging(artifacts, owner=owner)
    exported = tuple(name for name in files["files"] if name != KERAS)
    staged = Staged(folder, artifacts / files["name"], exported)
    try:
        for name, path in staged.files.items():
            path.write_bytes(files["files"][name])
        staged.manifest.write_bytes(files["manifest"])
    except OSError as error:
        raise ArtifactError(f"cannot stage in {folder}: {error.strerror or error}") from error
    wanted = () if result.artifact is None else result.artifact.files
    if {(file.format, file.sha256) for file in wanted} != {
        (name, sha256_of(path)) for name, path in staged.files.items()
    }:
        raise ArtifactError(f"{files['name']} was damaged on its way from worker {result.worker}")
    return staged
