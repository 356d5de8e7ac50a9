"""The child process as the process of the gates sees it: started, asked, watched, ended."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any

from pytest_paoding import errors
from pytest_paoding.errors import ChildError
from pytest_paoding.records.files.leftovers import open_own_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_paoding.isolation.allowance import Allowance
    from pytest_paoding.records.protocol import Progress

_BOOT = (
    "import sys; parent, folder, *sys.path[:] = sys.argv[1:];"
    " from pytest_paoding.isolation.child import main; main(parent, folder)"
)
_PAUSE = 0.05
"""Seconds between two looks at what the child uses."""
_FAREWELL = 5.0
"""Seconds that a child has to end by itself."""
_WINDOWS = os.name == "nt"


class _Traceback(Exception):  # noqa: N818 - it is what a traceback of the child looks like
    """What the child says of an exception, shown above it."""


@dataclass(slots=True)
class _Line:
    """A child that runs, and its answers.

    Attributes:
        process: The process.
        answers: Its answers so far; None is the last.
    """

    process: subprocess.Popen[bytes]
    answers: queue.SimpleQueue[Any] = field(default_factory=queue.SimpleQueue, init=False)
    _reader: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read, name="paoding-child", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None  # noqa: S101 - it was opened as a pipe
        with suppress(ValueError):  # the last line of a process that was ended is no JSON
            for line in self.process.stdout:
                self.answers.put(json.loads(line))
        self.answers.put(None)

    def write(self, message: Mapping[str, Any]) -> None:
        """Send a request; a child that is gone is found out when its answer is waited for."""
        assert self.process.stdin is not None  # noqa: S101 - as above
        with suppress(OSError):
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()

    def end(self, *, at_once: bool) -> int:
        """End the process with all that it has started, and return its exit status.

        Args:
            at_once: Before it learns of it: a child that finds its line closed removes the folder
                that both exchange files in.
        """
        assert self.process.stdin is not None  # noqa: S101 - as above
        if not at_once:
            self._bid_farewell()
        self._kill()
        status = self.process.wait()
        self._reader.join()
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError):  # what it was sent and never read
                pipe.close()  # type: ignore[union-attr]  # as above
        return status

    def _bid_farewell(self) -> None:
        with suppress(OSError):
            self.process.stdin.close()  # type: ignore[union-attr]  # as above
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_FAREWELL)

    def _kill(self) -> None:
        with suppress(OSError):
            self.process.kill() if _WINDOWS else os.killpg(self.process.pid, signal.SIGKILL)


class ChildProcess:
    """A child process that is started when it is first asked, and anew after it has ended."""

    def __init__(self) -> None:
        self._line: _Line | None = None
        self._output: IO[bytes] = BytesIO()

    @cached_property
    def folder(self) -> Path:
        """Where both exchange files."""
        return open_own_folder("paoding-child-")

    @property
    def runs(self) -> bool:
        """Whether there is a process."""
        return self._line is not None

    def ask(
        self,
        call: str,
        arguments: Any,
        *,
        allowance: Allowance,
        progress: Progress | None = None,
    ) -> Any:
        """Have the child do something, and return the plain form of what came of it.

        Args:
            call: What to do.
            arguments: Plain form of its arguments.
            allowance: What the child may use.
            progress: Told of the progress.

        Raises:
            PaodingError: What is asked for cannot be done, or would take more than is allowed.
            OSError: A file cannot be read or written.
            ChildError: Anything else, such as the end of the child.
        """
        line = self._line = self._line or self._started()
        try:
            line.write({"call": call, "arguments": arguments})
            answer = self._answer(line, allowance, progress)
        except BaseException:
            self.end(at_once=True)
            raise
        finally:
            self._show()
        if answer is None:
            status = self.end(at_once=True)
            raise ChildError(f"the child process of the gate {_ended(status)} in {call!r}")
        return _result(answer)

    def end(self, *, at_once: bool = False) -> int:
        """End the process, if there is one, and return its exit status."""
        line, self._line = self._line, None
        return 0 if line is None else line.end(at_once=at_once)

    def close(self) -> None:
        """End the process and remove all files."""
        self.end()
        self._output.close()
        if "folder" in vars(self):
            shutil.rmtree(self.folder, ignore_errors=True)

    def _answer(self, line: _Line, allowance: Allowance, progress: Progress | None) -> Any:
        while True:
            allowance.check(line.process.pid)
            try:
                message = line.answers.get(timeout=_PAUSE)
            except queue.Empty:
                if line.process.poll() is not None and line.answers.empty():
                    return None
                continue
            if message is None or "progress" not in message:
                return message
            if progress is not None:
                progress(*message["progress"])

    def _started(self) -> _Line:
        self.folder.mkdir(exist_ok=True)  # a child that loses its parent removes it
        command = [sys.executable, "-c", _BOOT, str(os.getpid()), str(self.folder), *sys.path]
        output_file = self.folder / "output.txt"
        with output_file.open("wb") as output:
            self._output.close()
            self._output = output_file.open("rb")  # before a child can remove it
            apart: dict[str, Any] = (
                {"creationflags": vars(subprocess)["CREATE_NEW_PROCESS_GROUP"]}
                if _WINDOWS
                else {"start_new_session": True}
            )
            process = subprocess.Popen(  # noqa: S603 - this interpreter, on code of this package
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output, **apart
            )
        return _Line(process)

    def _show(self) -> None:
        """Show what the child has written since, as if this process had."""
        sys.stderr.write(self._output.read().decode(errors="replace"))


def _result(answer: Mapping[str, Any]) -> Any:
    """Return the value of an answer, or raise what it tells of."""
    if "refused" in answer:
        name, text = answer["refused"]
        raise vars(errors)[name](text)
    if "system" in answer:
        raise OSError(*answer["system"])
    if "defect" in answer:
        text, trace = answer["defect"]
        raise ChildError(text) from _Traceback(f"\n{trace}")
    return answer["value"]


def _ended(status: int) -> str:
    """Return in words how a process has ended."""
    if status >= 0:
        return f"ended with exit status {status}"
    name = signal.Signals(-status).name
    hint = ", which the system sends where memory is short," if name == "SIGKILL" else ""
    return f"was ended by {name}{hint}"
