"""Saving an original and a pruned model the same way, the pruned one so that it can be loaded."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pytest_paoding.errors import ArtifactError, ModelFileError, cannot_write
from pytest_paoding.gate.pruned_files import FileBytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_paoding.records.protocol import Engine


@contextmanager
def writing(file: Path) -> Iterator[None]:
    """Tell in one line which file of a gate could not be written, and where else it could be.

    Args:
        file: The file, unless the error names another one.
    """
    try:
        yield
    except OSError as error:
        where = error.filename or file
        remedy = "set --paoding-artifacts, --output or TMPDIR to another folder"
        raise ArtifactError(cannot_write(where, error, instead=remedy)) from error


def bytes_of_original(engine: Engine, original: Any, file: Path, *, compress: bool) -> FileBytes:
    """Return the bytes of an original that is saved as its pruned model is.

    Args:
        engine: Does the work.
        original: The original.
        file: A file to come; the original is saved beside it and removed again.
        compress: Whether to count the bytes in an archive too.

    Raises:
        ModelFileError: It cannot be saved.
        OSError: The file cannot be written.
    """
    with _saved(engine, original, file) as spare:
        return FileBytes.of(spare, compress=compress)


def save_readable(engine: Engine, pruned: Any, original: Any, file: Path) -> Any:
    """Save a pruned model, and return what is read back, once, as whoever gets the file will.

    Cost: that of loading the file, with a second copy of the model in memory, and of running both
    on two samples.

    Args:
        engine: Does the work.
        pruned: The pruned model.
        original: The original; where the file cannot be read back, it is told whether its own can.
        file: The file to write.

    Raises:
        ModelFileError: What was saved cannot be loaded, or is another model.
        OSError: The file cannot be written.
    """
    engine.save(pruned, file)
    try:
        return engine.read_back(pruned, file)
    except ModelFileError as error:
        raise ModelFileError(
            f"the pruned model's file {error}; {_of_original(engine, original, file)}"
        ) from error


def _of_original(engine: Engine, original: Any, file: Path) -> str:
    try:
        with _saved(engine, original, file) as spare:
            engine.read_back(original, spare)
    except ModelFileError:
        return (
            "that of the original, saved the same way, is no better: change the model so that "
            "Keras loads what model.save() writes"
        )
    return "that of the original is sound: please report this as a defect of pytest-paoding"


@contextmanager
def _saved(engine: Engine, original: Any, file: Path) -> Iterator[Path]:
    spare = file.with_name(f"original-{file.name}")
    engine.save(original, spare)
    try:
        yield spare
    finally:
        spare.unlink(missing_ok=True)
