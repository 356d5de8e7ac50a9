"""Text as HTML, of any origin."""

from __future__ import annotations

import html

from pytest_paoding.records.text.escapes import printable


def escape(text: str) -> str:
    """Return HTML that shows a text, and an escape for what a page could not show."""
    return html.escape(printable(text))
