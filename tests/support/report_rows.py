"""Tables of reports as rows of cells, to hold them against each other."""

from __future__ import annotations

import html
import re
from typing import Any

from pytest_paoding.records.formats import parted
from pytest_paoding.records.text.printing import show, show_apart
from pytest_paoding.records.text.quantities import Unit


def rows_of_markdown(text: str, first: str) -> list[list[str]]:
    """Return the cells of the table whose first head is `first`."""
    rest = text.partition(f"| {first} |")[2].split("\n\n")[0].splitlines()[2:]
    plain = [re.sub(r"\\(.)", r"\1", line) for line in rest]
    return [line.removeprefix("| ").removesuffix(" |").split(" | ") for line in plain]


def rows_of_page(text: str, caption: str) -> list[list[str]]:
    """Return the cells of the table with a caption."""
    whole = re.search(rf"<caption>{caption}</caption>.*?</table>", text, re.DOTALL)
    body = whole[0].partition("<tbody>")[2] if whole else ""
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    return [
        [html.unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
        for row in rows
    ]


def typed(name: str) -> str:
    """Return a name as one line shows it, without the blanks before parts."""
    return name.replace(" @", "@")


def named(check: dict[str, Any]) -> str:
    """Return the name of a check with the strength of the attack that was the worst."""
    whole, file_format = parted(check["metric"])
    worst = None if check["epsilon"] is None else f"{check['epsilon']:g}"
    return "@".join(filter(None, (whole, worst, file_format)))


def numbers(check: dict[str, Any]) -> list[str]:
    """Return before, after, found and limit as all reports show them."""
    unit, sides = Unit(check["unit"]), Unit(check["sides_unit"])
    found, limit = show_apart(check["found"], check["limit"], unit)
    before, after = (show(check[side], sides) for side in ("before", "after"))
    return [before, after, found, f"{check['operator']} {limit}"]


def without_interval(row: list[str]) -> list[str]:
    """Return before, after, found and limit of the cells of a check."""
    return [*row[1:4], row[5]]
