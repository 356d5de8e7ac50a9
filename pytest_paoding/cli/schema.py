"""`python -m pytest_paoding schema`: the JSON Schema of what this package writes."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from pytest_paoding.cli.reading import write

if TYPE_CHECKING:
    import argparse

KINDS = ("report", "baseline", "history")


def add(commands: Any) -> None:
    """Describe the command to the subparsers of a parser."""
    parser = commands.add_parser(
        "schema",
        help="print the JSON Schema of reports, baselines or histories",
        description="Prints a JSON Schema (draft 2020-12).",
    )
    parser.set_defaults(run=run)
    parser.add_argument("kind", nargs="?", choices=KINDS, default="report", help="of what")


def run(arguments: argparse.Namespace) -> int:
    """Print a schema; return the exit code."""
    write(*text(arguments.kind).rstrip().split("\n"))
    return 0


def text(kind: str) -> str:
    """Return the schema of a kind of document."""
    return (files("pytest_paoding.records") / "schemas" / f"{kind}.json").read_text(
        encoding="utf-8"
    )
