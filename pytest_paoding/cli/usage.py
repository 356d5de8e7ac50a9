"""Wrong usage of the command line: one line that says what is wrong, and where help is."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, NoReturn

from pytest_paoding.records.text.escapes import as_line
from pytest_paoding.records.text.spelling import close

if TYPE_CHECKING:
    from collections.abc import Sequence


class OneLineParser(argparse.ArgumentParser):
    """A parser that refuses wrong usage in one line, and exits with 2; so do its subparsers."""

    def error(self, message: str) -> NoReturn:
        """Refuse the call."""
        text = f"{self.prog}: error: {message}; see {self.prog} --help"
        sys.stderr.write(as_line(text) + "\n")
        self.exit(2)

    def parsed(self, argv: Sequence[str] | None) -> argparse.Namespace:
        """Return the arguments of a command, whose own parser refuses those that it does not know.

        Each command says by the default `parser` which one that is.
        """
        found, unknown = self.parse_known_args(argv)
        if unknown:
            found.parser.refuse_unknown(unknown)
        return found

    def refuse_unknown(self, unknown: Sequence[str]) -> NoReturn:
        """Refuse arguments that are not known, and name the option that was probably meant."""
        options = [each for action in self._actions for each in action.option_strings]
        named = (each.partition("=")[0] for each in unknown if each.startswith("-"))
        meant = next(filter(None, (close(name, options) for name in named)), None)
        hint = f", did you mean {meant}?" if meant else ""
        self.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
