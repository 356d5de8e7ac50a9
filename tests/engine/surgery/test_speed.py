"""Speed on whole architectures: reading takes a second at most, a cut twice Keras's own rebuild."""

from __future__ import annotations

import gc
from time import process_time
from typing import TYPE_CHECKING, Any

import keras
import pytest

from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.surgery.cut import cut
from pytest_paoding.engine.surgery.transform import Transform
from support.families import WHOLE, whole
from support.oracles import removal

if TYPE_CHECKING:
    from collections.abc import Callable


def seconds(work: Callable[[], Any], repetitions: int = 3) -> float:
    """Return the least processor time of a few runs: other processes only ever add to it.

    As in `timeit`, no garbage is collected meanwhile: it may be that of anything.
    """

    def once() -> float:
        gc.collect()
        gc.disable()
        try:
            start = process_time()
            work()
            return process_time() - start
        finally:
            gc.enable()

    return min(once() for _ in range(repetitions))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", list(WHOLE))
def test_a_whole_architecture_is_read_and_cut_in_time(name: str) -> None:
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    model = whole(name)
    structure = walk(model, rule_for)
    stay = removal(structure)
    rebuilding = seconds(lambda: keras.models.clone_model(model))
    cutting = seconds(lambda: cut(structure, Transform(stay)))
    reading = seconds(lambda: walk(model, rule_for))
    print(f"{name}: walk {reading:.2f} s, cut {cutting:.2f} s, rebuild {rebuilding:.2f} s")  # noqa: T201 # for the record
    assert reading <= 1
    assert cutting <= 2 * rebuilding
