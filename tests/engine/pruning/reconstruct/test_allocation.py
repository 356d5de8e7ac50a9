"""Allocation: the parameters of a uniform ratio, spent where they do most."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.engine.graph.groups import find_groups
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.pruning.reconstruct.widths.allocation import CostCurve, Costs, allocate
from pytest_paoding.engine.pruning.targets.counts import Counts
from pytest_paoding.engine.surgery.cut import cut
from pytest_paoding.engine.surgery.transform import Transform
from support.small_models import BUILDERS, mlp


def parameters_of(model):
    structure = walk(model, rule_for)
    groups = find_groups(structure)
    return structure, groups, Counts.of_parameters(structure, groups)


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize("seed", range(3))
def test_parameters_are_those_of_the_model_that_is_cut_so(build, seed):
    model = build()
    structure, groups, parameters = parameters_of(model)
    full = np.array([group.width for group in groups])
    other = model.count_params() - parameters.count(full)
    widths = np.random.default_rng(seed).integers(1, full + 1)
    stay = np.ones(structure.classes.count, bool)
    for group, width in zip(groups, widths, strict=True):
        stay[group.units[width:]] = False
    assert cut(structure, Transform(stay)).model.count_params() == parameters.count(widths) + other
    fewer = np.minimum(2, widths - 1)
    saved = [
        parameters.count(widths) - parameters.count(widths - fewer * (np.arange(len(full)) == i))
        for i in range(len(full))
    ]
    np.testing.assert_allclose(parameters.saved(widths, fewer), saved)


def costs(widths, slopes, parameters, uniform):
    removed = [np.array([0, width]) for width in widths]
    curves = [
        CostCurve(gone, np.array([[0.0, s]])) for gone, s in zip(removed, slopes, strict=True)
    ]
    return Costs(curves, np.array(widths), (uniform + 1) // 2, parameters)


@given(st.lists(st.floats(0.01, 10), min_size=3, max_size=3), st.floats(0.1, 0.8))
def test_as_many_parameters_stay_as_with_a_uniform_ratio(slopes, ratio):
    _, groups, parameters = parameters_of(WIDE)
    full = np.array([group.width for group in groups])
    uniform = full - (ratio * full).astype(int)
    widths = allocate(costs(full, slopes, parameters, uniform), uniform, 1.0)
    assert (widths >= (uniform + 1) // 2).all()
    assert (widths <= full).all()
    target = parameters.count(uniform)
    unit = parameters.saved(full, np.ones(3, int)).max()  # parameters of one unit, at most
    assert target - 3 * unit <= parameters.count(widths) <= target


WIDE = mlp(60, 50, 40)


def test_the_group_that_costs_least_shrinks_most_and_half_way_is_between():
    _, groups, parameters = parameters_of(WIDE)
    full = np.array([group.width for group in groups])
    uniform = full // 2
    weighed = costs(full, [0.01, 1.0, 1.0], parameters, uniform)
    shares = {each: allocate(weighed, uniform, each)[0] for each in (0.0, 0.5, 1.0)}
    assert shares[1.0] < shares[0.5] < shares[0.0] == uniform[0]


def test_groups_that_are_settled_stay_as_they_are():
    _, groups, parameters = parameters_of(WIDE)
    full = np.array([group.width for group in groups])
    uniform = full // 2
    weighed = costs(full, [0.01, 1.0, 1.0], parameters, uniform)
    most, least = full.copy(), (uniform + 1) // 2
    most[0] = least[0] = uniform[0]
    found = allocate(Costs(weighed.curves, most, least, parameters), uniform, 1.0)
    assert found[0] == uniform[0]


def test_a_curve_is_read_between_its_points():
    curve = CostCurve(np.array([0, 4, 8]), np.array([[0.0, 1.0, 4.0], [0.0, 0.0, 0.0]]))
    assert curve.at(6, 0) == pytest.approx(2.5)
    assert curve.at(6, 1) == 0
