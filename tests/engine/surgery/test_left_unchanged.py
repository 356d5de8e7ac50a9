"""A model that is opened is left as it was, and what it changes itself is refused or said."""

from __future__ import annotations

import inspect
from collections import deque
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from pytest_paoding.engine.surgery.opening.opened import opened
from pytest_paoding.engine.surgery.opening.own_code import named_layers
from pytest_paoding.errors import PruningError
from support.subclassed_models import FEATURES, Two, called

HERE = Path(__file__).name


class Growing(Two):
    """A bias that grows with every call."""

    def call(self, x: Any) -> Any:
        y = super().call(x)
        self.last.bias.assign_add(ops.ones(3))  # here
        return y


class Following(Two):
    """A bias that follows what is computed."""

    def call(self, x: Any) -> Any:
        y = super().call(x)
        self.last.bias.assign(0.9 * self.last.bias.value + 0.1 * ops.mean(y, axis=0))  # here
        return y


class Drawing(Two):
    """A generator of its own, drawn from outside of a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.seeds = keras.random.SeedGenerator(1)

    def call(self, x: Any) -> Any:
        return super().call(x + keras.random.normal((5,), seed=self.seeds))  # here


class DrawingFromAll(Two):
    """The generator of Keras itself."""

    def call(self, x: Any) -> Any:
        return super().call(x + keras.random.normal((5,)))  # here


class OfTensorFlow(Two):
    """A variable of TensorFlow."""

    def __init__(self) -> None:
        super().__init__()
        self.count = tf.Variable(0.0)

    def call(self, x: Any) -> Any:
        self.count.assign_add(1.0)  # here
        return super().call(x)


def line_of(kind: type) -> int:
    lines, first = inspect.getsourcelines(kind)
    return first + next(number for number, line in enumerate(lines) if "# here" in line)


def values(model: Any) -> list[bytes]:
    found = [*model.variables, *([model.count] if hasattr(model, "count") else [])]
    return [np.asarray(each).tobytes() for each in found]


@pytest.mark.parametrize("kind", (Growing, Following, Drawing, DrawingFromAll, OfTensorFlow))
def test_a_model_that_assigns_what_it_computes_with_is_refused_and_left_alone(kind: type) -> None:
    model = called(kind())
    before = values(model)
    with pytest.raises(PruningError, match=f"at {HERE}:{line_of(kind)}: it assigns to"):
        opened(model)
    assert values(model) == before


class Counting(Two):
    """Calls and what they gave are counted in variables that nothing is computed from."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = self.add_weight(shape=(), initializer="zeros", name="steps", trainable=False)
        self.mean = keras.metrics.Mean(name="mean")

    def call(self, x: Any) -> Any:
        self.steps.assign_add(1)
        y = super().call(x)
        self.mean.update_state(ops.mean(y))
        return y


def test_what_is_assigned_and_not_used_is_left_out_and_said() -> None:
    model = called(Counting())
    before = values(model)
    found = opened(model)
    assert values(model) == before
    assert any(f"{HERE}:" in note and "/steps' is left out" in note for note in found.notes)
    np.testing.assert_array_equal(found.model(FEATURES), Two.call(model, FEATURES))


class Note:
    """An object of the project's own."""

    def __init__(self) -> None:
        self.calls = 0


class Keeping(Two):
    """Everything that Python can remember in."""

    total = 0
    shapes: list[Any] = []  # noqa: RUF012 # a class attribute is the point

    def __init__(self) -> None:
        super().__init__()
        self.calls, self.seen, self.cache = 0, [], {"last": []}
        self.recent, self.names = deque(maxlen=3), set()
        self.sums, self.note = np.zeros(3), Note()

    def call(self, x: Any) -> Any:
        self.calls += 1
        type(self).total += 1
        type(self).shapes.append(tuple(x.shape))
        self.seen.append(x)
        self.cache["last"].append(x)
        self.cache[self.calls] = x
        self.recent.append(self.calls)
        self.names.add(f"call {self.calls}")
        self.sums += 1
        self.note.calls += 1
        self.new = x
        return super().call(x)


def held(model: Keeping) -> Any:
    own = {name: value for name, value in vars(model).items() if name != "new"}
    return [
        *(model.calls, Keeping.total, tuple(Keeping.shapes), tuple(map(id, model.seen))),
        *(tuple(model.cache), tuple(map(id, model.cache["last"])), tuple(model.recent)),
        *(sorted(model.names), model.sums.tolist(), model.note.calls, id(vars(model)["new"])),
        *(sorted(own), [len(each.weights) for each in named_layers(model)]),
    ]


def test_attributes_and_what_they_hold_are_as_they_were() -> None:
    model = called(Keeping())
    before = held(model)
    opened(model)
    assert held(model) == before
    called(model)
    assert model.calls == before[0] + 1


class Growth(Two):
    """A list that grows, and what is computed from its length."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    def call(self, x: Any) -> Any:
        self.seen.append(0)
        return len(self.seen) * super().call(x)


def test_what_is_computed_from_memory_is_refused_and_the_memory_is_as_it_was() -> None:
    model = called(Growth())
    before = list(model.seen)
    with pytest.raises(PruningError, match="computes something else"):
        opened(model)
    assert model.seen == before


def test_assignments_work_again_afterwards() -> None:
    model = called(Growing())
    with pytest.raises(PruningError):
        opened(model)
    before = np.asarray(model.last.bias).copy()
    called(model)
    np.testing.assert_array_equal(model.last.bias, before + 1)


class OfTensorFlowUnseen(OfTensorFlow):
    """A variable of TensorFlow that only calls on values assign to."""

    def __init__(self, batch: int) -> None:
        super().__init__()
        self.batch = batch

    def call(self, x: Any) -> Any:
        if tf.is_tensor(x) and x.shape[0] == self.batch:
            self.count.assign_add(1.0)
        return Two.call(self, x)


@pytest.mark.parametrize("batch", (8, 1))
def test_a_variable_of_tensorflow_that_only_runs_assign_to_is_left_alone(batch: int) -> None:
    model = called(OfTensorFlowUnseen(batch))
    before = values(model)
    with pytest.raises(PruningError, match="it assigns to 'Variable"):
        opened(model)
    assert values(model) == before
