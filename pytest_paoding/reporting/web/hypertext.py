"""Text of any origin as HTML, and tables of it."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from pytest_paoding.records.text.escapes import printable

if TYPE_CHECKING:
    from collections.abc import Iterable


def escape(text: str) -> str:
    """Return HTML that shows a text, and an escape for what a page could not show."""
    return html.escape(printable(text)).replace("##", "#&#35;")  # it may be printed, in a log of CI


def details(name: str, content: str) -> str:
    """Return content that a reader may open; the name is HTML already."""
    return f"<details><summary>{name}</summary>{content}</details>"


def table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table of cells that are HTML already, the first of a row being its head."""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join(
        "<tr>"
        + "".join(
            f'<th scope="row">{cell}</th>' if place == 0 else f"<td>{cell}</td>"
            for place, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{caption}"><table>'
        f"<caption>{caption}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )
