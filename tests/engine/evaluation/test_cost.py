from __future__ import annotations

from inspect import signature

import keras
import numpy as np
import pytest
import tensorflow as tf

from pytest_paoding.engine.evaluation.costs.cost import cost_metrics, layer_costs
from pytest_paoding.engine.graph.functional import read_graph

layers = keras.layers


def one(layer, *shape):
    """Return the graph of one layer on one input."""
    inputs = keras.Input(shape)
    return read_graph(keras.Model(inputs, layer(inputs)))


def total(graph):
    return sum(cost.flops for cost in layer_costs(graph))


# Multiply-adds by hand: outputs x what each of them sums over.
BY_HAND = {
    "dense": (lambda: one(layers.Dense(7), 5), 5 * 7),
    "dense on a sequence": (lambda: one(layers.Dense(7), 3, 4, 5), 3 * 4 * 5 * 7),
    "einsum dense": (
        lambda: one(layers.EinsumDense("abc,cde->abde", output_shape=(None, 2, 3)), 4, 5),
        4 * 5 * 2 * 3,
    ),
    "einsum dense, ellipsis": (
        lambda: one(layers.EinsumDense("...x,xy->...y", output_shape=6), 4, 5),
        4 * 5 * 6,
    ),
    "einsum dense, two sums": (
        lambda: one(layers.EinsumDense("abcd,cde->abe", output_shape=(None, 6)), 4, 5, 3),
        4 * 5 * 3 * 6,
    ),
    "conv1d, dilated": (
        lambda: one(layers.Conv1D(4, 3, dilation_rate=2), 9, 2),
        (9 - 4) * 4 * 3 * 2,
    ),
    "conv2d": (lambda: one(layers.Conv2D(4, 3), 8, 8, 2), 36 * 4 * 9 * 2),
    "conv2d, padded and strided": (
        lambda: one(layers.Conv2D(4, (3, 2), strides=2, padding="same"), 7, 8, 2),
        4 * 4 * 4 * 6 * 2,
    ),
    "conv2d, groups": (lambda: one(layers.Conv2D(4, 3, groups=2), 8, 8, 6), 36 * 4 * 9 * 3),
    "conv3d": (lambda: one(layers.Conv3D(3, 2), 4, 4, 4, 2), 27 * 3 * 8 * 2),
    "transposed": (
        lambda: one(layers.Conv2DTranspose(5, 3, strides=2), 4, 4, 2),
        16 * 2 * 9 * 5,
    ),
    "depthwise": (
        lambda: one(layers.DepthwiseConv2D(3, depth_multiplier=2), 6, 6, 4),
        16 * 8 * 9,
    ),
    "separable": (
        lambda: one(layers.SeparableConv2D(5, 3, depth_multiplier=2), 6, 6, 4),
        16 * (8 * 9 + 8 * 5),
    ),
    "separable 1d": (lambda: one(layers.SeparableConv1D(5, 3), 6, 4), 4 * (4 * 3 + 4 * 5)),
    "channels first": (
        lambda: one(layers.DepthwiseConv2D(3, data_format="channels_first"), 4, 6, 6),
        16 * 4 * 9,
    ),
    "simple rnn": (lambda: one(layers.SimpleRNN(4), 6, 3), 6 * (3 * 4 + 4 * 4)),
    "lstm": (lambda: one(layers.LSTM(4, return_sequences=True), 6, 3), 6 * 4 * (3 * 4 + 16)),
    "gru": (lambda: one(layers.GRU(4), 6, 3), 6 * 3 * (3 * 4 + 16)),
    "stacked cells": (
        lambda: one(layers.RNN([layers.GRUCell(4), layers.SimpleRNNCell(2)]), 6, 3),
        6 * (3 * (12 + 16) + 4 * 2 + 4),
    ),
    "bidirectional": (
        lambda: one(layers.Bidirectional(layers.LSTM(4)), 6, 3),
        2 * 6 * 4 * (12 + 16),
    ),
    "conv lstm": (
        lambda: one(layers.ConvLSTM2D(4, 3, return_sequences=True), 5, 8, 8, 2),
        5 * 36 * 9 * 16 * (2 + 4),
    ),
    "conv lstm, last": (
        lambda: one(layers.ConvLSTM1D(4, 3), 5, 8, 2),
        5 * 6 * 3 * 16 * (2 + 4),
    ),
    "time distributed": (
        lambda: one(layers.TimeDistributed(layers.Conv2D(4, 3)), 5, 8, 8, 2),
        5 * 36 * 4 * 9 * 2,
    ),
    "time distributed, free": (lambda: one(layers.TimeDistributed(layers.Flatten()), 5, 8, 2), 0),
    "attention": (
        lambda: one(SelfAttention(layers.Attention()), 6, 4),
        6 * 6 * (4 + 4),
    ),
}


class SelfAttention:
    """Calls a layer on the input as query, value and key."""

    def __init__(self, layer, *, key=False, listed=True):
        self.layer, self.key, self.listed = layer, key, listed

    def __call__(self, inputs):
        if self.listed:
            return self.layer([inputs, inputs, inputs] if self.key else [inputs, inputs])
        return self.layer(inputs, inputs, key=inputs) if self.key else self.layer(inputs, inputs)


@pytest.mark.parametrize("kind", BY_HAND)
def test_multiply_adds_are_those_counted_by_hand(kind):
    build, expected = BY_HAND[kind]
    assert total(build()) == 2 * expected


def test_a_nested_model_runs_at_every_step():
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(2)])
    assert total(one(layers.TimeDistributed(inner), 5, 4)) == 2 * 5 * (12 + 6)


@pytest.mark.parametrize("key", (False, True))
def test_attention_counts_projections_scores_and_values(key):
    heads = layers.MultiHeadAttention(num_heads=2, key_dim=3, value_dim=5, output_shape=(7,))
    found = total(one(SelfAttention(heads, key=key, listed=False), 6, 4))
    projections = 6 * 4 * 2 * (3 + 3 + 5)
    scores = 6 * 6 * 2 * (3 + 5)
    assert found == 2 * (projections + scores + 6 * 2 * 5 * 7)
    assert total(one(SelfAttention(layers.AdditiveAttention(), key=key), 6, 4)) == 2 * 36 * 8


def test_attention_along_one_of_two_axes_compares_along_it_only():
    def flops(axes, *shape):
        heads = layers.MultiHeadAttention(num_heads=2, key_dim=3, attention_axes=axes)
        return total(one(SelfAttention(heads, listed=False), *shape))

    projections = 160 * 4 * 2 * 3 * 4
    assert flops((1,), 8, 20, 4) == 2 * (projections + 160 * 8 * 2 * 6)
    assert flops((-2,), 8, 20, 4) == 2 * (projections + 160 * 20 * 2 * 6)
    assert flops(None, 8, 20, 4) == 2 * (projections + 160 * 160 * 2 * 6)


def test_grouped_heads_share_keys_and_values():
    heads = layers.GroupQueryAttention(head_dim=3, num_query_heads=4, num_key_value_heads=2)
    found = total(one(SelfAttention(heads, listed=False), 6, 5))
    assert found == 2 * (6 * 5 * 3 * (4 + 2 + 2) + 6 * 6 * 4 * 3 * 2 + 6 * 4 * 3 * 5)


def test_products_of_activations_are_counted():
    left, right = keras.Input((3, 4)), keras.Input((5, 4))
    products = [
        keras.ops.matmul(left, keras.ops.transpose(right, (0, 2, 1))),
        keras.ops.einsum("bij,bkj->bik", left, right),
        layers.Dot(axes=2)([left, right]),
        layers.Dot(axes=(-1, -1))([left, right]),
        keras.ops.matmul(left, np.ones((4, 6), "float32")),
        keras.ops.einsum("b...j,jk->b...k", left, np.ones((4, 2), "float32")),
    ]
    for output, expected in zip(products, (60, 60, 60, 60, 72, 24), strict=True):
        assert total(read_graph(keras.Model([left, right], output))) == 2 * expected


def test_a_shared_layer_counts_at_every_call():
    dense, inputs = layers.Dense(4), keras.Input((4,))
    graph = read_graph(keras.Model(inputs, dense(dense(inputs))))
    (cost,) = layer_costs(graph)
    assert (cost.kind, cost.flops) == ("Dense", 2 * 2 * 16)


def test_it_agrees_with_tensorflow_where_both_count_the_same():
    model = keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            layers.Conv2D(4, 3, use_bias=False),
            layers.DepthwiseConv2D(3, use_bias=False),
            layers.Flatten(),
            layers.Dense(10, use_bias=False),
        ]
    )
    trace = tf.function(model).get_concrete_function(tf.TensorSpec((1, 12, 12, 3)))
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    profile = tf.compat.v1.profiler.profile(trace.graph, options=options)
    assert total(read_graph(model)) == profile.total_float_ops


class Scale(layers.Layer):
    def build(self, _shape):
        self.factor = self.add_weight(shape=(), initializer="ones")

    def call(self, inputs):
        return inputs * self.factor

    def compute_output_shape(self, shape):
        return shape


class Plain(layers.Layer):
    def call(self, inputs):
        return inputs


@keras.saving.register_keras_serializable("test_cost")
class OwnCell(layers.Layer):
    state_size = output_size = 4

    def call(self, inputs, states):
        return inputs, states


UNCOUNTED = {
    "own layer": lambda: Scale(name="own"),
    "own layer without weights": lambda: Plain(name="own"),
    "subclass": lambda: type("Denser", (layers.Dense,), {})(3, name="own"),
    "lambda": lambda: layers.Lambda(lambda x: x @ x, name="own"),
    "own cell": lambda: layers.RNN(OwnCell(), name="own"),
    "own cell both ways": lambda: layers.Bidirectional(layers.RNN(OwnCell()), name="own"),
    "wrapped own layer": lambda: layers.TimeDistributed(Scale(), name="own"),
    "tensordot": lambda: lambda x: keras.ops.tensordot(x, np.ones((4, 3), "float32"), 1),
}


@pytest.mark.parametrize("kind", UNCOUNTED)
def test_what_nobody_counts_is_named(kind):
    graph = one(UNCOUNTED[kind](), 4, 4)
    (cost,) = layer_costs(graph)
    assert cost.flops is None
    assert cost.reason == "is of a kind whose work is not known"
    found = cost_metrics(graph, graph)
    assert found["flops"].detail == f"not counted: {cost.kind} {cost.name!r}"
    assert found["flops"].found == 0
    assert found["flops_reduction"].reason == "the model has no flops"


def test_of_many_that_nobody_counts_some_are_named():
    stack = [Scale(name=f"scale_{number}") for number in range(5)]
    graph = read_graph(keras.Sequential([keras.Input((4,)), *stack]))
    assert cost_metrics(graph, graph)["flops"].detail == (
        "not counted: Scale 'scale_0', Scale 'scale_1', Scale 'scale_2', 2 more"
    )


@pytest.mark.skipif(
    "use_gate" not in signature(layers.MultiHeadAttention.__init__).parameters,
    reason="attention has no gates in this Keras",
)
def test_a_gate_makes_attention_uncounted():
    for head in (
        layers.MultiHeadAttention(1, 2, use_gate=True),
        layers.GroupQueryAttention(2, 2, 1, use_gate=True),
    ):
        assert layer_costs(one(SelfAttention(head, listed=False), 4, 4))[0].flops is None


def test_a_length_that_is_not_fixed_leaves_flops_undefined():
    inputs = keras.Input((None, None, 3))
    hidden = layers.Conv2D(4, 3, name="first")(inputs)
    model = keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling2D()(hidden)))
    graph = read_graph(model)
    found = cost_metrics(graph, graph)
    reason = "Conv2D 'first' works on a length that is not fixed: FLOPs of a sample are undefined"
    for name in ("flops", "flops_reduction"):
        assert found[name].reason == reason
    assert found["parameters"].found == 112 + 10
    assert [cost.flops for cost in layer_costs(graph)] == [None, 2 * 4 * 2]


def test_costs_fall_by_the_share_that_went():
    graphs = [
        read_graph(keras.Sequential([keras.Input((10,)), layers.Dense(n), layers.Dense(5)]))
        for n in (8, 2)
    ]
    found = cost_metrics(*graphs)
    assert (found["parameters"].before, found["parameters"].after) == (88 + 45, 22 + 15)
    assert found["parameters_removed"].found == 1 - 37 / 133
    assert (found["flops"].before, found["flops"].found) == (240, 60)
    assert found["flops_reduction"].found == 0.75
    assert found["flops"].detail is None


def test_a_model_without_parameters_has_no_share_of_them():
    graph = one(layers.Flatten(), 4)
    found = cost_metrics(graph, graph)
    assert found["parameters"].found == 0
    assert found["parameters_removed"].reason == "the model has no parameters"


def test_calls_of_one_layer_are_known_only_if_all_are():
    scale, inputs = Scale(name="own"), keras.Input((4,))
    (cost,) = layer_costs(read_graph(keras.Model(inputs, scale(scale(inputs)))))
    assert cost.flops is None
    dense = layers.Dense(3, name="dense")
    image, row = keras.Input((None, 5)), keras.Input((5,))
    graph = read_graph(keras.Model([image, row], [dense(image), dense(row)]))
    (cost,) = layer_costs(graph)
    assert cost.reason == "works on a length that is not fixed"
