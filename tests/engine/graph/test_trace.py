"""Reading a model: its calls, in order, and no trace left in it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from pytest_paoding.engine.graph.functional import is_nested, read_graph
from pytest_paoding.errors import PruningError
from support.patterns import PATTERNS


def test_calls_come_after_those_whose_outputs_they_read() -> None:
    for pattern in PATTERNS.values():
        graph = read_graph(pattern.build())
        known = set(graph.inputs)
        for call in graph.calls:
            assert set(call.inputs) <= known
            known |= set(call.outputs)
        assert set(graph.outputs) <= known


def test_a_shared_layer_makes_one_call_for_each_use() -> None:
    graph = read_graph(PATTERNS["siamese"].build())
    operations = [call.operation for call in graph.calls]
    assert len(operations) == 6
    assert len(set(operations)) == 4


def test_the_calls_of_nested_models_are_named_by_their_path() -> None:
    graph = read_graph(PATTERNS["nested_functional_after_sequential"].build())
    names = [call.name for call in graph.calls]
    assert [name.partition("/")[0] for name in names] == [
        *("stem", "stem", "body", "body"),
        names[-2],
        "head",
    ]


def test_every_use_of_a_nested_model_has_the_same_sites() -> None:
    graph = read_graph(PATTERNS["encoder_used_twice"].build())
    sites = [call.site for call in graph.calls if call.scope == ("encoder",)]
    assert sites[:2] == sites[2:]
    assert len({call.site for call in graph.calls}) == 4


def test_shapes_leave_out_the_batch() -> None:
    model = keras.Sequential([keras.Input((None, 3)), layers.Conv1D(4, 2), layers.Dense(2)])
    graph = read_graph(model)
    assert graph.inputs[0].shape == (None, 3)
    assert [call.outputs[0].shape for call in graph.calls] == [(None, 4), (None, 2)]


def test_literals_stay_among_the_arguments() -> None:
    x = keras.Input((4,))
    model = keras.Model(x, keras.ops.add(x, 2.5)[:, 1:3])
    graph = read_graph(model)
    assert graph.calls[0].args[1] == 2.5
    assert graph.calls[1].args[1] == (slice(None), slice(1, 3))


@pytest.mark.parametrize("name", list(PATTERNS))
def test_reading_leaves_the_model_as_it_was(name: str) -> None:
    model = PATTERNS[name].build()
    before = _nodes(model), [variable.numpy() for variable in model.variables], model.to_json()
    read_graph(model)
    assert _nodes(model) == before[0]
    assert model.to_json() == before[2]
    for variable, values in zip(model.variables, before[1], strict=True):
        assert np.array_equal(variable.numpy(), values)


def test_reading_does_not_count_up_automatic_names() -> None:
    model = PATTERNS["residual"].build()
    first = layers.Dense(1).name
    read_graph(model)
    number = int(first.rpartition("_")[2])
    assert layers.Dense(1).name == f"dense_{number + 1}"


class Subclassed(keras.Model):
    """A model whose calls only its own code knows."""

    def __init__(self) -> None:
        super().__init__(name="mine")
        self.dense = layers.Dense(2)

    def call(self, x: Any) -> Any:
        return self.dense(x)


def test_a_subclassed_model_is_refused_until_it_is_opened() -> None:
    model = Subclassed()
    model(np.zeros((1, 3)))
    with pytest.raises(PruningError, match=r"'mine' is a Subclassed without a graph"):
        read_graph(model)
    x = keras.Input((3,))
    assert len(read_graph(keras.Model(x, model.call(x))).calls) == 1


def test_a_model_that_was_never_built_is_refused() -> None:
    model = keras.Sequential([layers.Dense(2)], name="unbuilt")
    with pytest.raises(PruningError, match=r"'unbuilt' has not been built"):
        read_graph(model)


class Silent(layers.Layer):
    """A layer that does not tell the shape of what it gives."""

    def call(self, x: Any) -> Any:
        return x

    def compute_output_shape(self, input_shape: Any) -> Any:
        raise NotImplementedError


@pytest.mark.parametrize("calls", (0, 1))
def test_a_sequential_model_without_a_graph_is_refused(calls: int) -> None:
    model = keras.Sequential([keras.Input((3,)), Silent(), layers.Dense(2)], name="silent")
    for _ in range(calls):
        model(np.zeros((1, 3)))
    with pytest.raises(PruningError, match=r"'silent' has no graph: .* \(compute_output_shape\)"):
        read_graph(model)


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(PruningError, match="Dense"):
        read_graph(layers.Dense(2))


def test_nested_models_are_told_from_layers() -> None:
    assert is_nested(keras.Sequential())
    assert is_nested(PATTERNS["residual"].build())
    assert not is_nested(layers.Dense(2))
    assert not is_nested(Subclassed())


def _nodes(model: Any) -> list[int]:
    """Return the number of nodes of each operation, nested ones too."""
    counts = []
    for operation in model._operations if hasattr(model, "_operations") else model.layers:
        counts += [len(operation._inbound_nodes), len(operation._outbound_nodes)]
        if is_nested(operation):
            counts += _nodes(operation)
    return counts


@pytest.mark.parametrize("length", (None, 5))
def test_a_nested_model_that_passes_its_input_on_is_read_for_any_length(length):
    z = keras.Input((None, 4))
    inner = keras.Model(z, [layers.Conv1D(4, 3, padding="same")(z), z])
    x = keras.Input((None, 4))
    model = keras.Model(x, layers.Add()(inner(layers.Dense(4)(x))))
    graph = read_graph(model, None if length is None else [(length, 4)])
    dense, conv, add = graph.calls
    assert add.inputs == (*conv.outputs, *dense.outputs)
    assert graph.outputs[0].shape == (length, 4)


@pytest.mark.parametrize("function", (keras.ops.sort, keras.ops.cumsum))
def test_an_operation_with_a_tensor_for_a_setting_is_refused(function):
    x, axis = keras.Input((4,)), keras.Input((), dtype="int32")
    try:
        model = keras.Model(x, function(x, axis))
    except (TypeError, ValueError):
        pytest.skip("this Keras does not make one")
    with pytest.raises(PruningError, match="cannot be run: its axis is a tensor of the model"):
        read_graph(model)
