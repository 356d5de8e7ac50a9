"""One gate in a child process: what crosses for it, once, and what becomes of the child."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_paoding.config.references import References
from pytest_paoding.errors import ChildError, LimitError
from pytest_paoding.isolation.allowance import Allowance
from pytest_paoding.isolation.crossing import Crossing, Handle
from pytest_paoding.isolation.origins import Origin
from pytest_paoding.records.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_paoding.isolation.child_process import ChildProcess
    from pytest_paoding.records.portable_engine import PortableEngine
    from pytest_paoding.records.protocol import Progress


class GateInChild:
    """What one gate asks of a child process; once the child is gone, so is all it had kept.

    Attributes:
        engine: The engine of this process.
        begun: Whether the child has been asked for anything.
    """

    def __init__(
        self, engine: PortableEngine, child: ChildProcess, folder: Path, allowance: Allowance
    ) -> None:
        """Take what does the work there, and what it may use.

        Args:
            engine: The engine of this process.
            child: The process.
            folder: Where both exchange the files of this gate.
            allowance: What the gate may use.
        """
        self.engine = engine
        self._child = child
        self._allowance = allowance
        self._crossing = Crossing(folder)
        self._handles: dict[int, tuple[Any, Handle]] = {}
        self.begun = False
        self._failure: Exception | None = None

    def ask(self, call: str, *, progress: Progress | None = None, **given: Any) -> Any:
        """Have the child do something; see `ChildProcess.ask`."""
        if self._failure is not None:
            raise self._failure
        try:
            if not self.begun:
                self._begin()
            if progress is not None:
                given["progress"] = True
            return self._asked(call, given, progress)
        except (ChildError, LimitError) as error:
            if not self._child.runs:
                self._failure = error
            raise

    def _asked(self, call: str, given: Any, progress: Progress | None = None) -> Any:
        arguments = self._crossing.arguments({**given, "forget": self._crossing.forgotten()})
        answer = self._child.ask(call, arguments, allowance=self._allowance, progress=progress)
        return self._crossing.value(answer)

    def _begin(self) -> None:
        origins = map(Origin.of, self.engine.registered())
        modules = {(each.module, each.file): each for each in origins if each is not None}
        surroundings = {
            "folder": self._crossing.folder,
            "path": sys.path,
            "cwd": Path.cwd(),
            "environment": dict(os.environ),
            "first": self.engine.must_move(),
        }
        given = {
            "surroundings": surroundings,
            "engine": type(self.engine),
            "modules": [astuple(each) for each in modules.values()],
        }
        self._asked("begin", given)
        self.begun = True

    def close(self) -> None:
        """Let the child forget what it has kept for this gate, and remove the gate's files."""
        if self.begun and self._child.runs:
            self._allowance = Allowance()
            with suppress(ChildError):
                self._asked("end", {})
        shutil.rmtree(self._crossing.folder, ignore_errors=True)

    def model(self, model: Any) -> Handle:
        """Return the child's own of a model; it takes over one of this process once."""
        return model if isinstance(model, Handle) else self._crossed(model, self._taken_over)

    def _taken_over(self, model: Any) -> Handle:
        path = self._crossing.file(".keras")
        objects = self.engine.hand_over(model, path)
        for name, code in objects.items():
            Origin.needed(code, f"{name!r} of the model")
        taken: Handle = self.ask("take_over", path=path, objects=objects)
        return taken

    def data(self, data: Any) -> Handle | None:
        """Return the child's own of data; what can be read only once is read once."""
        if data is None or isinstance(data, Handle):
            return data
        return self._crossed(data, lambda given: self.ask("keep", data=given))

    def _crossed(self, value: Any, cross: Callable[[Any], Handle]) -> Handle:
        if id(value) not in self._handles:
            self._handles[id(value)] = value, cross(value)
        return self._handles[id(value)][1]

    def brought(self, model: Any) -> Any:
        """Return a model of the child as one of this process."""
        if not isinstance(model, Handle):
            return model
        path = self._crossing.file(".keras")
        self.ask("save", model=model, path=path)
        return self.engine.load_model(path)

    def lasting(self, plan: Plan) -> Plan:
        """Return a plan of the child whose fitted weights stay until the run is over."""
        path = self._crossing.folder.with_suffix(".plan.json")
        plan.save(path)
        return Plan.load(path)


@dataclass(frozen=True, slots=True)
class ReferencesThere(References):
    """What settings refer to, for the child: it imports, calls and keeps.

    Attributes:
        gate: What asks the child.
    """

    gate: GateInChild = field(kw_only=True)

    def call(self, reference: str, *, key: str = "data") -> Any:
        """Return what a callable gives the child."""
        return self.gate.ask("call", root=self.root, reference=reference, key=key)

    def target(self, reference: str, *, key: str) -> Any:
        """Return what the child imports."""
        return self.gate.ask("target", root=self.root, reference=reference, key=key)
