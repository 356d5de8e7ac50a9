"""Running a model: one traced function per model, for predictions, gradients and attacks."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.evaluation.observing.heads import Head, before_activation, head_of_values
from pytest_paoding.engine.evaluation.observing.leads import lead
from pytest_paoding.engine.evaluation.observing.traced_functions import (
    reason_of,
    require_constant,
    traced,
)
from pytest_paoding.engine.graph.inference import first_not_finite, run
from pytest_paoding.errors import EvaluationError, ExecutionError, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_paoding.engine.evaluation.observing.recollection import Recollection
    from pytest_paoding.engine.evaluation.tasks.output_task import OutputTask
    from pytest_paoding.engine.execution.signature import Signature
    from pytest_paoding.engine.graph.types import FloatArray

    Tasks = Mapping[int, OutputTask]


class GradientError(EvaluationError):
    """A model has no gradient, so that only some attacks can be made on it."""


class Predictor:
    """A model as a function from inputs to the forms that its tasks judge, such as logits.

    Attributes:
        title: What messages call the model.
        judged: Indices of the outputs to be judged.
        tasks: The task of each of them.
    """

    def __init__(
        self,
        model: Any,
        signature: Signature,
        tasks: Tasks,
        title: str,
        recollection: Recollection | None = None,
    ) -> None:
        """Trace `model` once, for batches of any size; what it holds is not changed.

        It is not traced before it is asked for what is not remembered.

        Args:
            model: A Sequential or Functional model; it is run as for inference.
            signature: Its inputs and outputs.
            tasks: The tasks of the outputs to be judged, by index.
            title: What messages call the model.
            recollection: What it has said before, to which what it says now is added.

        Raises:
            EvaluationError: The model draws random numbers or changes its state at inference.
        """
        self.title = title
        self._model = model
        self._signature = signature
        self.judged = tuple(tasks)
        self.tasks = tuple(tasks.values())
        self._recollection = recollection
        self._specs = [
            tf.TensorSpec((None, *port.shape), port.dtype, name=f"input_{number}")
            for number, port in enumerate(signature.inputs)
        ]
        self._backward: dict[Callable[..., Any], Any] = {}  # traced when all heads are known
        self._found = recollection.heads if recollection else []
        _ = self._found or self._forward  # which finds them
        self._heads = [head for head, _ in self._found]

    @cached_property
    def _forward(self) -> Any:
        found = traced(self._outputs, self._specs)
        require_constant(found, self.title)
        if self._recollection is not None:
            self._recollection.heads = self._found
        return found

    def settle(self, inputs: Sequence[Any]) -> tuple[str, ...]:
        """Decide, from the outputs for some samples, what outputs of unknown kind hold.

        Returns:
            What was decided, a note for each such output.
        """
        if Head.UNKNOWN not in self._heads:
            return ()
        notes = []
        for place, scores in enumerate(self._scores(inputs)):
            if self._heads[place] is Head.UNKNOWN and self.tasks[place].from_logits:
                task = self.tasks[place]
                shaped = task.by_units(scores.numpy())
                head = head_of_values(shaped, exclusive=task.exclusive)
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
        pairs = zip(self._heads, self._found, strict=True)
        return [Head.PROBABILITIES if activated else head for head, (_, activated) in pairs]

    def forms(self, inputs: Sequence[Any]) -> list[Any]:
        """Return the form of each judged output, such as logits, shape (samples, ...).

        Args:
            inputs: One tensor for each input, of its dtype.

        Raises:
            EvaluationError: The model cannot be run on them.
        """
        return self._as_forms(self._scores(inputs))

    def masks(self, inputs: Sequence[Any]) -> list[Any | None]:
        """Return which positions of each judged output the model itself says do not count.

        A mask is true where they count, shape (samples, positions); None where there is none.
        """
        outputs = run(self._model, inputs)
        found = [getattr(outputs[index], "_keras_mask", None) for index in self.judged]
        return [None if each is None else np.asarray(each) for each in found]

    def first_not_finite(self, inputs: Sequence[Any]) -> str | None:
        """Return the name of the first layer that gives a value that is not finite, if any does."""
        return first_not_finite(self._model, inputs)

    def gradients(
        self, inputs: Sequence[Any], truths: Sequence[Any]
    ) -> tuple[list[Any], list[Any | None]]:
        """Return the forms, and the gradient of the losses in each floating-point input.

        Args:
            inputs: One tensor for each input, of its dtype.
            truths: What is true of each judged output, an array with the samples first.

        Returns:
            The forms, and for each input the gradient of the losses, summed over the outputs; None
            for an input that is not floating-point.

        Raises:
            EvaluationError: The model cannot be run on them.
        """
        return self._differentiate(self._losses, inputs, truths)

    def losses(self, inputs: Sequence[Any], truths: Sequence[Any]) -> FloatArray:
        """Return the losses of samples, summed over the judged outputs, shape (samples,).

        Args:
            inputs: As for `forms`; arrays will do.
            truths: As for `gradients`.

        Raises:
            EvaluationError: The model cannot be run on them.
        """
        forms = self.forms([tf.convert_to_tensor(each) for each in inputs])
        parts = self._losses(forms, [tf.convert_to_tensor(each) for each in truths])
        return np.sum([each.numpy().astype(np.float64) for each in parts], axis=0)  # type: ignore[no-any-return]  # NumPy's Any

    def _losses(self, forms: Sequence[Any], truths: Sequence[Any]) -> list[Any]:
        triples = zip(self.tasks, forms, truths, strict=True)
        return [task.losses(form, truth) for task, form, truth in triples]

    def leads(self, inputs: Sequence[Any], truths: Sequence[Any]) -> tuple[Any, list[Any | None]]:
        """Return the lead of the true class, and its gradient in the inputs.

        Args:
            inputs: One tensor for each input, of its dtype.
            truths: True classes for each judged output, an array each, shape (samples,).

        Returns:
            The true class's logit minus the highest of the others, the least over the outputs,
            shape (samples,); and for each input its gradient, None if it is not floating-point.

        Raises:
            EvaluationError: The model cannot be run on them.
        """
        logits, gradients = self._differentiate(lead, inputs, truths)
        return lead(logits, [tf.constant(each) for each in truths]), gradients

    def _differentiate(
        self, loss: Callable[..., Any], inputs: Sequence[Any], truths: Sequence[Any]
    ) -> tuple[list[Any], list[Any | None]]:
        given = [tf.convert_to_tensor(each) for each in truths]
        about = f"{loss.__name__} {self._heads}"
        slope = partial(self._slope, loss, given, inputs)
        forms, gradients = self._recalled(about, (*given, *inputs), slope)
        self._require_rows(forms, inputs)
        found = iter(gradients)
        ports = self._signature.inputs
        return forms, [next(found) if port.floating else None for port in ports]

    def _slope(self, loss: Callable[..., Any], given: Sequence[Any], inputs: Sequence[Any]) -> Any:
        """Return the function of truths and inputs that gives forms and gradients, traced once."""
        if loss not in self._backward:
            self._scores(inputs)  # whose checks come before the loss meets what they refuse
            function = partial(self._differentiated, loss)
            specs = [tf.TensorSpec([None] * each.shape.rank, each.dtype) for each in given]
            try:
                self._backward[loss] = traced(function, [*specs, *self._specs])
            except LookupError as error:
                raise GradientError(
                    f"an operation of the {self.title} model has no gradient "
                    f"({shortened(str(error).partition('. ')[0])}): attack='hopskipjump' needs none"
                ) from error
        return self._backward[loss]

    def _outputs(self, *inputs: Any) -> list[Any]:
        try:
            outputs = run(self._model, inputs)
        except ExecutionError as error:
            raise EvaluationError(
                f"the {self.title} model cannot be run on the data: {error}"
            ) from error
        judged = [outputs[index] for index in self.judged]
        self._require_rows(judged, inputs)
        found = [
            before_activation(output) if task.from_logits else (output, Head.UNKNOWN)
            for task, output in zip(self.tasks, judged, strict=True)
        ]
        pairs = zip(found, judged, strict=True)
        self._found = [(head, before is not after) for (before, head), after in pairs]
        ports = [self._signature.outputs[index] for index in self.judged]
        return [  # operations of TensorFlow may leave shapes open that Keras knows
            tf.ensure_shape(tensor, (None, *port.shape))
            if tensor.shape.rank is None or None in tensor.shape[1:]
            else tensor
            for (tensor, _), port in zip(found, ports, strict=True)
        ]

    def _differentiated(self, loss: Callable[..., Any], *given: Any) -> tuple[list[Any], list[Any]]:
        """Return forms and gradients; traced round the one trace of the model."""
        truths, inputs = given[: len(self.tasks)], given[len(self.tasks) :]
        pairs = zip(inputs, self._signature.inputs, strict=True)
        watched = [each for each, port in pairs if port.floating]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(watched)
            forms = self._as_forms(self._forward(*inputs))
            losses = loss(forms, truths)
        return forms, tape.gradient(losses, watched, unconnected_gradients="zero")

    def _as_forms(self, outputs: Sequence[Any]) -> list[Any]:
        triples = zip(self.tasks, outputs, self._heads, strict=True)
        return [task.form(scores, head) for task, scores, head in triples]

    def _scores(self, inputs: Sequence[Any]) -> Any:
        found = self._recalled("scores", inputs, lambda: self._forward)
        self._require_rows(found, inputs)
        return found

    def _require_rows(self, outputs: Sequence[Any], inputs: Sequence[Any]) -> None:
        """Refuse outputs that are not a row for each sample, as far as shapes are known."""
        samples = inputs[0].shape[:1]
        for index, scores in zip(self.judged, outputs, strict=True):
            if scores.shape.rank == 0 or not scores.shape[:1].is_compatible_with(samples):
                raise EvaluationError(
                    f"output {self._signature.outputs[index].name!r} of the {self.title} model has "
                    f"the shape {scores.shape} for inputs of {inputs[0].shape}, not a row for each "
                    f"sample: give labels for another output only, as a dict by name"
                )

    def _recalled(self, about: str, given: Sequence[Any], function: Callable[[], Any]) -> Any:
        """Return what a function gives that is traced when needed; from memory what is known."""
        if self._recollection is None:
            return self._run(function(), *given)
        work: Callable[[], Any] = lambda: self._run(function(), *given)  # noqa: E731
        return self._recollection.recalled(about, given, work)

    def _run(self, function: Any, *arguments: Any) -> Any:
        try:
            return function(*arguments)
        except tf.errors.OpError as error:
            reason = self._refused(arguments[-len(self._specs) :]) or reason_of(error)
            raise EvaluationError(
                f"the {self.title} model cannot be run on the data: {reason}"
            ) from error

    def _refused(self, inputs: Sequence[Any]) -> str | None:
        """Return which layer refuses what it is run on, if one does where nothing is traced."""
        try:
            run(self._model, inputs)
        except ExecutionError as error:
            return str(error)
        return None
