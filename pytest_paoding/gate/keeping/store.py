"""Work that is done once: its results are kept under a digest of all its inputs.

The same store serves the workers of one run and later runs. An entry is a folder that appears in
one step and is sealed; what does not match its seal, or cannot be read for any other reason, is no
entry. While one process makes an entry it holds a lock.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import time
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_paoding.gate.keeping.code_digest import code_digest
from pytest_paoding.gate.keeping.entries import (
    MALFORMED,
    Seal,
    read_entry,
    write_entry,
)
from pytest_paoding.gate.keeping.locking import Patience, held
from pytest_paoding.records.files.leftovers import half_made, remove, sweep_half_made

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

_Found = TypeVar("_Found")
_STALE_AFTER = 30 * 24 * 3600.0
"""Seconds after which an entry that nobody used is removed."""
_PREFIX = ".unfinished-"
_OPEN, _PATIENT = Seal(), Patience()
_NONE: Mapping[str, Path] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Store:
    """A folder of entries. If anything goes wrong with it, only the saved work is lost.

    Attributes:
        folder: The folder.
        seal: What its entries are sealed with.
        patience: How long to wait for another process that makes an entry.
        waiting: Called again and again meanwhile.
        tell: Called with a remark where that is in vain, and where nothing can be kept.
    """

    folder: Path
    seal: Seal = _OPEN
    patience: Patience = _PATIENT
    waiting: Callable[[], None] = lambda: None
    tell: Callable[[str], None] = lambda _: None

    @contextmanager
    def making(self, key: str) -> Iterator[None]:
        """Wait until nobody else makes the entry of a key, and keep others waiting meanwhile."""
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
        lock = self.folder / f"{key}.lock"
        with held(lock, patience=self.patience, waiting=self.waiting, gave_up=self._do_not_wait):
            yield

    def _do_not_wait(self, reason: str) -> None:
        self.tell(f"another process makes the same, but {reason}: done here as well")

    def once(
        self,
        key: str,
        make: Callable[[], _Found],
        *,
        plain: Callable[[_Found], dict[str, Any]],
        read: Callable[[dict[str, Any]], _Found],
        files: Mapping[str, Path] = _NONE,
    ) -> _Found:
        """Return a result, which is made if it is not there.

        Args:
            key: A key made by `key_of`.
            make: Makes the result, and the files.
            plain: Gives its plain form, the content of its entry.
            read: Gives the result for its plain form; what it does not take is no entry.
            files: Where the entry's files are made or copied to, by name.
        """
        with self.making(key):
            found = self.load(key, read=read, files=files)
            if found is None:
                found = make()
                self.save(key, plain(found), files=files)
            return found

    def load(
        self,
        key: str,
        *,
        read: Callable[[dict[str, Any]], _Found],
        files: Mapping[str, Path] = _NONE,
    ) -> _Found | None:
        """Return the result of an entry; None if it is missing, damaged, or not to be read.

        Args:
            key: A key made by `key_of`.
            read: Gives the result for its plain form.
            files: Where to copy the entry's files, by the names that `save` gave them.
        """
        folder = self.folder / key
        try:
            found = read(read_entry(folder, key, files=files, seal=self.seal))
        except MALFORMED:
            remove(folder)
            return None
        with contextlib.suppress(OSError):  # it may be read-only
            os.utime(folder)
        return found

    def save(
        self, key: str, content: Mapping[str, Any], *, files: Mapping[str, Path] = _NONE
    ) -> None:
        """Keep content, and copies of files by any names, under a key."""
        mine = half_made(_PREFIX, os.getpid())
        unfinished = self.folder / f"{mine}{secrets.token_hex(4)}"
        try:
            write_entry(unfinished, key, content, files=files, seal=self.seal)
            unfinished.replace(self.folder / key)
        except (TypeError, ValueError):
            remove(unfinished)
        except OSError as error:
            remove(unfinished)
            if not (self.folder / key).is_dir():  # else another process was first
                self.tell(f"nothing is kept in {self.folder}: {error.strerror or error}")

    def forget(self, key: str) -> None:
        """Remove an entry."""
        remove(self.folder / key)

    def sweep(self) -> None:
        """Remove what nobody has used for a month, and what killed processes have left."""
        sweep_half_made(self.folder, _PREFIX)
        for path in self.folder.glob("*"):
            with contextlib.suppress(OSError):
                if time.time() - path.lstat().st_mtime > _STALE_AFTER:
                    remove(path)


def key_of(kind: str, **parts: Any) -> str:
    """Return the key of a piece of work: a digest of all its inputs, and of the code that does it.

    The code's digest takes the place of a version: two checkouts may call themselves the same.
    """
    text = json.dumps(
        {**parts, "kind": kind, "code": code_digest()},
        sort_keys=True,
        allow_nan=False,
        default=repr,
    )
    return f"{kind}-{hashlib.sha256(text.encode()).hexdigest()}"
