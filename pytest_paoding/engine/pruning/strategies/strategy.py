"""The strategy: the base of every way to prune."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_paoding.engine.pruning.task import Task
    from pytest_paoding.engine.surgery.transform import Transform


class Strategy(ABC):
    """A way to prune; one object serves one run.

    Attributes:
        ignores: Options it does not use, each with what the strategy does instead.
        aims: Whether it meets a task's goal by itself; if not, quotas are tightened until it does.
    """

    ignores: ClassVar[Mapping[str, str]] = {}
    aims: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """The name that users give."""
        return type(self).__name__.lower()

    @abstractmethod
    def solve(self, task: Task) -> Transform:
        """Return the changes to the model's units and weights."""

    def inputs_noted(self, task: Task) -> str | None:  # noqa: ARG002 # for those that use them
        """Return what the strategy takes the model's inputs for, if it depends on that."""
        return None

    def refine(self, pruned: Any, task: Task) -> str | None:  # noqa: ARG002 # for those that do
        """Improve the weights of the model that was cut, in place; return a note for the user.

        By default, it is left as it is.
        """
        return None
