"""The order in which units are best removed."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.engine.pruning.reconstruct import elimination
from pytest_paoding.engine.pruning.reconstruct.elimination import Site, elimination_order
from pytest_paoding.engine.pruning.reconstruct.moments import regularised

seeds = st.integers(0, 10_000)


def site(columns, seed, rows=None, outputs=5):
    generator = np.random.default_rng(seed)
    samples = generator.standard_normal((200, columns)) @ generator.standard_normal((columns,) * 2)
    outgoing = generator.standard_normal((columns, outputs))
    covariance = regularised(np.cov(samples.T, bias=True).reshape(columns, columns))
    rows = np.arange(columns) if rows is None else rows
    return Site(covariance, outgoing @ outgoing.T, rows), outgoing


@given(seeds, st.integers(2, 12))
def test_one_after_the_other_goes_the_unit_whose_loss_is_least(seed, width):
    read, outgoing = site(width, seed)
    order = elimination_order([read], width - 1)
    left, weights = list(range(width)), outgoing.copy()
    for unit in order:
        inverse = np.linalg.inv(read.covariance[np.ix_(left, left)])
        costs = (weights[left] ** 2).sum(axis=1) / np.diagonal(inverse)
        place = left.index(unit)
        assert costs[place] <= costs.min() * (1 + 1e-6)
        rest = [each for each in left if each != unit]
        taken = np.linalg.solve(read.covariance[np.ix_(rest, rest)], read.covariance[rest, unit])
        weights[rest] += np.outer(taken, weights[unit])
        left = rest


@given(seeds, st.integers(65, 200))
def test_wide_groups_lose_blocks_and_no_unit_twice(seed, width):
    read, _ = site(width, seed)
    order = elimination_order([read], width - 1)
    assert len(set(order.tolist())) == width - 1


def test_a_wide_group_goes_as_if_its_matrices_never_shrank(monkeypatch):
    reads = [site(300, seed)[0] for seed in (0, 1)]
    order = elimination_order(reads, 299)
    monkeypatch.setattr(elimination, "_WIDE", 1000)
    np.testing.assert_array_equal(order, elimination_order(reads, 299))


def test_columns_of_others_stay_and_take_over():
    read, _ = site(6, 0, np.array([1, 4]))
    order = elimination_order([read], 1)
    assert set(order.tolist()) <= {0, 1}


def test_a_duplicate_is_spared_first():
    read, outgoing = site(6, 3)
    twice = np.r_[np.arange(6), 2]
    covariance = read.covariance[np.ix_(twice, twice)] + 1e-9 * np.eye(7)
    outgoing = np.vstack([outgoing, [outgoing[2]]])
    order = elimination_order([Site(covariance, outgoing @ outgoing.T, np.arange(7))], 1)
    assert order[0] in (2, 6)


@given(seeds, st.integers(2, 6), st.integers(2, 3))
def test_units_of_several_columns_go_together_where_the_loss_is_least(seed, width, several):
    rows = np.random.default_rng(seed).permutation(width * several).reshape(width, several)
    read, outgoing = site(width * several, seed, rows)
    first = elimination_order([read], 1)[0]
    losses = []
    for unit in range(width):
        gone, kept = rows[unit], np.delete(rows, unit, axis=0).ravel()
        cross = read.covariance[np.ix_(kept, gone)]
        share = np.linalg.solve(read.covariance[np.ix_(kept, kept)], cross).T
        left = read.covariance[np.ix_(gone, gone)] - share @ cross
        losses.append(np.trace(outgoing[gone].T @ left @ outgoing[gone]))
    assert losses[first] <= min(losses) * (1 + 1e-6)
