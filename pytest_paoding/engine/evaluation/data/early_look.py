"""The data for judging, held against what a model file declares before TensorFlow is started."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_paoding.engine.evaluation.data.judged_inputs import sound_blocks
from pytest_paoding.engine.evaluation.data.sources import NO_SAMPLES, is_data_set, is_held, peeked
from pytest_paoding.engine.keras_io.declared_inputs import declared_inputs
from pytest_paoding.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path


def look_early(path: Path, data: Any) -> Any:
    """Refuse data that do not fit the inputs of a model, before anybody waits for TensorFlow.

    Arrays are looked at as a whole, of batches the first one. Data sets of TensorFlow and Keras are
    not, for whom both have been started, nor any data where the file does not tell its inputs.

    Args:
        path: The model file.
        data: The data for judging, as for `evaluate`.

    Returns:
        The data, to be read from the beginning.

    Raises:
        DataError: The inputs do not fit or are not finite, the input is named; or there are none.
    """
    ports = None if is_data_set(data) else declared_inputs(path)
    if ports is None:
        return data
    (x, _, _), again = peeked(data)
    samples = sum(len(block[0]) for block in sound_blocks(x, ports))
    if not samples and is_held(data):
        raise DataError(NO_SAMPLES)
    return again
