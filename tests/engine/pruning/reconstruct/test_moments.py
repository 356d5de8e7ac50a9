"""Second moments, and the order in which units are best removed."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.engine.pruning.reconstruct.moments import (
    ColumnMoments,
    Moments,
    arc_cosine,
    elimination_order,
    regularised,
)

seeds = st.integers(0, 10_000)


def site(columns, seed, outputs=5):
    generator = np.random.default_rng(seed)
    samples = generator.standard_normal((200, columns)) @ generator.standard_normal((columns,) * 2)
    outgoing = generator.standard_normal((columns, outputs))
    covariance = regularised(np.cov(samples.T, bias=True).reshape(columns, columns))
    return ColumnMoments(samples.mean(axis=0), covariance, outgoing @ outgoing.T), outgoing


@given(seeds, st.integers(1, 6), st.lists(st.integers(0, 40), min_size=1, max_size=5))
def test_moments_in_blocks_are_those_of_all_samples(seed, columns, sizes):
    generator = np.random.default_rng(seed)
    blocks = [generator.normal(3, 2, (size, columns)).astype(np.float32) for size in sizes]
    moments = Moments(columns)
    for block in blocks:
        moments.add(block)
    samples = np.concatenate(blocks).astype(float)
    if len(samples):
        # products in float32, of numbers of a few units
        np.testing.assert_allclose(moments.mean, samples.mean(axis=0), atol=1e-5)
        expected = np.cov(samples.T, bias=True).reshape(columns, columns)
        np.testing.assert_allclose(moments.covariance, expected, atol=1e-4)


@given(seeds, st.integers(2, 12))
def test_one_after_the_other_goes_the_unit_whose_loss_is_least(seed, width):
    moments, outgoing = site(width, seed)
    order = elimination_order([(moments, np.arange(width))], width - 1)
    left, weights = list(range(width)), outgoing.copy()
    for unit in order:
        inverse = np.linalg.inv(moments.covariance[np.ix_(left, left)])
        costs = (weights[left] ** 2).sum(axis=1) / np.diagonal(inverse)
        place = left.index(unit)
        assert costs[place] <= costs.min() * (1 + 1e-6)
        rest = [each for each in left if each != unit]
        taken = np.linalg.solve(
            moments.covariance[np.ix_(rest, rest)], moments.covariance[rest, unit]
        )
        weights[rest] += np.outer(taken, weights[unit])
        left = rest


@given(seeds, st.integers(65, 200))
def test_wide_groups_lose_blocks_and_no_unit_twice(seed, width):
    moments, _ = site(width, seed)
    order = elimination_order([(moments, np.arange(width))], width - 1)
    assert len(set(order.tolist())) == width - 1


def test_columns_of_others_stay_and_take_over():
    moments, _ = site(6, 0)
    order = elimination_order([(moments, np.array([1, 4]))], 1)
    assert set(order.tolist()) <= {0, 1}


@given(seeds, st.integers(1, 5))
def test_kept_columns_stand_in_as_least_squares_would(seed, removed):
    generator = np.random.default_rng(seed)
    samples = generator.standard_normal((500, 8)) @ generator.standard_normal((8, 8)) + 3
    covariance = np.cov(samples.T, bias=True)
    gone, kept = np.arange(removed), np.arange(removed, 8)
    moments = ColumnMoments(samples.mean(axis=0), covariance, np.eye(8))
    share, constant = moments.takeover(gone, kept)
    design = np.column_stack([samples[:, kept], np.ones(len(samples))])
    expected = np.linalg.lstsq(design, samples[:, gone], rcond=None)[0]
    np.testing.assert_allclose(np.column_stack([share, constant]), expected.T, atol=1e-6)


def test_a_duplicate_is_spared_first():
    moments, outgoing = site(6, 3)
    twice = np.r_[np.arange(6), 2]
    covariance = moments.covariance[np.ix_(twice, twice)] + 1e-9 * np.eye(7)
    outgoing = np.vstack([outgoing, [outgoing[2]]])
    doubled = ColumnMoments(moments.mean[twice], covariance, outgoing @ outgoing.T)
    order = elimination_order([(doubled, np.arange(7))], 1)
    assert order[0] in (2, 6)


def test_the_arc_cosine_kernel_is_the_covariance_of_relu_units_under_white_inputs():
    generator = np.random.default_rng(0)
    weights = generator.standard_normal((6, 4))
    values = np.maximum(generator.standard_normal((400_000, 6)) @ weights, 0)
    # sampling error of a variance of about 2 from 400,000 samples
    np.testing.assert_allclose(arc_cosine(weights), np.cov(values.T), atol=0.05)


@given(seeds, st.integers(2, 6), st.integers(2, 3))
def test_units_of_several_columns_go_together_where_the_loss_is_least(seed, width, several):
    moments, outgoing = site(width * several, seed)
    rows = np.random.default_rng(seed).permutation(width * several).reshape(width, several)
    first = elimination_order([(moments, rows)], 1)[0]
    losses = []
    for unit in range(width):
        gone, kept = rows[unit], np.delete(rows, unit, axis=0).ravel()
        share, _ = moments.takeover(gone, kept)
        left = (
            moments.covariance[np.ix_(gone, gone)] - share @ moments.covariance[np.ix_(kept, gone)]
        )
        losses.append(np.trace(outgoing[gone].T @ left @ outgoing[gone]))
    assert losses[first] <= min(losses) * (1 + 1e-6)
