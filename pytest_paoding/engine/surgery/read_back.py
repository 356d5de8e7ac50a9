"""Reading a saved model back: a file that nobody can load is none to publish.

Keras writes some models so that it cannot load them, or loads them with weights that it has just
drawn: layers that are reached by more than one nested model, say, or arguments of a layer that its
`get_config()` does not tell.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.graph.inference import run
from pytest_paoding.engine.guard import state_kept, undisturbed
from pytest_paoding.engine.inputs.open_lengths import settled_sources
from pytest_paoding.engine.keras_io.load import load_own
from pytest_paoding.engine.keras_io.own_objects import own_objects
from pytest_paoding.engine.surgery.opening.equality import TOLERANCES, distance
from pytest_paoding.engine.surgery.self_checks import proof_inputs
from pytest_paoding.errors import ExecutionError, ModelFileError, PaodingError

if TYPE_CHECKING:
    from pathlib import Path


def require_same(model: Any, path: Path) -> Any:
    """Load the file that a model was saved in, hold it against the model, and return it.

    The weights must be the same bit for bit, and the outputs on two drawn inputs but for rounding,
    where the model can be run on them and is not random. Classes of one's own need not be
    registered, and a Lambda may hold code: this program has them. The model is not changed.

    Cost: loading the file, a copy of the model, and a run of both on two samples.

    Raises:
        ModelFileError: The file cannot be loaded, or gives another model.
    """
    with undisturbed(), state_kept(model):
        try:
            found = load_own(path, own_objects(model))
        except ModelFileError as error:
            raise ModelFileError(str(error).removeprefix(f"{path}: ")) from error
        if _weights(found) != _weights(model):
            raise ModelFileError("is loaded with other weights than were saved")
        try:
            sources, _ = settled_sources(model)
            inputs = proof_inputs(sources, 0)
        except PaodingError:  # its inputs cannot be drawn
            return found
        _require_same_outputs(model, found, inputs)
        return found


def _weights(model: Any) -> Counter[str]:
    """Return how often the model has each weight, whatever their order."""
    return Counter(map(_digest, map(values_of, model.weights)))


def _digest(array: Any) -> str:
    found = hashlib.sha256(f"{array.dtype} {array.shape}".encode())
    found.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return found.hexdigest()


def _require_same_outputs(model: Any, found: Any, inputs: list[Any]) -> None:
    try:
        expected = _outputs(model, inputs)
    except ExecutionError:
        return
    try:
        outputs = _outputs(found, inputs)
    except ExecutionError as error:
        raise ModelFileError(f"is loaded, but cannot be run: {error}") from error
    tolerance = max((TOLERANCES.get(str(each.dtype), 0.0) for each in expected), default=0.0)
    apart = distance(expected, outputs)
    if apart <= tolerance or not distance(expected, _outputs(model, inputs)) <= tolerance:
        return  # in the second case it is random
    raise ModelFileError(
        f"is loaded as a model that computes something else (off by {apart:.1e}): the get_config() "
        f"of a layer does not tell all that the layer is"
    )


def _outputs(model: Any, inputs: list[Any]) -> list[Any]:
    return [values_of(each) for each in run(model, inputs)]
