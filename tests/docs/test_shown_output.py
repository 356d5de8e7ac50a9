"""What pages show of gates is what the present code prints: its names, its lines, its verdicts.

What exactly was found only a run can tell. But a block that an earlier version has printed has rows
of other names, lines of other forms or verdicts that its own numbers deny: that can be read off it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pytest_paoding.records.budgets import FAILING, Outcome
from pytest_paoding.records.formats import ENDINGS, EXPORTED
from pytest_paoding.records.metrics import KNOWN
from pytest_paoding.records.note import NOTE_KINDS
from pytest_paoding.records.text.quantities import SIZES
from pytest_paoding.reporting.wording import ROW
from support.doc_tables import PAGES, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

WORST_OF = {"robustness_retention", "robustness_overlap", "robustness_drop", "robust_score_drop"}
"""Metrics that are the worst over the strengths of the attack, and named with it."""
HEAD = re.compile(r"^\s+before\s+after\s+found\b.*\blimit\s+verdict$")
MISSED = re.compile(r"^(?P<gate>\S+) OVER BUDGET: (?P<grounds>.*)$")
RELATION = re.compile(r"^(?P<name>.+) (?P<found>\S+(?: [kMG]?B)?) (?:<|>) (?P<limit>.+)$")

VALUE = r"-?[\d.]+(?:e-?\d+)?"
FILE = r"\S+  [\d.]+ [kMG]?B \([+-]\d+%\)"
CHANGED = rf"(?:robust (?:\S+ )?|[a-z_0-9/]+ ){VALUE} -> {VALUE}(?: @[\d.]+)?"
ALONE = rf"(?:robust )?(?:\S+ )?{VALUE}(?: @[\d.]+)?"
WORDS = "|".join(sorted({each.word for each in Outcome} | {"UNCHANGED"}))
BAD = "|".join(sorted(each.word for each in FAILING | {Outcome.SKIPPED}))
GATE = re.compile(
    rf"^\S+\s+(?:(?:published|not published|UNCHANGED)\s+{FILE}(?: \(nothing removed\))?"
    rf"(?:  (?:{CHANGED}))+(?:  ratio \S+ found .+)?|(?:REJECTED|FORCED)\s+.+(?:  (?:{CHANGED}))+"
    rf"|(?:{BAD})\s+.+|within budget\s+.*)$"
)
EXPORT = re.compile(
    rf"^  (?P<format>{'|'.join(EXPORTED)})\s+\S+(?P<ending>\.[a-z]\S+)\s+"
    rf"[\d.]+ [kMG]?B \([+-]\d+%\)(?:\s+(?:{ALONE}))*$"
)
FAILURE = re.compile(rf"^\S+ (?:{WORDS}): ")
ENDS_FAILURE = re.compile(r"^(?:to accept: .+|\[\.\.\.\])$")
PUBLISHED = re.compile(r"^\S+\s+published\s{2,}")
COUNTS = re.compile(r"^\d+ gates?(?:, \d+ [a-z ]+)+$")
NOTE = re.compile(rf"^note \[(?:{'|'.join(NOTE_KINDS)})\]: .+ \(.+\)$")
MORE_NOTES = re.compile(r"^  .+ \(.+\)$")
OTHER = re.compile(
    rf"^(?:=+ .+ =+|_+ .+ _+|\[\.\.\.\]|(?:{WORDS}) \S+::\S+ - .+|baseline .+|required gate .+"
    r"|results written to .+|)$"
)


def blocks() -> list[object]:
    """Return every block that is output, of all pages."""
    found = []
    for page in PAGES:
        name, opened, lines = page.relative_to(ROOT).as_posix(), "", list[str]()
        for line in page.read_text(encoding="utf-8").splitlines():
            if line.startswith("```") and not opened:
                opened, lines = line, []
            elif line == "```":
                if opened in {"```", "```text"}:
                    found.append(pytest.param(lines, id=f"{name}-{len(found)}"))
                opened, lines = "", []
            else:
                lines.append(line)
    return found


def is_name(text: str) -> bool:
    """Whether a budget can have this title."""
    base, *parts = text.split(" @")
    metric = KNOWN.get(base.replace(" ", "_"))
    if metric is None:
        return False
    if parts and parts[-1] in EXPORTED:
        parts.pop()
    strengths = int(metric.per_epsilon or metric.name in WORST_OF)
    if len(parts) != strengths + metric.per_score:
        return False
    return all(re.fullmatch(r"\d+(?:\.\d+)?", each) for each in parts[metric.per_score :])


def amount(text: str) -> float:
    """Return the number that a cell shows."""
    number, unit = re.fullmatch(r"(-?[\d.e-]+?)\s*(%|[kMG]?B|ms)?", text.strip()).groups()  # type: ignore[union-attr]
    return float(number) * {"%": 0.01, **SIZES}.get(unit, 1.0)


def rows(block: list[str]) -> Iterator[list[str]]:
    """Yield the cells of the rows of tables of budgets."""
    inside = False
    for line in block:
        if HEAD.match(line):
            assert re.split(r"\s{2,}", line.strip()) in (
                [*ROW[1:]],
                [*ROW[1:4], *ROW[5:]],
            )
        elif inside and line.startswith("  "):
            yield re.split(r"\s{2,}", line.strip())
        inside = bool(HEAD.match(line) or (inside and line.startswith("  ")))


@pytest.mark.parametrize("block", blocks())
def test_budgets_are_named_and_judged_as_they_are_now(block: list[str]) -> None:
    missed = set()
    for name, _, _, found, *_, limit, told in rows(block):
        assert is_name(name), name
        operator, value = limit.split(" ", 1)
        distance = amount(found) - amount(value)
        holds = distance <= 0 if operator == "<=" else distance >= 0
        assert holds is (told == "ok"), (name, told)
        if not holds:
            missed.add(f"{name} {found} {'>' if operator == '<=' else '<'} {value}")
            by = re.fullmatch(r"(?:OVER|UNDER) by (\S+(?: [kMG]?B)?)(?: \(warn\))?", told)
            assert by is not None, told
            assert amount(by[1]) == pytest.approx(abs(distance), abs=1.01e-4, rel=0.02)
    headlines = [line for line in block if MISSED.match(line)]
    for line in headlines:
        relations = line.partition(" OVER BUDGET: ")[2].split("; ")
        for each in relations:
            relation = RELATION.match(each)
            assert relation is not None, each
            assert is_name(relation["name"]), each
        if missed and len(headlines) == 1:
            assert missed == set(relations)


def without_failures(block: list[str]) -> Iterator[str]:
    """Yield the lines that are not of the text of a failure, from its headline to its end."""
    inside = False
    for line in block:
        inside = inside or bool(FAILURE.match(line))
        if not inside:
            yield line
        inside = inside and not ENDS_FAILURE.match(line)


@pytest.mark.parametrize("block", blocks())
def test_lines_of_a_summary_are_of_the_forms_they_have_now(block: list[str]) -> None:
    lines = list(without_failures(block))
    if not any(COUNTS.match(line) or EXPORT.match(line) or PUBLISHED.match(line) for line in lines):
        return
    noted = False
    for line in lines:
        noted = bool(NOTE.match(line) or (noted and MORE_NOTES.match(line)))
        export = EXPORT.match(line)
        known = noted or export or any(each.match(line) for each in (GATE, COUNTS, OTHER))
        assert known, line
        if export:
            assert line.split()[1].endswith(ENDINGS[export["format"]]), line
