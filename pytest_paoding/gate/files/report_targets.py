"""Files that reports are written to: each takes the place of an earlier report, or of nothing.

The counterpart for what gates publish is `require_replaceable`.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_paoding.config.documents.document_kinds import RUN, kind_of
from pytest_paoding.errors import cannot_write
from pytest_paoding.gate.files.whole_files import is_replaced
from pytest_paoding.records.formats import ENDINGS
from pytest_paoding.records.text.jsonable import portable
from pytest_paoding.records.text.strict_json import bounded_bytes, require_bounded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_REMEDY = "name another file"
_LOST = "would be lost: remove it, or name another file"
_SLASHES = tuple(filter(None, (os.sep, os.altsep)))
_OWN = {
    "json": {".json"},
    "markdown": {".md", ".markdown", ".mdown", ".mkd"},
    "html": {".htm", ".html", ".xhtml"},
}
"""Endings of the files of each kind."""
_REPORTS = frozenset[str]().union(*_OWN.values())
_SETTINGS = ".cfg .conf .csv .ini .key .lock .pem .pub .sig .sql .toml .tsv .xml .yaml .yml"
_ARRAYS = ".bin .ckpt .h5 .hdf5 .joblib .npy .npz .parquet .pb .pkl .pt .pth .safetensors"
_CODE = ".bat .c .cc .cpp .css .cu .h .hpp .ipynb .js .ps1 .py .pyi .pyx .r .rs .rst .sh .tex .ts"
_PACKED = ".gif .gz .jpeg .jpg .pdf .png .tar .tgz .whl .xz"
_OTHERS = {
    *(Path(f"model{ending}").suffix for ending in ENDINGS.values()),
    *f"{_SETTINGS} {_ARRAYS} {_CODE} {_PACKED}".split(),
}
"""Endings of files that hold no report of any kind."""


@dataclass(frozen=True, slots=True)
class ReportTarget:
    """What a report is written to.

    Attributes:
        kind: `json`, `markdown` or `html`.
        given: The path, as it was given.
        here: Where it starts from.
    """

    kind: str
    given: str
    here: Path = Path()

    @property
    def path(self) -> Path:
        """The path, of the user's home too."""
        return self.here / os.path.expanduser(self.given)  # noqa: PTH111 - which takes no unknown user amiss

    def fault(self) -> str | None:
        """Return why nothing can or should be written there; None where it may be."""
        try:
            if self.given.endswith(_SLASHES) or self.path.is_dir():
                return f"is a folder: name a file in it, such as {self._example}"
            return self._in_the_way() or self.lost()
        except OSError as error:
            return cannot_write(self.given, error)

    @property
    def _example(self) -> str:
        return (
            Path(self.given) / f"report.{'md' if self.kind == 'markdown' else self.kind}"
        ).as_posix()

    def lost(self) -> str | None:
        """Return what would be lost if the report were written; None where that is nothing.

        Raises:
            OSError: What stands there cannot be read.
        """
        if not self.path.is_file() or not is_replaced(self.path):
            return None
        ending = self.path.suffix.lower()
        if ending in (_OTHERS | _REPORTS) - _OWN[self.kind]:
            return (
                f"there is a file of the ending {ending}, no report in {self.kind}, which {_LOST}"
            )
        return self._lost_json() if self.kind == "json" else None

    def _lost_json(self) -> str | None:
        content = bounded_bytes(self.path)
        if not content.strip():
            return None
        try:
            require_bounded(content)
            found = kind_of(json.loads(content))
        except (RecursionError, ValueError):
            found = None
        return None if found == RUN else f"is {found or 'no report'}, which {_LOST}"

    def _in_the_way(self) -> str | None:
        """Return why no file can be made there; nothing is left behind by the attempt.

        Raises:
            OSError: The system says so.
        """
        real = Path(os.path.realpath(self.path))
        if self.path.is_symlink() and not real.parent.is_dir():
            return f"is a link into a folder that is not there: {_REMEDY}"
        if real.exists() and not is_replaced(self.path):
            return None
        folder = next(each for each in real.parents if os.path.lexists(each))
        if not stat.S_ISDIR(folder.stat().st_mode):
            return f"{portable(folder, Path(os.path.realpath(self.here)))} is no folder: {_REMEDY}"
        with tempfile.TemporaryFile(dir=folder):
            return None


def faults(
    targets: Sequence[ReportTarget], taken: Sequence[tuple[Path, str]] = ()
) -> Iterator[tuple[ReportTarget, str]]:
    """Yield the reports that cannot or should not be written, and why.

    Args:
        targets: Where they go.
        taken: Files that are of others, and what they are.
    """
    known = list(taken)
    for target in targets:
        others = (what for path, what in known if _is_one(path, target.path))
        found = next(others, None) or target.fault()
        if found is not None:
            yield target, found
        known.append((target.path, f"is where the report in {target.kind} goes too: {_REMEDY}"))


def _is_one(one: Path, two: Path) -> bool:
    """Whether two paths lead to one file, whether or not it is there yet; streams take several."""
    try:
        if two.exists() and not is_replaced(two):
            return False
        return os.path.realpath(one) == os.path.realpath(two) or one.samefile(two)
    except OSError:
        return False
