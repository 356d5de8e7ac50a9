"""Models that are random at inference are proved with their random values held fixed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from pytest_paoding.engine.evaluation.evaluate import evaluate
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.pruning.pruner import prune
from pytest_paoding.engine.surgery.cut import cut
from pytest_paoding.engine.surgery.self_checks import verify
from pytest_paoding.engine.surgery.transform import Transform
from pytest_paoding.errors import SurgeryError
from pytest_paoding.records.strategy_names import NAMES
from support.any_models.strange_layers import Noisy
from support.oracles import randomise, removal

if TYPE_CHECKING:
    from collections.abc import Callable

DRAWS = {
    "keras": keras.random.normal,
    "tensorflow": lambda shape: tf.random.normal(shape, dtype=keras.config.floatx()),
}


class Sampling(layers.Layer):
    """A variational autoencoder's step, which draws new noise at each call."""

    def __init__(self, draw: Callable[[Any], Any], **options: Any) -> None:
        super().__init__(**options)
        self.draw = draw

    def call(self, both: Any) -> Any:
        mean, logarithm = both
        noise = keras.ops.cast(self.draw(keras.ops.shape(mean)), mean.dtype)
        return mean + keras.ops.exp(0.5 * logarithm) * noise

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "draw": self.draw}


def autoencoder(draw: Callable[[Any], Any]) -> Any:
    x = keras.Input((8,))
    y = layers.Dense(10, "relu")(x)
    code = Sampling(draw, name="sampling")([layers.Dense(4)(y), layers.Dense(4)(y)])
    return randomise(keras.Model(x, layers.Dense(8)(layers.Dense(12, "relu")(code))))


@pytest.mark.parametrize("draw", DRAWS)
def test_the_cut_is_proved_around_what_is_random(draw: str) -> None:
    structure = walk(autoencoder(DRAWS[draw]), rule_for)
    found = verify(structure, cut(structure, Transform(removal(structure))), full=True)
    assert found.note is not None
    assert found.note.startswith("proved with what is random in sampling held fixed: off by")
    assert found.error is not None


@pytest.mark.parametrize("number", (1, -1))
def test_damage_before_and_behind_it_is_caught(number: int) -> None:
    structure = walk(autoencoder(DRAWS["keras"]), rule_for)
    outcome = cut(structure, Transform(removal(structure)))
    kernel = outcome.model.layers[number].kernel
    kernel.assign(kernel[::-1])
    with pytest.raises(SurgeryError, match=r"self-check: outputs are off by .* in float64"):
        verify(structure, outcome, full=True)


@pytest.mark.parametrize("strategy", NAMES)
def test_seeds_are_as_before(strategy: str) -> None:
    x = keras.Input((8,))
    noisy = Noisy()
    model = keras.Model(x, layers.Dense(2)(noisy(layers.Dense(6)(layers.Dense(6)(x)))))
    seeds = noisy.seeds
    before = np.asarray(seeds.state)
    pruned = prune(model, ratio=0.5, strategy=strategy, verify=True).model
    evaluate(model, pruned, None, measure=("fidelity", "latency"))
    np.testing.assert_array_equal(np.asarray(seeds.state), before)
    model(np.ones((2, 8)))
    assert (np.asarray(seeds.state) != before).any()
