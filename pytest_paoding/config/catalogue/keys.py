"""What a setting is: one row of the catalogue, and what follows from all rows together."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from pytest_paoding.records.results import DEFAULT, Setting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


class Scope(Enum):
    """Where a key may stand."""

    GATE = "command line, call, marker, the table of a model, [tool.paoding]"
    RUN = "command line, [tool.paoding]"
    MODEL = "the table of a model"


class EngineCall(Enum):
    """Call of the engine that takes a setting as its keyword."""

    PRUNE = "prune"
    EVALUATE = "evaluate"
    EXPORT = "export"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One setting.

    Attributes:
        name: Key that reports, options, precedence and the engine know it by.
        read: Returns its value for what a table, a keyword or the command line gives; a ValueError
            says in one line what is wrong.
        read_text: The same for the command line, where texts are read differently there.
        read_file: The same for a settings file, where code may give what no file can hold.
        help: What it does, in a few words.
        meaning: The same for the documentation, in Markdown; `help` where empty.
        default: The built-in value; None is none.
        needed: Whether it must be given, as nothing is built in.
        example: A value in TOML.
        words: All its values, where they are words.
        flag: Whether it is true or false.
        several: Whether it holds several values, which the command line separates by commas.
        path: Whether it is a path; one on the command line starts from the working directory.
        metavar: What its option calls a value; empty where it takes none.
        table: The inner table it stands in.
        inner: Its key there, where that is not its name.
        scope: Where it may stand.
        calls: Calls of the engine it goes to.
    """

    name: str
    read: Callable[[Any], Any]
    read_text: Callable[[str], Any] | None = None
    read_file: Callable[[Any], Any] | None = None
    help: str
    meaning: str = ""
    default: Any = None
    needed: bool = False
    example: str = ""
    words: tuple[str, ...] = ()
    flag: bool = False
    several: bool = False
    path: bool = False
    metavar: str = ""
    table: str = ""
    inner: str = ""
    scope: Scope = Scope.GATE
    calls: tuple[EngineCall, ...] = ()

    @property
    def key(self) -> str:
        """The key in its table."""
        return self.inner or self.name

    @property
    def dashed(self) -> str:
        """The name as options spell it."""
        return self.name.replace("_", "-")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All settings, in the order of tables."""

    keys: tuple[Key, ...]

    def __iter__(self) -> Iterator[Key]:
        return iter(self.keys)

    def __getitem__(self, name: str) -> Key:
        return next(key for key in self.keys if key.name == name)

    @property
    def optional(self) -> tuple[Key, ...]:
        """The keys that are options of pytest."""
        return tuple(key for key in self.keys if key.scope is not Scope.MODEL)

    @property
    def built_in(self) -> Mapping[str, Setting]:
        """What holds where no source says anything."""
        return {key.name: Setting(key.default, DEFAULT) for key in self.optional if not key.needed}

    @property
    def of_gates(self) -> tuple[str, ...]:
        """The names of what one gate may set for itself, and its report shows."""
        return tuple(key.name for key in self.keys if key.scope is Scope.GATE)

    def of_call(self, call: EngineCall) -> tuple[str, ...]:
        """Return the names of what a call of the engine takes."""
        return tuple(key.name for key in self.keys if call in key.calls)

    def within(self, table: str, scope: Scope = Scope.GATE) -> tuple[Key, ...]:
        """Return the keys that stand side by side in a table."""
        return tuple(key for key in self.keys if (key.table, key.scope) == (table, scope))
