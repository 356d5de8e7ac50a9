"""A graph's questions: who makes, reads and needs a tensor, and one pass over the calls."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from pytest_paoding.engine.graph.functional import read_graph
from support.patterns import PATTERNS

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.trace import Call, Graph, Tensor


@cache
def graph_of(name: str) -> Graph:
    return read_graph(PATTERNS[name].build())


names = st.sampled_from(sorted(PATTERNS))


def skipping() -> Any:
    """Return a model whose input is read three times, one layer of which is called twice."""
    x = keras.Input((4,), name="x")
    shared = layers.Dense(4, name="shared")
    first, second = shared(x), shared(layers.ReLU(name="relu")(x))
    total = layers.Add(name="add")([first, second])
    return keras.Model(x, [layers.Multiply(name="product")([total, x]), first])


def named(calls: Any) -> list[str]:
    return [call.name for call in calls]


def test_a_graph_knows_who_makes_and_who_reads_a_tensor() -> None:
    graph = read_graph(skipping())
    (x,) = graph.inputs
    shared = next(call.operation for call in graph.calls if call.name == "shared")
    first, second = graph.calls_of(shared)
    assert graph.producer(x) is None
    assert sorted(named(graph.readers(x))) == ["product", "relu", "shared"]
    assert named(graph.readers(first.outputs[0])) == ["add"]
    assert graph.producer(second.outputs[0]) is second
    assert named(graph.output_calls) == ["shared", "product"]
    assert graph.calls_of(layers.ReLU()) == ()
    assert graph.readers(graph.outputs[0]) == ()


def test_a_call_that_reads_a_tensor_twice_is_one_reader() -> None:
    x = keras.Input((4,))
    graph = read_graph(keras.Model(x, layers.Add(name="doubled")([x, x])))
    assert named(graph.readers(graph.inputs[0])) == ["doubled"]
    assert graph.dead_after(graph.calls[0]) == {graph.inputs[0]}


def test_ancestors_and_descendants_are_what_values_come_from_and_go_to() -> None:
    graph = read_graph(skipping())
    by_name = {call.name: call for call in graph.calls}
    assert sorted(named(graph.ancestors([by_name["add"]]))) == ["add", "relu", "shared", "shared"]
    assert named(graph.descendants([by_name["relu"]])) == ["relu", "shared", "add", "product"]
    assert graph.ancestors([]) == graph.descendants([]) == ()


@settings(deadline=None)
@given(names)
def test_the_index_answers_as_a_search_does(name: str) -> None:
    graph = graph_of(name)
    made = [tensor for call in graph.calls for tensor in call.outputs]
    assert graph.tensors == (*graph.inputs, *made)
    for tensor in graph.tensors:
        makers = [call for call in graph.calls if tensor in call.outputs]
        assert makers == ([] if tensor in graph.inputs else [graph.producer(tensor)])
        assert graph.readers(tensor) == tuple(c for c in graph.calls if tensor in c.inputs)
    for call in graph.calls:
        alike = tuple(each for each in graph.calls if each.operation is call.operation)
        assert graph.calls_of(call.operation) == alike


@settings(deadline=None)
@given(names, st.data())
def test_a_call_is_an_ancestor_of_its_descendants(name: str, data: st.DataObject) -> None:
    graph = graph_of(name)
    one, other = (data.draw(st.sampled_from(graph.calls)) for _ in range(2))
    assert (one in graph.ancestors([other])) == (other in graph.descendants([one]))
    assert set(graph.ancestors([one, other])) == {
        *graph.ancestors([one]),
        *graph.ancestors([other]),
    }


@settings(deadline=None)
@given(names)
def test_every_tensor_dies_once_and_after_its_last_reader(name: str) -> None:
    graph = graph_of(name)
    dead: list[Tensor] = []
    for call in graph.calls:
        assert not set(dead) & {*call.inputs, *call.outputs}
        dead += graph.dead_after(call)
    unread = {each for each in graph.inputs if not graph.readers(each)}
    assert len(dead) == len(set(dead))
    assert set(dead) == set(graph.tensors) - set(graph.outputs) - unread


@settings(deadline=None)
@given(names)
def test_a_run_goes_over_every_call_once_with_what_it_depends_on(name: str) -> None:
    graph = graph_of(name)
    seen: list[Call] = []

    def follow(call: Call, inputs: list[frozenset[Call]]) -> list[frozenset[Call]]:
        seen.append(call)
        assert len(inputs) == len(call.inputs)
        return [frozenset({call}).union(*inputs)] * len(call.outputs)

    ends = graph.run([frozenset()] * len(graph.inputs), follow)
    assert tuple(seen) == graph.calls
    for tensor, behind in zip(graph.outputs, ends, strict=True):
        producer = graph.producer(tensor)
        assert behind == frozenset(graph.ancestors([producer] if producer else []))


@pytest.mark.parametrize("name", ("residual", "siamese", "encoder_used_twice"))
def test_a_run_of_the_operations_computes_what_the_model_does(name: str) -> None:
    model = PATTERNS[name].build()
    generator = np.random.default_rng(0)
    values = [
        keras.ops.convert_to_tensor(generator.random((2, *each.shape[1:])).astype(each.dtype))
        for each in model.inputs
    ]
    found = read_graph(model).run(values, lambda call, inputs: call.on(inputs))
    expected = keras.tree.flatten(model(values if len(values) > 1 else values[0]))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_a_run_holds_no_more_than_is_needed() -> None:
    held: list[int] = []

    class Counted:
        """A value that knows how many of its kind there are."""

        alive = 0

        def __init__(self) -> None:
            Counted.alive += 1

        def __del__(self) -> None:
            Counted.alive -= 1

    def on_call(call: Call, _: list[Counted]) -> list[Counted]:
        held.append(Counted.alive)
        return [Counted() for _ in call.outputs]

    stack = [layers.ReLU() for _ in range(6)]
    graph = read_graph(keras.Sequential([keras.Input((3,)), *stack]))
    graph.run([Counted()], on_call)
    assert max(held) <= 2, "the input, which the caller holds, and what was made of it"


def test_values_must_fit_inputs_and_outputs() -> None:
    graph = graph_of("residual")
    with pytest.raises(ValueError, match="zip"):
        graph.run([], lambda call, _: call.outputs)
    with pytest.raises(ValueError, match="zip"):
        graph.run(graph.inputs, lambda *_: ())
