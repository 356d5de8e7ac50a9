"""What an engine adds so that a process of its own can do its work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from pytest_paoding.records.protocol import Engine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


@runtime_checkable
class PortableEngine(Engine, Protocol):
    """An engine that works in a child process too, where its class is called without arguments."""

    def must_move(self) -> bool:
        """Whether the process it was made in cannot do the work at all."""

    def settle(self, *, first: bool) -> None:
        """Prepare the child process, before code of the project is imported there.

        Args:
            first: Whether that code might prepare it otherwise.
        """

    def registered(self) -> Iterable[Any]:
        """Return classes and functions that code of the project has registered in this process."""

    def hand_over(self, model: Any, path: Path) -> Mapping[str, Any]:
        """Write a model of this process to a file, and perhaps others beside it.

        Returns:
            The classes and functions of the project that it is made of, by name.

        Raises:
            ModelFileError: It cannot be written.
            OSError: The file cannot be.
        """

    def take_over(self, path: Path, objects: Mapping[str, Any]) -> Any:
        """Return the model that another process has handed over.

        Raises:
            ModelFileError: It cannot be loaded.
        """


@runtime_checkable
class StandIn(Protocol):
    """What has the methods of an engine, and has another do the work."""

    @property
    def stands_for(self) -> Engine:
        """The engine that does the work."""
