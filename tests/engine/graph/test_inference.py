"""Running models: what cannot be run names its layer, and nothing is said aside."""

from __future__ import annotations

import warnings
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from pytest_paoding.engine.graph.inference import finite, first_not_finite, run
from pytest_paoding.errors import ExecutionError, cause_of


def test_an_attribute_that_was_looked_for_in_vain_is_no_cause() -> None:
    """TensorFlow asks a variable for another way to gather, and then says what is wrong."""
    x = keras.Input((3,), dtype="int32")
    model = keras.Model(x, layers.Embedding(5, 2, name="table")(x))
    with pytest.raises(ExecutionError, match=r"'table' cannot .* = 7 is not in \[0, 5\)"):
        run(model, [np.full((2, 3), 7)])


class Picky(layers.Layer):
    """A layer that accepts any shape, and runs on none."""

    def __init__(self, error: Exception, **options: Any) -> None:
        super().__init__(**options)
        self.error = error

    def call(self, _: Any) -> Any:
        raise self.error

    def compute_output_shape(self, shape: Any) -> Any:
        return shape


def around(layer: Any) -> Any:
    x = keras.Input((3,))
    return keras.Model(x, layers.Dense(2)(layer(layers.Dense(4)(x))))


@pytest.mark.parametrize("nested", (False, True))
def test_a_layer_that_cannot_be_run_is_named(*, nested: bool) -> None:
    model, name = around(Picky(RuntimeError("no such thing"), name="picky")), "picky"
    if nested:
        inner = keras.Model(model.input, model.output, name="inner")
        model, name = keras.Sequential([keras.Input((3,)), inner]), "inner/picky"
    with pytest.raises(ExecutionError) as caught:
        run(model, [np.zeros((5, 3), "float32")])
    assert str(caught.value) == (
        f"layer {name!r} cannot be run on values of the shape (5, 4): no such thing"
    )


def test_nothing_is_warned_of() -> None:
    """Keras warns of a softmax over one unit whenever it is run; suites may make that an error."""
    model = around(layers.Lambda(lambda x: ops.softmax(x[:, :1]), output_shape=(1,)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (found,) = run(model, [np.zeros((5, 3), "float32")])
    assert found.shape == (5, 2)


def test_the_first_layer_that_is_not_finite_is_found() -> None:
    model = around(layers.Lambda(lambda x: x / 0.0, name="halfway"))
    assert first_not_finite(model, [np.ones((2, 3), "float32")]) == "halfway"
    assert first_not_finite(around(layers.ReLU()), [np.ones((2, 3), "float32")]) is None


def test_strings_are_finite() -> None:
    assert finite(np.array(["a", "b"], object)).all()
    assert finite(np.array([1.0, np.inf])).tolist() == [True, False]


@pytest.mark.parametrize(
    ("said", "line"),
    (
        ("Exception encountered when calling Conv2D.call().\n\n\x1b[1mTold so\x1b[0m\n", "Told so"),
        ("{{function_node __wrapped__Pad_device_/job:0}} The first [Op:Pad] name: ", "The first"),
        ("one\ntwo", "one"),
        (
            (
                "Graph execution error:\n\nDetected at node a defined at (most recent call last):\n"
                '  File "net.py", line 9, in <module>\n\n  File "net.py", line 3, in call\n\n'
                "indices[0,1] = 9 is not in [0, 5)\n\t [[{{node a}}]] [Op:__inference_f_7]"
            ),
            "indices[0,1] = 9 is not in [0, 5)",
        ),
        (
            "Graph execution error:\n\n2 root error(s) found.\n  (0) INVALID_ARGUMENT:  none so\n",
            "(0) INVALID_ARGUMENT:  none so",
        ),
        ("A total of 3 objects could not be loaded. Example:\n\nnone fits\n", "none fits"),
        (
            (
                "A total of 2 objects could not be loaded. Example error message for object "
                "<Dense name=d, built=True>:\n\nno number\n\nList of objects that could not be "
                "loaded:\n[<Dense name=d, built=True>]"
            ),
            "layer 'd': no number",
        ),
        (
            (
                "A total of 1 objects could not be loaded. Example error message for object "
                "<Dense name=d, built=True>:\n\n\n\nList of objects that could not be loaded:\n[]"
            ),
            "layer 'd': it could not be loaded",
        ),
        ("<net.Own object at 0x7f75a7a46190> has none", "<net.Own object> has none"),
        ("", "ValueError"),
    ),
)
def test_the_cause_is_the_telling_line(said: str, line: str) -> None:
    assert cause_of(ValueError(said)) == line


def test_what_is_not_there_is_said_to_be_missing() -> None:
    assert cause_of(KeyError("bias")) == "there is no 'bias'"
    assert cause_of(KeyError("no such layer: bias")) == "there is no 'no such layer: bias'"
