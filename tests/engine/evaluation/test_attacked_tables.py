"""Attacks change the numbers of a table, and never a category."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pytest_paoding.engine.evaluation.attacks.legal_range import legal_ranges
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.inputs.draws import Draw, drawn
from pytest_paoding.engine.inputs.input_sources import sources_of
from support.attacked import EPSILONS, NAMES, made, target
from support.mixed_tables import KINDS, mixed_table


@pytest.mark.parametrize("name", ("fgsm", *NAMES))
@settings(max_examples=4, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(kinds=KINDS, seed=st.integers(0, 99), strangers=st.booleans())
def test_an_attack_leaves_categories_as_they_are(
    name: str, kinds: list[str], seed: int, *, strangers: bool
) -> None:
    table = mixed_table(kinds, seed)
    generator = np.random.default_rng(seed)
    sources = sources_of(read_graph(table.model), input_range={"row": (-0.5, 1000.0)})
    (values,) = drawn(sources, Draw(8, 0, generator)).values()
    if strangers:  # a lookup takes what it does not know, beyond any range
        for at, known in table.known.items():
            if known.max() == 700:
                values[:2, at] = 5000
    values[:, ~table.looked_up] = generator.random((8, int((~table.looked_up).sum())))
    ranges = legal_ranges(sources)
    labels = table.model(values).numpy().argmax(axis=1)
    attack = made(name, table.model, ranges)
    attempt = attack.attempt(target(table.model, [values], [labels], seed))
    changed = 0
    for epsilon, (found,) in zip(EPSILONS, attempt.examples, strict=True):
        example = np.asarray(found)
        np.testing.assert_array_equal(example[:, table.looked_up], values[:, table.looked_up])
        assert np.abs(example - values).max() <= epsilon * (1 + 1e-4)
        changed += int((example != values).sum())
    assert changed or name in {"fmn", "hopskipjump"}
