"""`python -m pytest_paoding prune`: prune a model file, and say what that left of it."""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_paoding.cli.arguments import add_settings, settings_of
from pytest_paoding.cli.reading import same_file, write
from pytest_paoding.config.cli_values import argument
from pytest_paoding.engine.keras_engine import KerasEngine
from pytest_paoding.errors import ArtifactError, SurgeryError, cannot_write
from pytest_paoding.gate.saving import bytes_of_original, save_readable
from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.plan import Plan, layers_of
from pytest_paoding.records.plans.plan_files import require_free
from pytest_paoding.records.protocol import about_inputs
from pytest_paoding.records.results import GateResult
from pytest_paoding.records.text import quantities
from pytest_paoding.reporting import wording
from pytest_paoding.reporting.progress import Progress, TerminalLine
from pytest_paoding.reporting.terminal import layer_table, metric_table

if TYPE_CHECKING:
    import argparse


def add(commands: Any) -> None:
    """Describe the command to the subparsers of a parser."""
    parser = commands.add_parser(
        "prune",
        help="prune a model file",
        description="Remove a share of the units of every prunable layer of a Keras model.",
    )
    parser.set_defaults(run=run)
    parser.add_argument("model", metavar="MODEL", type=Path, help="the .keras or .h5 file")
    parser.add_argument(
        "-r",
        "--ratio",
        type=argument(quantities.ratio),
        help="share of the units to remove, such as 0.5 or 50%%",
    )
    parser.add_argument(
        "--plan",
        metavar="PLAN",
        type=Path,
        help="do again what a plan tells of, in place of --ratio; settings of the pruning are its",
    )
    parser.add_argument(
        "--save-plan",
        metavar="PLAN",
        type=argument(_plan_file),
        help="write down what was done, in a .json file, with fitted weights in an .npz beside it",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        required=True,
        type=argument(_output),
        help="the .keras file to write; replaced in one step when all is done",
    )
    add_settings(parser)
    parser.add_argument(
        "--explain",
        action="store_true",
        help="say of each layer how its units were chosen and why no more of them",
    )


def run(arguments: argparse.Namespace) -> int:
    """Prune a model file; return the exit code.

    Raises:
        PaodingError: The file cannot be loaded, pruned or written.
    """
    source, output = arguments.model, arguments.output
    _require_one(arguments)
    plan = _read_plan(arguments.plan) if arguments.plan else None
    if same_file(output, source):
        arguments.parser.error("OUT is the MODEL itself, which is never written to")
    engine = KerasEngine()
    model = engine.load_model(source)
    started = time.perf_counter()  # how long TensorFlow takes to start says nothing of the pruning
    seen = sys.stderr.isatty()
    progress = Progress(TerminalLine(_StandardError()), source.name) if seen else None
    settings = settings_of(arguments)
    found = engine.opened(model, input_shape=settings["input_shape"])
    original = found.model
    with nullcontext() if progress is None else closing(progress):
        if plan is None:
            pruned = engine.prune(original, ratio=arguments.ratio, progress=progress, **settings)
        else:
            pruned = engine.apply(original, plan)
    if arguments.save_plan is not None:
        _save_plan(pruned.plan, arguments.save_plan)
    metrics = engine.evaluate(original, pruned.model, None, epsilons=(), **about_inputs(settings))
    metrics["size"] = _saved(engine, original, pruned.model, output)
    result = GateResult(
        name=source.stem,
        outcome=Outcome.UNJUDGED,
        reason="without data and budgets nothing is judged",
        metrics=metrics,
        layers=layers_of(pruned.plan),
        notes=(*found.notes, *pruned.notes),
        duration=time.perf_counter() - started,
    )
    layers = result.explain() if arguments.explain else layer_table(result)
    done = f"{wording.pruned(result)}: {output}"
    write(*f"{layers}\n\n{metric_table(result)}\n".split("\n"), *result.notes, done)
    return 0


def _require_one(arguments: argparse.Namespace) -> None:
    """Refuse a call that does not say in one way how much to prune."""
    ways = {"-r/--ratio": arguments.ratio, "--target": arguments.target, "--plan": arguments.plan}
    given = [name for name, value in ways.items() if value is not None]
    if not given:
        arguments.parser.error(
            "the following arguments are required: -r/--ratio, --target or --plan"
        )
    if len(given) > 1:
        arguments.parser.error(f"argument {given[1]}: not allowed with argument {given[0]}")


def _read_plan(path: Path) -> Plan:
    try:
        return Plan.load(path)
    except OSError as error:
        raise ArtifactError(f"{path}: the plan cannot be read: {error.strerror}") from error


def _save_plan(plan: Plan, path: Path) -> None:
    try:
        plan.save(path)
    except OSError as error:
        raise ArtifactError(cannot_write(path, error)) from error


def _saved(engine: KerasEngine, original: Any, pruned: Any, output: Path) -> Measurement:
    """Write the pruned model once it can be read back; return both sizes, saved the same way."""
    target = output.resolve()  # what a link leads to is replaced, not the link
    try:
        with tempfile.TemporaryDirectory(prefix=".paoding-", dir=target.parent) as folder:
            file = Path(folder, target.name)
            before = bytes_of_original(engine, original, file, compress=False).size
            save_readable(engine, pruned, original, file)
            after = file.stat().st_size
            file.replace(target)
    except OSError as error:
        raise ArtifactError(cannot_write(output, error)) from error
    return Measurement(before, after, after)


@dataclass(frozen=True, slots=True)
class _StandardError:
    """Where progress is shown: one line that is written over."""

    def ensure_newline(self) -> None:
        """Do nothing: the line is begun and ended here."""

    def rewrite(self, line: str, *, erase: bool = False) -> None:
        """Write over the present line."""
        sys.stderr.write(f"\r{line}" + "\x1b[K" * erase)

    def flush(self) -> None:
        """Let the terminal have what was written."""
        sys.stderr.flush()


def _output(text: str) -> Path:
    if Path(text).suffix != ".keras":
        raise ValueError(f"{text} does not end in .keras, so Keras could not load it")
    return _writable(text)


def _plan_file(text: str) -> Path:
    if Path(text).suffix != ".json":
        raise ValueError(f"{text} does not end in .json: the plan must not replace another file")
    path = _writable(text)
    try:
        require_free(path)
    except SurgeryError as error:
        raise ValueError(str(error)) from None
    except OSError as error:
        raise ValueError(f"{text} cannot be read: {error.strerror}") from None
    return path


def _writable(text: str) -> Path:
    path = Path(text)
    try:
        if path.parent.is_dir() and (path.is_file() or not path.exists()):
            return path
    except OSError as error:
        raise ValueError(f"{text} cannot be written: {error.strerror}") from None
    raise ValueError(f"{text} cannot be written: its folder must exist, and it be a file or none")
