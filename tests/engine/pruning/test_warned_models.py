"""Models that Keras, NumPy or TensorFlow warn of are pruned and judged without a word.

Suites that turn warnings into errors would end in them, and what is logged stands on their screens.
"""

from __future__ import annotations

import logging
import warnings
from itertools import product
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from pytest_paoding.engine.evaluation.evaluate import evaluate
from pytest_paoding.engine.pruning.pruner import prune
from pytest_paoding.records.strategy_names import NAMES


def softmax_of_one_unit() -> Any:
    x = keras.Input((4,))
    gate = layers.Softmax()(layers.Dense(1)(x))
    return keras.Model(x, layers.Dense(3)(layers.Dense(6, "relu")(x) * gate))


def mask_that_ends() -> Any:
    x = keras.Input((5, 2))
    y = layers.Conv1D(6, 2)(layers.Masking()(x))
    return keras.Model(x, layers.Dense(3)(layers.Flatten()(y)))


def grouped_convolutions() -> Any:
    """Each call of one makes a new function, of which TensorFlow warns from the fifth on."""
    x = keras.Input((6, 8))
    y = layers.Conv1D(8, 1)(x)
    for _ in range(6):
        y = layers.Conv1D(8, 2, groups=2, padding="same")(y)
    return keras.Model(x, layers.Dense(3)(layers.Flatten()(y)))


CASES = (
    *product((softmax_of_one_unit, mask_that_ends), NAMES),
    *(pytest.param(grouped_convolutions, name, marks=pytest.mark.slow) for name in NAMES),
)


@pytest.mark.parametrize(("build", "strategy"), CASES)
def test_nothing_is_said(build: Any, strategy: str, caplog: pytest.LogCaptureFixture) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = build()
    x = np.random.default_rng(0).random((12, *model.input_shape[1:]), np.float32)
    logger = logging.getLogger("tensorflow")
    logger.addHandler(caplog.handler)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            pruned = prune(model, ratio=0.5, strategy=strategy, verify=True)
            evaluate(
                *(model, pruned.model, (x, np.arange(12) % 3)),
                epsilons=(0.1,),
                measure=("fidelity", "latency"),
            )
    finally:
        logger.removeHandler(caplog.handler)
    assert caplog.messages == []


def test_levels_of_loggers_are_as_before() -> None:
    logger = logging.getLogger("tensorflow")
    before = logger.level
    prune(softmax_of_one_unit(), ratio=0.5, strategy="magnitude")
    assert logger.level == before
