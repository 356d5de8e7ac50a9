"""One original model and its data, and what a gate does with them; loaded when first needed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pytest_paoding.errors import ArtifactError
from pytest_paoding.evaluation.measurement import Measurement
from pytest_paoding.results import LayerResult

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_paoding.precedence import GateSettings
    from pytest_paoding.protocol import Engine, Progress
    from pytest_paoding.surgery.plan import Plan


@dataclass(frozen=True, slots=True)
class Cut:
    """A pruned model in a file, and what is known of it without data.

    Attributes:
        model: The pruned model.
        layers: What happened to every layer that has units.
        digest: Of the pruned model.
        before: Bytes of the original, saved the same way.
        after: Bytes of the file.
    """

    model: Any
    layers: tuple[LayerResult, ...]
    digest: str
    before: int
    after: int

    @property
    def sizes(self) -> dict[str, Measurement]:
        """Both metrics of the file."""
        before, after = self.before, self.after
        reduction = Measurement(before=before, after=after, found=(before - after) / before)
        return {
            "size": Measurement(before=before, after=after, found=after),
            "size_reduction": reduction,
        }


@dataclass(kw_only=True)
class Workbench:
    """Where models are pruned and measured.

    Attributes:
        engine: Does the work.
        load_model: Gives the original model.
        load_data: Gives the data for judging; it never reaches the pruning.
        progress: Is told how far the work is.
    """

    engine: Engine
    load_model: Callable[[], Any]
    load_data: Callable[[], Any]
    progress: Progress | None = None
    _before: int | None = field(default=None, init=False)

    @cached_property
    def original(self) -> Any:
        """The original model."""
        return self.load_model()

    @cached_property
    def digest(self) -> str:
        """The digest of the original model."""
        return self.engine.digest(self.original)

    @cached_property
    def data(self) -> Any:
        """The data for judging."""
        return self.load_data()

    def prune(self, settings: GateSettings, file: Path) -> Cut:
        """Prune the original and save the result.

        Raises:
            PaodingError: It cannot be loaded, pruned or saved.
        """
        self.data  # noqa: B018 - without data the work would be in vain
        pruned = self.engine.prune(self.original, **settings.pruning, progress=self.progress)
        before, after = self._saved(pruned.model, file)
        digest = self.engine.digest(pruned.model)
        return Cut(pruned.model, _layers(pruned.plan), digest, before, after)

    def measure(self, settings: GateSettings, cut: Cut) -> dict[str, Measurement]:
        """Return every metric of a pruned model.

        Raises:
            PaodingError: The data or the models' outputs are unfit.
        """
        found = self.engine.evaluate(
            self.original,
            cut.model,
            self.data,
            epsilons=settings.epsilons,
            input_range=settings.input_range,
            progress=self.progress,
        )
        return dict(found)

    def _saved(self, model: Any, file: Path) -> tuple[int, int]:
        """Save both models the same way; the pruned one stays."""
        spare = file.with_name(f"original-{file.name}")
        try:
            if self._before is None:
                self._before = self.engine.save(self.original, spare)
                spare.unlink()
            return self._before, self.engine.save(model, file)
        except OSError as error:
            raise ArtifactError(f"cannot save the model: {error.strerror or error}") from error


def _layers(plan: Plan) -> tuple[LayerResult, ...]:
    return tuple(
        LayerResult(layer.name, layer.units, len(layer.kept), layer.criterion, layer.reason)
        for layer in plan.layers
    )
