"""Where the model of a gate comes from: a test, a hook of the project, or a file."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from pytest_paoding.errors import ModelFileError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_paoding.records.protocol import Engine


class Source:
    """The model of one gate, loaded only if somebody asks for it."""

    def __init__(
        self, engine: Engine, path: Path | None, *, model: Any, hook: Callable[[], Any]
    ) -> None:
        """Take the file of a configured model and the hook that may replace it, or a model."""
        self._engine = engine
        self._path = path
        self._model = model
        self._hook = hook

    @cached_property
    def _origin(self) -> Any:
        """The model that the test or the hook hands in, else the path of its file."""
        if self._path is None:
            return self._model
        given = self._hook()
        return _present(self._path) if given is None else given

    def find(self) -> None:
        """Make sure that there is a model, without loading it; raises ModelFileError."""
        _ = self._origin

    def load(self) -> Any:
        """Return the model; raises ModelFileError."""
        return self._loaded

    @cached_property
    def _loaded(self) -> Any:
        file = self._file
        return self._origin if file is None else self._engine.load_model(file)

    def look_early(self, data: Any) -> Any:
        """Return the data for judging, once they are known to fit what the model's file declares.

        Raises DataError, or ModelFileError.
        """
        file = self._file
        return data if file is None or data is None else self._engine.look_early(file, data)

    @property
    def _file(self) -> Path | None:
        """The file that the model is to be loaded from; None where it was handed in."""
        return self._path if self._origin is self._path else None

    def identify(self) -> str | None:
        """Return a digest of the model, from its file without loading it if that can be.

        None without one, as where code of the project takes part; raises ModelFileError.
        """
        found = self._engine.identify(self._origin)
        if found is None and self._file is not None:  # which may not tell whose code it needs
            return self._engine.identify(self.load())
        return found


def _present(path: Path) -> Path:
    """Return the path of a file that is there: no engine has to start up to miss it.

    Whatever else is wrong with it, the engine says.

    Raises:
        ModelFileError: It is not there.
    """
    try:
        path.stat()
    except FileNotFoundError:
        raise ModelFileError(f"{path}: there is no such file: train and save it first") from None
    except (OSError, ValueError):
        pass
    return path
