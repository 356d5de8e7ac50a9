"""The command line: `python -m pytest_paoding COMMAND`.

Exit codes: 0 done, 1 not possible (one line says why) or something got worse, 2 wrong usage;
`merge` exits as one run of pytest would have. 130 and 143: ended by Ctrl-C and by SIGTERM.
"""

from __future__ import annotations

import signal
import sys
import traceback
from typing import TYPE_CHECKING

from pytest_paoding.cli import bench, compare, init, merge, prune, schema, show, verify
from pytest_paoding.cli import help as reference
from pytest_paoding.cli.own_modules import import_modules
from pytest_paoding.cli.usage import OneLineParser
from pytest_paoding.errors import PaodingError
from pytest_paoding.gate.files.terminated import Terminated, terminable
from pytest_paoding.records.text.escapes import as_lines
from pytest_paoding.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

_ENDED = 128
"""What a shell adds to the signal that has ended a command."""
COMMANDS = (init, prune, bench, compare, show, verify, merge, schema, reference)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; wrong usage exits with 2."""
    parser = OneLineParser(
        prog="python -m pytest_paoding",
        description="Prune Keras models, and read what gates have found.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add(commands)
    for each in commands.choices.values():
        each.set_defaults(parser=each)
    arguments = parser.parsed(argv)
    try:
        with terminable():
            import_modules(arguments)
            return int(arguments.run(arguments))
    except PaodingError as error:
        sys.stderr.write(as_lines(f"{parser.prog}: error: {error}") + "\n")
        return 1
    except KeyboardInterrupt as stopped:
        sys.stderr.write(f"{parser.prog}: interrupted\n")
        return _ENDED + (signal.SIGTERM if isinstance(stopped, Terminated) else signal.SIGINT)


def _tell_defect(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
    """Print a traceback, in which an error may name what a file holds."""
    sys.stderr.write(as_lines("".join(traceback.format_exception(error))))


if __name__ == "__main__":
    sys.excepthook = _tell_defect
    sys.exit(main())
