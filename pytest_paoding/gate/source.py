"""Where the model of a gate comes from: a test, a hook of the project, or a file."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_paoding.gate.stages import GateSpec
    from pytest_paoding.records.protocol import Engine


class Source:
    """The model of one gate, loaded only if somebody asks for it."""

    def __init__(self, spec: GateSpec, model: Any, hook: Callable[[], Any]) -> None:
        """Take the model a test has handed in, and the hook that may give a configured one."""
        self._spec = spec
        self._model = model
        self._hook = hook

    def load(self, engine: Engine) -> Any:
        """Return the model; raises ModelFileError."""
        if self._spec.path is None or self._given is not None:
            return self._given
        return engine.load_model(self._spec.path)

    def identify(self, engine: Engine) -> str | None:
        """Return a digest of the model, from its file without loading it; None without one."""
        if self._spec.path is None or self._given is not None:
            return engine.identify(self._given)
        return engine.identify(self._spec.path)

    @cached_property
    def _given(self) -> Any:
        """The model that the test or a hook hands in."""
        return self._model if self._spec.path is None else self._hook()
