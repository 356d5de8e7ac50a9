"""A constant that fixes how many rows a model reads is named: its rows are no samples."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from pytest_paoding import prune
from pytest_paoding.engine.surgery.opening.opened import opened
from pytest_paoding.errors import PruningError
from support.nightly import nightly


class OverNodes(keras.Model):
    """A model whose rows are the nodes of one graph."""

    def __init__(self, nodes: int, way: str, *, tensor: bool) -> None:
        super().__init__()
        self.first, self.last = layers.Dense(8, "relu"), layers.Dense(3)
        size = nodes if way.startswith("matmul") or way == "tf" else 8
        values = np.linspace(-1, 1, nodes * size, dtype=keras.config.floatx()).reshape(nodes, size)
        self.adjacency = ops.convert_to_tensor(values) if tensor else values
        self.way = way

    def call(self, x: Any) -> Any:
        hidden = self.first(x)
        return self.last(JOINS[self.way](self.adjacency, hidden))


class Around(keras.Model):
    """A model that holds such a one."""

    def __init__(self, inner: Any) -> None:
        super().__init__()
        self.before, self.inner = layers.Dense(6, "relu"), inner

    def call(self, x: Any) -> Any:
        return self.inner(self.before(x))


JOINS = {
    "matmul": ops.matmul,
    "matmul by an operator": lambda graph, x: graph @ x,
    "tf": tf.matmul,
    "sum": lambda graph, x: x + graph,
    "product": ops.multiply,
    "joined": lambda graph, x: ops.concatenate([x, graph], axis=-1),
}


@pytest.mark.parametrize("nodes", (7, *nightly(3)))
@pytest.mark.parametrize("way", JOINS)
@pytest.mark.parametrize(("tensor", "nested"), ((True, False), (False, False), (False, True)))
def test_the_constant_is_named(way: str, nodes: int, *, tensor: bool, nested: bool) -> None:
    if way == "matmul by an operator" and not tensor:
        pytest.skip("NumPy multiplies by itself")
    model = OverNodes(nodes, way, tensor=tensor)
    model = Around(model) if nested else model
    model(np.ones((nodes, 4), "float32"))
    with pytest.raises(PruningError) as caught:
        opened(model)
    message = str(caught.value)
    assert re.search(rf"{Path(__file__).name}:\d+: the constant '(adjacency|graph)'", message)
    assert f"of shape ({nodes}, " in message
    assert f"beside {nodes} rows only" in message
    assert f"(samples, {nodes}, features)" in message


class Batched(OverNodes):
    """A model of many graphs with the same edges."""

    def call(self, x: Any) -> Any:
        return self.last(ops.mean(ops.matmul(self.adjacency, self.first(x)), axis=1))


def test_a_model_with_an_axis_of_samples_is_opened() -> None:
    model = Batched(5, "matmul", tensor=True)
    model(np.ones((2, 5, 4), "float32"))
    assert opened(model).notes[0].startswith("opened: ")


class Biased(OverNodes):
    """A constant as long as a row, which says nothing of how many there are."""

    def call(self, x: Any) -> Any:
        return self.last(self.first(x) + self.adjacency[0])


def test_a_constant_for_every_row_is_no_fault() -> None:
    model = Biased(5, "sum", tensor=True)
    model(np.ones((2, 4), "float32"))
    assert prune(model, ratio=0.5, strategy="magnitude", verify=True).model.count_params()


class Broken(OverNodes):
    """What fails for another reason keeps that reason."""

    def call(self, x: Any) -> Any:
        hidden = self.first(x) + self.adjacency[0]
        if hidden.shape[0] not in (None, 2):
            raise ValueError("two rows, please")
        return self.last(hidden)


def test_another_reason_is_not_blamed_on_a_constant() -> None:
    model = Broken(5, "sum", tensor=True)
    model(np.ones((2, 4), "float32"))
    with pytest.raises(PruningError, match="two rows, please"):
        opened(model)
