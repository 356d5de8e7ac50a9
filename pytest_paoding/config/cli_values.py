"""Settings and limits as arguments of a parser: argparse's, or pytest's, which is like it."""

from __future__ import annotations

import argparse
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_paoding.config.bounds import by_key, file_bound, read_bound
from pytest_paoding.records.metrics import LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_paoding.config.bounds import Bound
    from pytest_paoding.config.catalogue.keys import Key
    from pytest_paoding.records.metrics import Metric

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


def described_limit(metric: Metric) -> dict[str, Any]:
    """Return the keywords that describe the argument of a limit to a parser."""
    what = metric.name.replace("_", " ")
    return {
        "metavar": "LIMIT",
        "type": argument(partial(read_bound, metric=metric)),
        "help": f'limit ({metric.operator}) of {what} or "off"',
    }


FORMAT_BUDGET: Mapping[str, Any] = MappingProxyType(
    {
        "metavar": "FORMAT:KEY=LIMIT",
        "action": "append",
        "default": [],
        "type": argument(file_bound),
        "help": "limit of an exported file, such as tflite-int8:max_size=60kB; may be given several"
        " times",
    }
)
"""Describes the argument of limits on exported files to a parser."""


def limits_given(options: Mapping[str, Any]) -> dict[str, Bound]:
    """Return the limits that options give, by whole keys.

    Args:
        options: What each option gives, by its name; None where it is not used.
    """
    bounds = {key: options[key] for key in LIMITS if options.get(key) is not None}
    bounds |= dict(options["format_budget"])
    return {
        whole: each for key, bound in bounds.items() for whole, each in by_key(key, bound).items()
    }


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
