"""Where a gate does its work: in this process, or in a child of it."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_paoding.config.references import References
from pytest_paoding.errors import ConfigError
from pytest_paoding.records.portable_engine import PortableEngine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_paoding.config.gate_settings import GateSettings
    from pytest_paoding.isolation.child_process import ChildProcess
    from pytest_paoding.isolation.gate_in_child import GateInChild
    from pytest_paoding.plugin.run import PaodingRun
    from pytest_paoding.records.protocol import Engine, PrunedModel


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where a gate does its work.

    Attributes:
        engine: What does it.
        references: What settings refer to, where they are used.
        child: What asks the child process; None where the work is done in this one.
    """

    engine: Engine
    references: References
    child: GateInChild | None = None

    def here(self, model: Any) -> Any:
        """Return a model as one of this process, for code of the project."""
        return model if self.child is None else self.child.brought(model)

    def pruned_here(self, pruned: Any) -> PrunedModel:
        """Return what pruning has returned with a model of this process."""
        if self.child is not None:
            plan = self.child.lasting(pruned.plan)
            pruned = replace(pruned, model=self.here(pruned.model), plan=plan)
        found: PrunedModel = pruned
        return found


@contextmanager
def workplace(run: PaodingRun, settings: GateSettings) -> Iterator[Workplace]:
    """Yield where a gate does its work.

    Raises:
        ConfigError: It is to be done in a child process, but the engine cannot work there.
    """
    engine, references = run.engine, References(run.file.root)
    asked = {key: settings.effective[key].value for key in ("isolate", "timeout", "memory")}
    if isinstance(engine, PortableEngine) and (any(asked.values()) or engine.must_move()):
        with _in_child(run, engine, timeout=asked["timeout"], memory=asked["memory"]) as place:
            yield place
    elif any(asked.values()):
        raise ConfigError(
            f"isolate: the engine {type(engine).__qualname__} works in this process only: leave"
            " isolate, timeout and memory out, or give it the methods of a PortableEngine"
        )
    else:
        yield Workplace(engine, references)


@contextmanager
def _in_child(
    run: PaodingRun, engine: PortableEngine, *, timeout: float | None, memory: int | None
) -> Iterator[Workplace]:
    from pytest_paoding.isolation.allowance import Allowance  # noqa: PLC0415 - needs NumPy, as all below
    from pytest_paoding.isolation.gate_in_child import GateInChild, ReferencesThere  # noqa: PLC0415
    from pytest_paoding.isolation.isolated_engine import IsolatedEngine  # noqa: PLC0415

    allowance = Allowance(timeout=timeout, memory=memory)
    child = _child(run.config)
    if memory is not None:
        child.end()  # what it has done before would count
    folder = Path(tempfile.mkdtemp(prefix="gate-", dir=child.folder))
    gate = GateInChild(engine, child, folder, allowance)
    try:
        references = ReferencesThere(run.file.root, gate=gate)
        yield Workplace(IsolatedEngine(gate), references, gate)
    finally:
        gate.close()


def _child(config: pytest.Config) -> ChildProcess:
    """Return the child process that the gates of this process share."""
    if _CHILD not in config.stash:
        from pytest_paoding.isolation.child_process import ChildProcess  # noqa: PLC0415 - only where one is needed

        config.stash[_CHILD] = ChildProcess()
        config.add_cleanup(config.stash[_CHILD].close)
    return config.stash[_CHILD]


_CHILD = pytest.StashKey["ChildProcess"]()
