"""What the pruning has learned from is not judged on."""

from __future__ import annotations

import numpy as np
import pytest
from keras import Input, Model, layers

from pytest_paoding.engine.evaluation.evaluate import evaluate
from pytest_paoding.errors import DataError


def test_inputs_apart_from_the_data_change_nothing(digits_mlp, narrow_mlp, samples):
    x, y = samples
    expected = evaluate(digits_mlp, narrow_mlp, (x[20:], y[20:]))
    assert evaluate(digits_mlp, narrow_mlp, (x[20:], y[20:]), calibration=x[:20]) == expected


@pytest.mark.parametrize("as_stream", (False, True))
def test_a_sample_that_was_learned_from_is_named(digits_mlp, narrow_mlp, digits, as_stream):
    x, y = (part[:600] for part in digits)
    data = (x, y)
    if as_stream:
        data = ((x[start : start + 64], y[start : start + 64]) for start in range(0, 600, 64))
    message = "sample 590 of the data for judging is among the inputs for calibration"
    with pytest.raises(DataError, match=message):
        evaluate(digits_mlp, narrow_mlp, data, calibration=x[590:591].astype("float64"))


def test_the_same_object_is_refused(digits_mlp, narrow_mlp, samples):
    with pytest.raises(DataError, match="sample 0 of the data"):
        evaluate(digits_mlp, narrow_mlp, samples, calibration=samples[0])


def test_samples_of_several_inputs_are_the_same_if_all_are():
    left, right = Input((2,), name="left"), Input((2,), name="right")
    model = Model([left, right], layers.Dense(2, "softmax")(layers.Add()([left, right])))
    x = {"left": np.ones((3, 2)), "right": np.arange(6.0).reshape(3, 2)}
    other = {"left": np.ones((1, 2)), "right": np.full((1, 2), 9.0)}
    data = (x, np.zeros(3, int))
    assert evaluate(model, model, data, calibration=other)["agreement"].found == 1
    seen = {name: part[1:2] for name, part in x.items()}
    with pytest.raises(DataError, match="sample 1 of the data"):
        evaluate(model, model, data, calibration=seen)
