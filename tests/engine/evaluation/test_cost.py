from __future__ import annotations

from inspect import signature

import keras
import pytest
import tensorflow as tf

from pytest_paoding.engine.evaluation.costs.cost import cost_metrics
from pytest_paoding.engine.evaluation.evaluate import evaluate
from pytest_paoding.engine.execution.work import layer_costs
from pytest_paoding.engine.graph.functional import read_graph
from support.counted_work import SelfAttention, graph_of, work

layers = keras.layers


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
    assert work(model) == profile.total_float_ops


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


class Doubled(layers.Dense):
    def call(self, inputs):
        return super().call(super().call(inputs))


UNCOUNTED = {
    "own layer": lambda: Scale(name="own"),
    "own layer without weights": lambda: Plain(name="own"),
    "other subclass": lambda: Doubled(3, name="own"),
    "lambda": lambda: layers.Lambda(lambda x: x @ x, name="own"),
    "own cell": lambda: layers.RNN(OwnCell(), name="own"),
    "own cell both ways": lambda: layers.Bidirectional(layers.RNN(OwnCell()), name="own"),
    "wrapped own layer": lambda: layers.TimeDistributed(Scale(), name="own"),
    "samples times samples": lambda: lambda x: keras.ops.tensordot(x, x, 1),
    "own code": lambda: lambda x: keras.ops.map(lambda row: row @ row, x),
    "decomposition": lambda: keras.ops.cholesky,
}


@pytest.mark.parametrize("kind", UNCOUNTED)
def test_what_nobody_counts_is_named(kind):
    graph = graph_of(UNCOUNTED[kind](), 4, 4)
    (cost,) = layer_costs(graph)
    assert cost.flops is None
    assert cost.reason == "is of a kind whose work is not known"
    found = cost_metrics(graph, graph)
    for metric in ("flops", "flops_reduction"):
        assert found[metric].found is None
        assert found[metric].reason == (
            f"{cost.kind} {cost.name!r} is of a kind whose work is not known: "
            "FLOPs of a sample are undefined"
        )


def test_of_many_that_nobody_counts_some_are_named():
    stack = [Scale(name=f"scale_{number}") for number in range(5)]
    graph = read_graph(keras.Sequential([keras.Input((4,)), *stack]))
    assert cost_metrics(graph, graph)["flops"].reason == (
        "Scale 'scale_0', Scale 'scale_1', Scale 'scale_2', 2 more are of kinds whose work is not "
        "known: FLOPs of a sample are undefined"
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
        assert layer_costs(graph_of(SelfAttention(head, listed=False), 4, 4))[0].flops is None


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


def test_lengths_that_are_given_make_costs_known():
    inputs = keras.Input((None, None, 3))
    hidden = layers.Conv2D(4, 3)(inputs)
    model = keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling2D()(hidden)))
    known = evaluate(model, model, input_shape=(10, 8, 3))
    assert known["flops"].found == 2 * (8 * 6 * 4 * 9 * 3 + 4 * 2)
    assert known["activation_memory"].found == 4 * (10 * 8 * 3 + 8 * 6 * 4)
    unknown = evaluate(model, model)
    for name in ("flops", "flops_reduction", "activation_memory"):
        assert "a length that is not fixed" in unknown[name].reason


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


def test_a_model_without_parameters_has_no_share_of_them():
    graph = graph_of(layers.Flatten(), 4)
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
