"""The engine of one gate whose work is done in a child process."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_paoding.isolation.crossing import Handle
from pytest_paoding.isolation.kept_there import ExaminedThere, OpenedThere, PrunedThere
from pytest_paoding.records.measurement import Evaluation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from typing_extensions import Unpack

    from pytest_paoding.isolation.gate_in_child import GateInChild
    from pytest_paoding.records.measurement import Measurement
    from pytest_paoding.records.plan import Plan
    from pytest_paoding.records.protocol import (
        AboutInputs,
        Engine,
        Examined,
        InputShape,
        Judging,
        OpenedModel,
        Progress,
        PrunedModel,
        Pruning,
        TaskNames,
    )


class IsolatedEngine:
    """Has a child process do the work of an engine."""

    def __init__(self, gate: GateInChild) -> None:
        """Take what asks the child."""
        self._gate = gate

    @property
    def stands_for(self) -> Engine:
        """The engine that does the work."""
        return self._gate.engine

    def load_model(self, path: Path) -> Handle:
        """Return the model in a file; see `Engine.load_model`, as for all methods below."""
        found: Handle = self._gate.ask("load_model", path=path)
        return found

    def opened(
        self,
        model: Any,
        *,
        input_shape: InputShape | None = None,
        data: Callable[[], Any] | None = None,
    ) -> OpenedModel:
        """Return a model to prune and to measure; the data cross for it."""
        given = None if data is None else self._gate.data(data())
        there = self._gate.model(model)
        return OpenedThere(
            **self._gate.ask("opened", model=there, input_shape=input_shape, data=given)
        )

    def digest(self, model: Any) -> str:
        """Return `sha256:...` over a model's architecture and weights."""
        return str(self._gate.ask("digest", model=self._gate.model(model)))

    def prune(
        self, model: Any, *, progress: Progress | None = None, **settings: Unpack[Pruning]
    ) -> PrunedThere:
        """Return a smaller model and its plan."""
        given = {**settings, "calibration": self._gate.data(settings["calibration"])}
        return PrunedThere(
            **self._gate.ask("prune", progress=progress, model=self._gate.model(model), **given)
        )

    def apply(self, model: Any, plan: Plan) -> PrunedThere:
        """Return a smaller model by a plan."""
        return PrunedThere(**self._gate.ask("apply", model=self._gate.model(model), plan=plan))

    def look_early(self, path: Path, data: Any) -> Any:
        """Hold data against what a file declares, where they are."""
        if not isinstance(data, Handle):
            return self._gate.engine.look_early(path, data)
        return self._gate.ask("look_early", path=path, data=data)

    def examine(
        self, model: Any, data: Any, task: TaskNames | None = None, **inputs: Unpack[AboutInputs]
    ) -> Examined:
        """Look at the first samples of the data."""
        there: dict[str, Any] = {"model": self._gate.model(model), "data": self._gate.data(data)}
        return ExaminedThere(**self._gate.ask("examine", **there, task=task, **inputs))

    def evaluate(  # noqa: PLR0913 - every setting by its own name
        self,
        original: Any,
        pruned: Any,
        data: Any,
        *,
        calibration: Any = None,
        files: Mapping[str, Path] | None = None,
        progress: Progress | None = None,
        **settings: Unpack[Judging],
    ) -> Evaluation:
        """Return every metric but the sizes."""
        found = self._gate.ask(
            "evaluate",
            progress=progress,
            original=self._gate.model(original),
            pruned=self._gate.model(pruned),
            data=self._gate.data(data),
            calibration=self._gate.data(calibration),
            **({"files": files} if files else {}),
            **settings,
        )
        return Evaluation.from_dict(found)

    def output_shift(
        self, original: Any, pruned: PrunedModel, **inputs: Unpack[AboutInputs]
    ) -> Measurement:
        """Return a bound on the distance that pruning moves any output."""
        there = pruned.whole if isinstance(pruned, PrunedThere) else None
        found: Measurement = self._gate.ask(
            "output_shift", original=self._gate.model(original), pruned=there, **inputs
        )
        return found

    def layer_flops(
        self, model: Any, input_shape: InputShape | None = None
    ) -> Mapping[str, int | None]:
        """Return the floating-point operations of every layer that has any, by name."""
        found: Mapping[str, int | None] = self._gate.ask(
            "layer_flops", model=self._gate.model(model), input_shape=input_shape
        )
        return found

    def save(self, model: Any, path: Path) -> int:
        """Write the model and return the bytes."""
        return int(self._gate.ask("save", model=self._gate.model(model), path=path))

    def read_back(self, model: Any, path: Path) -> Handle:
        """Hold a file against the model that was saved in it, and return that of the file."""
        found: Handle = self._gate.ask("read_back", model=self._gate.model(model), path=path)
        return found

    def export(
        self,
        model: Any,
        files: Mapping[str, Path],
        *,
        calibration: Any = None,
        seed: int = 0,
        **inputs: Unpack[AboutInputs],
    ) -> tuple[str, ...]:
        """Write the model in several formats."""
        given: dict[str, Any] = {"files": files, "seed": seed}
        given["calibration"] = self._gate.data(calibration)
        return tuple(self._gate.ask("export", model=self._gate.model(model), **given, **inputs))

    def identify(self, source: Path | Any) -> str | None:
        """Return a digest of a model, or of a file; no child is started to read one."""
        if isinstance(source, Path) and not self._gate.begun:
            return self._gate.engine.identify(source)
        given = source if isinstance(source, Path) else self._gate.model(source)
        found: str | None = self._gate.ask("identify", source=given)
        return found

    def fingerprint(self, data: Any) -> str | None:
        """Return a digest of data, of the child's or of this process."""
        if not isinstance(data, Handle):
            return self._gate.engine.fingerprint(data)
        found: str | None = self._gate.ask("fingerprint", data=data)
        return found

    def versions(self, formats: Sequence[str] = ()) -> Mapping[str, str]:
        """Return the versions of the packages that do the work, which are those of this process."""
        return self._gate.engine.versions(formats)
