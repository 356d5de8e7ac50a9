"""Inputs are looked for once for all ratios of a model, and the outcome is the same."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding import prune
from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.pruning.gradients.lessons import Book, Lesson
from pytest_paoding.engine.pruning.learning import shared_inputs
from pytest_paoding.engine.pruning.reconstruct.widths import curves
from support.nightly import nightly
from support.small_models import mlp, normed

layers = keras.layers


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch):
    monkeypatch.setattr(shared_inputs, "_findings", type(shared_inputs._findings)())


@pytest.fixture
def searches(monkeypatch):
    """Count the searches."""
    found, search = [], shared_inputs.learned_inputs

    def counted(*given):
        found.append(given)
        return search(*given)

    monkeypatch.setattr(shared_inputs, "learned_inputs", counted)
    return found


def weights_of(model, ratio, **settings):
    pruned = prune(model, ratio=ratio, **settings)
    return [values_of(each).tobytes() for each in pruned.model.weights]


@pytest.mark.parametrize("effort", ("0.5/4", *nightly(0.5)))
@pytest.mark.parametrize("build", (lambda: normed([]), *nightly(lambda: mlp(12, 8))))
def test_a_second_ratio_looks_for_no_inputs_and_gives_the_same_bytes(
    build, effort, searches, course
):
    course(32)
    model = build()
    for other in (0.25, 0.75):
        weights_of(model, other, effort=effort)
    after_others = weights_of(model, 0.5, effort=effort)
    assert len(searches) == 1
    shared_inputs._findings.clear()
    assert weights_of(model, 0.5, effort=effort) == after_others
    assert len(searches) == 2


def test_a_second_ratio_measures_and_asks_for_only_what_is_new(monkeypatch, course):
    course(32)
    asked, measured, without = [], [], curves._without
    monkeypatch.setattr(
        curves, "_without", lambda *given, **more: measured.append(1) or without(*given, **more)
    )
    answered = Lesson._answered
    monkeypatch.setattr(
        Lesson, "_answered", lambda lesson, count: asked.append(count) or answered(lesson, count)
    )
    model = normed([])
    weights_of(model, 0.5, effort="0.5/4")
    assert asked
    assert set(asked) == {512}
    before = len(asked), len(measured)
    weights_of(model, 0.5, effort="0.5/4")
    assert before == (len(asked), len(measured))


def test_only_the_last_model_keeps_what_it_was_asked(course):
    course(32)
    for build in (lambda: normed([]), lambda: mlp(12, 8)):
        weights_of(build(), 0.5, effort="0.5/4")
    books = [each.learned.remembered.book for each in shared_inputs._findings.values()]
    assert [book is None for book in books] == [True, False]


@given(st.lists(st.integers(0, 40), min_size=1))
def test_a_book_reads_the_same_whoever_has_read_in_it(counts):
    def answered(book):
        def draw(count):
            found = book.generator.random((count, 2))
            return [found, found.sum(axis=1)]

        return draw

    one, other = (replace(Book.shared(7), page=8) for _ in range(2))
    for count in counts:
        read = one.read(count, answered(one))
        assert [len(each) for each in read] == [count, count]
    last = other.read(counts[-1], answered(other))
    for mine, theirs in zip(read, last, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize(
    "changed",
    ({"seed": 1}, {"effort": 0.2}, *nightly({"input_range": (0, 2)}, {"input_kind": "features"})),
)
def test_other_settings_look_anew(changed, searches):
    model = normed([])
    weights_of(model, 0.5, effort=0.4)
    weights_of(model, 0.5, **{"effort": 0.4, **changed})
    assert len(searches) == 2


def test_other_weights_look_anew(searches):
    model = mlp(12)
    weights_of(model, 0.5)
    model.layers[0].kernel.assign_add(np.ones_like(values_of(model.layers[0].kernel)))
    weights_of(model, 0.5)
    assert len(searches) == 2


def test_inputs_that_are_given_or_large_are_not_kept(searches, monkeypatch):
    model = mlp(12)
    weights_of(model, 0.5, calibration=np.ones((9, 7), np.float32))
    assert not shared_inputs._findings
    monkeypatch.setattr(shared_inputs, "_BYTES", 10)
    weights_of(model, 0.5)
    assert not shared_inputs._findings
    assert len(searches) == 2


def test_only_the_last_few_are_kept(searches):
    model = mlp(12)
    for seed in range(shared_inputs._KEPT + 2):
        weights_of(model, 0.5, seed=seed)
    assert len(shared_inputs._findings) == shared_inputs._KEPT
    weights_of(model, 0.25, seed=seed)
    assert len(searches) == seed + 1
