"""The results of one gate that are kept: made once, and read back as this code has written them.

An entry that holds anything else than this code could have written is none.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_paoding.gate.keeping.typed_records import checked
from pytest_paoding.gate.pruned_files import PrunedFile
from pytest_paoding.records.formats import KERAS
from pytest_paoding.records.measurement import Evaluation
from pytest_paoding.records.note import noted
from pytest_paoding.records.text.jsonable import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_paoding.gate.keeping.store import Store

_Result = TypeVar("_Result")
_FORGED = "the kept file holds another model than its record names: all was made again"


@dataclass(slots=True, kw_only=True)
class KeptResults:
    """Makes each result, unless the store has it.

    A result whose key is None is made every time: something that takes part has no digest.

    Attributes:
        store: Keeps them; None to keep none.
        waiting: Called again and again while another process makes the same.
        made: Number of results that were not found in the store.
        taken: Keys of the pruned models that were.
        remarks: Remarks on the store, a line each.
    """

    store: Store | None
    waiting: Callable[[], None]
    made: int = 0
    taken: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.store is not None:
            self.store = replace(self.store, waiting=self.waiting, tell=self._remark)

    def _remark(self, remark: str) -> None:
        if remark not in self.remarks:
            self.remarks.append(noted(remark, "cache"))

    def distrust(self) -> None:
        """Forget the pruned models that were found, and look for nothing any more."""
        if self.store is not None:
            for key in self.taken:
                self.store.forget(key)
        self.store = None
        self.taken.clear()
        self._remark(_FORGED)

    def pruned_file(
        self, key: str | None, make: Callable[[], PrunedFile], *, file: Path
    ) -> PrunedFile:
        """Return a pruned model in its file."""

        def read(plain: dict[str, Any]) -> PrunedFile:
            found = checked(PrunedFile.from_dict(plain, file=file, key=key))
            if found.after != file.stat().st_size or found.before < 1:
                raise ValueError(f"{file.name} is of another size")
            self.taken.append(str(key))
            return found

        files = {KERAS: file}
        return self._once(key, make, plain=PrunedFile.to_dict, read=read, files=files)

    def exported(
        self, key: str | None, make: Callable[[], tuple[str, ...]], *, files: Mapping[str, Path]
    ) -> tuple[str, ...]:
        """Return the remarks on an export, whose files are then in their places."""
        return self._once(key, make, plain=lambda notes: {"notes": notes}, read=_notes, files=files)

    def evaluation(self, key: str | None, make: Callable[[], Evaluation]) -> Evaluation:
        """Return what is measured."""
        return self._once(key, make, plain=Evaluation.to_dict, read=_evaluation, files={})

    def leaves_open(self, key: str, make: Callable[[], bool]) -> bool:
        """Return whether a model leaves lengths of its inputs open."""
        if self.store is None:
            return make()
        return self.store.once(
            key,
            make,
            plain=lambda found: {"open": found},
            read=lambda plain: plain["open"] is not False,
        )

    def _once(
        self,
        key: str | None,
        make: Callable[[], _Result],
        *,
        plain: Callable[[_Result], dict[str, Any]],
        read: Callable[[dict[str, Any]], _Result],
        files: Mapping[str, Path],
    ) -> _Result:
        def made() -> _Result:
            self.made += 1
            return make()

        if key is None or self.store is None:
            return made()
        return self.store.once(key, made, plain=plain, read=read, files=files)


def _notes(plain: dict[str, Any]) -> tuple[str, ...]:
    found = tuple(plain["notes"])
    if not all(isinstance(each, str) for each in found):
        raise TypeError("notes are texts")
    return found


def _evaluation(plain: dict[str, Any]) -> Evaluation:
    found = Evaluation.from_dict(plain)
    for each in (*found.values(), *([] if found.breakdown is None else [found.breakdown])):
        checked(each)
    to_json(found.to_dict())  # as reports do: intervals can be computed, all numbers are finite
    return found
