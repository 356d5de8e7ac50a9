"""What all scores have in common: rows of batches, weights of any kind, blocks, and means."""

from __future__ import annotations

import doctest
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_paoding.engine.evaluation.scores import (
    resampled_scores,
    score,
    score_names,
    tallies,
    tally_scores,
)
from pytest_paoding.engine.evaluation.scores.mean_scores import MeanScore
from pytest_paoding.engine.evaluation.scores.score_catalogue import names_for
from pytest_paoding.engine.evaluation.scores.score_names import score_named
from pytest_paoding.engine.evaluation.scores.task_kind import TaskKind
from support.score_draws import class_draw, label_draw, value_draw

DRAWN = {
    TaskKind.CLASSES: lambda generator: class_draw(generator, classes=5),
    TaskKind.BINARY: lambda generator: class_draw(generator, classes=2),
    TaskKind.MULTILABEL: label_draw,
    TaskKind.POSITIONS: lambda generator: class_draw(generator, places=(2, 3), classes=4),
    TaskKind.REGRESSION: value_draw,
    TaskKind.RECONSTRUCTION: lambda generator: value_draw(generator, places=(2, 2, 1)),
}
NAMED = [(task, name) for task in TaskKind for name in names_for(task)]
every_score = pytest.mark.parametrize(
    ("task", "name"), NAMED, ids=[f"{task.value}-{name}" for task, name in NAMED]
)


def made(task, name):
    return score_named(name.replace("K", "2").replace("CLASS", "0"), task)


@pytest.mark.parametrize("module", (score, score_names, resampled_scores))
def test_the_examples_in_the_documentation_are_true(module):
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed


@every_score
def test_batches_have_the_value_of_all_samples_at_once(task, name):
    generator = np.random.default_rng(1)
    truth, answer = DRAWN[task](generator)
    asked, samples = made(task, name), len(truth)
    whole = asked.rows(truth, answer)
    ends = [0, 1, samples // 2, samples]
    parts = [
        asked.rows(truth[start:end], answer[start:end])
        for start, end in pairwise(ends)
        if end > start
    ]
    weights = generator.multinomial(samples, np.full(samples, 1 / samples), 20)
    joined = asked.joined(parts)
    assert {len(each) for each in joined} == {samples}
    np.testing.assert_allclose(asked.value(joined, weights), asked.value(whole, weights), 1e-12)


@every_score
def test_small_blocks_change_nothing(task, name, monkeypatch):
    generator = np.random.default_rng(2)
    truth, answer = DRAWN[task](generator)
    asked, samples = made(task, name), len(truth)
    rows = asked.rows(truth, answer)
    weights = generator.multinomial(samples, np.full(samples, 1 / samples), 9).astype(np.uint8)
    expected = asked.value(rows, weights)
    monkeypatch.setattr(score, "BLOCK", 2 * samples)
    monkeypatch.setattr(tallies, "BLOCK", 7)
    np.testing.assert_allclose(asked.value(rows, weights), expected, 1e-12)


@every_score
def test_means_are_those_of_the_samples(task, name):
    generator = np.random.default_rng(3)
    truth, answer = DRAWN[task](generator)
    asked = made(task, name)
    rows = asked.rows(truth, answer)
    numbers = asked.per_sample(rows)
    assert (numbers is not None) == (type(asked) is MeanScore)
    if numbers is not None:
        weights = generator.uniform(0, 1, (5, len(truth)))
        expected = [np.average(numbers, weights=each) for each in weights]
        np.testing.assert_allclose(asked.value(rows, weights), expected, 1e-12)


@every_score
def test_scales_of_weights_do_not_matter_and_none_at_all_is_undefined(task, name):
    generator = np.random.default_rng(4)
    truth, answer = DRAWN[task](generator)
    asked = made(task, name)
    rows = asked.rows(truth, answer)
    weights = generator.uniform(0.1, 1, (1, len(truth)))
    many = np.concatenate([weights, weights * 1e6, weights * 0])
    first, second, none = asked.value(rows, many)
    assert second == pytest.approx(first, rel=1e-9)
    assert np.isnan(none)
    assert np.isnan(asked.value(rows, np.empty((0, len(truth))))).tolist() == []


def test_lists_of_sentences_of_different_weight_are_no_mean_of_samples():
    truth, answer = class_draw(np.random.default_rng(5), places=(4,))
    weights = np.ones(truth.shape)
    weights[0, 2:] = 0
    accuracy = score_named("accuracy", TaskKind.POSITIONS)
    assert accuracy.per_sample(accuracy.rows(truth, answer, weights)) is None
    assert accuracy.per_sample(accuracy.rows(truth, answer, 0 * weights)) is None


def test_weights_need_a_column_for_each_sample():
    accuracy = score_named("accuracy", TaskKind.CLASSES)
    rows = accuracy.rows([0, 1], np.eye(2))
    for wrong in (np.ones(2), np.ones((1, 3))):
        with pytest.raises(ValueError, match="for 2 samples"):
            accuracy.value(rows, wrong)


def test_without_samples_nothing_is_defined():
    accuracy = score_named("accuracy", TaskKind.CLASSES)
    rows = accuracy.rows(np.zeros(0), np.zeros((0, 2)))
    assert np.isnan(accuracy.value(rows, np.ones((3, 0)))).tolist() == [True] * 3
    assert accuracy.per_sample(rows) is None


@settings(max_examples=60)
@given(
    samples=st.integers(1, 30),
    places=st.integers(1, 4),
    classes=st.integers(2, 40),
    seed=st.integers(0, 99),
)
def test_dense_and_sparse_sums_are_those_of_a_plain_count(samples, places, classes, seed):
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, classes, (samples, places))
    answer = generator.normal(size=(samples, places, classes))
    own = generator.integers(0, 3, truth.shape).astype(float)
    weights = generator.uniform(0, 2, (3, samples))
    given_ = answer.argmax(axis=-1)
    scale = weights[:, :, None] * own
    expected = np.zeros((3, classes, 3))
    for number in range(classes):
        hits = (truth == number) & (given_ == number), truth == number, given_ == number
        for kind, each in enumerate(hits):
            expected[:, number, kind] = (scale * each).sum(axis=(1, 2))
    asked = score_named("f1", TaskKind.POSITIONS)
    rows = asked.rows(truth, answer, own)
    assert rows[0].shape[1] <= min(classes, 2 * places)
    for most, block in ((0, 2**20), (0, 7), (2**25, 2**20)):  # sparse, in parts, dense if it pays
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(tallies, "_MOST_DENSE", most)
            patched.setattr(tallies, "BLOCK", block)
            found = tallies.summing(rows)(weights)
        np.testing.assert_allclose(found, expected[:, : found.shape[1]], atol=1e-12)
        assert not expected[:, found.shape[1] :].any()


def test_a_class_beyond_all_samples_has_no_score():
    counts = np.ones((2, 3, 3))
    assert np.isnan(tally_scores.of_class(3)(tally_scores.recall, counts)).all()
    assert (tally_scores.of_class(2)(tally_scores.recall, counts) == 1).all()
