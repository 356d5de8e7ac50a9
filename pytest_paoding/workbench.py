"""One original model and its data, and what a gate does with them; loaded when first needed."""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pytest_paoding.errors import ArtifactError
from pytest_paoding.evaluation.measurement import Measurement
from pytest_paoding.plain import plain_measurement, plain_value
from pytest_paoding.results import LayerResult, layers_of
from pytest_paoding.sharing import Store, key_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_paoding.precedence import GateSettings
    from pytest_paoding.protocol import Engine, Progress, Pruning


@dataclass(frozen=True, slots=True)
class Cut:
    """A pruned model in a file, and what is known of it without data.

    Attributes:
        file: The pruned model's file.
        layers: What happened to every layer that has units.
        notes: What else is to be said of the pruning, a line each.
        original: Digest of the original.
        digest: Of the pruned model.
        before: Bytes of the original, saved the same way.
        after: Bytes of the file.
        key: Under which it may be found again; None where something has no digest.
    """

    file: Path
    layers: tuple[LayerResult, ...]
    notes: tuple[str, ...]
    original: str
    digest: str
    before: int
    after: int
    key: str | None = None

    @property
    def sizes(self) -> dict[str, Measurement]:
        """Both metrics of the file."""
        before, after = self.before, self.after
        reduction = Measurement(before=before, after=after, found=(before - after) / before)
        return {
            "size": Measurement(before=before, after=after, found=after),
            "size_reduction": reduction,
        }

    def to_dict(self) -> dict[str, Any]:
        """Return what a store keeps of it, besides the file."""
        plain = {name: getattr(self, name) for name in ("original", "digest", "before", "after")}
        layers = [asdict(layer) for layer in self.layers]
        return {**plain, "layers": layers, "notes": list(self.notes)}

    @classmethod
    def from_dict(cls, plain: dict[str, Any], *, file: Path, key: str) -> Cut:
        """Return what a store has kept."""
        layers = tuple(LayerResult(**layer) for layer in plain.pop("layers"))
        notes = tuple(plain.pop("notes"))
        return cls(file=file, layers=layers, notes=notes, key=key, **plain)


@dataclass(kw_only=True)
class Workbench:
    """Where models are pruned and measured, unless that has been done before.

    Attributes:
        engine: Does the work.
        load_model: Gives the original model.
        load_data: Gives the data for judging; it never reaches the pruning.
        calibrate: Gives the settings of a pruning with the inputs that they refer to.
        identify: Gives the original's digest without loading it, where that can be.
        store: Keeps what was done; None to do everything anew.
        progress: Is told how far the work is.
        anew: How many pieces of work were not found in the store.
    """

    engine: Engine
    load_model: Callable[[], Any]
    load_data: Callable[[], Any]
    calibrate: Callable[[Pruning], Pruning] = lambda pruning: pruning
    identify: Callable[[], str | None] = lambda: None
    store: Store | None = None
    progress: Progress | None = None
    anew: int = 0
    _before: int | None = field(default=None, init=False)
    _calibrated: Pruning | None = field(default=None, init=False)
    _models: dict[Path, Any] = field(default_factory=dict, init=False)

    @cached_property
    def original(self) -> Any:
        """The original model."""
        return self.load_model()

    @cached_property
    def data(self) -> Any:
        """The data for judging."""
        return self.load_data()

    @property
    def known_digest(self) -> str | None:
        """The digest of the original model, if it was loaded."""
        return self._digest if "original" in vars(self) else None

    @cached_property
    def _digest(self) -> str:
        return self.engine.digest(self.original)

    def model(self, cut: Cut) -> Any:
        """Return the pruned model of a file."""
        if cut.file not in self._models:
            self._models[cut.file] = self.engine.load_model(cut.file)
        return self._models[cut.file]

    def prune(self, settings: GateSettings, file: Path) -> Cut:
        """Prune the original and save the result in a file.

        Raises:
            PaodingError: It cannot be loaded, pruned or saved.
        """
        self._models.pop(file, None)
        key = self._key_of_cut(settings)
        if key is None or self.store is None:
            return self._prune(settings, file)
        with self.store.making(key):
            if found := self.store.load(key, file=file):
                return Cut.from_dict(found, file=file, key=key)
            cut = replace(self._prune(settings, file), key=key)
            self.store.save(key, cut.to_dict(), file=file)
            return cut

    def _pruning(self, settings: GateSettings) -> Pruning:
        """Return how to prune, with calibration data that is read once for all ratios."""
        if self._calibrated is None:
            self._calibrated = self.calibrate(settings.pruning)
        return {**self._calibrated, "ratio": settings.pruning["ratio"]}

    def _key_of_cut(self, settings: GateSettings) -> str | None:
        identity = None if self.store is None else self.identify()
        if identity is None:
            return None
        pruning = self._pruning(settings)
        calibration = self.engine.fingerprint(pruning["calibration"])
        if calibration is None:
            return None
        ratios = list(pruning["ratios"].items())  # their order counts: the first that matches
        plain = plain_value({**pruning, "calibration": calibration, "ratios": ratios})
        kind, here = _kind(self.engine), machine()
        return key_of("cut", model=identity, settings=plain, engine=kind, machine=here)

    def _prune(self, settings: GateSettings, file: Path) -> Cut:
        self.anew += 1
        original = self._digest
        self.data  # noqa: B018 - without data the work would be in vain
        pruning = self._pruning(settings)
        pruned = self.engine.prune(self.original, **pruning, progress=self.progress)
        before, after = self._saved(pruned.model, file)
        self._models[file] = pruned.model
        digest = self.engine.digest(pruned.model)
        return Cut(file, layers_of(pruned.plan), pruned.notes, original, digest, before, after)

    def measure(self, settings: GateSettings, cut: Cut) -> dict[str, Measurement]:
        """Return every metric of a pruned model.

        Raises:
            PaodingError: The data or the models' outputs are unfit.
        """
        data = None if cut.key is None else self.engine.fingerprint(self.data)
        if data is None or self.store is None:
            return self._measure(settings, cut)
        how = plain_value(dict(settings.judging))
        key = key_of("measured", cut=cut.key, data=data, settings=how)
        with self.store.making(key):
            if found := self.store.load(key):
                return {name: Measurement.from_dict(plain) for name, plain in found.items()}
            measured = self._measure(settings, cut)
            self.store.save(key, {name: each.to_dict() for name, each in measured.items()})
            return measured

    def _measure(self, settings: GateSettings, cut: Cut) -> dict[str, Measurement]:
        self.anew += 1
        found = self.engine.evaluate(
            self.original,
            self.model(cut),
            self.data,
            calibration=self._pruning(settings)["calibration"],
            progress=self.progress,
            **settings.judging,
        )
        return {name: plain_measurement(each) for name, each in found.items()}

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


def machine() -> str:
    """Return the kind of this machine, such as `Linux x86_64`."""
    return f"{platform.system()} {platform.machine()}"


def _kind(engine: Engine) -> dict[str, str]:
    """Return what tells engines and their versions apart."""
    kind = type(engine)
    return {**engine.versions(), "engine": f"{kind.__module__}.{kind.__qualname__}"}
