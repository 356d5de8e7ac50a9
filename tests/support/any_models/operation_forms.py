"""Operations of `keras.ops`, called in every form that they accept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import layers, ops

if TYPE_CHECKING:
    from support.any_models.chance import Chance

NOT_DRAWN = {
    # These take functions, or work on what is no tensor.
    "associative_scan",
    "cond",
    "convert_to_numpy",
    "custom_gradient",
    "fori_loop",
    "map",
    "map_coordinates",
    "scan",
    "switch",
    "vectorize",
    "vectorized_map",
    "while_loop",
    "get_default_dtype",
    "is_tensor",
    "shape",
}
NAMES = [
    name
    for name in dir(ops)
    if name.islower() and name not in NOT_DRAWN and callable(getattr(ops, name))
]


@dataclass(frozen=True)
class Given:
    """A function, and what it may be called on."""

    function: Any
    chance: Chance
    x: Any
    y: Any


FORMS: dict[str, Any] = {
    "alone": lambda g: g.function(g.x),
    "along the last": lambda g: g.function(g.x, axis=-1),
    "along the first": lambda g: g.function(g.x, axis=1),
    "over all": lambda g: g.function(g.x, axis=tuple(range(1, len(g.x.shape)))),
    "with another": lambda g: g.function(g.x, g.y),
    "with itself": lambda g: g.function(g.x, g.x),
    "in a list": lambda g: g.function([g.x, g.y]),
    "in a list, last": lambda g: g.function([g.x, g.y], axis=-1),
    "with a number": lambda g: g.function(g.x, g.chance.one_of(2, 1, 0.5)),
    "number first": lambda g: g.function(2.0, g.x),
    "with constants": lambda g: g.function(g.x, g.chance.array(1, g.x.shape[-1])),
    "with a variable": lambda g: g.function(g.x, keras.Variable(g.chance.array(g.x.shape[-1]))),
    "with a pair": lambda g: g.function(g.x, 2, axis=-1),
    "of three": lambda g: g.function(g.x > 0, g.x, g.y),
    "between": lambda g: g.function(g.x, -1.0, 1.0),
}
WRITTEN: dict[str, Any] = {
    "broadcast_to": lambda _, x: ops.broadcast_to(ops.expand_dims(x, 1), (1, 2, *x.shape[1:])),
    "cast": lambda c, x: ops.cast(x, c.one_of("float64", "float16", "int32", "bool")),
    "einsum": lambda _, x: ops.einsum("...a,...b->...ab", x, x),
    "einsum pair": lambda c, x: ops.einsum("b...i,ij->b...j", x, c.array(x.shape[-1], 3)),
    "get item": lambda c, x: c.one_of(x[..., :1], x[:, ::2], x[..., -1:], x[..., None]),
    "get item by number": lambda _, x: x[:, 0],
    "reshape": lambda _, x: ops.reshape(x, (-1, x.shape[-1])),
    "reshape back": lambda _, x: ops.reshape(x, (-1, *x.shape[1:])),
    "split": lambda _, x: ops.split(x, 2, axis=-1),
    "take": lambda _, x: ops.take(x, [0, 0, -1], axis=-1),
    "take along axis": lambda _, x: ops.take_along_axis(x, ops.argsort(x, axis=-1), axis=-1),
    "top k": lambda _, x: ops.top_k(x, 2),
    "pad": lambda _, x: ops.pad(x, [[0, 0]] * (len(x.shape) - 1) + [[0, 1]]),
    "transpose": lambda _, x: ops.transpose(x, (0, *reversed(range(1, len(x.shape))))),
    "transpose all": lambda _, x: ops.transpose(x),
    "swapaxes": lambda _, x: ops.swapaxes(x, 1, -1),
    "moveaxis": lambda _, x: ops.moveaxis(x, 1, -1),
    "saturate cast": lambda _, x: ops.saturate_cast(x, "float16"),
    "absolute": lambda _, x: abs(x),
    "squeeze": lambda _, x: ops.squeeze(ops.expand_dims(x, 1), 1),
    "repeat": lambda c, x: ops.repeat(x, 2, axis=c.one_of(-1, 1)),
    "tile": lambda _, x: ops.tile(x, (1,) * (len(x.shape) - 1) + (2,)),
    "one hot": lambda _, x: ops.one_hot(ops.argmax(x, axis=-1), x.shape[-1]),
    "where": lambda _, x: ops.where(x > 0, x, 0.1 * x),
    "matmul": lambda c, x: ops.matmul(x, c.array(x.shape[-1], 3)),
    "matmul self": lambda _, x: ops.matmul(x, ops.swapaxes(x, -1, -2)),
    "conv": lambda c, x: ops.conv(x, c.array(*(2,) * (len(x.shape) - 2), x.shape[-1], 3)),
    "max pool": lambda _, x: ops.max_pool(x, 2),
    "average pool": lambda _, x: ops.average_pool(x, 2, padding="same"),
    "image resize": lambda _, x: ops.image.resize(x, (4, 4)),
    "dot product attention": lambda _, x: ops.dot_product_attention(
        *(layers.Reshape((-1, 1, x.shape[-1]))(x),) * 3
    ),
    "fft": lambda _, x: ops.real(ops.fft((x, ops.zeros_like(x)))[0]),
    "slice": lambda _, x: ops.slice(x, (0,) * len(x.shape), (1, *(1,) * (len(x.shape) - 1))),
    "slice update": lambda _, x: ops.slice_update(x, (0,) * len(x.shape), x),
    "scatter": lambda _, x: ops.scatter([[0]], x[:1, ..., 0], (2,)),
    "power": lambda _, x: 2**x,
    "arithmetic": lambda _, x: (x - 1) / (1 + abs(x)) @ np.eye(x.shape[-1], dtype="float32"),
    "negated": lambda _, x: ops.logical_not(x > 0),
    "lstm": lambda c, x: ops.lstm(
        x, ops.zeros_like(x[:, 0, :2]), ops.zeros_like(x[:, 0, :2]), c.array(x.shape[-1], 8),
        c.array(2, 8), c.array(8),
    ),
}  # fmt: skip


def operated(chance: Chance, x: Any, y: Any) -> Any:
    """Return what one operation makes of a tensor, or of two.

    Raises:
        Exception: It does not fit; of any kind.
    """
    if chance.happens(0.5):
        return WRITTEN[chance.one_of(*WRITTEN)](chance, x)
    function = getattr(ops, chance.one_of(*NAMES))
    for form in chance.some_of(list(FORMS.values()), 6):
        try:
            found = form(Given(function, chance, x, y))
        except Exception:  # noqa: BLE001 # it does not take this form
            continue
        if any(isinstance(each, keras.KerasTensor) for each in keras.tree.flatten(found)):
            return found
    raise ValueError("fits no form")
