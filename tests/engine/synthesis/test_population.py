"""Populations look more and more like what a model recorded, and stay what its inputs are."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.execution.wave import Model
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.inputs.draws import Draw, drawn
from pytest_paoding.engine.inputs.input_sources import sources_of
from pytest_paoding.engine.synthesis.candidate_table import tabulate
from pytest_paoding.engine.synthesis.class_targets import leaning_targets
from pytest_paoding.engine.synthesis.population import Breeding, Stock, populate
from pytest_paoding.engine.synthesis.shifts import stand_shifts
from pytest_paoding.engine.synthesis.weighing import measured
from support.small_models import mlp, normed, randomised

layers = keras.layers


def ready(model, input_range=None):
    graph = read_graph(model)
    return Model(graph, WorkingWeights()), sources_of(graph, input_range)


def bred(model, stock, seed=0, input_range=None):
    state, sources = ready(model, input_range)
    return state, sources, populate(state, sources, stock, np.random.default_rng(seed))


def fitted(model, x):
    """Let every normalisation of a chain record what it reads of some inputs."""
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            read = values_of(x)
            axes = tuple(range(read.ndim - 1))
            layer.moving_mean.assign(read.mean(axis=axes))
            layer.moving_variance.assign(read.var(axis=axes))
        x = layer(x)
    return model


def strokes(count, seed=5):
    """Return thin white bars on black, at places and angles of their own."""
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[:12, :12] - 5.5
    angle, off = generator.uniform(0, np.pi, (count, 1, 1)), generator.normal(0, 2, (count, 1, 1))
    away = np.abs(np.cos(angle) * x + np.sin(angle) * y - off)
    return np.clip(1.5 - away, 0, 1)[..., None].astype(np.float32)


def test_generations_come_nearer_to_what_was_recorded():
    flow = [layers.Conv2D(6, 3), layers.BatchNormalization(), layers.ReLU()]
    flow += [layers.Conv2D(8, 3), layers.BatchNormalization(), layers.ReLU()]
    flow += [layers.GlobalAveragePooling2D(), layers.Dense(5, "softmax")]
    model = fitted(randomised(keras.Sequential([keras.Input((12, 12, 1)), *flow])), strokes(400))
    distance = {}
    for generations in (0, 6):
        stock = Stock(1200, 600, generations, 400, 1e9)
        state, _, population = bred(model, stock, input_range=(0, 1))
        distance[generations] = measured(tabulate(state, population.inputs)).distance
        (values,) = population.inputs.values()
        assert values.shape == (400, 12, 12, 1)
        assert values.min() >= 0
        assert values.max() <= 1
    state, sources = ready(model, (0, 1))
    merely = drawn(sources, Draw(400, 0, np.random.default_rng(0)))
    assert distance[6] < 0.7 * distance[0]
    assert distance[0] < 0.5 * measured(tabulate(state, merely)).distance


def test_the_same_seed_breeds_the_same_inputs():
    stock = Stock(300, 200, 2, 50, 1e9)
    one, same, other = (bred(normed([]), stock, seed)[2] for seed in (0, 0, 1))
    (a,), (b,), (c,) = (each.inputs.values() for each in (one, same, other))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)


def test_inputs_of_every_kind_stay_what_they_are():
    image = keras.Input((8, 8, 3), dtype="uint8", name="image")
    words = keras.Input((9,), dtype="int32", name="words")
    series = keras.Input((7, 2), name="series")
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(layers.Rescaling(1 / 255)(image)))
    y = layers.GlobalAveragePooling1D()(layers.Embedding(20, 4, mask_zero=True)(words))
    z = layers.LSTM(4)(layers.Masking(-1.0)(series))
    flow = layers.BatchNormalization()(layers.Dense(8)(layers.Concatenate()([x, y, z])))
    model = randomised(keras.Model([image, words, series], layers.Dense(3)(layers.ReLU()(flow))))
    _, sources, population = bred(model, Stock(400, 300, 3, 120, 1e9))
    image, words, series = (population.inputs[each] for each in sources.graph.inputs)
    assert image.dtype == np.uint8
    assert image.max() > 1
    assert words.min() >= 0
    assert words.max() < 20
    ends = np.where((words != 0).any(axis=1), 9 - (words[:, ::-1] != 0).argmax(axis=1), 0)
    assert (words[np.arange(9) >= ends[:, None]] == 0).all()
    padded = (series == -1).all(axis=2)
    assert padded.any()
    assert (np.diff(padded.astype(int), axis=1) >= 0).all()  # nothing behind the end
    rest = series[~padded]
    assert rest.min() >= 0
    assert rest.max() <= 1


def test_there_are_generations_only_where_something_was_recorded():
    budget = Breeding(work=1e13)
    of_norms, of_none = (
        budget.affordable(sources_of(read_graph(model))) for model in (normed([]), mlp(8))
    )
    assert of_norms.generations > 10
    assert of_none.generations == 0
    assert Breeding(work=1.0).affordable(sources_of(read_graph(mlp(8)))) is None


def test_there_are_more_inputs_than_the_widest_layer_reads_columns():
    wide = sources_of(read_graph(mlp(1500, 8)))
    assert Breeding(work=1e12).affordable(wide).survivors == 6000


def test_what_is_spent_is_no_more_than_the_budget():
    for model in (normed([]), mlp(8)):
        for work in (1e9, 1e10, 1e11, 1e12):
            stock = Breeding(work).affordable(sources_of(read_graph(model)))
            assert stock is None or stock.cost <= work


@pytest.mark.parametrize("centred", (True, False))
def test_pictures_may_be_shifted_where_a_model_knows_them_in_many_places(centred):
    """A net whose kernel reads whole pictures records them in one place, or in all."""
    generator = np.random.default_rng(0)
    shown = np.zeros((600, 12, 12, 1), np.float32)
    shown[:, 5:7, 5:7] = 1
    if not centred:
        for picture, (down, right) in zip(shown, generator.integers(0, 12, (600, 2)), strict=True):
            picture[:] = np.roll(picture, (down, right), (0, 1))
    flow = [layers.Conv2D(8, 12), layers.BatchNormalization(), layers.Flatten(), layers.Dense(3)]
    model = fitted(randomised(keras.Sequential([keras.Input((12, 12, 1)), *flow])), shown)
    state, sources = ready(model, (0, 1))
    inputs = {sources.graph.inputs[0]: shown}
    assert stand_shifts(state, sources, inputs, generator) is not centred


def test_targets_are_what_a_model_leans_to_but_in_balance():
    model = randomised(keras.Sequential([keras.Input((6,)), layers.Dense(4, "softmax")]))
    state, sources = ready(model)
    values = np.random.default_rng(0).random((200, 6), dtype=np.float32)
    (targets,) = leaning_targets(state, {sources.graph.inputs[0]: values}, np.random.default_rng(0))
    np.testing.assert_array_equal(targets.sum(axis=0), 50)
    leans = np.asarray(model(values)).argmax(axis=1)
    kept = np.minimum(np.bincount(leans, minlength=4), 50).sum()
    assert (targets.argmax(axis=1) == leans).sum() >= kept


def test_targets_of_sigmoids_are_their_sides():
    model = randomised(keras.Sequential([keras.Input((6,)), layers.Dense(3, "sigmoid")]))
    state, sources = ready(model)
    values = np.random.default_rng(0).random((20, 6), dtype=np.float32)
    (targets,) = leaning_targets(state, {sources.graph.inputs[0]: values}, np.random.default_rng(0))
    np.testing.assert_array_equal(targets, np.asarray(model(values)) > 0.5)
