"""The mix of sequences: certain ones are of every class, and moved ones are nearer to theirs."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from pytest_paoding.engine.execution.multiplications import multiplications
from pytest_paoding.engine.execution.wave import Model
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.inputs.draws import Draw, drawn
from pytest_paoding.engine.inputs.input_sources import sources_of
from pytest_paoding.engine.synthesis.class_targets import drawn_targets
from pytest_paoding.engine.synthesis.inversion import Effort, InputSearch
from pytest_paoding.engine.synthesis.mixtures import Mixtures
from pytest_paoding.engine.synthesis.sequence_mix import (
    _extremes,
    _moved_all_the_way,
    sequence_mix,
)
from pytest_paoding.engine.synthesis.substitution import substitute
from support.pruning_tasks import reconstruction
from support.small_models import randomised

CLASSES = 4


def reader(*, mask_zero=False, dtype="int32"):
    given = keras.Input((20,), dtype=dtype)
    flow = layers.GRU(8)(layers.Embedding(50, 6, mask_zero=mask_zero)(given))
    return randomised(keras.Model(given, layers.Dense(CLASSES, "softmax")(flow)))


def moved(model, seed=0):
    """Return drawn sentences, those that substitution makes of them, and their targets."""
    graph = read_graph(model)
    begin = drawn(sources_of(graph), Draw(64, 0, np.random.default_rng(seed)))
    end = substitute(
        Model(graph, WorkingWeights()), begin, sources_of(graph), np.random.default_rng(seed)
    )
    (targets,) = drawn_targets(graph, 64, np.random.default_rng(seed))
    return *begin.values(), *end.values(), targets


def test_substitution_moves_sentences_towards_their_classes():
    model = reader()
    before, after, targets = moved(model)
    loss = [
        -(targets * np.log(np.asarray(model(each)) + 1e-9)).sum(axis=1) for each in (before, after)
    ]
    assert loss[1].mean() < 0.9 * loss[0].mean()
    assert 0 < (before != after).mean(axis=1).max() <= 4 * 0.05 + 1e-9  # rounds, share of each


def test_a_table_of_one_row_has_no_other_token():
    given = keras.Input((6,), dtype="int32")
    flow = layers.GRU(8)(layers.Embedding(1, 6, mask_zero=True)(given))
    before, after, _ = moved(randomised(keras.Model(given, layers.Dense(CLASSES, "softmax")(flow))))
    np.testing.assert_array_equal(before, after)


def test_tokens_become_none_that_another_table_does_not_know():
    given = keras.Input((20,), dtype="int32")
    tables = [layers.Embedding(50, 6)(given), layers.Embedding(60, 6)(given - 7)]
    flow = layers.GRU(8)(layers.Add()(tables))
    before, after, _ = moved(randomised(keras.Model(given, layers.Dense(CLASSES, "softmax")(flow))))
    assert (before != after).any()
    assert after.min() >= 7
    assert after.max() < 50


@pytest.mark.parametrize("dtype", ("float32", "float64", "uint8", "int16", "int64"))
def test_tokens_of_any_dtype_are_moved_alike(dtype):
    expected = moved(reader())[1]
    found = moved(reader(dtype=dtype))[1]
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", ("float32", "int32"))
def test_the_mix_holds_nothing_but_tokens_of_the_table(dtype):
    model = reader(dtype=dtype)
    task = reconstruction(walk(model, rule_for))
    walked = Model(task.structure.graph, WorkingWeights())
    effort = Effort(steps=2, inputs=64, least=4, work=1e12)
    mix = sequence_mix(walked, task.sources, InputSearch(effort, np.random.default_rng(0))).inputs
    found = np.concatenate([values for chunk in mix.chunks for values in chunk.values()])
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, np.round(found))
    assert found.min() >= 0
    assert found.max() < 50
    drawn_again = Mixtures(task.sources, mix.plain(), np.random.default_rng(0), shifted=True)
    (mixed,) = drawn_again.draw(200)
    assert np.isin(mixed, np.arange(50)).all()


def test_a_row_of_token_and_numbers_is_mixed_by_what_each_is():
    """Neighbouring tokens have nothing in common: a value between two would be a third one."""
    given = keras.Input((3,))
    flow = layers.Flatten()(layers.Embedding(50, 6)(given))
    model = randomised(keras.Model(given, layers.Dense(CLASSES, "softmax")(flow)))
    task = reconstruction(walk(model, rule_for))
    (tensor,) = task.structure.graph.inputs
    values = {tensor: np.array([[0, 10, 20], [40, 30, 49]], "float32")}
    (mixed,) = Mixtures(task.sources, values, np.random.default_rng(0), shifted=False).draw(100)
    assert set(np.unique(mixed)) == {0, 10, 20, 30, 40, 49}


def test_padding_stays_padding():
    before, after, _ = moved(reader(mask_zero=True))
    assert (before == 0).any()
    np.testing.assert_array_equal(before == 0, after == 0)


def test_little_effort_chooses_from_fewer_and_says_what_was_spent():
    task = reconstruction(walk(reader(), rule_for))
    graph = task.structure.graph
    each, spent, counts = multiplications(graph), [], []
    for work in (0, 800 * each, 1e12):
        search = InputSearch(Effort(2, 2048, 64, work), np.random.default_rng(0))
        mix = sequence_mix(Model(graph, WorkingWeights()), task.sources, search)
        spent.append(mix.spent)
        counts.append(mix.inputs.count)
    assert counts == [512, 512 + 100, 512 + 2048 + 1024]
    assert spent[:2] == [0, 800 * each]
    assert spent[2] == 8 * 2048 * each + Effort(4, 2048, 64, 0).cost(graph, 2048)


def follower(*, masked=False):
    """Return a model of series to which each class is as common as any other."""
    given = keras.Input((12, 3))
    flow = layers.Masking()(given) if masked else layers.Conv1D(8, 3, activation="relu")(given)
    flow = layers.SimpleRNN(4)(flow) if masked else layers.GlobalAveragePooling1D()(flow)
    model = randomised(keras.Model(given, layers.Dense(CLASSES, "softmax")(flow)))
    last, x = model.layers[-1], np.random.default_rng(1).random((500, 12, 3), np.float32)
    pair = np.asarray(last.kernel)[:, : CLASSES // 2]
    kernel = np.concatenate([pair, -pair], axis=1)
    last.kernel.assign(kernel)
    last.bias.assign(-np.asarray(keras.Model(model.input, last.input)(x)).mean(axis=0) @ kernel)
    return model


def moved_all_the_way(model, work, most=2048):
    """Return series that were moved, what they took, and where they began."""
    task = reconstruction(walk(model, rule_for))
    search = InputSearch(Effort(0, most, 512, work), np.random.default_rng(0))
    walked = Model(task.structure.graph, WorkingWeights())
    found, spent = _moved_all_the_way(walked, task.sources, search)
    begin = drawn(task.sources, Draw(2000, 0, np.random.default_rng(0)))
    return found, spent, begin


def spread(model, values):
    """Return how far apart the answers are, over inputs."""
    return np.log(np.asarray(model(values))).std(axis=0).mean()


def test_series_are_moved_to_where_a_model_is_certain():
    model = follower()
    found, _, begin = moved_all_the_way(model, 2e11)
    (values,), (begin,) = found.values(), begin.values()
    assert spread(model, values) > 1.3 * spread(model, begin)
    assert np.unique(np.asarray(model(values)).argmax(axis=1)).size == CLASSES
    assert begin.min() <= values.min() <= values.max() <= begin.max()


def test_series_take_fewer_steps_where_there_is_less_to_spend_and_none_for_very_few():
    model = follower()
    graph = read_graph(model)
    full = Effort(200, 2048, 512, 0).cost(graph, 600)
    for share, steps, count in ((1.0, 200, 600), (0.5, 60, 1000)):
        found, spent, _ = moved_all_the_way(model, share * full)
        (values,) = found.values()
        assert spent == Effort(steps, 2048, 512, 0).cost(graph, len(values))
        assert len(values) >= count * 0.99
    assert moved_all_the_way(model, 0)[:2] == (None, 0)
    assert moved_all_the_way(model, 2e11, most=500)[:2] == (None, 0)


def test_tokens_and_values_are_not_moved_all_the_way():
    assert moved_all_the_way(reader(), 2e11)[:2] == (None, 0)
    given = keras.Input((12, 3))
    foreteller = keras.Model(given, layers.Dense(1)(layers.GRU(4)(given)))
    assert moved_all_the_way(foreteller, 2e11)[:2] == (None, 0)


@pytest.mark.parametrize(("work", "count"), ((0, 512), (1e12, 512 + 2048 + 1024 + 2048)))
def test_a_mix_of_series_holds_all_kinds_and_tells_what_they_took(work, count):
    task = reconstruction(walk(follower(), rule_for))
    graph = task.structure.graph
    search = InputSearch(Effort(30, 2048, 64, work), np.random.default_rng(0))
    mix = sequence_mix(Model(graph, WorkingWeights()), task.sources, search)
    assert mix.inputs.count == count
    each, far, near = multiplications(graph), Effort(200, 1, 1, 0), Effort(30, 1, 1, 0)
    full = 8 * 2048 * each + far.cost(graph, 2048) + near.cost(graph, 2048)
    assert mix.spent == pytest.approx(full if work else 0)


@pytest.mark.parametrize("work", (1e10, 5e10, 2e11))
def test_a_mix_takes_no_more_than_twice_the_work_that_it_may(work):
    task = reconstruction(walk(follower(), rule_for))
    search = InputSearch(Effort(30, 2048, 64, work), np.random.default_rng(0))
    mix = sequence_mix(Model(task.structure.graph, WorkingWeights()), task.sources, search)
    assert 0 < mix.spent <= 2 * work


def test_steps_that_a_model_masks_stay_masked():
    found, _, _ = moved_all_the_way(follower(masked=True), 2e11)
    (values,) = found.values()
    assert (values == 0).all(axis=-1).any()


def test_the_most_certain_are_of_every_class():
    logits = np.random.default_rng(0).standard_normal((1000, CLASSES)).astype(np.float32)
    logits[:, 0] += 3  # nearly all are of the first class
    chosen = _extremes(logits, 40, np.random.default_rng(0))
    winners = np.bincount(logits[chosen].argmax(axis=1), minlength=CLASSES)
    assert len(chosen) == 40
    assert winners.min() > 0
    share = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    for number in range(CLASSES):
        assert share[chosen, number].max() == share[:, number].max()


def test_the_most_certain_of_one_output_are_its_ends():
    values = np.arange(100, dtype=np.float32)[:, None]
    chosen = _extremes(values, 10, np.random.default_rng(0))
    assert sorted(chosen) == [0, 1, 2, 3, 4, 95, 96, 97, 98, 99]
