"""Tasks of pruning, for tests of what goes on within one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_paoding.engine.inputs.input_sources import sources_of
from pytest_paoding.engine.pruning.constraints import Constraints
from pytest_paoding.engine.pruning.task import Options, Task

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.structure import Structure


def reconstruction(
    structure: Structure, progress: Any = lambda *_: None, effort: str = "standard"
) -> Task:
    """Return the task of pruning by `reconstruct`, in which nothing may shrink."""
    options = Options(
        strategy="reconstruct",
        seed=0,
        step=0.1,
        allocation="global",
        effort=effort,
        calibration=None,
        mixing="exact",
    )
    sources = sources_of(structure.graph)
    return Task(structure, (), Constraints(ratio=0.5), (), sources, options, progress)
