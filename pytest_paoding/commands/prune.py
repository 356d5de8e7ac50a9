"""`python -m pytest_paoding prune`: prune a model file, and say what that left of it."""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args
from zipfile import BadZipFile

from pytest_paoding import quantities
from pytest_paoding.budgets import Outcome
from pytest_paoding.commands.arguments import argument
from pytest_paoding.commands.files import write
from pytest_paoding.engine import KerasEngine
from pytest_paoding.errors import ArtifactError, DataError
from pytest_paoding.evaluation.measurement import Measurement
from pytest_paoding.precedence import BUILT_IN, PRUNING_KEYS
from pytest_paoding.protocol import Allocation, Effort, Mixing
from pytest_paoding.pruning.strategies import ALIASES, NAMES
from pytest_paoding.reporting import wording
from pytest_paoding.reporting.progress import Progress
from pytest_paoding.reporting.terminal import layer_table, metric_table
from pytest_paoding.results import GateResult, layers_of

if TYPE_CHECKING:
    import argparse

    from pytest_paoding.protocol import InputRange, Pruning


def add(commands: Any) -> None:
    """Describe the command to the subparsers of a parser."""
    parser = commands.add_parser(
        "prune",
        help="prune a model file",
        description="Remove a share of the units of every prunable layer of a Keras model.",
    )
    parser.set_defaults(run=run, refuse=parser.error)
    parser.add_argument("model", metavar="MODEL", type=Path, help="the .keras or .h5 file")
    parser.add_argument(
        "-r",
        "--ratio",
        required=True,
        type=argument(quantities.ratio),
        help="share of the units to remove, such as 0.5 or 50%%",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        required=True,
        type=argument(_output),
        help="the .keras file to write; replaced in one step when all is done",
    )
    _add_settings(parser)
    parser.add_argument(
        "--explain",
        action="store_true",
        help="say of each layer how its units were chosen and why no more of them",
    )


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--strategy",
        choices=NAMES,
        type=lambda name: ALIASES.get(name, name),
        default=_default("strategy"),
        help="how units are chosen (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=argument(_seed), default=_default("seed"), help="default: %(default)s"
    )
    parser.add_argument(
        "--step",
        type=argument(quantities.step),
        default=_default("step"),
        help="share of the units to remove in one round (default: %(default)s)",
    )
    parser.add_argument(
        "--input-range",
        nargs=2,
        type=float,
        default=_default("input_range"),
        metavar=("LO", "HI"),
        help="what a legal input may be (default: 0 1)",
    )
    _add_reconstruction(parser)
    _add_exceptions(parser)


def _add_reconstruction(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--allocation",
        choices=get_args(Allocation),
        default=_default("allocation"),
        help="how reconstruct spreads the pruning over the layers (default: %(default)s)",
    )
    parser.add_argument(
        "--effort",
        choices=get_args(Effort),
        default=_default("effort"),
        help="how hard reconstruct works (default: %(default)s)",
    )
    parser.add_argument(
        "--calibration",
        metavar="FILE",
        type=Path,
        help="unlabelled inputs for reconstruct to learn from: an array in a .npy file, or one for"
        " each input by its name in an .npz file",
    )


def _add_exceptions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ratios",
        nargs="+",
        type=argument(_share),
        default=[],
        metavar="PATTERN=SHARE",
        help="shares of their own for layers by name; the first that matches counts",
    )
    parser.add_argument(
        "--include",
        nargs="+",
        default=list(_default("include")),
        metavar="PATTERN",
        help="layers that may shrink (default: all)",
    )
    parser.add_argument(
        "--exclude",
        nargs="+",
        default=[],
        metavar="PATTERN",
        help="layers among them that may not",
    )
    parser.add_argument(
        "--round-to",
        type=argument(quantities.count),
        default=_default("round_to"),
        metavar="N",
        help="keep widths multiples of N where they can be",
    )
    parser.add_argument(
        "--mixing",
        choices=get_args(Mixing),
        default=_default("mixing"),
        help="whether statistics over units may be computed anew (default: %(default)s)",
    )
    parser.add_argument(
        "--verify",
        action="store_true",
        help="prove that the pruned model computes what the original with the removed units'"
        " weights at zero does",
    )


def _default(key: str) -> Any:
    return BUILT_IN[key].value


def run(arguments: argparse.Namespace) -> int:
    """Prune a model file; return the exit code.

    Raises:
        PaodingError: The file cannot be loaded, pruned or written.
    """
    started = time.perf_counter()
    source, output = arguments.model, arguments.output
    if output.exists() and source.exists() and output.samefile(source):
        arguments.refuse("OUT is the MODEL itself, which is never written to")
    try:
        input_range = quantities.input_range(list(arguments.input_range))
    except ValueError as error:
        arguments.refuse(f"argument --input-range: {error}")
    engine = KerasEngine()
    original = engine.load_model(source)
    progress = Progress(_StandardError(), source.name) if sys.stderr.isatty() else None
    pruned = engine.prune(original, progress=progress, **_settings(arguments, input_range))
    if progress is not None:
        progress.close()
    metrics = engine.evaluate(original, pruned.model, None, epsilons=(), input_range=input_range)
    metrics["size"] = _saved(engine, original, pruned.model, output)
    result = GateResult(
        name=source.stem,
        outcome=Outcome.UNJUDGED,
        reason="without data and budgets nothing is judged",
        metrics=metrics,
        layers=layers_of(pruned.plan),
        notes=pruned.notes,
        duration=time.perf_counter() - started,
    )
    layers = result.explain() if arguments.explain else layer_table(result)
    done = f"{wording.pruned(result)}: {output}"
    write(layers, "", metric_table(result), "", *result.notes, done)
    return 0


def _settings(arguments: argparse.Namespace, input_range: InputRange) -> Pruning:
    """Return the keywords of the pruning.

    Raises:
        DataError: The file of inputs for calibration cannot be read.
    """
    given = {key: getattr(arguments, key) for key in PRUNING_KEYS}
    file = arguments.calibration
    given |= {
        "input_range": input_range,
        "calibration": None if file is None else _arrays(file),
        "ratios": dict(arguments.ratios),
        "include": tuple(arguments.include),
        "exclude": tuple(arguments.exclude),
    }
    return cast("Pruning", given)


def _arrays(path: Path) -> Any:
    import numpy as np  # noqa: PLC0415 - heavy, and seldom needed

    try:
        with path.open("rb") as file:
            found = np.load(file, allow_pickle=False)
            return found if isinstance(found, np.ndarray) else dict(found)
    except (EOFError, OSError, ValueError, BadZipFile) as error:
        raise DataError(f"{path}: cannot be read as .npy or .npz: {error}") from error


def _saved(engine: KerasEngine, original: Any, pruned: Any, output: Path) -> Measurement:
    """Write the pruned model; return both sizes, measured the same way."""
    try:
        with tempfile.TemporaryDirectory(prefix="paoding-") as folder:
            before = engine.save(original, Path(folder, "original.keras"))
        after = engine.save(pruned, output)
    except OSError as error:
        reason = error.strerror or error
        raise ArtifactError(f"{output}: cannot be written: {reason}") from error
    return Measurement(before, after, after)


@dataclass(frozen=True, slots=True)
class _StandardError:
    """Where progress is shown: one line that is written over."""

    def ensure_newline(self) -> None:
        """Do nothing: the line is begun and ended here."""

    def rewrite(self, line: str, *, erase: bool = False) -> None:
        """Write over the present line."""
        sys.stderr.write(f"\r{line}" + "\x1b[K" * erase)
        sys.stderr.flush()


def _output(text: str) -> Path:
    path = Path(text)
    if path.suffix != ".keras":
        raise ValueError(f"{text} does not end in .keras, so Keras could not load it")
    if path.is_dir() or not path.parent.is_dir():
        raise ValueError(f"{text} cannot be written: its folder must exist, and it be no folder")
    return path


def _share(text: str) -> tuple[str, float]:
    pattern, found, given = text.rpartition("=")
    if not found:
        raise ValueError(f"{text!r} is not of the form PATTERN=SHARE")
    return next(iter(quantities.shares({pattern: given}).items()))


def _seed(text: str) -> int:
    if text.isdecimal():
        return int(text)
    raise ValueError(f"{text} is not a whole number from 0")
