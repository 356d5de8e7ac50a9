"""Running a model: one traced function per model, for predictions, gradients and attacks."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from pytest_paoding.engine.evaluation.heads import (
    Head,
    before_activation,
    head_of_values,
    two_columns_or_more,
)
from pytest_paoding.errors import EvaluationError, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_paoding.engine.execution.signature import Signature
    from pytest_paoding.engine.graph.types import IntArray

_CHANGING = re.compile("Assign|Random")
_LABELS = tf.TensorSpec((None, None), tf.int64, name="labels")


class Predictor:
    """A model as a function from inputs to logits.

    Attributes:
        title: What messages call the model.
        judged: Indices of the outputs to be judged.
    """

    def __init__(self, model: Any, signature: Signature, judged: Sequence[int], title: str) -> None:
        """Trace `model` once, for batches of any size; what it holds is not changed.

        Args:
            model: A Sequential or Functional model; it is run as for inference.
            signature: Its inputs and outputs.
            judged: Indices of the outputs to be judged.
            title: What messages call the model.

        Raises:
            EvaluationError: The model draws random numbers or changes its state at inference.
        """
        self.title = title
        self._model = model
        self._signature = signature
        self.judged = judged
        self._heads: list[Head] = []
        self._activated: list[bool] = []
        self._specs = [
            tf.TensorSpec((None, *port.shape), port.dtype, name=f"input_{number}")
            for number, port in enumerate(signature.inputs)
        ]
        self._forward = _traced(self._outputs, self._specs)
        self._backward: dict[Callable[..., Any], Any] = {}  # traced when all heads are known
        _require_constant(self._forward, title)

    def settle(self, inputs: Sequence[Any]) -> tuple[str, ...]:
        """Decide, from the outputs for some samples, what outputs of unknown kind hold.

        Returns:
            What was decided, a note for each such output.
        """
        if Head.UNKNOWN not in self._heads:
            return ()
        notes = []
        for place, scores in enumerate(self._run(self._forward, *inputs)):
            if self._heads[place] is Head.UNKNOWN:
                head = head_of_values(scores.numpy().reshape(len(scores), -1))
                name = self._signature.outputs[self.judged[place]].name
                notes.append(f"output {name!r} taken for {head.value} by its values")
                self._heads[place] = head
        return tuple(notes)

    def follow(self, other: Predictor) -> None:
        """Take outputs of unknown kind for what another model's were taken for."""
        pairs = zip(self._heads, other._heads, strict=True)
        self._heads = [theirs if mine is Head.UNKNOWN else mine for mine, theirs in pairs]

    @property
    def heads(self) -> list[Head]:
        """What the judged outputs hold as they leave the model, its last activation included."""
        pairs = zip(self._heads, self._activated, strict=True)
        return [Head.PROBABILITIES if activated else head for head, activated in pairs]

    def logits(self, inputs: Sequence[Any]) -> list[Any]:
        """Return the logits of each judged output, shape (samples, classes).

        Args:
            inputs: One tensor for each input, of its dtype.

        Raises:
            EvaluationError: The model cannot be run on them.
        """
        return self._as_logits(self._run(self._forward, *inputs))

    def gradients(
        self, inputs: Sequence[Any], labels: IntArray
    ) -> tuple[list[Any], list[Any | None]]:
        """Return the logits, and the gradient of the cross-entropy in each floating-point input.

        Args:
            inputs: One tensor for each input, of its dtype.
            labels: True classes for each judged output, shape (outputs, samples).

        Returns:
            The logits, and for each input the gradient of the cross-entropy, summed over the
            outputs; None for an input that is not floating-point.

        Raises:
            EvaluationError: The model cannot be run on them.
        """
        return self._differentiate(_cross_entropy, inputs, labels)

    def leads(self, inputs: Sequence[Any], labels: IntArray) -> tuple[Any, list[Any | None]]:
        """Return the lead of the true class, and its gradient in the inputs.

        Args:
            inputs: One tensor for each input, of its dtype.
            labels: True classes for each judged output, shape (outputs, samples).

        Returns:
            The true class's logit minus the highest of the others, the least over the outputs,
            shape (samples,); and for each input its gradient, None if it is not floating-point.

        Raises:
            EvaluationError: The model cannot be run on them.
        """
        logits, gradients = self._differentiate(_lead, inputs, labels)
        return _lead(logits, tf.constant(labels)), gradients

    def _differentiate(
        self, loss: Callable[..., Any], inputs: Sequence[Any], labels: IntArray
    ) -> tuple[list[Any], list[Any | None]]:
        if loss not in self._backward:
            function = partial(self._differentiated, loss)
            self._backward[loss] = _traced(function, [_LABELS, *self._specs])
        logits, gradients = self._run(self._backward[loss], tf.constant(labels), *inputs)
        found = iter(gradients)
        ports = self._signature.inputs
        return logits, [next(found) if port.floating else None for port in ports]

    def _outputs(self, *inputs: Any) -> list[Any]:
        arguments = keras.tree.pack_sequence_as(self._signature.structure, inputs)
        outputs = keras.tree.flatten(self._model(arguments, training=False))
        judged = [outputs[index] for index in self.judged]
        found = [before_activation(output) for output in judged]
        self._heads = [head for _, head in found]
        pairs = zip(found, judged, strict=True)
        self._activated = [before is not after for (before, _), after in pairs]
        return [tensor for tensor, _ in found]

    def _differentiated(
        self, loss: Callable[..., Any], labels: Any, *inputs: Any
    ) -> tuple[list[Any], list[Any]]:
        """Return logits and gradients; traced round the one trace of the model."""
        pairs = zip(inputs, self._signature.inputs, strict=True)
        watched = [each for each, port in pairs if port.floating]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(watched)
            logits = self._as_logits(self._forward(*inputs))
            losses = loss(logits, labels)
        return logits, tape.gradient(losses, watched, unconnected_gradients="zero")

    def _as_logits(self, outputs: Sequence[Any]) -> list[Any]:
        pairs = zip(outputs, self._heads, strict=True)
        return [two_columns_or_more(scores, head) for scores, head in pairs]

    def _run(self, function: Any, *arguments: Any) -> Any:
        try:
            return function(*arguments)
        except tf.errors.OpError as error:
            raise EvaluationError(
                f"the {self.title} model cannot be run on the data: {_reason(error)}"
            ) from error


def top_classes(logits: Sequence[Any]) -> IntArray:
    """Return the class with the highest logit for each output, shape (outputs, samples)."""
    return np.stack([each.numpy().argmax(axis=1) for each in logits])


def _cross_entropy(logits: Sequence[Any], labels: Any) -> list[Any]:
    return [
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels[place], scores)
        for place, scores in enumerate(logits)
    ]


def _lead(logits: Sequence[Any], labels: Any) -> Any:
    leads = []
    for place, scores in enumerate(logits):
        truth = tf.one_hot(labels[place], tf.shape(scores)[1], on_value=True, off_value=False)
        own = tf.gather(scores, labels[place], axis=1, batch_dims=1)
        others = tf.where(truth, scores.dtype.min, scores)
        leads.append(tf.cast(own - tf.reduce_max(others, axis=1), tf.float64))
    return tf.reduce_min(tf.stack(leads), axis=0)


def _traced(function: Callable[..., Any], specs: Sequence[Any]) -> Any:
    """Return `function` traced for tensors of `specs`.

    The concrete function: many models in one process would look to TensorFlow like one function
    that is traced again and again, of which it warns.
    """
    return tf.function(function, input_signature=specs, autograph=False).get_concrete_function()


def _reason(error: Any) -> str:
    """Return the line of an error of TensorFlow that is not about where in the graph it was."""
    lines = [line.strip() for line in error.message.splitlines()]
    said = [line for line in lines if line and not line.startswith("[[")]
    return shortened(said[-1])


def _require_constant(function: Any, title: str) -> None:
    """Refuse a function that gives other results the second time, before it has run once."""
    for operation in function.graph.get_operations():
        if _CHANGING.search(operation.type):
            raise EvaluationError(
                f"the {title} model is not constant at inference (operation {operation.name}, "
                f"{operation.type}): what it gives cannot be judged"
            )
