"""What a gate asks of the engine that does the work; tests hand in engines of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_paoding.evaluation.measurement import Measurement
    from pytest_paoding.surgery.plan import Plan

InputRange = tuple[float, float] | Mapping[str, tuple[float, float]]
"""What a legal input may be: (low, high), or that by input name."""

Progress = Callable[[str, int, int], None]
"""Told (what, done, total) while long work goes on."""


class PrunedModel(Protocol):
    """What pruning returns."""

    @property
    def model(self) -> Any:
        """The smaller model."""

    @property
    def plan(self) -> Plan:
        """What left the model."""


class Engine(Protocol):
    """Everything that touches a model."""

    def load_model(self, path: Path) -> Any:
        """Return the model in a file; raises ModelFileError."""

    def digest(self, model: Any) -> str:
        """Return `sha256:...` over the model's architecture and weights."""

    def prune(  # noqa: PLR0913 - every setting by its own name
        self,
        model: Any,
        *,
        ratio: float,
        strategy: str,
        input_range: InputRange,
        seed: int,
        step: float,
        progress: Progress | None = None,
    ) -> PrunedModel:
        """Return a smaller model and its plan; raises PruningError or SurgeryError."""

    def evaluate(  # noqa: PLR0913 - as above
        self,
        original: Any,
        pruned: Any,
        data: Any,
        *,
        epsilons: tuple[float, ...],
        input_range: InputRange,
        progress: Progress | None = None,
    ) -> Mapping[str, Measurement]:
        """Return every metric but the sizes; without data only those that need none."""

    def save(self, model: Any, path: Path) -> int:
        """Write the model without its optimizer and return the bytes; raises OSError."""

    def identify(self, source: Path | Any) -> str | None:
        """Return a digest of a model or of its file by which its results may be found again.

        None where something takes part that no digest covers, such as code of the project.
        """

    def fingerprint(self, data: Any) -> str | None:
        """Return a digest of the data for judging; None where it has none, such as a generator."""

    def versions(self) -> Mapping[str, str]:
        """Return the versions of the packages that do the work."""
