"""Where classes and functions come from, so that another process can import the same ones."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from inspect import isclass, isfunction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_paoding.errors import RAISED, ConfigError

if TYPE_CHECKING:
    from types import ModuleType


@dataclass(frozen=True, slots=True)
class Origin:
    """The place of a class or a function at the top level of a module.

    Attributes:
        module: Name of the module.
        name: Its name there, with those of the classes around it.
        file: The module's file: modules of one name, such as `conftest`, are told apart by it.
    """

    module: str
    name: str
    file: str | None = None

    @classmethod
    def of(cls, code: Any) -> Origin | None:
        """Return the origin of a class or a function; None for what no other process can import."""
        module, name = getattr(code, "__module__", None), getattr(code, "__qualname__", None)
        if module in (None, "__main__") or name is None or "<" in name:  # `<locals>`, `<lambda>`
            return None
        if isclass(code) or isfunction(code) or _part(sys.modules.get(module), name) is code:
            return cls(module, name, _file_of(code))
        return None

    @classmethod
    def needed(cls, code: Any, what: str) -> Origin:
        """Return the origin of what a child process has to import.

        Raises:
            ConfigError: It cannot.
        """
        found = cls.of(code)
        if found is None:
            raise ConfigError(
                f"{what}: a child process, where the gate runs, cannot import it: define it as a"
                " function or class at the top level of a module"
            )
        return found

    def module_here(self) -> ModuleType:
        """Return the module, imported by its name, or from its file if that finds another one.

        Raises:
            ConfigError: It cannot be imported.
        """
        try:
            return self._by_name() or self._by_file()
        except RAISED as error:
            raise ConfigError(
                f"module {self.module!r} cannot be imported by the child process:"
                f" {type(error).__name__}: {error}"
            ) from error

    def find(self) -> Any:
        """Return the class or the function.

        Raises:
            ConfigError: Its module cannot be imported, or has no such thing.
        """
        found = _part(self.module_here(), self.name)
        if found is None:
            raise ConfigError(f"module {self.module!r} has no {self.name!r} in a child process")
        return found

    def _by_name(self) -> ModuleType | None:
        try:
            module = import_module(self.module)
        except ModuleNotFoundError as error:
            if self.file is None or error.name not in _parents(self.module):
                raise
            return None
        other = getattr(module, "__file__", None)
        differs = self.file is not None and other is not None and not _same(self.file, other)
        return None if differs else module

    def _by_file(self) -> ModuleType:
        spec = spec_from_file_location(self.module, self.file)
        if spec is None or spec.loader is None:
            raise ImportError(f"{self.file} is no module")
        module = module_from_spec(spec)
        sys.modules[self.module] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[self.module]  # or the next gate would have half of it
            raise
        return module


def _part(module: Any, name: str) -> Any:
    """Return what has a name in a module; None where nothing has it."""
    found = module
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _file_of(code: Any) -> str | None:
    """Return the file of a class or a function: of its code, as `sys.modules` may know another."""
    parts = (code, *vars(code).values()) if isclass(code) else (code,)
    files = [each.__code__.co_filename for each in parts if isfunction(each)]
    named = [file for file in files if file.endswith(".py")]
    return named[0] if named else getattr(sys.modules.get(code.__module__), "__file__", None)


def _parents(module: str) -> set[str]:
    """Return the names of a module and of all packages around it."""
    parts = module.split(".")
    return {".".join(parts[:count]) for count in range(1, len(parts) + 1)}


def _same(one: str, other: str) -> bool:
    return Path(one).resolve() == Path(other).resolve()
