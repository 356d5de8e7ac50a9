"""One original model and its data, loaded when first needed, and the work of a gate on them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pytest_paoding.config.references import References
from pytest_paoding.errors import PaodingError
from pytest_paoding.gate.keeping.kept_results import KeptResults
from pytest_paoding.gate.keeping.store import Store, key_of
from pytest_paoding.gate.machine import kind_of, machine
from pytest_paoding.gate.pruned_files import Exports, FileBytes, PrunedFile, plain_shape
from pytest_paoding.gate.saving import bytes_of_original, save_readable, writing
from pytest_paoding.records.asked_for import AskedFor
from pytest_paoding.records.measurement import Evaluation
from pytest_paoding.records.plan import LayerResult, layers_of
from pytest_paoding.records.protocol import about_inputs
from pytest_paoding.records.text.jsonable import plain_measurement, plain_value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_paoding.config.gate_settings import GateSettings
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

_WAITING = "waiting for another process that makes the same"


@dataclass(kw_only=True)
class Workbench:
    """Prunes and measures one model, unless the store has the result already.

    Attributes:
        engine: Does the work.
        load_model: Gives the model of the gate.
        load_data: Gives the data for judging; of them the pruning is told no more than the lengths
            of inputs whose lengths the model leaves open.
        references: What the settings refer to.
        identify: Gives the original's digest without loading it, where that can be.
        input_shape: Shapes of the model's inputs, where they are said.
        store: Keeps results; None to keep none.
        progress: Called with the progress of long work.
    """

    engine: Engine
    load_model: Callable[[], Any]
    load_data: Callable[[], Any]
    references: References = field(default_factory=References)
    identify: Callable[[], str | None] = lambda: None
    input_shape: InputShape | None = None
    store: Store | None = None
    progress: Progress | None = None
    _before: FileBytes | None = field(default=None, init=False)
    _calibrated: Pruning | None = field(default=None, init=False)
    _models: dict[Path, Any] = field(default_factory=dict, init=False)
    _examined: Examined | None = field(default=None, init=False)

    @cached_property
    def kept(self) -> KeptResults:
        """The results that the store keeps."""
        return KeptResults(store=self.store, waiting=self._wait)

    def _wait(self) -> None:
        if self.progress is not None:
            self.progress(_WAITING, 0, 1)

    @cached_property
    def given(self) -> Any:
        """The model of the gate, as it was handed in."""
        return self.load_model()

    @cached_property
    def _opened(self) -> OpenedModel:
        return self.engine.opened(self.given, input_shape=self.input_shape, data=lambda: self.data)

    @property
    def original(self) -> Any:
        """The original model, with a graph that can be read."""
        return self._opened.model

    @cached_property
    def data(self) -> Any:
        """The data for judging."""
        return self.load_data()

    def examine(self, about: AboutInputs, task: TaskNames | None = None) -> AboutInputs:
        """Hold the data against what a model is taken to read, before the work would be in vain.

        Returns:
            What the user says of the inputs, with the lengths that the data have where the model
            leaves them open.

        Raises:
            DataError: The data contradict it.
        """
        if self.data is not None and self._examined is None:
            self._examined = self.engine.examine(self.original, self.data, task=task, **about)
            self.data = self._examined.data
        lengths = None if self._examined is None else self._examined.shapes or None
        return {**about, "input_shape": about.get("input_shape") or lengths}

    @property
    def known_digest(self) -> str | None:
        """The digest of the original model, if it was loaded and has one."""
        with suppress(PaodingError):
            return self._digest if "_opened" in vars(self) else None
        return None

    @cached_property
    def _digest(self) -> str:
        return self.engine.digest(self.original)

    def model(self, cut: PrunedFile) -> Any:
        """Return the pruned model of a file."""
        if cut.file not in self._models:
            self._models[cut.file] = self.engine.load_model(cut.file)
        return self._models[cut.file]

    def is_genuine(self, file: Path, digest: str | None) -> bool:
        """Whether a pruned model's file holds the model of a digest; one that was made here does.

        It is opened for that, which costs as much as starting the engine.
        """
        if not self.kept.taken:
            return True
        try:
            return self.engine.digest(self.engine.load_model(file)) == digest
        except PaodingError:
            return False

    def distrust(self) -> None:
        """Forget the pruned models that the store gave, and do without it from here on."""
        self.kept.distrust()
        self._models.clear()

    def prune(self, settings: GateSettings, file: Path) -> PrunedFile:
        """Prune the original and save the result in a file.

        Raises:
            PaodingError: It cannot be loaded, pruned or saved.
        """
        self._models.pop(file, None)
        key = self._key_of_cut(settings)
        return self.kept.pruned_file(key, lambda: self._prune(settings, file, key), file=file)

    def _pruning(self, settings: GateSettings) -> Pruning:
        """Return the settings of a pruning, with calibration data read once for all ratios."""
        if self._calibrated is None:
            self._calibrated = self.references.calibrated(settings.pruning)
        return {**self._calibrated, "ratio": settings.pruning["ratio"]}

    def _key_of_cut(self, settings: GateSettings) -> str | None:
        identity = None if self.store is None else self.identify()
        if identity is None:
            return None
        pruning = self._pruning(settings)
        calibration = self.engine.fingerprint(pruning["calibration"])
        if calibration is None:
            return None
        pruning = {**pruning, "input_shape": self._shape_of_cut(settings, pruning, identity)}
        ratios = list(pruning["ratios"].items())  # their order counts: the first that matches
        plain = plain_value({**pruning, "calibration": calibration, "ratios": ratios})
        where = {"engine": kind_of(self.engine), "machine": machine()}
        more = "compression" in settings.judging["measure"]
        return key_of("cut", model=identity, settings=plain, compressed=more, **where)

    def _shape_of_cut(
        self, settings: GateSettings, pruning: Pruning, identity: str
    ) -> InputShape | None:
        """Return the lengths a pruning depends on: of the data, if the model leaves them open."""
        about, task = about_inputs(pruning), settings.judging["task"]
        if about["input_shape"] is not None or self.data is None or self.store is None:
            return about["input_shape"]
        key = key_of("lengths", model=identity)
        left_open = self.kept.leaves_open(
            key, lambda: self.examine(about, task)["input_shape"] is not None
        )
        return self.examine(about, task)["input_shape"] if left_open else None

    def _prune(self, settings: GateSettings, file: Path, key: str | None) -> PrunedFile:
        original, pruning = self._digest, self._pruning(settings)
        inputs = self.examine(about_inputs(pruning), settings.judging["task"])
        if pruning["calibration"] is None:  # which has lengths of its own
            pruning = {**pruning, "input_shape": inputs["input_shape"]}
        pruned = self.engine.prune(self.original, **pruning, progress=self.progress)
        compress = "compression" in settings.judging["measure"]
        before, after, digest = self._saved(pruned.model, file, compress=compress)
        self._models[file] = pruned.model
        return PrunedFile(
            file=file,
            layers=self._layers(pruned, inputs["input_shape"]),
            notes=(*self._opened.notes, *pruned.notes),
            original=original,
            digest=digest,
            before=before.size,
            after=after.size,
            shift=plain_measurement(self.engine.output_shift(self.original, pruned, **inputs)),
            compressed=(before.compressed, after.compressed) if compress else None,
            ratio=pruned.ratio,
            input_shape=plain_shape(pruning["input_shape"]),
            key=key,
        )

    def _layers(self, pruned: PrunedModel, shape: InputShape | None) -> tuple[LayerResult, ...]:
        """Return every layer that has units, with its FLOPs before and after."""
        models = self.original, pruned.model
        before, after = (self.engine.layer_flops(each, shape) for each in models)
        return tuple(
            replace(layer, flops=before.get(layer.name), flops_kept=after.get(layer.name))
            for layer in layers_of(pruned.plan)
        )

    def export(self, settings: GateSettings, cut: PrunedFile, files: Mapping[str, Path]) -> Exports:
        """Write a pruned model in further formats.

        Args:
            settings: Settings of the gate.
            cut: The pruned model.
            files: Files to write, by format.

        Raises:
            PaodingError: It cannot be exported or written.
        """
        if not files:
            return Exports({}, cut.before, key=cut.key)
        key = None
        if cut.key is not None:
            packages = dict(self.engine.versions(tuple(files)))
            key = key_of("exported", cut=cut.key, formats=list(files), packages=packages)
        notes = self.kept.exported(key, lambda: self._export(settings, cut, files), files=files)
        return Exports(files, cut.before, notes, key)

    def _export(
        self, settings: GateSettings, cut: PrunedFile, files: Mapping[str, Path]
    ) -> tuple[str, ...]:
        pruning = self._pruning(settings)
        inputs = self.examine(about_inputs(pruning))
        with writing(next(iter(files.values()))):
            return self.engine.export(
                self.model(cut),
                files,
                calibration=pruning["calibration"],
                seed=pruning["seed"],
                **inputs,
            )

    def measure(self, settings: GateSettings, cut: PrunedFile, exports: Exports) -> Evaluation:
        """Return every metric of a pruned model but the sizes, and of the files exported from it.

        Raises:
            PaodingError: The data or the models' outputs are unfit.
        """
        data = None if cut.key is None else self.engine.fingerprint(self.data)
        how = plain_value(dict(settings.judging))
        asked = map(AskedFor.of, settings.judging.get("score", ()))
        code = how.get("slices") or any(each.target is not None for each in asked)
        data = None if code else data  # what code of the project computes has no digest
        key = data and key_of("evaluated", cut=exports.key, data=data, settings=how)
        return self.kept.evaluation(key, lambda: self._measure(settings, cut, exports))

    def _measure(self, settings: GateSettings, cut: PrunedFile, exports: Exports) -> Evaluation:
        asked = self.references.resolved(settings.judging)
        judging: Judging = {**asked, **self.examine(about_inputs(asked))}
        measured = self.engine.evaluate(
            self.original,
            self.model(cut),
            self.data,
            calibration=self._pruning(settings)["calibration"],
            **({"files": exports.files} if exports.files else {}),
            progress=self.progress,
            **judging,
        )
        found = Evaluation.of(measured)
        plain = {name: plain_measurement(each) for name, each in found.items()}
        return Evaluation(plain, found.breakdown)

    def _saved(self, model: Any, file: Path, *, compress: bool) -> tuple[FileBytes, FileBytes, str]:
        """Save both models the same way; the pruned one stays, and its digest is what is read."""
        original = self.original
        with writing(file):
            if self._before is None:
                self._before = bytes_of_original(self.engine, original, file, compress=compress)
            read = save_readable(self.engine, model, original, file)
            return self._before, FileBytes.of(file, compress=compress), self.engine.digest(read)
