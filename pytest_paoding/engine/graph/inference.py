"""Running whole models, in inference mode and without the warnings of Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.guard import fit_for_graphs, without_warnings
from pytest_paoding.errors import RAISED, ExecutionError, PruningError, cause_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.trace import Call


def run(model: Any, inputs: Sequence[Any]) -> list[Any]:
    """Return the outputs of a Sequential or Functional model, flattened.

    Args:
        model: The model.
        inputs: One tensor or array for each of its flattened inputs.

    Raises:
        ExecutionError: A layer refuses what it is run on; the layer is named.
    """
    single = isinstance(model, keras.Sequential)
    given = inputs[0] if single else keras.tree.pack_sequence_as(model.input, list(inputs))
    with without_warnings(), fit_for_graphs(model):
        try:
            outputs: list[Any] = keras.tree.flatten(model(given, training=False))
        except RAISED as error:
            raise _named(model, inputs, error) from error
    return outputs


def first_not_finite(model: Any, inputs: Sequence[Any]) -> str | None:
    """Return the name of the first layer with a value that is not finite, if there is one."""
    found: list[str] = []

    def look(call: Call, values: list[Any]) -> list[Any]:
        outputs = call.on(values)
        if not found and not all(finite(np.asarray(each)).all() for each in outputs):
            found.append(call.name)
        return outputs

    with without_warnings():
        read_graph(model).run([keras.ops.convert_to_tensor(each) for each in inputs], look)
    return found[0] if found else None


def finite(values: Any) -> Any:
    """Return a mask of the values of an array that are finite; strings are."""
    return np.ones(values.shape, bool) if values.dtype.kind == "O" else np.isfinite(values)


def _named(model: Any, inputs: Sequence[Any], error: BaseException) -> ExecutionError:
    """Return the error of a model that cannot be run, with the layer, found call by call."""
    given = [keras.ops.convert_to_tensor(each) for each in inputs]
    try:
        read_graph(model).run(given, lambda call, values: call.on(values))
    except ExecutionError as found:
        return found
    except PruningError:  # it has no graph: it was loaded with a layer that cannot be called
        pass
    return ExecutionError(f"model {model.name!r} cannot be run: {cause_of(error)}")
