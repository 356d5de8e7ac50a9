"""What a child process keeps for a gate, as the engine's own records show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_paoding.isolation.crossing import Handle
    from pytest_paoding.records.plan import Plan


@dataclass(frozen=True, slots=True)
class OpenedThere:
    """A model of the child whose graph can be read."""

    model: Handle
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PrunedThere:
    """A pruned model; see `PrunedModel`.

    Attributes:
        whole: The child's own.
        model: The smaller model, kept by the child or brought here.
        plan: What left the model.
        notes: Remarks, a line each.
        ratio: The ratio it was pruned by.
    """

    whole: Handle
    model: Any
    plan: Plan
    notes: tuple[str, ...]
    ratio: float | None


@dataclass(frozen=True, slots=True)
class ExaminedThere:
    """Data of the child, and lengths that a model leaves open."""

    data: Handle
    shapes: Mapping[str, tuple[int, ...]]
