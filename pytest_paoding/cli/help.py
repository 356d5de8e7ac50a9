"""`python -m pytest_paoding help`: the pages of the reference, as plain Markdown."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from pytest_paoding.cli.reading import write
from pytest_paoding.errors import ConfigError
from pytest_paoding.records.text.spelling import likely

if TYPE_CHECKING:
    import argparse


def add(commands: Any) -> None:
    """Describe the command to the subparsers of a parser."""
    parser = commands.add_parser(
        "help",
        help="print a page of the reference",
        description="Prints a page of the reference; without a topic, lists them.",
    )
    parser.set_defaults(run=run)
    parser.add_argument("topic", nargs="?", metavar="TOPIC", help="page, such as configuration")


def run(arguments: argparse.Namespace) -> int:
    """Print a page or the list of pages; return the exit code.

    Raises:
        ConfigError: There is no page of that name.
    """
    found = pages()
    topic = arguments.topic
    if topic is not None and topic not in found:
        raise ConfigError(f"there is no topic {topic!r}, {likely(topic, tuple(found))}")
    text = _list(found) if topic is None else found[topic].rstrip()
    write(*text.split("\n"))
    return 0


def pages() -> dict[str, str]:
    """Return the text of every page by topic, in the order of the topics."""
    folder = files("pytest_paoding") / "docs"
    texts = {
        each.name.removesuffix(".md"): each.read_text(encoding="utf-8")
        for each in folder.iterdir()
        if each.name.endswith(".md")
    }
    return dict(sorted(texts.items()))


def _list(found: dict[str, str]) -> str:
    width = max(map(len, found))
    return "\n".join(f"{topic:<{width}}  {_summary(text)}" for topic, text in found.items())


def _summary(text: str) -> str:
    """Return the line below a page's title."""
    return text.split("\n", 3)[2]
