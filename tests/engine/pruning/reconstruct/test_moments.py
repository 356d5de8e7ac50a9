"""Second moments, and what kept columns tell of removed ones."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.engine.pruning.reconstruct.moments import (
    ColumnMoments,
    Moments,
    arc_cosine,
)

seeds = st.integers(0, 10_000)


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


@given(seeds, st.integers(1, 5))
def test_kept_columns_stand_in_as_least_squares_would(seed, removed):
    generator = np.random.default_rng(seed)
    samples = generator.standard_normal((500, 8)) @ generator.standard_normal((8, 8)) + 3
    covariance = np.cov(samples.T, bias=True)
    gone, kept = np.arange(removed), np.arange(removed, 8)
    moments = ColumnMoments(samples.mean(axis=0), covariance)
    share, constant = moments.takeover(gone, kept)
    design = np.column_stack([samples[:, kept], np.ones(len(samples))])
    expected = np.linalg.lstsq(design, samples[:, gone], rcond=None)[0]
    np.testing.assert_allclose(np.column_stack([share, constant]), expected.T, atol=1e-6)


def test_the_arc_cosine_kernel_is_the_covariance_of_relu_units_under_white_inputs():
    generator = np.random.default_rng(0)
    weights = generator.standard_normal((6, 4))
    values = np.maximum(generator.standard_normal((400_000, 6)) @ weights, 0)
    # sampling error of a variance of about 2 from 400,000 samples
    np.testing.assert_allclose(arc_cosine(weights), np.cov(values.T), atol=0.05)
