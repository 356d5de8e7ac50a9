"""Reports replace files in one step, and are written into what is no file."""

from __future__ import annotations

import errno
import os
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pytest_paoding.errors import cannot_write
from pytest_paoding.gate.files import whole_files
from pytest_paoding.gate.files.whole_files import write_whole

TEXT = '{"text": "\u00e4"}\n' * 20_000  # more than fits into the buffer of a FIFO
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
ROOT = Path(__file__).parents[2]


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


@pytest.mark.parametrize("name", ("report.json", "new/folder/report.json", "x" * 255))
@pytest.mark.parametrize("before", (None, "old"))
def test_a_file_is_written_whole_or_not_at_all(
    tmp_path: Path, name: str, before: str | None
) -> None:
    path = tmp_path / name
    if before is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(before)
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "new \ud800")
    assert (path.read_text() if path.exists() else None) == before
    write_whole(path, TEXT)
    assert path.read_bytes() == TEXT.encode()
    assert names(path.parent) == [path.name]


@POSIX
@pytest.mark.parametrize("links", (1, 3))
@pytest.mark.parametrize("there", (True, False))
def test_a_link_stays_and_leads_to_what_was_written(
    tmp_path: Path, links: int, *, there: bool
) -> None:
    target = tmp_path / "elsewhere" / "real.json"
    target.parent.mkdir()
    if there:
        target.write_text("old")
    path = target
    for number in range(links):
        link = tmp_path / f"link{number}.json"
        link.symlink_to(path)
        path = link
    write_whole(path, TEXT)
    assert path.is_symlink()
    assert target.read_bytes() == TEXT.encode()
    assert names(target.parent) == ["real.json"]


@POSIX
def test_links_in_a_circle_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match=r"symbolic links"):
        write_whole(tmp_path / "a", TEXT)
    assert names(tmp_path) == ["a", "b"]


@POSIX
def test_a_fifo_is_written_into_once_somebody_reads_it(tmp_path: Path) -> None:
    path, read = tmp_path / "fifo", list[str]()
    os.mkfifo(path)
    reader = threading.Timer(0.2, lambda: read.append(path.read_text(encoding="utf-8")))
    reader.start()
    write_whole(path, TEXT)
    reader.join()
    assert read == [TEXT]
    assert stat.S_ISFIFO(path.stat().st_mode)


@POSIX
def test_nobody_is_waited_for_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_files, "_PATIENCE", 0.0)
    path = tmp_path / "fifo"
    os.mkfifo(path)
    with pytest.raises(OSError, match=r"No such device") as caught:
        write_whole(path, TEXT)
    assert cannot_write(path, caught.value).endswith("; let somebody read it, or name another file")
    assert stat.S_ISFIFO(path.stat().st_mode)


@POSIX
def test_a_socket_is_written_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # names of sockets are short
    read = list[bytes]()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("sock")
        server.listen()

        def serve() -> None:
            connection, _ = server.accept()
            with connection, connection.makefile("rb") as file:
                read.append(file.read())

        reader = threading.Thread(target=serve)
        reader.start()
        write_whole(Path("sock"), TEXT)
        reader.join()
    assert read == [TEXT.encode()]
    assert stat.S_ISSOCK(Path("sock").stat().st_mode)
    with pytest.raises(ConnectionRefusedError):
        write_whole(Path("sock"), TEXT)


@POSIX
@pytest.mark.parametrize("device", ("null", "full"))
def test_a_device_is_written_into(tmp_path: Path, device: str) -> None:
    path = tmp_path / "link"  # which would be lost in its place
    path.symlink_to(Path("/dev", device))
    if not path.exists():
        pytest.skip("there is no such device")
    if device == "null":
        write_whole(path, TEXT)
    else:
        with pytest.raises(OSError, match="No space left") as caught:
            write_whole(path, TEXT)
        line = f"cannot write {path}: No space left on device; make room there, or name another"
        assert cannot_write(path, caught.value) == f"{line} file"
    assert stat.S_ISCHR(path.stat().st_mode)
    assert names(tmp_path) == ["link"]


def test_a_folder_stays(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.mkdir()
    with pytest.raises(OSError, match=r"directory|denied"):
        write_whole(path, TEXT)
    assert path.is_dir()
    assert names(tmp_path) == ["report.json"]


@POSIX
def test_the_file_of_a_standard_stream_is_not_replaced(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    code = (
        "from pathlib import Path; from pytest_paoding.gate.files.whole_files import write_whole;"
        "print('before'); write_whole(Path('/dev/stdout'), 'report\\n'); print('after')"
    )
    with log.open("w") as out:
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=out, check=True)
    assert log.read_text() == "before\nreport\nafter\n"


@pytest.mark.parametrize(
    ("number", "remedy"),
    (
        (errno.ENOSPC, "make room there, or name another file"),
        (errno.EFBIG, "allow larger files, or name another file"),
        (errno.EACCES, "allow it, or name another file"),
        (errno.EBUSY, "name another file"),
    ),
)
def test_the_line_names_path_reason_and_remedy(number: int, remedy: str) -> None:
    line = cannot_write(Path("a.json"), OSError(number, os.strerror(number)))
    assert line == f"cannot write a.json: {os.strerror(number)}; {remedy}"
