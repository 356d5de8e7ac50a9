"""Settings and limits as arguments of a parser: argparse's, or pytest's, which is like it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_paoding.config.catalogue.keys import Key

_Value = TypeVar("_Value")


def argument(read: Callable[[str], _Value]) -> Callable[[str], _Value]:
    """Return `read` for argparse, which shows the message of its own kind of error only."""

    def parse(text: str) -> _Value:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parse


def described(key: Key) -> dict[str, Any]:
    """Return the keywords that describe a setting's argument to a parser."""
    told: dict[str, Any] = {"help": key.help.replace("%", "%%")}
    read = key.read_text or key.read
    if key.flag:
        return {**told, "action": "store_const", "const": True}
    if key.several:
        return {**told, "action": Several, "read": read, "metavar": key.metavar}
    if key.words:
        return {**told, "choices": key.words, "type": _word(read)}
    return {**told, "type": argument(read), "metavar": key.metavar}


def _word(read: Callable[[str], str]) -> Callable[[str], str]:
    """Return `read` for one of several choices; argparse names them where the word is none."""

    def parse(text: str) -> str:
        try:
            return read(text)
        except ValueError:
            return text

    return parse


class Several(argparse.Action):
    """Reads a list or table; of a repeated option the last list counts, but tables add up."""

    def __init__(self, *names: Any, read: Callable[[str], Any], **described: Any) -> None:
        super().__init__(*names, **described)
        self._read = read

    def __call__(
        self,
        parser: argparse.ArgumentParser,  # noqa: ARG002 - argparse passes it
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,  # noqa: ARG002 - argparse passes it
    ) -> None:
        """Store what is read from one text, or from several as if commas were between them."""
        try:
            found = self._read(values if isinstance(values, str) else ",".join(values or ()))
        except ValueError as error:
            raise argparse.ArgumentError(self, str(error)) from None
        before = vars(namespace).get(self.dest)
        if isinstance(found, dict) and isinstance(before, dict):
            found = {**before, **found}
        setattr(namespace, self.dest, found)


def reason(text: str) -> str:
    """Return a reason in one line.

    Raises:
        ValueError: `text` is empty.
    """
    if text.strip():
        return " ".join(text.split())
    raise ValueError("a reason is needed, it is recorded with what it excuses")
