"""What there is already is not looked through for garbage while an engine works."""

from __future__ import annotations

import gc
import weakref

import pytest

from pytest_paoding.engine.garbage import set_aside


class Knot:
    """Refers to itself, so that only a collection frees it."""

    def __init__(self):
        self.itself = self


@pytest.fixture(autouse=True)
def _thawed():
    """Let nothing be set aside, as in most processes, and collect when asked to only."""
    gc.unfreeze()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()
    gc.freeze()


def test_garbage_from_before_waits_and_that_made_within_does_not():
    before = weakref.ref(Knot())
    with set_aside():
        within = weakref.ref(Knot())
        gc.collect()
        assert within() is None
        assert before() is not None
    gc.collect()
    assert before() is None


def test_all_is_as_before_after_a_failure():
    with pytest.raises(KeyError), set_aside():
        raise KeyError
    assert gc.get_freeze_count() == 0


def test_what_somebody_else_has_set_aside_stays_so():
    gc.freeze()
    count = gc.get_freeze_count()
    with set_aside(), set_aside():
        assert gc.get_freeze_count() == count
    assert gc.get_freeze_count() == count
