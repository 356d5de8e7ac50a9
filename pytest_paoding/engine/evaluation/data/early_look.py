"""The data for judging, held against what a model file declares before TensorFlow is started."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_paoding.engine.evaluation.data.judging_data import require_sound
from pytest_paoding.engine.evaluation.data.sources import is_data_set, peeked
from pytest_paoding.engine.keras_io.declared_inputs import declared_inputs

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
        DataError: The inputs do not fit or are not finite; the input is named.
    """
    ports = None if data is None or is_data_set(data) else declared_inputs(path)
    if ports is None:
        return data
    first, again = peeked(data)
    if first is not None:
        require_sound(first[0], ports)
    return again
