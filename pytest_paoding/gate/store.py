"""Work that is done once: its results are kept under a digest of all its inputs.

The same store serves the workers of one run and later runs. An entry is a folder that appears in
one step and holds its own digests; what does not match them is no entry. While one process makes
an entry it holds a lock of the operating system, which is released when that process dies.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_paoding.gate.artifacts import sha256_of
from pytest_paoding.records.text.jsonable import to_json
from pytest_paoding.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

_PAUSE = 0.05
"""Seconds between two looks at a lock."""
_STALE_AFTER = 30 * 24 * 3600.0
"""Seconds after which an entry that nobody used is removed."""
_RECORD = "record.json"
_NONE: Mapping[str, Path] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Store:
    """A folder of entries. If anything goes wrong with it, only the saved work is lost."""

    folder: Path

    @contextmanager
    def making(self, key: str) -> Iterator[None]:
        """Wait until nobody else makes the entry of a key, and keep others waiting meanwhile."""
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(OSError):
                self.folder.mkdir(parents=True, exist_ok=True)
                file = stack.enter_context((self.folder / f"{key}.lock").open("ab"))
                while not _lock(file.fileno()):
                    time.sleep(_PAUSE)
            yield

    def once(
        self, key: str, make: Callable[[], dict[str, Any]], *, files: Mapping[str, Path] = _NONE
    ) -> dict[str, Any]:
        """Return the content of an entry, which is made if it is not there.

        Args:
            key: A key made by `key_of`.
            make: Makes the content, and the files.
            files: Where the entry's files are made or copied to, by name.
        """
        with self.making(key):
            found = self.load(key, files=files)
            if found is None:
                found = make()
                self.save(key, found, files=files)
            return found

    def load(self, key: str, *, files: Mapping[str, Path] = _NONE) -> dict[str, Any] | None:
        """Return the content of an entry; None if it is missing or damaged.

        Args:
            key: A key made by `key_of`.
            files: Where to copy the entry's files, by the names that `save` gave them.
        """
        try:
            content = _read(self.folder / key, key, files)
            os.utime(self.folder / key)
        except (OSError, KeyError, TypeError, ValueError):
            shutil.rmtree(self.folder / key, ignore_errors=True)
            return None
        return content

    def save(
        self, key: str, content: Mapping[str, Any], *, files: Mapping[str, Path] = _NONE
    ) -> None:
        """Keep content, and copies of files by any names, under a key."""
        unfinished = self.folder / f".{key}.{secrets.token_hex(4)}"
        try:
            unfinished.mkdir(parents=True)
            for name, file in files.items():
                shutil.copyfile(file, unfinished / name)
            kept = {name: sha256_of(unfinished / name) for name in files}
            record = {"key": key, "content": content, "sha256": _sha256(content), "files": kept}
            (unfinished / _RECORD).write_text(to_json(record), encoding="utf-8")
            unfinished.replace(self.folder / key)
        except (OSError, ValueError):
            shutil.rmtree(unfinished, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what nobody has used for a month."""
        for path in self.folder.glob("*"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > _STALE_AFTER:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()


def _read(folder: Path, key: str, files: Mapping[str, Path]) -> dict[str, Any]:
    """Return the content of an entry.

    Raises:
        ValueError: A digest does not match.
    """
    record = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
    content: dict[str, Any] = record["content"]
    whole = record["key"] == key and record["sha256"] == _sha256(content)
    for name, file in files.items():
        shutil.copyfile(folder / name, file)
        whole &= sha256_of(file) == record["files"][name]
    if not whole:
        raise ValueError(f"{key} is damaged")
    return content


def key_of(kind: str, **parts: Any) -> str:
    """Return the key of a piece of work: a digest of all its inputs."""
    return f"{kind}-{_sha256({**parts, 'kind': kind, 'plugin': __version__})}"


def _sha256(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, allow_nan=False, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
