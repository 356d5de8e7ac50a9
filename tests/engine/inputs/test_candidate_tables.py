"""Candidate rows and series vary in what tells tables and series apart."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_paoding.engine.inputs.families import series_shapes, table_draws
from pytest_paoding.engine.inputs.families.candidate_inputs import candidates

ROWS, COLUMNS, STEPS = 2000, 20, 60


def table(family, columns=COLUMNS):
    return family((columns,), ROWS, np.random.default_rng(0)).astype(np.float64)


def series(family):
    return family((STEPS, 3), 400, np.random.default_rng(0)).astype(np.float64)


def test_columns_go_together_differently_from_set_to_set():
    strengths = []
    for seed in range(8):
        found = table_draws.factor_vectors((COLUMNS,), 256, np.random.default_rng(seed))
        shared = np.corrcoef(found.T)[np.triu_indices(COLUMNS, 1)]
        strengths.append(np.abs(shared).mean())
    assert max(strengths) > 0.25
    assert min(strengths) < 0.2
    assert np.ptp(strengths) > 0.1


def test_clusters_are_apart():
    apart = []
    for seed in range(12):
        found = table_draws.clusters((COLUMNS,), 256, np.random.default_rng(seed))
        centred = found - found.mean(axis=0)
        first = np.linalg.svd(centred, full_matrices=False)[0][:, 0] * 16
        apart.append((first**4).mean())
    assert min(apart) < 1.9  # two equal clusters give 1, one Gaussian 3


def test_skewed_columns_lean_to_one_end():
    found = table(table_draws.skewed)
    assert np.mean((found < 0.3).mean(axis=1) > 0.5) > 0.5


def test_heavy_tails_reach_further_than_factors():
    spread = [
        np.quantile(np.abs(table(each) - 0.5), (0.5, 0.99))
        for each in (table_draws.heavy_tails, table_draws.factor_vectors)
    ]
    (middle, far), (usual, rare) = spread
    assert far / middle > rare / usual


def test_sparse_rows_are_mostly_at_one_end():
    found = table(table_draws.sparse)
    at_ends = np.maximum((found == 0).mean(axis=1), (found == 1).mean(axis=1))
    assert np.median(at_ends) > 0.4
    assert np.ptp(at_ends) > 0.5


def test_binary_columns_are_zeros_and_ones_of_different_shares():
    found = table(table_draws.binary)
    assert set(np.unique(found)) == {0.0, 1.0}
    shares = found.reshape(-1, COLUMNS).mean(axis=1)
    assert shares.std() > 0.1


def test_mixed_tables_have_binary_and_continuous_columns():
    found = table_draws.mixed_columns((COLUMNS,), 256, np.random.default_rng(0))
    distinct = np.array([len(np.unique(column)) for column in found.T])
    assert (distinct == 2).any()
    assert (distinct > 100).any()


def test_wide_tables_take_no_square_of_their_width():
    found = table_draws.factor_vectors((200_000,), 10, np.random.default_rng(0))
    assert found.shape == (10, 200_000)
    assert 0.02 < found.std() < 0.4


def lag(found):
    centred = found - found.mean(axis=1, keepdims=True)
    varied = centred[(centred.var(axis=1) > 1e-6).all(axis=1)]
    return (varied[:, 1:] * varied[:, :-1]).mean(axis=(1, 2)) / varied.var(axis=(1, 2))


@pytest.mark.parametrize(
    "family",
    (series_shapes.walks, series_shapes.waves, series_shapes.seasons, series_shapes.pulses),
)
def test_series_are_smooth_and_rough(family):
    found = lag(series(family))
    assert np.quantile(found, 0.9) > 0.8
    assert np.quantile(found, 0.05) < 0.85


def test_steps_jump_and_stay():
    change = np.abs(np.diff(series(series_shapes.steps), axis=1))
    assert (change < 1e-3).mean() > 0.5
    assert (change > 0.1).mean() > 0.005


def test_features_of_a_series_go_together():
    found = candidates("sequence", (STEPS, 4), 200, np.random.default_rng(0)).astype(np.float64)
    one, two = (found[..., i] - found[..., i].mean(axis=1, keepdims=True) for i in (0, 1))
    size = np.sqrt((one**2).mean(axis=1) * (two**2).mean(axis=1))
    known = size > 1e-3
    together = np.abs((one * two).mean(axis=1)[known] / size[known])
    assert np.quantile(together, 0.9) > 0.9
    assert np.quantile(together, 0.1) < 0.4
