"""What is measured without data: fidelity on synthetic inputs, activation memory and latency."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from pytest_paoding import prune
from pytest_paoding.engine.evaluation.costs.latency import latency_metrics, take_turns
from pytest_paoding.engine.evaluation.costs.memory import memory_metrics, peak_bytes
from pytest_paoding.engine.evaluation.without_data.fidelity import fidelity_metrics
from pytest_paoding.engine.execution.signature import signature_of
from pytest_paoding.engine.graph.functional import read_graph

layers = keras.layers
UNIT = (0.0, 1.0)


def dense(outputs: int = 3, hidden: int = 8, activation: str = "softmax") -> keras.Model:
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            keras.Input((5,)),
            layers.Dense(hidden, "relu"),
            layers.Dense(outputs, activation),
        ]
    )


NAME = "synthetic_agreement"


def fidelity(original: keras.Model, other: keras.Model) -> dict:
    return fidelity_metrics(original, other, input_range=UNIT)


@pytest.mark.parametrize("dtype", ("bool", "uint8", "int32"))
def test_outputs_that_are_no_real_numbers_are_compared_as_such(dtype):
    x = keras.Input((4,))
    whole = keras.ops.cast(keras.ops.relu(x - 0.5) * 50, dtype)
    model, other = (keras.Model(x, [whole, made]) for made in (whole, whole))
    found = fidelity(model, other)
    assert found["synthetic_agreement"].found in (1, None)  # None where one class is all it gives
    assert found["output_divergence"].found == 0


def test_a_model_agrees_with_itself():
    found = fidelity(dense(), dense())
    assert (found["synthetic_agreement"].found, found["output_divergence"].found) == (1, 0)
    assert found["synthetic_agreement"].detail == "512 synthetic inputs moved to classes"
    assert found["synthetic_agreement"].evidence.samples == 512


def test_what_holds_in_an_assumed_range_only_says_so():
    scaled = keras.Sequential([keras.Input((5,)), layers.Rescaling(1 / 255), dense()])
    for model, settings in ((dense(), {"input_range": (0, 300)}), (scaled, {})):
        assert "assumed" not in fidelity_metrics(model, model, **settings)[NAME].detail
    drawn = keras.Sequential(
        [keras.Input((6, 6, 1)), layers.Conv2D(3, 3), layers.Flatten(), layers.Dense(4)]
    )
    detail = fidelity_metrics(drawn, drawn, task="classes")[NAME].detail
    assert detail.endswith("in a range that is assumed (see input_range)")


@pytest.mark.parametrize(("outputs", "activation"), ((3, "softmax"), (1, "sigmoid")))
def test_of_the_negative_nothing_agrees(outputs, activation):
    original, other = dense(outputs, 8, activation), dense(outputs, 8, activation)
    kernel, bias = other.layers[-1].get_weights()
    other.layers[-1].set_weights([-kernel, -bias - 1e-9])
    found = fidelity(original, other)
    assert found["synthetic_agreement"].found < 0.5
    assert found["output_divergence"].found > 1


def test_it_falls_as_more_is_pruned():
    model = dense(hidden=64)
    few, many = (
        fidelity_metrics(
            model, prune(model, ratio=ratio, strategy="magnitude").model, input_range=(-1.0, 1.0)
        )
        for ratio in (0.1, 0.8)
    )
    assert few["output_divergence"].found < many["output_divergence"].found
    assert few["synthetic_agreement"].found >= many["synthetic_agreement"].found


def test_every_output_counts():
    inputs = keras.Input((6,))
    hidden = layers.Dense(6, "relu")(inputs)
    first, second = layers.Dense(4, name="a")(hidden), layers.Dense(1, "sigmoid", name="b")(hidden)
    model = keras.Model(inputs, [second, first])
    other = keras.models.clone_model(model)
    other.set_weights(model.get_weights())
    assert fidelity(model, other)["synthetic_agreement"].found == 1
    kernel, bias = other.get_layer("b").get_weights()
    other.get_layer("b").set_weights([-kernel, -bias])
    assert fidelity(model, other)["synthetic_agreement"].found < 0.5


@pytest.mark.parametrize("loss", ("mse", None))
def test_values_do_not_agree_or_disagree(loss):
    model = keras.Sequential([keras.Input((6,)), layers.Dense(8, "relu"), layers.Dense(1)])
    if loss is not None:
        model.compile(loss=loss)
    found = fidelity(model, model)
    assert "values agree more or less" in found["synthetic_agreement"].reason
    assert found["output_divergence"].found == 0


def test_every_output_of_a_layer_counts():
    x = keras.Input((5, 3))
    sequence, state, cell = layers.LSTM(4, return_sequences=True, return_state=True)(x)
    model = keras.Model(x, [cell, layers.Dense(2)(sequence), state])
    found = fidelity(model, model)
    assert found["synthetic_agreement"].found == 1
    assert found["output_divergence"].found == 0


def test_outputs_of_another_shape_than_their_layer_says_are_not_compared():
    """A pooling over steps takes whatever it is given inside of `TimeDistributed`."""
    given = keras.Input((4, 6))
    pooled = layers.TimeDistributed(layers.GlobalAveragePooling1D())(given)
    model = keras.Model(given, layers.Activation("softmax")(pooled))
    reason = fidelity(model, model)["synthetic_agreement"].reason
    assert reason == (
        "the model gives 4 values for a sample, not the 24 that the shapes of its outputs say"
    )


def test_what_is_undefined_says_why():
    constant = dense()
    constant.layers[-1].set_weights([np.zeros((8, 3)), np.arange(3.0)])
    assert "the same" in fidelity(constant, dense())["output_divergence"].reason
    broken = dense()
    broken.layers[-1].set_weights([np.full((8, 3), np.nan), np.zeros(3)])
    assert "not finite" in fidelity(dense(), broken)["synthetic_agreement"].reason


def test_the_largest_sum_of_live_tensors_is_the_peak():
    inputs = keras.Input((8, 8, 2))  # 512 bytes
    wide = layers.Conv2D(16, 3, padding="same")(inputs)  # 4096
    small = layers.MaxPooling2D(4)(wide)  # 256
    out = layers.Dense(10)(layers.Flatten()(small))
    assert peak_bytes(read_graph(keras.Model(inputs, out))) == 512 + 4096
    kept = layers.Concatenate()([wide, inputs])  # 4608: the input lives until here
    assert peak_bytes(read_graph(keras.Model(inputs, kept))) == 512 + 4096 + 4608


def test_pruning_lowers_the_peak_and_open_lengths_have_none():
    inputs = keras.Input((8, 8, 2))
    x = layers.Conv2D(16, 3, padding="same")(inputs)
    model = keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))
    pruned = prune(model, ratio=0.5, strategy="magnitude").model
    found = memory_metrics(read_graph(model), read_graph(pruned))["activation_memory"]
    assert (found.before, found.after) == (512 + 4096, 512 + 2048)
    open_ended = keras.Input((None, 3))
    recurrent = keras.Model(open_ended, layers.Dense(2)(layers.LSTM(4)(open_ended)))
    graph = read_graph(recurrent)
    assert "not fixed" in memory_metrics(graph, graph)["activation_memory"].reason


def test_turns_are_interleaved_and_either_is_first_every_other_time():
    said: list[str] = []
    ticks = itertools.count()
    turns = take_turns(
        lambda: said.append("a"), lambda: said.append("b"), lambda: float(next(ticks))
    )
    assert "".join(said) == "ababab" + "baab" * 3 + "ba"  # a tick is a second: the fewest turns
    assert len(turns.before) == len(turns.after) == 7
    assert turns.ratio == (1, 1, 1)


def test_the_ratio_is_of_neighbouring_turns():
    now = SimpleNamespace(at=0.0, load=1.0)

    def work(cost: float) -> None:
        now.load *= 1.01  # the machine gets slower and slower
        now.at += cost * now.load

    turns = take_turns(lambda: work(0.004), lambda: work(0.002), lambda: now.at)
    assert len(turns.before) == 60
    low, middle, high = turns.ratio
    assert 0.49 < low <= middle <= high < 0.51


def test_a_smaller_model_is_measured_beside_the_larger_one():
    model = dense(hidden=2048)
    models = model, prune(model, ratio=0.5, strategy="magnitude").model
    found = latency_metrics(models, signature_of(model), [UNIT])
    for name, samples in (("latency_ratio", "one sample"), ("batch_latency_ratio", "32 samples")):
        measured = found[name]
        assert measured.before > 0 < measured.after
        assert 0 < measured.found < 20  # not a claim of speed: the clock of a shared machine
        assert measured.detail.startswith(f"{samples}, ")
        assert "quartiles" in measured.detail
