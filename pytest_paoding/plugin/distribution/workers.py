"""What the processes of a run share: the store, and the names that gates have taken.

A worker of pytest-xdist may run in another folder or on another machine. It is near if it can read
the token that the controller has put into a folder of its own: then it uses the same store and the
same list of taken names. Otherwise it works on its own; and what it has to publish for a project
that is not in its own folder travels to the controller as bytes, in the report of the test.
"""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_paoding.gate.keeping.entries import Seal
from pytest_paoding.gate.keeping.store import Store, key_of
from pytest_paoding.records.files.leftovers import open_own_folder

if TYPE_CHECKING:
    import pytest

_INPUT, _USAGE = "paoding", "paoding_usage"
"""Keys of the input of a worker, and of the usage errors in its output."""
WATCHED = "watched"
"""The folder where workers write what they are doing."""


@dataclass(slots=True)
class _Names:
    """Names that are taken, by this process and by those near it."""

    store: Store | None
    taken: dict[str, str] = field(default_factory=dict)

    def claim(self, name: str, owner: str) -> str:
        """Return the owner of a name: `owner`, unless another one was first."""
        if name not in self.taken:
            self.taken[name] = owner
            if self.store is not None:
                self.taken[name] = self.store.once(
                    key_of("claim", name=name),
                    lambda: owner,
                    plain=lambda first: {"owner": first},
                    read=lambda plain: str(plain["owner"]),
                )
        return self.taken[name]


class Sharing:
    """What one process of a run shares with the others.

    Attributes:
        worker: Name of this xdist worker; None in any other process.
        owner: Process that outlives all workers and removes what they leave behind.
        seal: What results of other runs are sealed with; None where no such result counts.
        unkept: Why nothing is kept for later runs, where that is not asked for.
    """

    def __init__(self, config: pytest.Config) -> None:
        told: dict[str, Any] = getattr(config, "workerinput", {})
        self._config = config
        self._told: dict[str, Any] = told.get(_INPUT, {})
        self.worker: str | None = told.get("workerid")
        self.owner: int = self._told.get("owner", os.getpid())
        self.seal: Seal | None = None
        self.unkept: str | None = None

    @cached_property
    def scratch(self) -> Path:
        """A folder for this run alone; removed at its end."""
        return open_own_folder("paoding-run-")

    @cached_property
    def near(self) -> bool:
        """Whether this worker sees the controller's disk."""
        try:
            token = Path(self._told["folder"], "token").read_text(encoding="utf-8")
        except (KeyError, OSError, UnicodeDecodeError):
            return False
        return bool(token == self._told["token"])

    @property
    def watched(self) -> Path | None:
        """Where this worker writes what it is doing; None where nobody looks."""
        return Path(self._told["folder"], WATCHED) if self.near and self._told["seen"] else None

    @cached_property
    def names(self) -> _Names:
        """The names that gates of this run have taken."""
        return _Names(Store(Path(self._told["folder"])) if self.near else None)

    @cached_property
    def store(self) -> Store:
        """Where work is kept: for later runs if pytest has a cache, else for this run."""
        if self.near:
            return Store(Path(self._told["store"]), self.seal or Seal())
        return self._own_store(distributed=False)

    def _own_store(self, *, distributed: bool) -> Store:
        cache = getattr(self._config, "cache", None)
        # Every worker that starts clears the cache, also what others have put there meanwhile.
        cleared = distributed and self._config.getoption("cacheclear", default=False)
        if cache is not None and self.seal is not None and not cleared:
            try:
                return Store(cache.mkdir(_INPUT), self.seal)
            except OSError as error:
                self.unkept = f"nothing is kept for later runs: {error}"
        return Store(self.scratch / "store", self.seal or Seal())

    def tell(self, node: Any, root: Path | None, *, seen: bool = False) -> None:
        """Tell a worker which process outlives it, and what it shares if gates run.

        Args:
            node: The worker, as xdist calls it.
            root: Folder of the settings, which relative paths start from; None if no gate runs.
            seen: Whether somebody sees what it is doing.
        """
        told: dict[str, Any] = {"owner": self.owner}
        if root is not None:
            self.store = self._own_store(distributed=True)
            token = self.scratch / "token"
            if not token.exists():
                token.write_text(secrets.token_hex(16), encoding="utf-8")
            told |= {
                "folder": str(self.scratch),
                "token": token.read_text(encoding="utf-8"),
                "store": str(self.store.folder),
                "root": str(root),
                "seen": seen,
            }
        node.workerinput[_INPUT] = told

    def travels(self, root: Path) -> bool:
        """Whether files of this worker, whose settings are in `root`, have to travel."""
        return self.worker is not None and not (self.near and self._told["root"] == str(root))

    def close(self) -> None:
        """Remove what was for this run alone, and what nobody has used for long."""
        if "store" in vars(self) and not self.near:
            self.store.sweep()
        if "scratch" in vars(self):
            shutil.rmtree(self.scratch, ignore_errors=True)


def report_usage(config: pytest.Config, lines: list[str]) -> None:
    """Send usage errors to the controller: raised in a worker they would look like a crash."""
    config.workeroutput[_USAGE] = lines  # type: ignore[attr-defined]


def usage_of(node: Any) -> list[str]:
    """Return the usage errors of a worker; a crashed one has no output."""
    output: dict[str, Any] = getattr(node, "workeroutput", {})
    return list(output.get(_USAGE, ()))
