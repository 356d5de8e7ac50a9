"""What joins two tensors, and layers that need more than one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keras import layers
from keras.src.applications.inception_resnet_v2 import CustomScaleLayer

if TYPE_CHECKING:
    from support.any_models.chance import Chance


def attended(chance: Chance, x: Any, y: Any) -> Any:
    options = {"use_bias": chance.happens(0.7), "dropout": chance.one_of(0.0, 0.2)}
    layer = layers.MultiHeadAttention(chance.one_of(1, 2, 3), chance.one_of(1, 2, 4), **options)
    return layer(x, y, use_causal_mask=chance.happens(0.3))


def attended_by_groups(chance: Chance, x: Any, y: Any) -> Any:
    layer = layers.GroupQueryAttention(2, chance.one_of(2, 4), chance.one_of(1, 2))
    return layer(x, y)


def attention(chance: Chance, x: Any, y: Any) -> Any:
    kind = chance.one_of(layers.Attention, layers.AdditiveAttention)
    return kind(use_scale=chance.happens(0.5))([x, y])


def with_states(chance: Chance, x: Any, y: Any) -> Any:
    """Let one recurrent layer begin where another has ended."""
    kind = chance.one_of(layers.LSTM, layers.GRU)
    units = chance.width()
    _, *states = kind(units, return_state=True)(x)
    return kind(units, return_sequences=True)(y, initial_state=states)


def bidirectional_states(chance: Chance, x: Any, _: Any) -> Any:
    inner = layers.LSTM(chance.width(), return_state=True, return_sequences=True)
    return list(layers.Bidirectional(inner)(x))


def of_rank(low: int, *functions: Any) -> Any:
    def join(chance: Chance, x: Any, y: Any) -> Any:
        if len(x.shape) < low + 1:
            raise ValueError("too flat")
        return chance.one_of(*functions)(chance, x, y)

    return join


def merged(kind: str) -> Any:
    return lambda _, x, y: getattr(layers, kind)([x, y])


JOINS: dict[str, Any] = {
    **{
        kind: merged(kind)
        for kind in ("add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate")
    },
    "concatenate first": lambda _, x, y: layers.Concatenate(axis=1)([x, y]),
    "concatenate thrice": lambda _, x, y: layers.Concatenate()([x, y, x]),
    "add thrice": lambda _, x, y: layers.Add()([x, y, x]),
    "dot": lambda c, x, y: layers.Dot(axes=c.one_of(-1, 1), normalize=c.happens(0.3))([x, y]),
    "gate": lambda c, x, y: x * layers.Dense(c.one_of(1, x.shape[-1]), "sigmoid")(y),
    "CustomScaleLayer": lambda _, x, y: CustomScaleLayer(0.2)([x, y]),
    "plus": lambda _, x, y: x + y,
    "hashed crossing": lambda _, x, y: layers.HashedCrossing(5, output_mode="one_hot")(
        [layers.Discretization([0.0])(each[..., 0]) for each in (x, y)]
    ),
    "MultiHeadAttention": of_rank(2, attended),
    "GroupQueryAttention": of_rank(2, attended_by_groups),
    "Attention": of_rank(2, attention),
    "states": of_rank(2, with_states),
    "bidirectional states": of_rank(2, bidirectional_states),
}
