"""`python -m pytest_paoding show`: a model, a plan, a report, a manifest or a baseline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_paoding.cli.own_modules import add_imports
from pytest_paoding.cli.reading import write
from pytest_paoding.config.documents.earlier import entries, is_baseline
from pytest_paoding.config.documents.read_documents import manifest_result, parsed, run_of
from pytest_paoding.engine.keras_engine import KerasEngine
from pytest_paoding.errors import ConfigError
from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.plan import Plan
from pytest_paoding.records.plans.plan_files import is_plan
from pytest_paoding.records.results import GateResult
from pytest_paoding.reporting.anatomy_page import anatomy_text
from pytest_paoding.reporting.terminal import budget_table, metric_table, summary_lines

if TYPE_CHECKING:
    import argparse

    from pytest_paoding.records.runs.run_record import RunRecord

MODELS = (".keras", ".h5", ".hdf5")
"""Endings of files that hold a model."""
_KNOWN = (
    f"shown are models ({', '.join(MODELS)}), plans of prune --save-plan, reports of"
    " --paoding-json, manifests of published models, and baselines"
)


def add(commands: Any) -> None:
    """Describe the command to the subparsers of a parser."""
    parser = commands.add_parser(
        "show",
        help="show a model, a plan, a report, a manifest or a baseline",
        description="Prints what a model is made of and what pruning could remove, or a document.",
    )
    parser.set_defaults(run=run)
    add_imports(parser)
    parser.add_argument(
        "file",
        metavar="FILE",
        type=Path,
        help="a .keras or .h5 file, or any JSON file of this package",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print a file; return the exit code.

    Raises:
        ConfigError: It is no model, and no document that this package writes.
        ModelFileError: The model cannot be loaded.
        SurgeryError: The plan is damaged, or its weights are missing.
    """
    if arguments.file.suffix in MODELS:
        _show_model(arguments.file)
        return 0
    try:
        _show_document(arguments.file)
    except ConfigError as error:
        raise ConfigError(f"{error}; {_KNOWN}") from error
    return 0


def _show_document(path: Path) -> None:
    document = parsed(path)
    if is_plan(document):
        write(*Plan.load(path).explain().split("\n"))
    elif is_baseline(document):
        _show_baseline(path)
    elif isinstance(document, dict) and "gate" in document:
        _show([manifest_result(document, path)])
    else:
        _show_run(run_of(document, path))


def _show_run(found: RunRecord) -> None:
    _show(list(found.results))
    write(*found.faults, *(f"required gate {name} did not run" for name in found.required_missing))
    write(*(f"baseline entry {name} is stale" for name in found.stale))


def _show_model(path: Path) -> None:
    model = KerasEngine().load_model(path)
    from pytest_paoding.engine.dissection import dissect  # noqa: PLC0415 - after a silent start

    write(*anatomy_text(dissect(model)).split("\n"))


def _show(results: list[GateResult]) -> None:
    for result in results:
        if result.checks:
            write(result.name, *budget_table(result, sources=True).split("\n"), "")
    write(*summary_lines(results, show="all", verbose=True, quiet=False))


def _show_baseline(path: Path) -> None:
    for name, entry in entries(path).items():
        metrics = {key: Measurement(found=value) for key, value in entry.metrics.items()}
        facts = {**entry.settings, **entry.environment}
        result = GateResult(name=name, outcome=Outcome.WITHIN_BUDGET, metrics=metrics)
        write(name, *metric_table(result).split("\n"), "", f"  {_listed(facts)}", "")


def _listed(facts: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in facts.items())
