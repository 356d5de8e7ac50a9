"""What is run in place of a layer computes what the layer does, whatever its options."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pytest_paoding.engine.execution.linear import LINEAR, product
from pytest_paoding.engine.execution.patches import Sample
from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.execution.wave import Model, Wave
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.graph.functional import read_graph
from support.nightly import spread
from support.oracles import batch, outputs, randomise
from support.patterns import PATTERNS

KINDS = {kind.__name__: kind for kind in LINEAR}


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[Any, Any, tuple[int, ...]]:
    """Return the class and options of a layer, and the shape of its input without the batch."""
    name = draw(st.sampled_from(sorted(set(KINDS) - {"Dense"})))
    rank = int(name[-2])
    paddings = ["valid", "same", *(["causal"] if name == "Conv1D" else [])]
    size = draw(st.integers(1, 3))
    strides = draw(st.integers(1, 2))
    dilation = draw(st.integers(1, 2)) if strides == 1 else 1
    options: dict[str, Any] = {
        "padding": draw(st.sampled_from(paddings)),
        "strides": strides,
        "use_bias": draw(st.booleans()),
        "dilation_rate": dilation,
    }
    if not name.startswith("Depthwise"):
        options["filters"] = draw(st.integers(1, 3))
    shape = tuple(draw(st.integers(5, 7)) for _ in range(rank))
    options["kernel_size"] = size
    return KINDS[name], options, (*shape, draw(st.integers(1, 3)))


@settings(max_examples=60)
@given(convolutions(), st.integers(0, 2**32 - 1))
def test_a_layer_is_its_product_with_its_kernel(drawn: Any, seed: int) -> None:
    kind, options, shape = drawn
    layer = kind(**options)
    x = np.random.default_rng(seed).standard_normal((2, *shape)).astype("float32")
    expected = values_of(layer(x))
    found = values_of(product(layer, keras.ops.convert_to_tensor(x), layer.kernel))
    found = found + (values_of(layer.bias) if layer.use_bias else 0)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


@settings(max_examples=60)
@given(convolutions(), st.integers(0, 2**32 - 1))
def test_a_layer_is_its_patches_times_its_kernel(drawn: Any, seed: int) -> None:
    kind, options, shape = drawn
    assume("filters" in options)  # of depthwise ones no patches are taken
    inputs, layer = keras.Input(shape), kind(**options)
    model = randomise(keras.Model(inputs, layer(inputs)), seed)
    generator = np.random.default_rng(seed)
    x = generator.standard_normal((3, *shape)).astype("float32")
    (call,) = read_graph(model).calls
    sample = Sample.draw(call, 3, 20, generator)
    kernel = values_of(layer.kernel)
    flat = sample.patches([x]).reshape(len(sample.inputs), -1)
    found = flat @ kernel.reshape(-1, kernel.shape[-1])
    found = found + (values_of(layer.bias) if layer.use_bias else 0)
    np.testing.assert_allclose(found, sample.outputs([values_of(model(x))]), rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", spread(PATTERNS))
def test_a_wave_ends_where_the_model_does(name: str) -> None:
    """Masks, states and nested models included; the last activation is not of the wave."""
    model = randomise(PATTERNS[name].build())
    graph = read_graph(model)
    inputs = batch(model)
    given_values = dict(zip(graph.inputs, inputs, strict=True))
    last = {tensor: call for call in graph.calls for tensor in call.outputs}
    ends = [last[tensor].operation for tensor in graph.outputs if tensor in last]
    activations = {getattr(each, "activation", None) for each in ends}
    if activations - {None, keras.activations.linear} or len(ends) < len(graph.outputs):
        pytest.skip("the wave ends before an activation, or an input is an output")
    found = Wave(Model(graph, WorkingWeights()), [given_values]).finish()
    expected = [each.reshape(len(each), -1) for each in outputs(model, inputs)]
    order = sorted(range(len(ends)), key=lambda at: graph.calls.index(last[graph.outputs[at]]))
    np.testing.assert_allclose(
        found, np.concatenate([expected[at] for at in order], axis=1), rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("shape", ((1024, 1, 2, 1), (64, 1, 5, 3), (32, 2, 1, 3), (8, 2, 1, 3, 4)))
def test_a_dense_layer_on_many_axes_is_a_product_of_matrices(shape: tuple[int, ...]) -> None:
    """TensorFlow writes beyond its memory if it is given an axis of length one as it is."""
    values = np.random.default_rng(0).random(shape, np.float32)
    layer = keras.layers.Dense(4, use_bias=False, dtype="float32")
    layer.build(shape)
    for _ in range(10):
        found = product(layer, keras.ops.convert_to_tensor(values), layer.kernel.value)
    # Sums of at most four products below one: some cancel, and keep the rounding of their terms.
    np.testing.assert_allclose(found, values @ values_of(layer.kernel), rtol=1e-5, atol=1e-6)
