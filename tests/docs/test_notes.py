"""The kinds of notes are all documented, by what they are on."""

from __future__ import annotations

from pytest_paoding.records.note import NOTE_KINDS
from support.doc_tables import ROOT

PAGE = ROOT / "pytest_paoding" / "docs" / "reports.md"


def test_every_kind_of_note_is_documented() -> None:
    section = PAGE.read_text(encoding="utf-8").partition("## Notes\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    assert rows == [f"| `{kind}` | {what} |" for kind, what in NOTE_KINDS.items()]
