"""A whole drawn model: inputs, body, outputs, weights, and how Keras was set up for it."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import layers, ops

from support.any_models import entries
from support.any_models.growth import Body
from support.any_models.layer_tables import act
from support.patterns import PATTERNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.any_models.chance import Chance


@dataclass(frozen=True)
class Drawn:
    """A model, and inputs that fit it."""

    model: Any
    inputs: Any
    policy: str


def drawn_model(chance: Chance) -> Drawn:
    """Draw a model; most are grown, some are the hand-built patterns."""
    keras.utils.set_random_seed(chance.whole(0, 99))
    policies = ["float32"] * 8 + ["mixed_float16", "mixed_bfloat16", "float64", "float16"]
    policy = chance.one_of(*policies)
    layout = chance.one_of(*["channels_last"] * 12, "channels_first")
    with _set_up(policy, layout):
        kind = chance.one_of(*[_grown] * 6, _sequential, _sequential, _pattern)
        model, inputs = kind(chance)
        if chance.happens(0.8):  # as training does, which builds what Keras builds late
            with suppress(Exception):
                model(inputs, training=False)
        _set_weights(chance, model)
        _set_state(chance, model)
    return Drawn(model, inputs, policy)


@contextmanager
def _set_up(policy: str, layout: str) -> Iterator[None]:
    before = keras.config.dtype_policy(), keras.config.image_data_format()
    keras.config.set_dtype_policy(policy)
    keras.config.set_image_data_format(layout)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before[0])
        keras.config.set_image_data_format(before[1])


def _grown(chance: Chance) -> tuple[Any, Any]:
    count = chance.one_of(1, 1, 1, 1, 2, 3)
    named = count > 1 and chance.happens(0.5)
    given = [entries.entry(chance, f"in_{number}" if named else None) for number in range(count)]
    stems = [_stem(chance, each.tensor) for each in given]
    body = Body(chance, stems)
    body.grow(chance.whole(1, 9))
    if count > 1 and chance.happens(0.8):
        flat = [_flat(chance, each) for each in (*stems[:-1], body.tensors[-1])]
        body.tensors.append(layers.concatenate(flat))
        body.grow(chance.whole(0, 3))
    outputs = _outputs(chance, body)
    arrays = [each.drawn(chance, _samples(given)) for each in given]
    tensors = [each.given for each in given]
    if named:
        names = [each.name for each in tensors]
        by_name = chance.happens(0.7)
        model = keras.Model(dict(zip(names, tensors, strict=True)) if by_name else tensors, outputs)
        return model, dict(zip(names, arrays, strict=True)) if by_name else arrays
    if count > 1 or chance.happens(0.1):
        return keras.Model(tensors, outputs), arrays
    return keras.Model(tensors[0], outputs), arrays[0]


def _stem(chance: Chance, x: Any) -> Any:
    """Let units that may leave read an input, most often."""
    if chance.happens(0.25):
        return x
    table = {2: layers.Conv1D, 3: layers.Conv2D, 4: layers.Conv3D}
    kind = table.get(len(x.shape) - 1)
    x = x if "float" in str(x.dtype) else ops.cast(x, "float32")
    x = layers.Dense(chance.one_of(4, 6, 8), act(chance))(x)
    if kind is None or chance.happens(0.3):
        return layers.Dense(chance.one_of(4, 6, 8), act(chance))(x)
    return kind(
        chance.one_of(4, 6, 8), chance.one_of(1, 3), padding="same", activation=act(chance)
    )(x)


def _samples(given: list[entries.Entry]) -> int:
    fixed = [each.given.shape[0] for each in given if each.given.shape[0]]
    return fixed[0] if fixed else entries.SAMPLES


def _outputs(chance: Chance, body: Body) -> Any:
    heads = [_head(chance, body.tensors[-1])]
    while chance.happens(0.25) and len(heads) < 4:
        heads.append(_head(chance, chance.one_of(*body.tensors)))
    if len(heads) > 1 and chance.happens(0.4):
        return {f"out_{number}": head for number, head in enumerate(heads)}
    return heads[0] if len(heads) == 1 and chance.happens(0.8) else heads


def _head(chance: Chance, x: Any) -> Any:
    """Return an output: a classifier's most often, but anything may be one."""
    kind = chance.whole(0, 11)
    if kind == 0:
        return x
    if kind == 1:
        return chance.one_of(ops.argmax, ops.zeros_like, ops.sign, ops.isfinite, ops.max)(x)
    ending = chance.one_of(None, "softmax", "sigmoid", "relu", "softmax")
    flat = _flat(chance, x)
    if chance.happens(0.5):
        flat = layers.Dense(chance.one_of(4, 6, 8), act(chance))(flat)
    if kind == 2:
        return layers.Activation(ending or "linear")(flat)
    return layers.Dense(chance.one_of(1, 2, 3, 3), ending, dtype=chance.one_of(None, "float32"))(
        flat
    )


def _flat(chance: Chance, x: Any) -> Any:
    if len(x.shape) == 2:
        return x
    if None in x.shape[1:] or chance.happens(0.4):
        return ops.mean(x, axis=tuple(range(1, len(x.shape) - 1)))
    return layers.Flatten()(x)


def _sequential(chance: Chance) -> tuple[Any, Any]:
    """Return a chain as a Sequential model."""
    entry = entries.entry(chance)
    body = Body(chance, [_stem(chance, entry.tensor)], branches=False)
    body.grow(chance.whole(1, 6))
    x = _head(chance, body.tensors[-1])
    whole = keras.Model(entry.given, x)
    chain = [each for each in whole.operations if isinstance(each, layers.Layer)]
    straight = all(len(each._inbound_nodes) < 2 for each in chain[1:])
    single = not any(isinstance(each.output, (list, tuple, dict)) for each in chain)
    if len(chain) < len(whole.operations) or not (straight and single):
        return keras.Sequential([entry.given, whole]), entry.drawn(chance, entries.SAMPLES)
    model = keras.Sequential([entry.given, *chain[1:]])
    return model, entry.drawn(chance, entry.given.shape[0] or entries.SAMPLES)


def _pattern(chance: Chance) -> tuple[Any, Any]:
    model = PATTERNS[chance.one_of(*PATTERNS)].build()
    arrays = []
    for tensor in model.inputs:
        shape = (tensor.shape[0] or entries.SAMPLES, *(size or 6 for size in tensor.shape[1:]))
        whole = str(tensor.dtype).startswith("int")
        values = chance.arrays.integers(0, 5, shape) if whole else chance.arrays.random(shape)
        arrays.append(values.astype(tensor.dtype))
    return model, keras.tree.pack_sequence_as(model.input, arrays) if not isinstance(
        model, keras.Sequential
    ) else arrays[0]


def _set_weights(chance: Chance, model: Any) -> None:
    """Give some models zeros, equal units, huge or broken weights in one layer or all."""
    mode = chance.one_of(
        *["made"] * 6, *["drawn"] * 12, "zero", "equal", "huge", "nan", "inf", "tiny"
    )
    floating = [each for each in model.weights if "float" in str(each.dtype)]
    if mode == "made" or not floating:
        return
    if mode == "drawn":
        for each in floating:
            values = 0.7 * chance.arrays.standard_normal(each.shape)
            each.assign(np.abs(values) + 0.3 if "variance" in each.path else values)
        return
    value = {"zero": 0.0, "equal": 0.5, "huge": 1e30, "nan": np.nan, "inf": np.inf, "tiny": 1e-30}
    chosen = floating if chance.happens(0.4) else [chance.one_of(*floating)]
    for each in chosen:
        each.assign(np.full(each.shape, value[mode]))


def _set_state(chance: Chance, model: Any) -> None:
    """Freeze some layers, compile some models."""
    for layer in model.layers:
        if chance.happens(0.1):
            layer.trainable = False
    if chance.happens(0.1):
        model.trainable = False
    if chance.happens(0.25):
        loss = chance.one_of("mse", "categorical_crossentropy", lambda _, p: ops.mean(p))
        model.compile(chance.one_of("adam", "sgd"), loss)
