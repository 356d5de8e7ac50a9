"""A model as the function that other programs call: named inputs, named outputs, no training."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from pytest_paoding.engine.execution.signature import signature_of
from pytest_paoding.engine.guard import fit_for_graphs

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_paoding.engine.execution.signature import Signature
    from pytest_paoding.engine.ports import Port

ENTRY = "serving_default"
"""The name of the function, where every runtime looks for it."""
_LOOP = re.compile("While|If$|Case$")


@dataclass(frozen=True, slots=True)
class Keys:
    """Names of the model's inputs and outputs in the function, in the model's order."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @classmethod
    def of(cls, signature: Signature) -> Keys:
        """Return the names of ports as identifiers, each of them once."""
        names = _distinct((*signature.inputs, *signature.outputs))
        count = len(signature.inputs)
        return cls(tuple(names[:count]), tuple(names[count:]))


def _distinct(ports: Iterable[Port]) -> list[str]:
    found: list[str] = []
    for port in ports:
        name = base = re.sub(r"\W", "_", port.name)
        number = 1
        while name in found:
            number += 1
            name = f"{base}_{number}"
        found.append(name)
    return found


def serving_function(model: Any, *, batch: int | None = None) -> Any:
    """Return a `tf.function` from a model's inputs, by position, to a dict of its outputs.

    Args:
        model: A Sequential or Functional model; it is run as for inference.
        batch: The number of samples in a call; None for any.
    """
    signature = signature_of(model)
    keys = Keys.of(signature)

    def serve(*inputs: Any) -> dict[str, Any]:
        arguments = keras.tree.pack_sequence_as(signature.structure, inputs)
        with fit_for_graphs(model):
            outputs = keras.tree.flatten(model(arguments, training=False))
        return dict(zip(keys.outputs, outputs, strict=True))

    specs = [
        tf.TensorSpec((batch, *port.shape), port.dtype, name=key)
        for key, port in zip(keys.inputs, signature.inputs, strict=True)
    ]
    return tf.function(serve, input_signature=specs, autograph=False)


def loop_in(served: Any) -> str | None:
    """Return the name of a loop or branch in a traced function, if it has any."""
    definition = served.graph.as_graph_def()
    functions = (each.node_def for each in definition.library.function)
    nodes = chain(definition.node, *functions)
    return next((node.name for node in nodes if _LOOP.search(node.op)), None)


def save_model(model: Any, folder: Path, *, batch: int | None = None) -> Any:
    """Write a model as a SavedModel with one function, and return that, traced.

    The weights are in it once. `Model.export` of Keras tracks them under two names, and then they
    are written twice.

    Args:
        model: A Sequential or Functional model; it is not changed.
        folder: The folder to write to; made where it is missing.
        batch: Number of samples, or None; see `serving_function`.
    """
    holder = tf.Module()
    holder.weights = [variable.value for variable in model.variables]
    served = serving_function(model, batch=batch).get_concrete_function()
    tf.saved_model.save(holder, str(folder), signatures={ENTRY: served})
    return served
