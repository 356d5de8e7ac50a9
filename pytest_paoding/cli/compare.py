"""`python -m pytest_paoding compare`: has anything got worse from one report to another?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_paoding.cli.reading import write
from pytest_paoding.config.bounds import Bound, by_part
from pytest_paoding.config.cli_values import described_limit
from pytest_paoding.config.documents.earlier import entries
from pytest_paoding.gate.regression import regressions
from pytest_paoding.records.budgets import Limit, Outcome, judge, measured_names
from pytest_paoding.records.formats import EXPORTED
from pytest_paoding.records.metrics import REGRESSIONS
from pytest_paoding.records.results import GateResult
from pytest_paoding.reporting.terminal import budget_table

if TYPE_CHECKING:
    import argparse

    from pytest_paoding.records.baseline import Entry

_WORDS = {Outcome.OVER_BUDGET: "WORSE", Outcome.UNJUDGED: "UNJUDGED"}


def add(commands: Any) -> None:
    """Describe the command to the subparsers of a parser."""
    parser = commands.add_parser(
        "compare",
        help="compare two reports or baselines",
        description="Exits with 1 if a gate of NEW is worse than in OLD, or is missing from it.",
    )
    parser.set_defaults(run=run)
    for name in ("old", "new"):
        parser.add_argument(
            name, metavar=name.upper(), type=Path, help="file of --paoding-json, or a baseline"
        )
    for key, metric in REGRESSIONS.items():
        told = described_limit(metric)
        told |= {"default": Bound(0.0), "help": f"{told['help']} (default: 0)"}
        parser.add_argument(f"--{key.replace('_', '-')}", **told)


def run(arguments: argparse.Namespace) -> int:
    """Compare two files; return the exit code.

    Raises:
        ConfigError: One of them is neither a report nor a baseline.
    """
    old, new = entries(arguments.old), entries(arguments.new)
    limits = _limits(arguments)
    found = [_compared(name, old[name], new.get(name), limits) for name in sorted(old)]
    for result in found:
        write(f"{result.name}: {_WORDS.get(result.outcome, 'ok')}", *_details(result))
    for name in sorted(set(new) - set(old)):
        write(f"{name}: new")
    worse = sum(result.outcome is not Outcome.WITHIN_BUDGET for result in found)
    write(f"{len(found)} compared, {worse} worse or missing, {len(set(new) - set(old))} new")
    return int(worse > 0)


def _limits(arguments: argparse.Namespace) -> list[Limit]:
    """Return what the options limit, of models and of their files alike."""
    bounds = [
        (metric, part, bound)
        for key, metric in REGRESSIONS.items()
        for part, bound in by_part(getattr(arguments, key)).items()
    ]
    return [
        Limit(metric, bound.value, bound.level, "command line", file_format=name, part=part)
        for name in (None, *EXPORTED)
        for metric, part, bound in bounds
        if bound.value is not None and (name is None or metric.on_files)
    ]


def _compared(name: str, old: Entry, new: Entry | None, limits: list[Limit]) -> GateResult:
    """Return the comparison of a gate as a record; what OLD does not know is not compared."""
    if new is None:
        return GateResult(name=name, outcome=Outcome.UNJUDGED, reason="is missing from NEW")
    compared = regressions(old, new, missing="")
    found = {name: each for name, each in compared.items() if each.before is not None}
    judgement = judge(
        [limit for limit in limits if found.keys() & set(measured_names(limit, found))], found
    )
    differences = new.differences(old)
    return GateResult(
        name=name,
        outcome=judgement.outcome,
        reason=None if judgement.checks else "nothing can be compared",
        checks=judgement.checks,
        notes=(f"OLD was made with {', '.join(differences)}",) if differences else (),
    )


def _details(result: GateResult) -> list[str]:
    lines = [f"  {text}" for text in (result.reason, *result.notes) if text]
    return [*lines, *([*budget_table(result).split("\n"), ""] if result.checks else [])]
