"""What an input is, is read off the first layer that tells, however its values are arranged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.inputs.draws import Draw, drawn
from pytest_paoding.engine.inputs.input_sources import sources_of
from pytest_paoding.engine.inputs.kinds import RANKS
from pytest_paoding.errors import PruningError
from pytest_paoding.records.protocol import INPUT_KINDS

if TYPE_CHECKING:
    from pytest_paoding.engine.inputs.input_sources import InputSource
    from pytest_paoding.records.protocol import InputKind

layers, ops = keras.layers, keras.ops


def inner() -> Any:
    flat = [keras.Input((64,)), layers.Reshape((8, 8, 1)), layers.Conv2D(2, 3), layers.Flatten()]
    return keras.Sequential(flat)


def read_by(shape: tuple[int, ...], *stack: Any, **options: Any) -> Any:
    x = y = keras.Input(shape, **options)
    for layer in stack:
        y = layer(y)
    return keras.Model(x, y)


def source(model: Any, **about: Any) -> InputSource:
    (found,) = sources_of(read_graph(model), **about)
    return found


TOLD = {
    "conv": ("picture", (8, 8, 3), lambda: read_by((8, 8, 3), layers.Conv2D(2, 3))),
    "first": (
        "picture",
        (8, 9, 3),
        lambda: read_by((3, 8, 9), layers.GlobalAveragePooling2D("channels_first")),
    ),
    "plane": (
        "picture",
        (8, 8, 1),
        lambda: read_by((8, 8), layers.Reshape((8, 8, 1)), layers.Conv2D(2, 3)),
    ),
    "flat": (
        "picture",
        (4, 8, 2),
        lambda: read_by((64,), layers.Reshape((4, 8, 2)), layers.MaxPooling2D()),
    ),
    "moved": (
        "picture",
        (8, 9, 3),
        lambda: read_by((3, 8, 9), layers.Permute((2, 3, 1)), layers.Conv2D(2, 3)),
    ),
    "operation": (
        "picture",
        (8, 9, 1),
        lambda: read_by((8, 9), lambda x: ops.expand_dims(x / 255, -1), layers.Conv2D(2, 3)),
    ),
    "resized": (
        "picture",
        (20, 20, 1),
        lambda: read_by((20, 20, 1), layers.Resizing(8, 8), layers.Flatten()),
    ),
    "cropped": (
        "picture",
        (20, 22, 1),
        lambda: read_by((20, 22, 1), layers.Cropping2D(2), layers.Flatten()),
    ),
    "augmented": (
        "picture",
        (8, 8, 3),
        lambda: read_by((8, 8, 3), layers.RandomFlip(), layers.Flatten(), layers.Dense(2)),
    ),
    "skipped": (
        "sequence",
        (9, 3),
        lambda: read_by((9, 3), lambda x: x + layers.Conv1D(3, 3, padding="same")(x)),
    ),
    "series": ("sequence", (9, 3), lambda: read_by((9, 3), layers.GRU(4))),
    "attention": (
        "sequence",
        (9, 3),
        lambda: read_by((9, 3), lambda x: layers.MultiHeadAttention(2, 3)(x, x)),
    ),
    "words": ("tokens", (9,), lambda: read_by((9,), layers.Embedding(9, 2), dtype="int32")),
    "film": (
        "video",
        (4, 8, 8, 3),
        lambda: read_by((4, 8, 8, 3), layers.TimeDistributed(layers.Conv2D(2, 3))),
    ),
    "film of flat pictures": (
        "video",
        (4, 8, 8, 1),
        lambda: read_by((4, 64), layers.TimeDistributed(inner()), layers.GRU(3)),
    ),
    "steps": (
        "sequence",
        (4, 5),
        lambda: read_by((4, 5), layers.TimeDistributed(layers.Dense(2)), layers.Flatten()),
    ),
    "recurrent film": (
        "video",
        (4, 8, 8, 1),
        lambda: read_by((4, 8, 8, 1), layers.ConvLSTM2D(2, 3)),
    ),
    "volume": ("volume", (8, 8, 8, 1), lambda: read_by((8, 8, 8, 1), layers.Conv3D(2, 3))),
    "sound": (
        "audio",
        (900, 1),
        lambda: read_by((900, 1), layers.STFTSpectrogram(frame_length=64, frame_step=32)),
    ),
    "table": ("features", (7,), lambda: read_by((7,), layers.Dense(3))),
    "picture by rank": (
        "picture",
        (8, 8, 3),
        lambda: read_by((8, 8, 3), layers.Flatten(), layers.Dense(3)),
    ),
}
if not hasattr(layers, "STFTSpectrogram"):  # of later releases of Keras
    del TOLD["sound"]


@pytest.mark.parametrize("name", TOLD)
def test_the_first_layer_that_tells_says_what_an_input_is(name: str) -> None:
    kind, shape, build = TOLD[name]
    found = source(build())
    assert (found.kind, found.layout.shape) == (kind, shape)


@pytest.mark.parametrize("name", TOLD)
def test_inputs_of_every_kind_can_be_drawn_and_run(name: str) -> None:
    model = TOLD[name][2]()
    sources = sources_of(read_graph(model))
    values = drawn(sources, Draw(12, 4, np.random.default_rng(0)))
    again = drawn(sources, Draw(12, 4, np.random.default_rng(0)))
    for (tensor, array), other in zip(values.items(), again.values(), strict=True):
        assert array.shape == (12, *tensor.shape)
        assert array.dtype == tensor.dtype
        np.testing.assert_array_equal(array, other)
        assert len(np.unique(array.reshape(12, -1), axis=0)) == 12
    assert np.isfinite(np.asarray(model(*values.values()))).all()


def arranged(x: Any, steps: list[str]) -> Any:
    """Reshape, transpose, split or flip a tensor of 48 values, then read a picture."""
    for step in steps:
        if step == "permute" and len(x.shape) > 2:
            x = layers.Permute(tuple(range(len(x.shape) - 1, 0, -1)))(x)
        elif step == "reshape":
            x = layers.Reshape((6, 8) if len(x.shape) != 3 else (2, 4, 6))(x)
        elif step == "flip":
            x = ops.flip(x, axis=1)
        elif step == "split":
            x = ops.concatenate(ops.split(x, 2, axis=-1)[::-1], axis=-1)
        elif step == "scale":
            x = layers.Rescaling(0.5)(x)
        elif step == "stack" and len(x.shape) > 2:
            x = ops.stack([x[:, 1], x[:, 0], *(x[:, i] for i in range(2, x.shape[1]))], axis=1)
    return layers.Reshape((4, 6, 2))(x)


@settings(max_examples=25, deadline=None)
@given(
    steps=st.lists(
        st.sampled_from(("permute", "reshape", "flip", "split", "scale", "stack")), max_size=5
    ),
    shape=st.sampled_from(((48,), (6, 8), (2, 4, 6))),
)
def test_a_picture_is_drawn_as_the_layer_that_reads_it_sees_it(
    steps: list[str], shape: tuple[int, ...]
) -> None:
    x = keras.Input(shape)
    seen = arranged(x, steps)
    model = keras.Model(x, [layers.Conv2D(2, 3)(seen), seen])
    sources = sources_of(read_graph(model), (0.0, 1.0))
    (found,) = sources
    assert found.kind == "picture"
    plain = sources_of(read_graph(read_by((4, 6, 2), layers.Conv2D(2, 3))), (0.0, 1.0))
    (values,) = drawn(sources, Draw(6, 2, np.random.default_rng(1))).values()
    (expected,) = drawn(plain, Draw(6, 2, np.random.default_rng(1))).values()
    scale = 0.5 ** steps.count("scale")
    np.testing.assert_allclose(np.asarray(model(values)[1]), expected * scale, rtol=1e-6)
    np.testing.assert_array_equal(found.layout.drawn(values), expected)


def test_the_user_may_say_what_an_input_is() -> None:
    model = read_by((8, 8), layers.Flatten(), layers.Dense(2))
    assert source(model).kind == "features"
    assert source(model, input_kind="sequence").kind == "sequence"
    name = model.layers[0].name
    assert source(model, input_kind={name: "sequence"}).kind == "sequence"
    with pytest.raises(PruningError, match=r"input_kind names 'other': the inputs .* are"):
        source(model, input_kind={"other": "picture"})
    with pytest.raises(PruningError, match="'pictures' is not one of picture, sequence"):
        source(model, input_kind="pictures")


SHAPES = ((16,), (12,), (7,), (1,), (6, 5), (1, 1), (5, 6, 4), (3, 6, 6, 2))


@pytest.mark.parametrize("kind", INPUT_KINDS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_what_the_user_says_is_drawn_so_or_refused(shape: tuple[int, ...], kind: InputKind) -> None:
    """A shape may lack an axis of channels, and a picture be flat; others are refused."""
    flat = (layers.Flatten(),) if len(shape) > 1 else ()
    graph = read_graph(read_by(shape, *flat, layers.Dense(4, "relu"), layers.Dense(2), name="x"))
    fits = len(shape) in RANKS[kind] or len(shape) + 1 in RANKS[kind]
    if kind == "picture" and len(shape) == 1:
        fits = shape != (7,)
    if kind == "audio":
        fits = True  # as the dense layer reads it
    if not fits:
        with pytest.raises(PruningError, match=f"input_kind '{kind}' does not fit input 'x' of"):
            sources_of(graph, input_kind=kind)
        return
    sources = sources_of(graph, input_kind=kind)
    (found,) = sources
    assert found.kind == kind
    assert len(found.layout.shape) in RANKS[kind]
    for varied in (False, True):
        draw = Draw(9, 3, np.random.default_rng(0), varied=varied)
        (values,) = drawn(sources, draw).values()
        assert values.shape == (9, *shape)


def test_a_layer_of_ones_own_reads_what_its_base_reads() -> None:
    class Own(layers.Conv2D):
        pass

    assert source(read_by((8, 8), layers.Reshape((8, 8, 1)), Own(2, 3))).kind == "picture"
