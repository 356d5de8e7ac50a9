"""Where the model of a gate comes from: a test, a hook of the project, or a file."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

    from pytest_paoding.gate import GateSpec
    from pytest_paoding.protocol import Engine


class Source:
    """The model of one gate, loaded only if somebody asks for it."""

    def __init__(self, item: pytest.Item, spec: GateSpec, model: Any) -> None:
        self._item = item
        self._spec = spec
        self._model = model

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
        if self._spec.path is None:
            return self._model
        hook = self._item.ihook.pytest_paoding_load_model
        return hook(config=self._item.config, spec=self._spec)
