"""`python -m pytest_paoding prune`: prune a model file, and say what that left of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_paoding.cli.arguments import (
    DATA,
    JUDGING,
    PRUNING,
    add_limits,
    add_settings,
    layer_of,
)
from pytest_paoding.cli.judging import Errand, Judged, judged
from pytest_paoding.cli.own_modules import add_imports
from pytest_paoding.cli.reading import read_plan, same_file, write
from pytest_paoding.config.catalogue import SETTINGS
from pytest_paoding.config.cli_values import argument, described
from pytest_paoding.errors import ArtifactError, SurgeryError, cannot_write
from pytest_paoding.gate.artifacts import discard, publish
from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.plans.plan_files import require_free
from pytest_paoding.records.results import Setting
from pytest_paoding.records.text.ratios import read_ratio
from pytest_paoding.reporting import wording
from pytest_paoding.reporting.terminal import budget_table, layer_table, metric_table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from pytest_paoding.records.plan import Plan
    from pytest_paoding.records.text.ratios import Ratio

_EXPORT = "further formats to write beside OUT, such as tflite-int8 or onnx"


def add(commands: Any) -> None:
    """Describe the command to the subparsers of a parser."""
    parser = commands.add_parser(
        "prune",
        help="prune a model file, and judge what that cost",
        description="Remove a share of the units of every prunable layer of a Keras model. With"
        " budgets the pruned model is judged, and not written if it is over one: the exit code is"
        " 1 then.",
    )
    parser.set_defaults(run=run)
    add_imports(parser)
    parser.add_argument("model", metavar="MODEL", type=Path, help="the .keras or .h5 file")
    parser.add_argument(
        "-r",
        "--ratio",
        type=argument(_ratio),
        help="share of the units to remove, such as 0.5 or 50%%, or auto: as many as the budgets"
        " allow",
    )
    parser.add_argument("--data", **DATA)
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
    parser.add_argument(
        "--export",
        dest="formats",
        nargs="+",
        **{**described(SETTINGS["formats"]), "help": _EXPORT},
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="write what is over budget, too; the exit code is 1 all the same",
    )
    add_settings(parser, (*PRUNING, *JUDGING))
    add_limits(parser)
    parser.add_argument(
        "--explain",
        action="store_true",
        help="say of each layer how its units were chosen and why no more of them",
    )


def run(arguments: argparse.Namespace) -> int:
    """Prune a model file; return the exit code.

    Raises:
        PaodingError: The file cannot be loaded, pruned, judged or written.
    """
    _require_one(arguments)
    layer = layer_of(arguments, (*PRUNING, *JUDGING, "formats", "ratio"))
    plan = None if arguments.plan is None else read_plan(arguments.plan)
    if plan is not None:
        layer["ratio"] = Setting(_share(plan), str(arguments.plan))
    if same_file(arguments.output, arguments.model):
        arguments.parser.error("OUT is the MODEL itself, which is never written to")
    found = judged(
        Errand(
            source=arguments.model,
            layer=layer,
            data=arguments.data,
            plan=plan,
            output=arguments.output,
            force=arguments.force,
        )
    )
    _save(found, arguments.save_plan)
    write(*_told(found, arguments.output, explain=arguments.explain))
    return int(found.missed)


def _share(plan: Plan) -> float:
    """Return the share of all units that a plan removes; that of a plan without units is 0."""
    units = sum(layer.units for layer in plan.layers)
    return 1 - sum(len(layer.kept) for layer in plan.layers) / units if units else 0.0


def _save(found: Judged, plan: Path | None) -> None:
    """Write what may be written: the plan, the pruned model, and its files in other formats."""
    if found.staged is None:
        return
    try:
        if plan is not None:
            _save_plan(found.plan, plan)
        publish(found.staged, manifest=False)
    finally:
        discard(found.staged.folder)


def _told(found: Judged, output: Path, *, explain: bool) -> Iterator[str]:
    """Yield the lines of what was done and found."""
    result = found.result
    yield from (result.explain() if explain else layer_table(result)).split("\n")
    yield from ("", *metric_table(result).split("\n"), "")
    if result.checks:
        yield from (*budget_table(result).split("\n"), "")
    yield from result.notes
    if result.checks:
        yield result.headline if found.missed else "within budget"
    if found.staged is None:
        yield f"{wording.pruned(result)}: {output} is not written"
    else:
        beside = found.staged.target if output.is_symlink() else output
        exported = (str(beside.with_name(each.name)) for each in found.staged.exports.values())
        yield f"{wording.pruned(result)}: {', '.join((str(output), *exported))}"
    if result.outcome is Outcome.OVER_BUDGET:
        yield f"{wording.remedy(result)}, or write it all the same with --force"


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


def _save_plan(plan: Plan, path: Path) -> None:
    try:
        plan.save(path)
    except OSError as error:
        raise ArtifactError(cannot_write(path, error)) from error


def _ratio(text: str) -> Ratio:
    found = read_ratio(text)
    if isinstance(found, tuple):
        raise ValueError(f"{text!r} is more than one ratio: give one, or auto")  # noqa: TRY004 - argparse shows it
    return found


def _output(text: str) -> Path:
    path = _writable(text)
    for each in (path, Path(os.path.realpath(path))):
        if each.suffix != ".keras":
            raise ValueError(f"{each} does not end in .keras, so Keras could not load it")
    return path


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
