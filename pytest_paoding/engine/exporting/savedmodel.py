"""A SavedModel as one file, a ZIP archive of the folder.

A folder cannot be replaced by another in one step, and the promise of publishing is that whatever
stands under a name is whole. Nor is there one size, one digest and one thing to send from worker to
worker of a folder. Who serves it unpacks it: the archive's members are those of the folder.
"""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def unpack(file: Path, folder: Path) -> None:
    """Write an archive's files into a folder."""
    with zipfile.ZipFile(file) as archive:
        archive.extractall(folder)
