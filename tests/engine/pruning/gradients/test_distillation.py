"""Distillation brings the outputs nearer to the original's, or leaves the weights as they were."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from pytest_paoding import prune
from pytest_paoding.engine.execution.multiplications import multiplications
from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.pruning.gradients import distillation
from pytest_paoding.engine.pruning.gradients.distillation import Course, weights_to_move
from pytest_paoding.engine.synthesis.descent import Adam
from pytest_paoding.engine.synthesis.work import STEP, batch_of
from support.nightly import nightly
from support.small_models import branched, cnn, inputs_of, mlp, off, randomised, residual

layers = keras.layers


@pytest.fixture(autouse=True)
def _names():
    keras.utils.clear_session()


def weights(model):
    return [values_of(each) for each in model.weights]


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("build", (lambda: mlp(16, 12), cnn, *nightly(residual, branched)))
def test_outputs_on_inputs_it_has_not_seen_are_nearer(build, course):
    model = build()
    before = weights(model)
    seen, unseen = (inputs_of(model, 256, seed) for seed in (1, 2))
    error = {}
    for steps in (0, 300):
        course(steps)
        pruned = prune(model, ratio=0.5, calibration=seen, verify=True)
        error[steps] = off(pruned.model, model, unseen)
        assert any(note.startswith("proved") for note in pruned.notes)
    assert error[300] < 0.9 * error[0]
    assert same(before, weights(model))


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(course):
    course(20)
    model = cnn()
    kept = tf.random.get_global_generator().state.numpy(), np.random.get_state()[1].copy()  # noqa: NPY002 # the global one must stay
    found = [weights(prune(model, ratio=0.5, seed=seed).model) for seed in (0, 0, 1)]
    assert same(found[0], found[1])
    assert not same(found[0], found[2])
    np.testing.assert_array_equal(kept[0], tf.random.get_global_generator().state.numpy())
    np.testing.assert_array_equal(kept[1], np.random.get_state()[1])  # noqa: NPY002 # as above


def test_what_does_not_help_is_taken_back_and_said(course, monkeypatch):
    model = cnn()
    course(0)
    expected = prune(model, ratio=0.5)
    course(8)
    monkeypatch.setattr(distillation, "_RATE", 1e6)
    found = prune(model, ratio=0.5)
    assert same(weights(expected.model), weights(found.model))
    said = "distillation was taken back: it brought the outputs no nearer to the original's"
    assert [note for note in found.notes if note not in expected.notes] == [said]


def test_what_cannot_be_run_traced_is_left_as_it_was_and_said(course, monkeypatch):
    model = cnn()
    course(0)
    expected = prune(model, ratio=0.5)
    course(8)

    def refuse(*_):
        raise tf.errors.InvalidArgumentError(None, None, "Unable to broadcast [8] to [128,8]")

    monkeypatch.setattr(distillation._Distillation, "nearest", refuse)
    found = prune(model, ratio=0.5)
    assert same(weights(expected.model), weights(found.model))
    said = "the pruned model was not distilled: Unable to broadcast [8] to [128,8]"
    assert [note for note in found.notes if note not in expected.notes] == [said]


@pytest.mark.parametrize(
    ("options", "distilled"),
    (({}, True), ({"calibration": np.ones((9, 7))}, True), ({"effort": 1e-6}, False)),
)
@pytest.mark.usefixtures("unhurried")
def test_inputs_that_are_merely_drawn_are_not_distilled_on(options, distilled):
    told = set()
    prune(mlp(8), ratio=0.5, progress=lambda what, *_: told.add(what), **options)
    assert ("distilling" in told) is distilled


class Hue(layers.Layer):
    """Rotates hues, an operation without a gradient."""

    def call(self, inputs):
        return tf.image.adjust_hue(inputs, 0.1)


@pytest.mark.parametrize("at_the_end", (False, *nightly(True)))
def test_where_there_is_no_gradient_others_steps_are_taken_and_it_is_said(at_the_end, course):
    course(8)
    inputs = keras.Input((8, 8, 3))
    x = inputs if at_the_end else Hue()(inputs)
    x = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(8, 3)(x)))
    x = layers.Conv2D(3, 1)(layers.Conv2D(6, 3)(x))
    x = Hue()(x) if at_the_end else x
    model = keras.Model(inputs, layers.Dense(4)(layers.GlobalAveragePooling2D()(x)))
    why = "gradient registry has no entry for: AdjustHue"
    data_free, given = (
        prune(model, ratio=0.5, calibration=some, input_range=(0, 1), effort=10).notes
        for some in (None, np.ones((9, 8, 8, 3)))
    )
    taken_off = f"the pruned model was not distilled: {why}"
    assert data_free[0] == f"inputs were not found by gradients: {why}"
    assert (taken_off in data_free) == at_the_end
    assert (taken_off in given) == at_the_end


def test_what_comes_before_the_first_cut_stays_as_it_is():
    model = mlp(5, 8, 6)
    pruned = prune(model, ratio=0.5, exclude="dense", calibration=inputs_of(model, 60)[0]).model
    first, second, *_ = pruned.layers
    assert same(weights(first), weights(model.layers[0]))
    moved = weights_to_move(read_graph(model), read_graph(pruned))
    assert {layer for layer, _ in moved} == set(pruned.layers[1:])
    assert (second, 1) in moved
    assert weights_to_move(read_graph(model), read_graph(model)) == []


def test_half_of_its_work_may_go_into_answers_and_the_rest_into_steps():
    large, small = (read_graph(mlp(width)) for width in (8, 4))
    answer, step = multiplications(large), 128 * 3 * multiplications(small) + STEP
    shown = 48 * 128  # no more than the steps can read
    assert Course(48, 10, 24 * step + shown * answer).affordable(large, small) == (24, shown)
    assert Course(48, 10, 90 * step).affordable(large, small) == (48, shown)
    assert Course(48, 10, 9 * step).affordable(large, small)[0] == 0
    whole_runs = Course(48, 10, 23 * step + shown * answer).affordable(large, small)
    assert whole_runs == (20, shown)
    dear = 2 * 2000 * answer  # an original whose answers are worth more than all steps
    assert Course(48, 1, dear).affordable(large, small)[1] == 2000
    assert Course(48, 1, dear / 4).affordable(large, small) == (0, 0)
    assert Course(48, 10, 24 * step).affordable(large, small, known=shown) == (24, shown)
    assert Course(48, 1, dear).affordable(large, small, known=1000)[1] == 3000


@pytest.mark.parametrize("too_fast", (8.0, *nightly(3.0)))
def test_a_rate_at_which_outputs_move_away_is_lowered(too_fast, course, monkeypatch):
    model = cnn()
    seen, unseen = (inputs_of(model, 256, seed) for seed in (1, 2))
    course(0)
    before = off(prune(model, ratio=0.5, calibration=seen).model, model, unseen)
    course(150)
    monkeypatch.setattr(distillation, "_RATE", too_fast * distillation._RATE)
    after = off(prune(model, ratio=0.5, calibration=seen).model, model, unseen)
    assert after < 0.95 * before


def test_a_step_takes_fewer_mixtures_where_their_tensors_are_large():
    assert batch_of(read_graph(mlp(8))) == 128
    large = keras.Sequential([keras.Input((512, 512, 3)), layers.Conv2D(64, 1)])
    assert batch_of(read_graph(large)) == 2**30 // (4 * 512 * 512 * 67)


def test_adam_is_that_of_keras():
    start = [np.array([1.0, -2.0], "float32"), np.array([[0.5]], "float32")]
    variables = [keras.Variable(each) for each in start]
    theirs = keras.optimizers.Adam(0.1, beta_1=0.9, beta_2=0.99, epsilon=1e-12)
    theirs.build(variables)
    gradients = [
        [np.cos(each * (number + 1)).astype("float32") for each in start] for number in range(7)
    ]
    for each in gradients:
        theirs.apply([tf.constant(part) for part in each])
    ours = Adam([tf.constant(each) for each in start], lambda _, shown: shown)
    for some in (gradients[:3], gradients[3:4], gradients[4:]):
        ours.stride([np.stack(part) for part in zip(*some, strict=True)], [0.1] * len(some))
    for mine, other in zip(ours.values, variables, strict=True):
        np.testing.assert_allclose(mine, values_of(other), rtol=1e-5)  # sums in another order


def sentences(length=12):
    given = keras.Input((length,), dtype="int32")
    flow = layers.Embedding(30, 8)(given)
    flow = layers.Add()([flow, layers.MultiHeadAttention(2, 4)(flow, flow)])
    flow = layers.EinsumDense("btd,de->bte", (None, 8), activation="tanh")(flow)
    flow = layers.Bidirectional(layers.GRU(8))(flow)
    return randomised(keras.Model(given, layers.Dense(5)(flow)))


def test_embeddings_attention_and_recurrent_kernels_move_from_the_first_that_was_cut():
    model = sentences()
    pruned = prune(model, ratio=0.5, strategy="magnitude").model
    moved = weights_to_move(read_graph(model), read_graph(pruned))
    kinds = {type(layer) for layer, _ in moved}
    wanted = (layers.Embedding, layers.MultiHeadAttention, layers.EinsumDense, layers.Bidirectional)
    assert kinds == {*wanted, layers.Dense}
    assert len(moved) == len(pruned.weights)
    only = prune(model, ratio=0.5, strategy="magnitude", include="bidirectional*").model
    later = {type(layer) for layer, _ in weights_to_move(read_graph(model), read_graph(only))}
    assert later == {layers.Bidirectional, layers.Dense}


def test_models_of_sequences_are_distilled_without_data(course):
    model = sentences(5)
    before = weights(model)
    unseen = [np.random.default_rng(2).integers(0, 30, (256, 5))]
    error = {}
    for steps in (0, 100):
        course(steps)
        pruned = prune(model, ratio=0.5, verify=True)
        error[steps] = off(pruned.model, model, unseen)
    assert error[100] < 0.8 * error[0]
    assert same(weights(model), before)
