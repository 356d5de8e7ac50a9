"""The cost of shrinking a group is what the outputs change by once it is really cut."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from pytest_paoding.engine.execution.wave import Model, Wave
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.graph.groups import find_groups
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.inputs.draws import Draw, drawn
from pytest_paoding.engine.inputs.input_sources import sources_of
from pytest_paoding.engine.inputs.inputs import chunked
from pytest_paoding.engine.pruning.reconstruct.readers import find_readers
from pytest_paoding.engine.pruning.reconstruct.survey import Survey
from pytest_paoding.engine.pruning.reconstruct.units import Units
from pytest_paoding.engine.pruning.reconstruct.widths.curves import _parts, measure, output_change
from pytest_paoding.engine.surgery.cut import cut
from pytest_paoding.engine.surgery.transform import Transform
from support.small_models import randomised

STEPS, WIDTH, COUNT = 7, 6, 60


@pytest.mark.parametrize(("lost", "wrecked"), ((0, False), (1, False), (7, False), (16, True)))
def test_inputs_that_a_removal_makes_no_numbers_of_do_not_count_unless_most(lost, wrecked):
    generator = np.random.default_rng(0)
    reference = generator.normal(size=(30, 3))
    outputs = reference + generator.normal(size=(30, 3))
    reference[:, 2] = outputs[:, 2] = -np.inf  # a class that is ruled out
    outputs[:lost, 1] = np.nan
    first, second = output_change(outputs, reference, (20, 10))
    moved, base = outputs[lost:20, :2], reference[lost:20, :2]
    spread = np.square(base - base.mean(axis=0)).sum(axis=1).mean()
    expected = np.square(moved - base).sum(axis=1).mean() / (spread + 1e-9)
    assert first == pytest.approx(1e6 if wrecked else expected)
    assert np.isfinite(second)


@pytest.mark.parametrize(
    ("width", "most", "measured"),
    (
        (32, 0, []),
        (32, 24, [4, 8, 16, 24]),
        (32, 25, [4, 8, 16, 24, 28]),
        (32, 31, [4, 8, 16, 24, 28]),
        (2, 1, [1]),
    ),
)
def test_a_curve_goes_as_far_as_units_may_leave(width, most, measured):
    assert _parts(width, most) == measured


def recurrent(x):
    return layers.LSTM(8)(layers.GRU(8, return_sequences=True)(x))


def both_ways(x):
    return layers.Bidirectional(layers.SimpleRNN(8))(x)


def attended(x):
    return layers.GlobalAveragePooling1D()(layers.MultiHeadAttention(4, 6)(x, x))


def by_depth(x):
    return layers.GlobalMaxPooling1D()(layers.SeparableConv1D(8, 3)(layers.Dense(8)(x)))


def by_letters(x):
    wide = layers.EinsumDense("btd,de->bte", (None, 8))(x)
    return layers.GlobalAveragePooling1D()(layers.EinsumDense("bte,ef->btf", (None, 8))(wide))


@pytest.mark.parametrize("build", (recurrent, both_ways, attended, by_depth, by_letters))
def test_a_curve_is_the_measured_change_of_a_cut(build):
    given = keras.Input((STEPS, WIDTH))
    flow = layers.Dense(8, "relu")(given)
    model = randomised(keras.Model(given, layers.Dense(3)(build(flow))))
    structure = walk(model, rule_for)
    graph, generator = structure.graph, np.random.default_rng(0)
    arrays = drawn(sources_of(graph), Draw(COUNT, 0, generator))
    inputs = chunked(graph, arrays)
    state = Model(graph, WorkingWeights())
    survey = Survey(structure, inputs, state, generator, with_prior=False)
    readers = find_readers(structure)
    survey.take(readers, Wave(state, inputs.chunks))
    survey.take_readings()
    units = [Units.of(group, readers, survey) for group in find_groups(structure)]
    most = np.array([each.width - 1 for each in units])
    curves = measure(units, most, survey, {}, lambda *_: None)
    outputs = Wave(state, inputs.chunks).finish()
    spread = np.square(outputs - outputs.mean(axis=0)).sum(axis=1).mean()
    for each, curve in zip(units, curves, strict=True):
        assert curve.change[0, -1] > 1e-5
        highest = 0.0
        for count, change in zip(curve.removed[1:], curve.change[0, 1:], strict=True):
            if each.read is None:
                weights = WorkingWeights()
                stay = np.ones(structure.classes.count, bool)
                stay[each.group.units[each.spared(int(count))]] = False
                each.remove(weights, stay)
                smaller = cut(structure, Transform(stay, fitted=weights.changed())).model
                pruned = read_graph(smaller)
                chunks = [{pruned.inputs[0]: arrays[graph.inputs[0]]}]
                found = Wave(Model(pruned, WorkingWeights()), chunks).finish()
                moved = np.square(found - outputs).sum(axis=1).mean() / spread
                highest = max(highest, moved)
                assert change == pytest.approx(highest, rel=1e-3, abs=1e-7)
    assert any(each.read is None for each in units)
