"""Functions of TensorFlow on symbolic tensors of Keras: what `keras.ops` has in their place.

TensorFlow asks dispatchers about arguments that it cannot work with. One is registered while a
model's code is recorded; it does for each function of a table what the function would have done.
What it does not know is refused as before. That the functions are the same in every detail is not
taken for granted: an opened model is compared with the original.
"""

from __future__ import annotations

import inspect
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from tensorflow.python.util import dispatch

from pytest_paoding.engine.surgery.opening.batch_sizes import reshaped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_paoding.engine.surgery.opening.refused_reads import RefusedReads


@contextmanager
def tensorflow_on_symbols(reads: RefusedReads | None = None) -> Iterator[None]:
    """Let known functions of TensorFlow work on symbolic tensors within the block.

    Args:
        reads: Reads that raised; those of a function that is known are forgiven.
    """
    dispatcher = _Dispatcher(reads)
    dispatcher.register()
    try:
        yield
    finally:
        dispatch._GLOBAL_DISPATCHERS.remove(dispatcher)  # noqa: SLF001 # nothing else takes it back


class _Dispatcher(dispatch.GlobalOpDispatcher):  # type: ignore[misc] # TensorFlow is untyped
    """Answers for functions that TensorFlow has found unable to work on their arguments."""

    def __init__(self, reads: RefusedReads | None) -> None:
        """Take what remembers reads that raised."""
        super().__init__()
        self._reads = reads

    def handle(self, op: Any, args: Any, kwargs: Any) -> Any:
        """Return what a function gives; `NOT_SUPPORTED` where that is not known."""
        found = self._handled(op, args, kwargs)
        if self._reads is not None and found is not self.NOT_SUPPORTED:
            self._reads.forgive(sys._getframe(1))  # noqa: SLF001 # no public name
        return found

    def _handled(self, op: Any, args: Any, kwargs: Any) -> Any:
        leaves = keras.tree.flatten((args, kwargs))
        if not any(isinstance(leaf, keras.KerasTensor) for leaf in leaves):
            return self.NOT_SUPPORTED
        bound = inspect.signature(op).bind(*args, **kwargs).arguments
        given = {key: each for key, each in bound.items() if key != "name" and each is not None}
        if op.__name__ in _SAME:
            return _SAME[op.__name__](*given.values())
        substitute = _OTHERS.get(op.__name__, _nothing)
        try:
            inspect.signature(substitute).bind(**given)
        except TypeError:  # an option that the table does not know
            return self.NOT_SUPPORTED
        return substitute(**given)


def _nothing() -> None:
    """Take no argument that a function could have been called with."""


_SAME: dict[str, Callable[..., Any]] = {
    "abs": ops.abs,
    "add": ops.add,
    "clip_by_value": ops.clip,
    "concat": ops.concatenate,
    "cos": ops.cos,
    "divide": ops.divide,
    "elu": ops.elu,
    "erf": ops.erf,
    "exp": ops.exp,
    "expand_dims_v2": ops.expand_dims,
    "floor": ops.floor,
    "log": ops.log,
    "log1p": ops.log1p,
    "log_sigmoid": ops.log_sigmoid,
    "maximum": ops.maximum,
    "minimum": ops.minimum,
    "multiply": ops.multiply,
    "neg": ops.negative,
    "ones_like_v2": ops.ones_like,
    "pow": ops.power,
    "reciprocal": ops.reciprocal,
    "relu": ops.relu,
    "relu6": ops.relu6,
    "rsqrt": ops.rsqrt,
    "selu": ops.selu,
    "sigmoid": ops.sigmoid,
    "sign": ops.sign,
    "sin": ops.sin,
    "softplus": ops.softplus,
    "softsign": ops.softsign,
    "sqrt": ops.sqrt,
    "square": ops.square,
    "stack": ops.stack,
    "subtract": ops.subtract,
    "swish": ops.silu,
    "tanh": ops.tanh,
    "tile": ops.tile,
    "where_v2": ops.where,
    "zeros_like_v2": ops.zeros_like,
}
"""Functions of `keras.ops` that take the same arguments in the same order."""


def _reduced(function: Callable[..., Any]) -> Callable[..., Any]:
    def reduce(input_tensor: Any, axis: Any = None, keepdims: bool = False) -> Any:  # noqa: FBT001, FBT002 # TensorFlow's
        return function(input_tensor, axis=axis, keepdims=bool(keepdims))

    return reduce


def _matmul(a: Any, b: Any, *, transpose_a: bool = False, transpose_b: bool = False) -> Any:
    first = ops.swapaxes(a, -1, -2) if transpose_a else a
    return ops.matmul(first, ops.swapaxes(b, -1, -2) if transpose_b else b)


def _split(value: Any, num_or_size_splits: Any, axis: int = 0) -> Any:
    if isinstance(num_or_size_splits, int):
        return ops.split(value, num_or_size_splits, axis)
    sizes: Any = np.cumsum(num_or_size_splits[:-1])
    return ops.split(value, sizes.tolist(), axis)


def _resized(images: Any, size: Any, method: str = "bilinear") -> Any:
    return ops.image.resize(
        images, tuple(size), interpolation=str(method), data_format="channels_last"
    )


def _max_pooled(input: Any, ksize: Any, strides: Any, padding: str) -> Any:  # noqa: A002 # TensorFlow's
    return ops.max_pool(input, ksize, strides, padding.lower(), data_format="channels_last")


def _mean_pooled(input: Any, ksize: Any, strides: Any, padding: str) -> Any:  # noqa: A002 # TensorFlow's
    return ops.average_pool(input, ksize, strides, padding.lower(), data_format="channels_last")


def _normalized(x: Any, axis: Any = None, epsilon: float = 1e-12) -> Any:
    return ops.divide(
        x, ops.sqrt(ops.maximum(ops.sum(ops.square(x), axis, keepdims=True), epsilon))
    )


def _gathered(
    params: Any, indices: Any, *, axis: int = 0, batch_dims: int = 0, validate_indices: Any = None
) -> Any:
    del validate_indices
    if batch_dims:
        raise NotImplementedError("batch_dims")
    return ops.take(params, indices, axis)


def _padded(tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: float = 0) -> Any:
    kind = mode.lower()
    return ops.pad(tensor, paddings, kind, constant_values if kind == "constant" else None)


def _cast(x: Any, dtype: Any) -> Any:
    return ops.cast(x, tf.as_dtype(dtype).name)


def _converted(value: Any, dtype: Any = None) -> Any:
    tensor = ops.stack(value) if isinstance(value, (list, tuple)) else value
    wanted = tensor.dtype if dtype is None else tf.as_dtype(dtype).name
    return tensor if wanted == tensor.dtype else ops.cast(tensor, wanted)


_OTHERS: dict[str, Callable[..., Any]] = {
    "argmax_v2": lambda input, axis=0: ops.argmax(input, axis),  # noqa: A006 # TensorFlow's
    "avg_pool2d": _mean_pooled,
    "cast": _cast,
    "convert_to_tensor_v2_with_dispatch": _converted,
    "einsum": lambda equation, inputs: ops.einsum(equation, *inputs),
    "gather": _gathered,
    "gelu": lambda features, approximate=False: ops.gelu(features, approximate=approximate),
    "identity": lambda input: input,  # noqa: A006 # TensorFlow's
    "l2_normalize": _normalized,
    "leaky_relu": lambda features, alpha=0.2: ops.leaky_relu(features, alpha),
    "log_softmax_v2": lambda logits, axis=None: ops.log_softmax(
        logits, -1 if axis is None else axis
    ),
    "matmul": _matmul,
    "max_pool2d": _max_pooled,
    "one_hot": lambda indices, depth, axis=-1: ops.one_hot(indices, depth, axis=axis),
    "pad": _padded,
    "reduce_max": _reduced(ops.max),
    "reduce_mean": _reduced(ops.mean),
    "reduce_min": _reduced(ops.min),
    "reduce_prod": _reduced(ops.prod),
    "reduce_sum": _reduced(ops.sum),
    "reshape": lambda tensor, shape: ops.reshape(
        tensor, reshaped(tuple(tensor.shape), tuple(shape))
    ),
    "resize_images_v2": _resized,
    "shape": lambda input, out_type=None: ops.shape(input),  # noqa: A006, ARG005 # TensorFlow's
    "softmax_v2": lambda logits, axis=-1: ops.softmax(logits, axis),
    "split": _split,
    "squeeze": lambda input, axis=None: ops.squeeze(input, axis),  # noqa: A006 # TensorFlow's
    "transpose": lambda a, perm=None, conjugate=False: ops.transpose(a, perm),  # noqa: ARG005 # real
    "unstack": lambda value, num=None, axis=0: ops.unstack(value, num, axis),
}
