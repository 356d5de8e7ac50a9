"""The work of operations is what is counted by hand."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from pytest_paoding.engine.execution.work import flops, layer_costs
from pytest_paoding.engine.graph.functional import read_graph
from support.counted_work import graph_of

OPS = keras.ops
ROW = np.ones(4, "float32")


def ones(*shape):
    return np.ones(shape, "float32")


BY_OPERATION = {
    "dot": (lambda x: OPS.dot(x, ones(4, 3)), 5 * 6 * 4 * 3),
    "dot, a vector": (lambda x: OPS.dot(x, ROW), 5 * 6 * 4),
    "dot, a stack": (lambda x: OPS.dot(x, ones(2, 4, 3)), 5 * 6 * 4 * 2 * 3),
    "dot, from the left": (lambda x: OPS.dot(ones(7, 6), x), 5 * 6 * 4 * 7),
    "dot, a scalar": (lambda x: OPS.dot(x, 2.0), 0),
    "tensordot": (lambda x: OPS.tensordot(x, ones(4, 3), 1), 5 * 6 * 4 * 3),
    "tensordot, two": (lambda x: OPS.tensordot(x, ones(6, 4, 3), 2), 5 * 6 * 4 * 3),
    "tensordot, named": (
        lambda x: OPS.tensordot(x, ones(3, 5), [[-3], [1]]),
        5 * 6 * 4 * 3,
    ),
    "tensordot, two named": (
        lambda x: OPS.tensordot(ones(4, 6, 3), x, ((1, 0), (2, -1))),
        5 * 6 * 4 * 3,
    ),
    "inner": (lambda x: OPS.inner(x, ones(3, 4)), 5 * 6 * 4 * 3),
    "inner, a scalar": (lambda x: OPS.inner(x, 2.0), 0),
    "conv": (lambda x: OPS.conv(x, ones(3, 3, 4, 2)), 3 * 4 * 2 * 9 * 4),
    "conv, transposed": (
        lambda x: OPS.conv_transpose(x, ones(3, 3, 2, 4), strides=2),
        5 * 6 * 4 * 9 * 2,
    ),
    "conv, depthwise": (lambda x: OPS.depthwise_conv(x, ones(3, 3, 4, 2)), 3 * 4 * 8 * 9),
    "attention of heads": (
        lambda x: OPS.dot_product_attention(x, x, x, flash_attention=False),
        5 * 5 * 6 * (4 + 4),
    ),
}
LATER = {
    "inner": "inner",
    "inner, a scalar": "inner",
    "attention of heads": "dot_product_attention",
}
for name, operation in LATER.items():
    if not hasattr(OPS, operation):
        del BY_OPERATION[name]


@pytest.mark.filterwarnings("ignore:NotImplemented should not be used:DeprecationWarning")
@pytest.mark.parametrize("kind", BY_OPERATION)
def test_operations_on_constants_are_counted_by_hand(kind):
    build, expected = BY_OPERATION[kind]
    assert flops(graph_of(build, 5, 6, 4)) == 2 * expected


@pytest.mark.parametrize(
    "build",
    (
        lambda x: OPS.dot(x, x),
        pytest.param(
            lambda x: OPS.inner(x, x),
            marks=pytest.mark.skipif(not hasattr(OPS, "inner"), reason="no keras.ops.inner"),
        ),
        lambda x: OPS.tensordot(x, ones(2, 3), [[0], [0]]),
    ),
)
def test_products_that_mix_samples_have_no_work_of_graph_of(build):
    inputs = keras.Input(batch_shape=(2, 2))
    (cost,) = layer_costs(read_graph(keras.Model(inputs, build(inputs))))
    assert cost.flops is None


def test_products_of_activations_are_counted():
    left, right = keras.Input((3, 4)), keras.Input((5, 4))
    products = [
        keras.ops.matmul(left, keras.ops.transpose(right, (0, 2, 1))),
        keras.ops.einsum("bij,bkj->bik", left, right),
        keras.layers.Dot(axes=2)([left, right]),
        keras.layers.Dot(axes=(-1, -1))([left, right]),
        keras.ops.matmul(left, np.ones((4, 6), "float32")),
        keras.ops.einsum("b...j,jk->b...k", left, np.ones((4, 2), "float32")),
    ]
    for output, expected in zip(products, (60, 60, 60, 60, 72, 24), strict=True):
        assert flops(read_graph(keras.Model([left, right], output))) == 2 * expected
