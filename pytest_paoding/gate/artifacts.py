"""Files that appear whole or not at all: staged in a folder beside their target, then moved.

At every instant, even after a kill or on a full disk, the file under a published name is the
previous one or the new one, whole. Files are moved before their manifest, which holds the SHA-256
of each, so a reader can tell that it belongs to the files beside it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_paoding.errors import ArtifactError
from pytest_paoding.gate.files.whole_files import move, write_whole
from pytest_paoding.records.artifact_record import Artifact, ArtifactFile
from pytest_paoding.records.files.digests import sha256_of
from pytest_paoding.records.files.leftovers import open_own_folder, sweep_half_made
from pytest_paoding.records.formats import ENDINGS, KERAS
from pytest_paoding.records.text.jsonable import portable, to_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BILL, SIGNATURE = COMPANIONS = ".cdx.json", ".sig"
"""Endings of the bill of materials and the signature, which stand beside a model."""
_PREFIX = ".staging-paoding-"


class ManifestError(ArtifactError):
    """A model is published, but the manifest beside it could not be replaced."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A model and its manifest in a staging folder, and where the model is to go.

    Attributes:
        folder: The staging folder.
        target: Where the model's `.keras` file goes.
        exported: Further formats, whose files go beside it.
    """

    folder: Path
    target: Path
    exported: tuple[str, ...] = ()

    @property
    def model(self) -> Path:
        """The staged model; Keras wants its ending."""
        return self.folder / self.target.name

    @property
    def exports(self) -> dict[str, Path]:
        """The staged files of further formats, by format."""
        return {name: self.folder / f"{self.target.stem}{ENDINGS[name]}" for name in self.exported}

    @property
    def files(self) -> dict[str, Path]:
        """All staged files but the manifest, by format, the `.keras` file first."""
        return {KERAS: self.model, **self.exports}

    @property
    def manifest(self) -> Path:
        """The staged manifest."""
        return manifest_path(self.model)

    def companion(self, ending: str) -> Path:
        """Return where a staged bill of materials or signature is, if there is one."""
        return self.model.with_suffix(ending)

    @property
    def companions(self) -> list[Path]:
        """The staged bill of materials and the signature, as far as they are there."""
        return [path for each in COMPANIONS if (path := self.companion(each)).is_file()]


def manifest_path(model: Path) -> Path:
    """Return the path of the manifest that stands beside a model."""
    return model.with_suffix(".json")


def open_staging(artifacts: Path, *, owner: int) -> Path:
    """Return a new folder inside `artifacts`, which is made where it is missing.

    Args:
        artifacts: Where models are published; a new one is made invisible to Git.
        owner: Process whose death makes the folder stale.

    Raises:
        ArtifactError: The folder cannot be made or written.
    """
    try:
        if not artifacts.exists():
            artifacts.mkdir(parents=True, exist_ok=True)  # another worker may be first
            (artifacts / ".gitignore").write_text("*\n", encoding="utf-8")
        return open_own_folder(_PREFIX, within=artifacts, owner=owner)
    except OSError as error:
        raise _refusal("stage in", artifacts, error) from error


def publish(staged: Staged, *, manifest: bool = True) -> Path:
    """Move a staged model and its manifest to their place, and remove the staging folder.

    Args:
        staged: The files.
        manifest: Whether the manifest goes with them.

    If one of several files cannot be moved, those before it are restored. (If the process ends
    between two of them, all files are whole, but some are previous ones; the manifest is the
    previous one too, and its digests show it.) Files of other formats are left as they are.

    Raises:
        ManifestError: The model is in its place, but the manifest beside it is not its own.
        ArtifactError: A file could not be moved; all previous files are as before.
    """
    try:
        _publish_all(staged)
        try:
            _publish_companions(staged)
            if manifest:
                move(staged.manifest, manifest_path(staged.target))
        except OSError as error:
            raise ManifestError(
                str(_refusal("publish", manifest_path(staged.target), error))
            ) from error
    finally:
        discard(staged.folder)
    return staged.target


def _publish_companions(staged: Staged) -> None:
    """Move bill of materials and signature; those of the previous model are void."""
    ours = manifest_path(staged.target).is_file()
    for ending in COMPANIONS:
        path, target = staged.companion(ending), staged.target.with_suffix(ending)
        if path.is_file():
            move(path, target)
        elif ours:
            target.unlink(missing_ok=True)


def _publish_all(staged: Staged) -> None:
    with contextlib.ExitStack() as undo:
        for file in staged.files.values():
            target = staged.target.with_name(file.name)
            try:
                previous = _kept(target, staged.folder)
                move(file, target)
            except OSError as error:
                raise _refusal("publish", target, error) from error
            undo.callback(_restore, target, previous)
        undo.pop_all()


def _kept(target: Path, folder: Path) -> Path | None:
    """Return a second name for a published file, or a copy where there are no second names."""
    previous = folder / f"previous-{target.name}"
    if not target.is_file():
        return None
    try:
        os.link(target, previous)
    except OSError:
        shutil.copy2(target, previous)
    return previous


def _restore(target: Path, previous: Path | None) -> None:
    """Put back what stood under a name before."""
    if previous is not None:
        move(previous, target)
    elif target.is_file():
        target.unlink()


def discard(folder: Path) -> None:
    """Remove a staging folder; what cannot be removed now is removed by a later run."""
    shutil.rmtree(folder, ignore_errors=True)


def sweep(artifacts: Path, *, owner: int) -> None:
    """Remove the staging folders of `owner`, of dead processes of this host, and very old ones."""
    sweep_half_made(artifacts, _PREFIX, owner=owner)


def write_manifest(staged: Staged, content: Mapping[str, Any]) -> None:
    """Write the manifest of a staged model.

    Raises:
        ArtifactError: It cannot be written.
    """
    text = to_json(content)
    try:
        write_whole(staged.manifest, text)
        for path in staged.files.values():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
    except OSError as error:
        raise _refusal("stage in", staged.folder, error) from error


def recorded(staged: Staged, root: Path) -> Artifact:
    """Return the record of staged files, not yet published.

    Args:
        staged: The files.
        root: Where portable paths start.
    """
    files = tuple(
        ArtifactFile(name, path.name, path.stat().st_size, sha256_of(path))
        for name, path in staged.files.items()
    )
    path, model = portable(staged.target, root), files[0]
    return Artifact(path, published=False, bytes=model.bytes, sha256=model.sha256, files=files)


def same_content(one: Path, two: Path) -> bool:
    """Whether there are two files of the same bytes."""
    if not two.is_file() or one.stat().st_size != two.stat().st_size:
        return False
    return sha256_of(one) == sha256_of(two)


def _refusal(what: str, path: Path, error: OSError) -> ArtifactError:
    return ArtifactError(
        f"cannot {what} {path}: {error.strerror or error}; make room or choose another folder with"
        " --paoding-artifacts, or on the command line with --output"
    )
