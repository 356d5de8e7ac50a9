"""Drawn truths and answers for scores, and the comparison with a reference under weights."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn import config_context


def class_draw(generator, *, places=(), classes=None):
    """Class numbers and logits, right rather often; half of the draws are full of ties."""
    samples = int(generator.integers(4, 40))
    classes = classes or int(generator.integers(2, 9))
    truth = generator.integers(0, classes, (samples, *places))
    answer = generator.normal(size=(samples, *places, classes))
    answer += 1.5 * (truth[..., None] == np.arange(classes))
    return truth, rounded(generator, answer)


def label_draw(generator):
    """Labels and probabilities."""
    samples, labels = int(generator.integers(4, 40)), int(generator.integers(1, 7))
    truth = generator.integers(0, 2, (samples, labels))
    answer = 1 / (1 + np.exp(-generator.normal(size=truth.shape) - truth + 0.5))
    return truth, rounded(generator, answer)


def value_draw(generator, *, places=None):
    """Values far from 0, and answers near them."""
    samples = int(generator.integers(4, 40))
    places = (int(generator.integers(1, 5)),) if places is None else places
    truth = generator.normal(2000, 3, (samples, *places))
    return truth, truth + generator.normal(size=truth.shape)


def rounded(generator, answer):
    return np.round(answer, 1) if generator.random() < 0.5 else answer


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def agree(score, generator, truth, answer, reference, *, places=None, rows=None):
    """Compare a score with a reference: plain, weighted, and drawn with replacement.

    The reference is called as `reference(truth, answer, weights)`; weights are those of samples, or
    of places where the score has such weights.
    """
    rows = score.rows(truth, answer, places) if rows is None else rows
    samples = len(truth)
    weights = np.ones((3, samples))
    weights[1] = generator.uniform(0.1, 3, samples)
    weights[2] = generator.multinomial(samples, np.full(samples, 1 / samples))
    drawn = np.repeat(np.arange(samples), weights[2].astype(int))
    ones = np.ones(truth.shape if places is not None else samples)
    known = ones if places is None else places
    with config_context(skip_parameter_validation=True), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = [
            reference(truth, answer, known),
            reference(truth, answer, (known.T * weights[1]).T),
            reference(truth[drawn], answer[drawn], known[drawn]),
        ]
    np.testing.assert_allclose(score.value(rows, weights), expected, rtol=1e-9, atol=1e-12)


def drawn_weights(generator, samples, count=4):
    """Return how often each sample is drawn, in several draws of as many as there are."""
    return generator.multinomial(samples, np.full(samples, 1 / samples), count)


def run_anew(metric, *arrays, **options):
    """Return the number of a metric of Keras for these arrays alone."""
    metric.reset_state()
    metric.update_state(*arrays, **options)
    return float(metric.result())
