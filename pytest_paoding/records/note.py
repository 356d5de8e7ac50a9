"""A remark on a gate that changes no verdict, and its kind, by which it can be silenced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OTHER = "other"
"""Kind of a remark that says none, such as one of an older report."""

NOTE_KINDS: Mapping[str, str] = {
    "pruning": "how a model was pruned, and what of it could not be kept",
    "export": "how a file in another format was made",
    "cache": "what was done anew, as what was kept of it did not fit",
    "by-chance": "answers that are alike, though outputs are far apart",
    "weak-attack": "an attack that fools neither model anywhere, so that robustness is accuracy",
    "other-baseline": "a baseline made with other settings, versions or machines",
    "worst-group": "which class or slice lost most",
    "assumed-range": "figures that hold in an assumed range of the inputs only",
    "few-samples": "limits that the samples are too few to tell from what was found",
    "better": "what is better than the baseline allows for",
    "loose-limit": "limits on size, parameters or FLOPs that could be tighter",
}
"""What remarks of each kind are on."""


class Note(str):
    """One line, which is read and stored as any text is.

    Attributes:
        kind: One of `NOTE_KINDS`.
    """

    __slots__ = ("kind",)
    kind: str


def noted(text: str, kind: str) -> Note:
    """Return a text as a remark of a kind."""
    note = Note(text)
    note.kind = kind
    return note


def of_kind(kind: str, texts: Iterable[str]) -> tuple[str, ...]:
    """Return texts as remarks of a kind."""
    return tuple(noted(text, kind) for text in texts)


def kind_of(note: str) -> str:
    """Return the kind of a remark."""
    return note.kind if isinstance(note, Note) else OTHER


def loud(notes: Iterable[str], silenced: Iterable[str]) -> tuple[str, ...]:
    """Return the remarks that are of no silenced kind."""
    kinds = frozenset(silenced)
    return tuple(note for note in notes if kind_of(note) not in kinds)


def notes_to_dict(notes: Iterable[str]) -> dict[str, list[str]]:
    """Return the plain form: texts, and in the same order their kinds."""
    found = tuple(notes)
    return {"notes": [str(note) for note in found], "note_kinds": [*map(kind_of, found)]}


def notes_from_dict(plain: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the remarks whose plain form is a part of `plain`."""
    texts = plain["notes"]
    kinds = plain.get("note_kinds") or [OTHER] * len(texts)  # not of old
    return tuple(noted(text, kind) for text, kind in zip(texts, kinds, strict=True))
