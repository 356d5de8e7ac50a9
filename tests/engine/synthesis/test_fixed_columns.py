"""Columns that are looked up stay what they are, whatever is done with the numbers beside them."""

from __future__ import annotations

import numpy as np
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pytest_paoding.engine.execution.wave import Model
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.inputs.draws import Draw, drawn
from pytest_paoding.engine.inputs.input_sources import sources_of
from pytest_paoding.engine.synthesis.inversion import Effort, InputSearch, invert
from pytest_paoding.engine.synthesis.mixtures import Mixtures
from support.mixed_tables import KINDS, mixed_table

some = settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate])


@some
@given(kinds=KINDS, seed=st.integers(0, 99))
def test_an_inversion_moves_the_numbers_only(kinds: list[str], seed: int) -> None:
    table = mixed_table(kinds, seed)
    graph = read_graph(table.model)
    sources, generator = sources_of(graph), np.random.default_rng(seed)
    before = drawn(sources, Draw(12, 0, generator))
    assert all(map(table.only_known, before.values()))
    search = InputSearch(Effort(steps=5, inputs=12, least=1, work=1e12), generator)
    (after,) = invert(Model(graph, WorkingWeights()), before, sources, search).values()
    (values,) = before.values()
    fixed = table.looked_up
    np.testing.assert_array_equal(after[:, fixed], values[:, fixed])
    assert (after[:, ~fixed] != values[:, ~fixed]).mean() > 0.9
    assert after.dtype == values.dtype


@some
@given(kinds=KINDS, seed=st.integers(0, 99))
def test_a_mixture_has_a_category_of_one_of_two_rows(kinds: list[str], seed: int) -> None:
    table = mixed_table(kinds, seed)
    sources, generator = sources_of(read_graph(table.model)), np.random.default_rng(seed)
    inputs = drawn(sources, Draw(30, 0, generator))
    (mixed,) = Mixtures(sources, inputs, generator, shifted=False).draw(200)
    (values,) = inputs.values()
    assert table.only_known(mixed)
    for at in np.flatnonzero(~table.looked_up):
        assert not np.isin(mixed[:, at], values[:, at]).all()
        assert values[:, at].min() <= mixed[:, at].min() + 1e-6
    for at in table.known:
        assert len(np.unique(mixed[:, at])) == len(np.unique(values[:, at]))
