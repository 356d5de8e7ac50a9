"""What a gate asks of the engine that does the work; tests hand in engines of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypedDict, get_args

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Unpack

    from pytest_paoding.records.asked_for import AskedFor
    from pytest_paoding.records.measurement import Measurement
    from pytest_paoding.records.plan import Plan
    from pytest_paoding.records.text.targets import Target

InputRange = Sequence[float] | Mapping[str, Sequence[float]]
"""What a legal input may be: low and high, or such a pair by input name."""

InputShape = tuple[int, ...] | Mapping[str, tuple[int, ...]]
"""The shape of an input without the batch, or such a shape by input name."""

InputKind = Literal["picture", "sequence", "tokens", "features", "audio", "video", "volume"]
"""What an input of a model holds."""

INPUT_KINDS: tuple[InputKind, ...] = get_args(InputKind)

InputKinds = InputKind | Mapping[str, InputKind]
"""What an input holds, or that by input name."""

TaskName = Literal[
    "classes", "binary", "multilabel", "positions", "regression", "reconstruction", "any"
]
"""What an output of a model is judged as."""

TASKS: tuple[TaskName, ...] = get_args(TaskName)

TaskNames = TaskName | Mapping[str, TaskName]
"""What all outputs are judged as, or some by their names."""


Allocation = Literal["global", "balanced", "uniform"]
Effort = Literal["quick", "standard", "thorough"]
EFFORTS: tuple[str, ...] = get_args(Effort)
Mixing = Literal["exact", "recompute"]
Measure = Literal["fidelity", "latency", "compression"]
"""Measures that have to be asked for."""

CorruptionKind = Literal["noise", "blur", "brightness", "contrast"]
CORRUPTIONS: tuple[CorruptionKind, ...] = get_args(CorruptionKind)
MEASURES: tuple[Measure, ...] = get_args(Measure)
AttackName = Literal["fgsm", "pgd", "fmn", "hopskipjump", "strong"]

Progress = Callable[[str, int, int], None]
"""Told (what, done, total) while long work goes on."""


class AboutInputs(TypedDict, total=False):
    """Keywords of what a user says of a model's inputs, where that is not read off the model."""

    input_range: InputRange | None
    input_kind: InputKinds | None
    input_shape: InputShape | None


def about_inputs(settings: Mapping[str, Any]) -> AboutInputs:
    """Return those of some keywords that say what inputs are."""
    return {
        "input_range": settings.get("input_range"),
        "input_kind": settings.get("input_kind"),
        "input_shape": settings.get("input_shape"),
    }


class Pruning(AboutInputs):
    """Keywords of `prune`, which explains them; the catalogue of settings has the same names."""

    ratio: float | None
    target: Target | None
    strategy: str
    seed: int
    step: float
    allocation: Allocation
    effort: str | float
    calibration: Any
    ratios: Mapping[str, float]
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    round_to: int
    jump: float | None
    mixing: Mixing
    sparsity: float
    verify: bool


class Judging(AboutInputs, total=False):
    """Keywords of `evaluate`, which explains them; the catalogue of settings has the same names."""

    attack: AttackName
    epsilons: tuple[float, ...]
    attack_steps: int | None
    attack_restarts: int | None
    attack_samples: int | None
    corruptions: tuple[CorruptionKind, ...]
    severities: tuple[int, ...]
    seed: int
    measure: tuple[Measure, ...]
    task: TaskNames | None
    score: tuple[str | AskedFor, ...]
    slices: Any


class Examined(Protocol):
    """What a first look at the data finds."""

    @property
    def data(self) -> Any:
        """The data, to be read from the beginning."""

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Shapes of the first inputs by name, where the model leaves lengths open."""


class PrunedModel(Protocol):
    """What pruning returns."""

    @property
    def model(self) -> Any:
        """The smaller model."""

    @property
    def plan(self) -> Plan:
        """What left the model."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on the pruning, a line each."""

    @property
    def ratio(self) -> float | None:
        """The ratio it was pruned by, given or found for a target; None where a plan was."""


class OpenedModel(Protocol):
    """A model whose graph can be read."""

    @property
    def model(self) -> Any:
        """The model."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on how it differs from the one given, a line each."""


class Engine(Protocol):
    """Everything that touches a model."""

    def load_model(self, path: Path) -> Any:
        """Return the model in a file; raises ModelFileError."""

    def opened(
        self,
        model: Any,
        *,
        input_shape: InputShape | None = None,
        data: Callable[[], Any] | None = None,
    ) -> OpenedModel:
        """Return a model to prune and to measure that computes what the given one does.

        It is the given one, unless only its own code knows what that computes. `data` gives
        that for judging, of which shapes and dtypes are looked at, where they are needed.

        Raises PruningError.
        """

    def digest(self, model: Any) -> str:
        """Return `sha256:...` over the model's architecture and weights."""

    def prune(
        self, model: Any, *, progress: Progress | None = None, **settings: Unpack[Pruning]
    ) -> PrunedModel:
        """Return a smaller model and its plan, checked against the original.

        Raises PruningError, DataError (`calibration` is unfit) or SurgeryError (a check failed).
        """

    def apply(self, model: Any, plan: Plan) -> PrunedModel:
        """Return a smaller model by the plan of an earlier pruning.

        Raises PruningError (the model has no graph) or SurgeryError (the plan does not fit it).
        """

    def look_early(self, path: Path, data: Any) -> Any:
        """Hold the data for judging against the inputs that a model file declares, at little cost.

        Returns them, to be read from the beginning. Raises DataError where they do not fit.
        """

    def examine(
        self, model: Any, data: Any, task: TaskNames | None = None, **inputs: Unpack[AboutInputs]
    ) -> Examined:
        """Look at the first samples of the data for judging.

        Raises DataError where they contradict what the model is taken to read, or are labels of
        another task.
        """

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
    ) -> Mapping[str, Measurement]:
        """Return every metric but the sizes; without data only those that need none.

        `files`, exported from the pruned model, are measured as well, under NAME@FORMAT. An
        `Evaluation` tells what these averages hide besides.

        Raises DataError where data holds an input that the pruning has learned from.
        """

    def output_shift(
        self, original: Any, pruned: PrunedModel, **inputs: Unpack[AboutInputs]
    ) -> Measurement:
        """Return a bound on the distance that pruning moves any output, on any legal input."""

    def layer_flops(
        self, model: Any, input_shape: InputShape | None = None
    ) -> Mapping[str, int | None]:
        """Return the floating-point operations of every layer that has any, by name.

        Args:
            model: The model.
            input_shape: Shapes to count for, of inputs whose lengths the model leaves open.
        """

    def save(self, model: Any, path: Path) -> int:
        """Write the model without its optimizer and return the bytes; raises OSError."""

    def read_back(self, model: Any, path: Path) -> Any:
        """Load the file that a model was saved in, hold it against the model, and return it.

        Raises ModelFileError where the file cannot be loaded, or gives another model; the message
        completes "the file ...".
        """

    def export(
        self,
        model: Any,
        files: Mapping[str, Path],
        *,
        calibration: Any = None,
        seed: int = 0,
        **inputs: Unpack[AboutInputs],
    ) -> tuple[str, ...]:
        """Write the model in several formats, and return remarks on them, a line each.

        Raises ExportError, DataError (`calibration` is unfit) or OSError.
        """

    def identify(self, source: Path | Any) -> str | None:
        """Return a digest of a model or of its file, under which its results may be stored.

        None where no digest covers everything, as with code of the project.
        """

    def fingerprint(self, data: Any) -> str | None:
        """Return a digest of data for judging or calibration; None for a generator and the like."""

    def versions(self, formats: Sequence[str] = ()) -> Mapping[str, str]:
        """Return the versions of the packages that do the work, and that some formats need.

        Raises ExportError where one of these is not installed.
        """
