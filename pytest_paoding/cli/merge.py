"""`python -m pytest_paoding merge`: the reports of CI shards as one, with one verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_paoding.cli.reading import same_file, save, write
from pytest_paoding.config.documents.read_documents import read_run
from pytest_paoding.gate.files.report_targets import ReportTarget, faults
from pytest_paoding.gate.history_folder import HistoryFolder, require_folder
from pytest_paoding.gate.merging import merged
from pytest_paoding.records.text.jsonable import to_json
from pytest_paoding.reporting.documents import markdown
from pytest_paoding.reporting.terminal import summary_lines
from pytest_paoding.reporting.web.page import page

if TYPE_CHECKING:
    import argparse

    from pytest_paoding.records.runs.history import Trends
    from pytest_paoding.records.runs.run_record import RunRecord


_KINDS = ("json", "markdown", "html")


def add(commands: Any) -> None:
    """Describe the command to the subparsers of a parser."""
    parser = commands.add_parser(
        "merge",
        help="merge the reports of CI shards",
        description="Exits as one run of all shards would: 1 if a gate or a test failed, a required"
        " gate ran in none of them, or one name was used twice.",
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "shards", metavar="SHARD", nargs="+", type=Path, help="file of --paoding-json"
    )
    for kind in _KINDS:
        parser.add_argument(f"--{kind}", metavar="PATH", type=Path, help=f"write it as {kind}")
    parser.add_argument(
        "--history",
        metavar="DIR",
        type=Path,
        help="folder in which the merged run is kept, for trends over the last runs",
    )


def run(arguments: argparse.Namespace) -> int:
    """Merge reports, print and write the result; return the exit code.

    Raises:
        ConfigError: A file is no report.
        ArtifactError: The result cannot be written.
    """
    given = {kind: path for kind in _KINDS if (path := vars(arguments)[kind]) is not None}
    for kind, path in given.items():
        if any(same_file(path, shard) for shard in arguments.shards):
            arguments.parser.error(
                f"argument --{kind}: {path} is a SHARD, which is never written to"
            )
    for target, why in faults([ReportTarget(kind, str(path)) for kind, path in given.items()]):
        arguments.parser.error(f"argument --{target.kind}: {target.given}: {why}")
    if arguments.history is not None:
        require_folder(arguments.history)
    whole = merged({path.as_posix(): read_run(path) for path in arguments.shards})
    if arguments.json is not None:
        save(arguments.json, to_json(whole.to_dict()))
    trends, lines = _remembered(arguments.history, whole)
    for path, render in ((arguments.markdown, markdown), (arguments.html, page)):
        if path is not None:
            save(path, render(whole, trends))
    write(*_summary(whole), *lines)
    return whole.exit


def _remembered(folder: Path | None, whole: RunRecord) -> tuple[Trends, list[str]]:
    """Keep the run in a history, if there is one; return its trends, and what is wrong with it."""
    if folder is None:
        return {}, []
    return HistoryFolder(folder, folder.as_posix()).remember(whole)


def _summary(whole: RunRecord) -> list[str]:
    return [
        *summary_lines(whole.results, show="all", verbose=False, quiet=False),
        *whole.faults,
        *(f"required gate {name} ran in no shard" for name in whole.required_missing),
        *(f"baseline entry {name} is stale: no gate has it" for name in whole.stale),
    ]
