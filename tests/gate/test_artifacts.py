from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_paoding.errors import ArtifactError
from pytest_paoding.gate.artifacts import (
    ManifestError,
    Staged,
    discard,
    open_staging,
    publish,
    sweep,
    write_manifest,
)
from pytest_paoding.gate.files import whole_files
from pytest_paoding.records.files import leftovers
from pytest_paoding.records.files.digests import sha256_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "paoding-artifacts"


def staged(folder: Path, content: bytes = b"new") -> Staged:
    stage = Staged(open_staging(folder, owner=os.getpid()), folder / "net.v1.keras")
    stage.model.write_bytes(content)
    write_manifest(stage, {"sha256": sha256_of(stage.model)})
    return stage


def dead_process() -> int:
    done = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    return int(done.stdout)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_staged_model_has_its_ending_and_stands_in_the_target_folder(folder: Path) -> None:
    stage = staged(folder)
    assert stage.model.parent.parent == folder
    assert (stage.model.name, stage.manifest.name) == ("net.v1.keras", "net.v1.json")
    assert not stage.target.exists()


def test_only_a_new_folder_is_hidden_from_git(folder: Path, tmp_path: Path) -> None:
    open_staging(folder, owner=1)
    assert (folder / ".gitignore").read_text() == "*\n"
    open_staging(tmp_path, owner=1)
    assert not (tmp_path / ".gitignore").exists()


def test_two_workers_may_make_the_folder_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir()
    monkeypatch.setattr("pathlib.Path.exists", lambda _: False)
    assert open_staging(folder, owner=1).parent == folder


def test_publishing_replaces_both_files_and_leaves_nothing_else(folder: Path) -> None:
    publish(staged(folder, b"old"))
    stage = staged(folder, b"new")
    assert publish(stage) == folder / "net.v1.keras"
    manifest = json.loads((folder / "net.v1.json").read_text())
    assert content(folder)["net.v1.keras"] == b"new"
    assert manifest["sha256"] == sha256_of(stage.target)
    assert sorted(path.name for path in folder.iterdir()) == [
        ".gitignore",
        "net.v1.json",
        "net.v1.keras",
    ]


def test_discarding_leaves_the_previous_files(folder: Path) -> None:
    publish(staged(folder, b"old"))
    before = content(folder)
    discard(staged(folder).folder)
    assert content(folder) == before


def test_a_target_that_is_a_folder_is_one_line_and_nothing_is_lost(folder: Path) -> None:
    stage = staged(folder)
    (stage.target / "inside").mkdir(parents=True)
    with pytest.raises(
        ArtifactError, match=r"cannot publish .*net.v1.keras: .*--paoding-artifacts"
    ):
        publish(stage)
    assert (stage.target / "inside").is_dir()
    assert not stage.folder.exists()


def test_a_manifest_that_cannot_be_replaced_is_told_apart(folder: Path) -> None:
    stage = staged(folder)
    (folder / "net.v1.json").mkdir()
    with pytest.raises(ManifestError, match=r"cannot publish .*net.v1.json"):
        publish(stage)
    assert stage.target.read_bytes() == b"new"


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ArtifactError, match=r"cannot stage in .*file.*: Not a directory"):
        open_staging(tmp_path / "file" / "inside", owner=1)
    with pytest.raises(ArtifactError, match="cannot stage in"):
        open_staging(tmp_path / "file", owner=1)


def test_a_full_disk_while_the_manifest_is_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    stage = Staged(open_staging(folder, owner=1), folder / "a.keras")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ArtifactError, match="No space left on device; make room or"):
        write_manifest(stage, {})
    assert list(stage.folder.iterdir()) == []


def test_on_windows_a_locked_file_is_waited_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []
    replace = os.replace

    def locked(source: Path, target: Path) -> None:
        tries.append(target.name)
        if len(tries) < 4:
            raise PermissionError(errno.EACCES, "used by another process")
        replace(source, target)

    stage = staged(folder)
    monkeypatch.setattr(whole_files, "_WINDOWS", True)
    monkeypatch.setattr(whole_files, "_PAUSE", 0.0)
    monkeypatch.setattr("pathlib.Path.replace", locked)
    publish(stage)
    assert tries == ["net.v1.keras"] * 4 + ["net.v1.json"]


@pytest.mark.parametrize(("system", "tries"), (("nt", 41), ("posix", 1)))
def test_a_file_locked_for_good_is_a_clear_error(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    system: str,
    tries: int,
) -> None:
    tried = []

    def locked(_: Path, target: Path) -> None:
        tried.append(target)
        raise PermissionError(errno.EACCES, "used by another process")

    publish(staged(folder, b"old"))
    stage = staged(folder)
    monkeypatch.setattr(whole_files, "_WINDOWS", system == "nt")
    monkeypatch.setattr(whole_files, "_PAUSE", 0.0)
    monkeypatch.setattr("pathlib.Path.replace", locked)
    with pytest.raises(ArtifactError, match="used by another process"):
        publish(stage)
    assert len(tried) == tries
    assert content(folder)["net.v1.keras"] == b"old"


def test_sweeping_removes_what_nobody_owns_any_more(folder: Path) -> None:
    dead, alive = open_staging(folder, owner=dead_process()), open_staging(folder, owner=1)
    own = open_staging(folder, owner=os.getpid())
    elsewhere = folder / ".staging-paoding-0badc0de-1-abc"
    old, odd = folder / ".staging-paoding-0badc0de-2-abc", folder / ".staging-paoding-odd"
    for other in (elsewhere, old, odd):
        other.mkdir()
    os.utime(old, (0, 0))
    sweep(folder, owner=os.getpid())
    assert {path for path in (dead, alive, own, elsewhere, old, odd) if path.exists()} == {
        alive,
        elsewhere,
        odd,
    }


def test_sweeping_where_nothing_is(folder: Path) -> None:
    sweep(folder, owner=1)
    assert not folder.exists()


def test_a_folder_that_another_run_has_just_removed_is_no_matter(tmp_path: Path) -> None:
    assert not leftovers._is_old(tmp_path / "gone")


def test_on_windows_no_process_is_asked_whether_it_lives(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers, "_WINDOWS", True)
    dead = open_staging(folder, owner=dead_process())
    sweep(folder, owner=os.getpid())
    assert dead.exists()


def test_a_process_of_another_user_is_alive(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: int) -> None:
        raise PermissionError

    foreign = open_staging(folder, owner=12345)
    monkeypatch.setattr(os, "kill", forbidden)
    sweep(folder, owner=os.getpid())
    assert foreign.exists()


@pytest.mark.parametrize("second_name", ("link", "copy"))
@pytest.mark.parametrize("previous", (b"old", None), ids=["replaced", "new"])
def test_a_file_that_cannot_be_moved_takes_back_those_before_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, previous: bytes | None, second_name: str
) -> None:
    def unlinkable(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    if second_name == "copy":
        monkeypatch.setattr(os, "link", unlinkable)
    stage = Staged(
        open_staging(folder, owner=os.getpid()), folder / "net.keras", ("tflite", "onnx")
    )
    for name, file in stage.files.items():
        file.write_bytes(name.encode())
        if previous is not None and name != "onnx":
            (folder / file.name).write_bytes(previous)
    write_manifest(stage, {})
    (folder / "net.onnx").mkdir()
    before = content(folder)
    with pytest.raises(ArtifactError, match=r"cannot publish .*net.onnx: Is a directory"):
        publish(stage)
    assert content(folder) == before
    (folder / "net.onnx").rmdir()
    again = Staged(open_staging(folder, owner=os.getpid()), folder / "net.keras", ("tflite",))
    for name, file in again.files.items():
        file.write_bytes(name.encode())
    write_manifest(again, {})
    publish(again)
    assert content(folder)["net.tflite"] == b"tflite"
    assert not list(folder.glob("**/previous-*"))
