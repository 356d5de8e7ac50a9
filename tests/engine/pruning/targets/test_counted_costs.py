"""Counts of parameters and operations are those of the model that is cut so."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from pytest_paoding.engine.execution.work import UnknownWorkError, flops
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.graph.groups import find_groups
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.pruning.targets.counts import Counts
from pytest_paoding.engine.surgery.cut import cut
from pytest_paoding.engine.surgery.transform import Transform
from support.counted_work import work
from support.patterns import PATTERNS
from support.small_models import BUILDERS

UNEQUAL = {"unequal_split", "slices", "gathered"}
"""Patterns in which units occur unequally often, of which widths alone tell too little."""


@pytest.mark.parametrize("name", PATTERNS)
def test_what_is_left_of_a_pattern_is_counted_exactly(name):
    model = PATTERNS[name].build()
    structure = walk(model, rule_for)
    groups = find_groups(structure)
    widths, stay = some_left(structure, groups)
    smaller = cut(structure, Transform(stay)).model
    parameters = Counts.of_parameters(structure, groups)
    assert parameters.exactly(stay) == smaller.count_params()
    exact = name not in UNEQUAL
    if exact:
        assert parameters.count(widths) == pytest.approx(smaller.count_params())
    if (left := work(smaller)) is not None:
        operations = Counts.of_flops(structure, groups)
        assert operations.exactly(stay) == left
        if exact:
            assert operations.count(widths) == pytest.approx(left)


def some_left(structure, groups):
    """Return widths, and a mask of the classes that stay of them."""
    generator = np.random.default_rng(3)
    stay, widths = np.ones(structure.classes.count, bool), []
    for group in groups:
        count = int(generator.integers(0, group.width))
        gone = group.first_to_go(generator.permutation(group.width), count)
        stay[group.units[gone]] = False
        widths.append(group.width - len(gone))
    return np.array(widths), stay


@pytest.mark.parametrize("build", BUILDERS)
def test_operations_saved_by_each_group_alone_are_differences_of_counts(build):
    structure = walk(build(), rule_for)
    groups = find_groups(structure)
    counts = Counts.of_flops(structure, groups)
    full = np.array([group.width for group in groups])
    each = np.eye(len(full), dtype=int)
    differences = [counts.count(full) - counts.count(full - one) for one in each]
    np.testing.assert_allclose(counts.saved(full, np.ones(len(full), int)), differences)


def test_operations_of_open_lengths_are_not_defined():
    x = keras.Input((None, 3))
    model = keras.Model(x, keras.layers.Conv1D(4, 3)(x))
    with pytest.raises(UnknownWorkError, match="works on a length that is not fixed"):
        flops(read_graph(model))
