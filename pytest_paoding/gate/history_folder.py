"""The folder with a file of each run: read as files of unknown origin, written one at a time.

Nothing in it decides anything. What cannot be read or written costs a line, never the run.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from stat import S_ISDIR
from typing import TYPE_CHECKING

from pytest_paoding.config.documents.read_documents import past_run_of
from pytest_paoding.errors import ConfigError, cannot_write
from pytest_paoding.gate.files.plain_files import open_plain
from pytest_paoding.gate.files.whole_files import write_whole
from pytest_paoding.records.runs.history import SHOWN, PastRun, Trends, trends
from pytest_paoding.records.text.jsonable import to_json
from pytest_paoding.records.text.strict_json import document_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from pytest_paoding.records.runs.run_record import RunRecord

KEPT = 200
"""Files of runs that stay; the oldest ones beyond are removed."""
_NAME = re.compile(r"\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{8}\.json")
_ENDING = ".json"
_MOST = 4 << 20
"""Bytes of a file: those of a gate with many scores and formats are some thousands."""
_NO_FILE = "is no plain file"
_REASONS = {errno.ELOOP: _NO_FILE}
"""What is wrong with a file that cannot be opened, where its error would be riddles."""
_TOLD = 3
"""Files that are named, of those that are left out."""


def require_folder(path: Path) -> None:
    """Refuse a history that can be none.

    Raises:
        ConfigError: Something else stands there.
    """
    with suppress(OSError):  # there is nothing yet, or writing tells
        if not S_ISDIR(path.stat().st_mode):
            raise ConfigError(f"history: {path} is no folder: name one, or remove what is there")


@dataclass(frozen=True, slots=True)
class HistoryFolder:
    """A folder of runs.

    Attributes:
        path: The folder, made where missing.
        label: Its name in messages.
    """

    path: Path
    label: str

    def remember(self, record: RunRecord) -> tuple[Trends, list[str]]:
        """Keep a run, and return what has become of its gates over the last runs.

        A run of which nothing was measured is neither kept nor compared.

        Returns:
            The trends by name of the gate, and lines on what could not be read or written.
        """
        now = PastRun.from_record(record)
        if not now.gates:
            return {}, []
        past, left_out = self.read(now.gates)
        fault = self.write(now)
        return trends(past, now), [*left_out, *filter(None, [fault])]

    def read(self, gates: Collection[str]) -> tuple[list[PastRun], list[str]]:
        """Return the last runs, the oldest first, with no other gates than these.

        Returns:
            The runs, and lines on the files that are left out.
        """
        try:
            names = self._names()
        except (FileNotFoundError, NotADirectoryError):  # nothing yet, or writing tells
            return [], []
        except OSError as error:
            return [], [f"history {self.label}: cannot be read: {error.strerror}"]
        runs, reasons = list[PastRun](), list[str]()
        wanted = Counter(dict.fromkeys(gates, SHOWN - 1))
        for name in sorted(names, reverse=True):
            if not +wanted:
                break
            try:
                run = self._run(name)
            except FileNotFoundError:  # a run beside this one has removed it
                continue
            except ConfigError as error:
                reasons.append(str(error))
                continue
            known = {gate: each for gate, each in run.gates.items() if gate in wanted}
            wanted.subtract(known.keys())
            runs.append(replace(run, gates=known))
        return runs[::-1], _left_out(reasons)

    def write(self, run: PastRun) -> str | None:
        """Keep a run in a file of its own, and remove the oldest beyond `KEPT`.

        Returns:
            Why it could not be kept; None where it was.
        """
        now = datetime.now(timezone.utc)
        stamp = f"{now:%Y%m%dT%H%M%S}.{now.microsecond // 1000:03}Z"
        path = self.path / f"{stamp}-{secrets.token_hex(4)}{_ENDING}"
        try:
            write_whole(path, to_json(run.to_dict()))
            ours = sorted(filter(_NAME.fullmatch, self._names()))
        except OSError as error:
            return cannot_write(self.label, error, instead="go without this run in the history")
        for name in ours[:-KEPT]:
            with suppress(OSError):  # a later run removes it
                (self.path / name).unlink()
        return None

    def _names(self) -> list[str]:
        """Return the names of what may be files of runs.

        Raises:
            OSError: The folder cannot be read.
        """
        found = (path.name for path in self.path.iterdir())
        return [name for name in found if name.endswith(_ENDING) and not name.startswith(".")]

    def _run(self, name: str) -> PastRun:
        """Return the run in a file.

        Raises:
            FileNotFoundError: It has gone.
            ConfigError: It holds none; one line.
        """
        if not _NAME.fullmatch(name):
            raise ConfigError(f"{self.label}/{name}: is not named as a run is")
        label = f"{self.label}/{name}"
        return past_run_of(document_of(self._content(name), label=label, most=_MOST), label=label)

    def _content(self, name: str) -> bytes:
        try:
            with os.fdopen(open_plain(self.path / name, os.O_RDONLY), "rb") as file:
                return file.read(_MOST + 1)
        except FileNotFoundError:
            raise
        except OSError as error:
            reason = _REASONS.get(error.errno or 0, f"cannot be read: {error.strerror}")
            raise ConfigError(f"{self.label}/{name}: {reason}") from error
        except ValueError as error:
            raise ConfigError(f"{self.label}/{name}: {_NO_FILE}") from error


def _left_out(reasons: list[str]) -> list[str]:
    """Return a line for each of the first files that are left out, and one for the rest."""
    lines = [f"left out of the history: {reason}" for reason in reasons[:_TOLD]]
    rest = len(reasons) - _TOLD
    if rest > 0:
        lines.append(f"left out of the history: {rest} more file{'s' * (rest > 1)}")
    return lines
