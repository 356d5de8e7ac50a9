"""The work of every layer of Keras is known, but for those that a short list gives reasons for."""

from __future__ import annotations

import inspect
from contextlib import suppress
from functools import cache
from typing import Any

import keras
import pytest

from pytest_paoding.engine.execution.work import layer_costs, multiply_adds
from pytest_paoding.engine.execution.work.heirs import computed_as
from pytest_paoding.engine.graph.functional import read_graph

layers = keras.layers

UNKNOWN = {
    "Lambda": "code that may do anything",
    "TFSMLayer": "a graph of TensorFlow's own",
    "TorchModuleWrapper": "code of another library",
    "JaxLayer": "code of another library",
    "FlaxLayer": "code of another library",
    "STFTSpectrogram": "a convolution that depends on what is asked of the signal",
}
"""Layers whose work is not known, and why."""
ABSTRACT = {"Layer", "Wrapper", "InputLayer", "InputSpec"}
"""What computes nothing by itself."""
ELSEWHERE = {
    "CutMix",
    "MixUp",
    "TextVectorization",
    "StringLookup",
    "Hashing",
    "HashedCrossing",
    "Equalization",
}
"""Layers of batches with labels, of texts, and one that no graph can hold: no part of a graph."""
OTHER_CODE = {"TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"}
"""Layers that wrap what another library has built."""

OPTIONS: dict[str, dict[str, Any]] = {
    "Activation": {"activation": "relu"},
    "Bidirectional": {"layer": lambda: layers.GRU(3)},
    "CategoryEncoding": {"num_tokens": 4},
    "Discretization": {"bin_boundaries": [0.0, 1.0]},
    "Dot": {"axes": 1},
    "EinsumDense": {"equation": "ab,bc->ac", "output_shape": 3},
    "Embedding": {"input_dim": 5, "output_dim": 3},
    "ReversibleEmbedding": {"input_dim": 5, "output_dim": 3},
    "GroupNormalization": {"groups": 2},
    "GroupedQueryAttention": {"head_dim": 2, "num_query_heads": 2, "num_key_value_heads": 1},
    "IntegerLookup": {"vocabulary": [1, 2]},
    "Lambda": {"function": lambda: lambda x: x},
    "MelSpectrogram": {"fft_length": 64, "sequence_stride": 32},
    "STFTSpectrogram": {"frame_length": 64, "frame_step": 32, "fft_length": 64},
    "MultiHeadAttention": {"num_heads": 2, "key_dim": 2},
    "Normalization": {"mean": 0.0, "variance": 1.0},
    "Permute": {"dims": (1,)},
    "Pipeline": {"layers": lambda: [layers.Rescaling(2.0), layers.ReLU()]},
    "RandomPosterization": {"factor": 4},
    "RNN": {"cell": lambda: layers.LSTMCell(3)},
    "RepeatVector": {"n": 2},
    "Rescaling": {"scale": 2.0},
    "Reshape": {"target_shape": (-1,)},
    "SpectralNormalization": {"layer": lambda: layers.Dense(3)},
    "StackedRNNCells": {"cells": lambda: [layers.GRUCell(3), layers.LSTMCell(2)]},
    "TimeDistributed": {"layer": lambda: layers.Dense(3)},
    "MaxNumBoundingBoxes": {"max_number": 2},
}
NAMED: dict[str, Any] = {
    "filters": 3,
    "units": 3,
    "kernel_size": 1,
    "rate": 0.1,
    "stddev": 0.1,
    "factor": 0.1,
    "height": 4,
    "width": 4,
    "pool_size": 2,
    "output_size": 2,
    "height_factor": 0.1,
    "width_factor": 0.1,
}
"""Values of options that are required, by their names."""
SHAPES = ((6,), (6, 4), (6, 6, 3), (6, 6, 6, 3), (3, 6, 6, 3), (6, 6, 6, 6, 3), (320,), (320, 1))


def _options(kind: type) -> dict[str, Any]:
    if kind.__name__ in OPTIONS:
        given = OPTIONS[kind.__name__]
        return {name: each() if callable(each) else each for name, each in given.items()}
    required = [
        name
        for name, each in inspect.signature(kind).parameters.items()
        if each.default is each.empty and each.kind is each.POSITIONAL_OR_KEYWORD
    ]
    return {name: NAMED[name] for name in required}


def _forms(shape: tuple[int, ...]) -> list[tuple[Any, ...]]:
    """Return arguments of a call: one input, two of its shape, or one and a cell's states."""
    x, y = keras.Input(shape), keras.Input(shape)
    h, c, low = keras.Input((3,)), keras.Input((3,)), keras.Input((2,))
    return [(x,), ([x, y],), (x, y), (x, [h]), (x, [h, c]), (x, [h, [low, low]])]


@cache
def called(kind: type) -> Any:
    """Return a call of a layer on the first arguments that it accepts, None where there are none.

    Layers refuse shapes in ways of their own.
    """
    for arguments in (form for shape in SHAPES for form in _forms(shape)):
        layer = kind(**_options(kind))
        inputs = list({id(x): x for x in keras.tree.flatten(arguments)}.values())
        with suppress(Exception):
            graph = read_graph(keras.Model(inputs, keras.tree.flatten(layer(*arguments))))
            if calls := graph.calls_of(layer):
                return calls[0]
    return None


KINDS = {
    kind.__name__: kind
    for kind in vars(layers).values()
    if isinstance(kind, type) and issubclass(kind, layers.Layer)
}
CALLABLE = sorted(KINDS.keys() - ABSTRACT - ELSEWHERE - OTHER_CODE)


@pytest.mark.parametrize("name", CALLABLE)
def test_the_work_of_a_layer_is_known_unless_a_reason_says_why_not(name: str) -> None:
    call = called(KINDS[name])
    assert call is not None, "the table of options above has none that build it"
    assert (multiply_adds(call) is None) == (name in UNKNOWN)


@pytest.mark.parametrize("name", CALLABLE)
def test_a_subclass_that_adds_nothing_works_as_its_base(name: str) -> None:
    kind = KINDS[name]
    heir = type("Heir", (kind,), {"__doc__": "Ours.", "note": 1})
    assert computed_as(heir(**_options(kind))) is kind


@pytest.mark.parametrize("name", ("call", "build", "compute_output_shape", "__call__"))
def test_a_subclass_that_changes_what_is_computed_is_of_its_own_kind(name: str) -> None:
    def other(self: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(layers.Dense, name)(self, *args, **kwargs)

    mixin = type("Mixin", (), {name: other})
    for bases, more in (((layers.Dense,), {name: other}), ((mixin, layers.Dense), {})):
        heir = type("Heir", bases, more)
        assert computed_as(heir(3)) is heir
    late = type("Late", (layers.Layer,), {"__call__": lambda _, x: x})
    heir = type("Heir", (layers.Dense, late), {})
    assert computed_as(heir(3)) is heir


@pytest.mark.parametrize("name", ("convolution_op", "compute_output_spec", "compute_mask"))
def test_a_hook_of_a_base_counts_as_a_change(name: str) -> None:
    heir = type("Heir", (layers.Conv2D,), {name: lambda *_: None})
    assert computed_as(heir(3, 1)) is heir


@pytest.mark.parametrize("family", ("ConvNeXtTiny", "InceptionResNetV2", "EfficientNetV2B0"))
def test_published_families_have_known_work(family: str) -> None:
    build = getattr(keras.applications, family)
    model = build(weights=None, input_shape=(96, 96, 3), classes=10)
    assert all(cost.flops for cost in layer_costs(read_graph(model)))
