"""Recording: a model's own code run on symbolic tensors, which leaves a graph of layers.

Keras connects layers that are called on symbolic tensors. While a model's `call` runs on them,
every layer it calls is replaced by a copy, so that the user's own layers gain no connection; what
is itself made of layers (a subclassed model, a layer composed of others) is not called but run, so
that its layers are connected in its place.
"""

from __future__ import annotations

import re
import sys
import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.graph.functional import is_nested
from pytest_paoding.engine.graph.rules.registry import known
from pytest_paoding.engine.keras_classes import KERAS_VARIABLE
from pytest_paoding.engine.surgery.copies import copied
from pytest_paoding.engine.surgery.opening.assignments import Assignments
from pytest_paoding.engine.surgery.opening.batch_sizes import with_open_batch
from pytest_paoding.engine.surgery.opening.choices import chosen, is_cond, loops_recorded, with_axes
from pytest_paoding.engine.surgery.opening.constants import Constants
from pytest_paoding.engine.surgery.opening.layer_calls import (
    FLOATING,
    cast,
    hand_on_masks,
    mask_of,
    parameters_of,
    reads_other_shapes,
)
from pytest_paoding.engine.surgery.opening.own_code import has_code, is_composed, named_layers
from pytest_paoding.engine.surgery.opening.refused_reads import RefusedReads
from pytest_paoding.engine.surgery.opening.tensorflow_calls import tensorflow_on_symbols
from pytest_paoding.engine.surgery.opening.user_lines import explained
from pytest_paoding.engine.surgery.rebuild import build_activation, remade
from pytest_paoding.errors import RAISED, PruningError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

_TOKENS = {
    keras.layers.Embedding: "int32",
    keras.layers.CategoryEncoding: "int32",
    keras.layers.IntegerLookup: "int64",
    keras.layers.StringLookup: "string",
    keras.layers.TextVectorization: "string",
    **dict.fromkeys(known("keras.src.ops.nn", "OneHot"), "int32"),
}
"""What reads numbers of tokens, or texts, with the dtype of what it reads."""


class RetypedError(Exception):
    """An input is read by a layer that wants another dtype than was assumed."""

    def __init__(self, place: int, dtype: str) -> None:
        """Take the index of the input and the dtype."""
        super().__init__(f"input {place} is {dtype}")
        self.place = place
        self.dtype = dtype


class Recording:
    """One run of a model's own code on symbolic tensors.

    Attributes:
        copies: The copy of every layer that was called.
        run: Names and classes of what was run in place of being called.
        kept: Layers composed of others that could not be run, and why: they stay as they are.
        reads: Reads of values that raised, swallowed or not.
        constants: Constants beside what the code computes.
        assigned: What was assigned to variables, and was not done.
    """

    def __init__(self, model: Any, inputs: Sequence[Any]) -> None:
        """Take a model, and the symbolic tensors it will be run on."""
        self.copies: dict[Any, Any] = {}
        self.run: dict[str, str] = {}
        self.kept: dict[str, str] = {}
        self.reads = RefusedReads(self._is_ours)
        self.assigned = Assignments()
        self.constants = Constants()
        self._tensors = tuple(inputs)
        self._inputs = {id(tensor): place for place, tensor in enumerate(inputs)}
        names = Counter(layer.name for layer in named_layers(model))
        self._reserved = set(names)
        self._ambiguous = {name for name, count in names.items() if count > 1}
        self._taken = {tensor.name for tensor in inputs}
        self._around: list[str] = []
        self._busy = False
        self._thread = threading.get_ident()

    def outputs(self, model: Any, args: Sequence[Any], *, training: bool | None) -> Any:
        """Run `model.call`; return its symbolic outputs.

        Raises:
            PruningError: The code reads values, and goes on without them.
            RetypedError: See there.
            Exception: Whatever the code raises.
        """
        kwargs = {"training": training} if "training" in parameters_of(model) else {}
        with (
            self._watching(),
            self.reads.watching(),
            self.assigned.watching(self._is_ours),
            loops_recorded(),
            tensorflow_on_symbols(self.reads),
        ):
            found = model.call(*args, **kwargs)
        refused = self.reads.first()
        if refused is not None:
            wanted = isinstance(refused.error, RetypedError)
            raise refused.error if wanted else PruningError(str(refused))
        return found

    def _is_ours(self) -> bool:
        """Whether what runs is the project's own code, in this thread, and no layer of Keras."""
        return not self._busy and threading.get_ident() == self._thread

    @contextmanager
    def _watching(self) -> Iterator[None]:
        """Replace what Keras does when layers and operations are called on symbolic tensors.

        Only in this thread, and only until the end of the block.
        """
        call, connect = keras.layers.Layer.__call__, keras.Operation.symbolic_call

        def called(layer: Any, *args: Any, **kwargs: Any) -> Any:
            ours = self._is_ours()
            if ours and args and layer.weights and not _symbolic((args, kwargs)):
                args = keras.tree.map_structure(self._for_every_sample, args)
            if not (ours and _symbolic((args, kwargs))):
                return call(layer, *args, **kwargs)
            with self._remembering(sys._getframe(1)):  # noqa: SLF001 # no public name
                return self._called(call, layer, args, kwargs)

        def connected(operation: Any, *args: Any, **kwargs: Any) -> Any:
            if not self._is_ours() or isinstance(operation, keras.layers.Layer):
                return connect(operation, *args, **kwargs)
            with self._remembering(sys._getframe(1)):  # noqa: SLF001 # no public name
                return self._connected(connect, operation, args, kwargs)

        keras.layers.Layer.__call__, keras.Operation.symbolic_call = called, connected
        try:
            yield
        finally:
            keras.layers.Layer.__call__, keras.Operation.symbolic_call = call, connect

    @contextmanager
    def _remembering(self, caller: FrameType) -> Iterator[None]:
        """Remember what is raised within the block; what is no more than tried is forgotten."""
        try:
            yield
        except RAISED as error:
            self.reads.add(error, caller)
            raise
        self.reads.forgive(caller)

    def _connected(self, connect: Any, operation: Any, args: Any, kwargs: Any) -> Any:
        if is_cond(operation):
            return chosen(*args, **kwargs)
        _refuse_weights((args, kwargs))
        self.constants.add(operation, (args, kwargs), sys._getframe(1))  # noqa: SLF001 # no public name
        self._require_dtypes(operation, (args, kwargs))
        args = with_axes(operation, args)
        operation = with_open_batch(operation, args)
        operation.name = self._free_name(_snake_case(type(operation).__name__))
        return connect(operation, *args, **kwargs)

    def _called(self, call: Any, layer: Any, args: Any, kwargs: Any) -> Any:
        if has_code(layer) or reads_other_shapes(layer, args):
            return self._run(layer, args, kwargs)
        if is_composed(layer) and layer.name not in self.kept:
            mark = self.reads.mark()
            try:
                found = self._run(layer, args, kwargs)
            except RetypedError:
                raise
            except RAISED as error:  # whatever code of the user raises
                self.kept[layer.name] = explained(error)
            else:
                refused = self.reads.first(mark)
                if refused is None:
                    return found
                self.kept[layer.name] = str(refused)
            self.reads.take_back(mark)
        self._require_dtypes(layer, (args, kwargs))
        self._busy = True
        try:
            copy = self._copy(layer)
            outputs = call(copy, *args, **kwargs)
            build_activation(layer, copy, outputs)
        finally:
            self._busy = False
        return outputs

    def _for_every_sample(self, constant: Any) -> Any:
        """Return a symbolic tensor of a constant, which a layer with weights is called on.

        Called on the constant itself, such as the positions of a text, the layer would give another
        constant, and its weights would be none.
        """
        numeric = [each for each in self._tensors if each.dtype != "string"]
        if not numeric or not hasattr(constant, "shape") or not hasattr(constant, "dtype"):
            return constant
        values = values_of(constant)
        one = values if values.shape[:1] == (1,) else values[np.newaxis]
        zeros = keras.ops.zeros_like(numeric[0], dtype=str(values.dtype))
        if tuple(zeros.shape[1:]) != one.shape[1:]:
            zeros = keras.ops.max(zeros, axis=tuple(range(1, len(zeros.shape))))
            zeros = keras.ops.reshape(zeros, (-1, *(1,) * (one.ndim - 1)))
        return keras.ops.add(zeros, one)

    def _copy(self, layer: Any) -> Any:
        if layer not in self.copies:
            copy = copied(layer, {}) if is_nested(layer) else remade(layer)
            copy.name = self._free_name(layer.name, own=True)
            if copy.trainable != layer.trainable:
                copy.trainable = layer.trainable
            self.copies[layer] = copy
        return self.copies[layer]

    def _run(self, layer: Any, args: Any, kwargs: Any) -> Any:
        """Do what calling a layer does around running its code."""
        names, before = parameters_of(layer), self._around
        given = {key: each for key, each in kwargs.items() if key in names or "**" in names}
        masks = keras.tree.map_structure(mask_of, args[0]) if args else None
        masked = any(mask is not None for mask in keras.tree.flatten(masks))
        if masked and "mask" in names and given.get("mask") is None:
            given["mask"] = masks
        if "training" in names:
            given.setdefault("training", None)
        args, given = keras.tree.map_structure(lambda each: cast(layer, each), (args, given))
        self._around = [*before, layer.name]
        try:
            outputs = layer.call(*args, **given)
        finally:
            self._around = before
        self.run[layer.name] = type(layer).__name__
        if masked and layer.supports_masking:
            hand_on_masks(layer.compute_mask(args[0], masks), outputs)
        return outputs

    def _require_dtypes(self, layer: Any, arguments: Any) -> None:
        wanted = _TOKENS.get(type(layer))
        for leaf in keras.tree.flatten(arguments):
            place = self._inputs.get(id(leaf))
            if wanted is not None and place is not None and leaf.dtype.startswith(FLOATING):
                raise RetypedError(place, wanted)

    def _free_name(self, name: str, *, own: bool = False) -> str:
        """Return a name that nothing else in the graph has; `own` if it is a layer's own name."""
        scoped = "_".join((*self._around, name)) if own else name
        candidates = [scoped] if name in self._ambiguous else [name, scoped]
        free = [
            each
            for each in candidates
            if each not in self._taken and (own or each not in self._reserved)
        ]
        number = 0
        while not free:
            number += 1
            each = f"{candidates[-1]}_{number}"
            free = [each] if each not in self._taken | self._reserved else []
        self._taken.add(free[0])
        return free[0]


def _symbolic(arguments: Any) -> bool:
    return any(isinstance(leaf, keras.KerasTensor) for leaf in keras.tree.flatten(arguments))


def _refuse_weights(arguments: Any) -> None:
    for leaf in keras.tree.flatten(arguments):
        if isinstance(leaf, (KERAS_VARIABLE, tf.Variable)):
            raise PruningError(
                f"the weight {leaf.name!r} is read outside of a layer: put it into a layer"
            )


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
