"""The guard: whatever model is given, it is pruned, proved and judged, or refused in one line.

No strategy ends in a traceback of TensorFlow, Keras or NumPy, asks for a report of a defect, warns,
prints, or changes the model it was given.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from pytest_paoding.engine.graph.rules import registry
from support.any_models.outcome import CRASHED, JUDGED, PRUNED, REFUSED, outcome_of
from support.any_models.reachable import reachable
from support.dtypes import models_in

if TYPE_CHECKING:
    from collections.abc import Iterator

FEW, MANY = 20, 500
DEAD = {
    # Layers without a case: TensorFlow dies of some, on small inputs, whoever runs them.
    "AdaptiveMaxPooling1D",
    "AdaptiveMaxPooling2D",
    "AdaptiveMaxPooling3D",
}


@pytest.fixture(autouse=True)
def _float32() -> Iterator[None]:
    with models_in("float32"):
        yield


@pytest.mark.parametrize("number", range(FEW))
def test_it_is_pruned_and_judged_or_refused_in_one_line(number: int) -> None:
    outcome = outcome_of(number)
    assert not outcome.fault, outcome


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_five_hundred_models_are_pruned_and_judged_or_refused_in_one_line() -> None:
    outcomes = [outcome_of(number) for number in range(MANY)]
    assert not [each for each in outcomes if each.fault]
    kinds = Counter(each.kind for each in outcomes)
    assert not kinds[CRASHED]
    assert kinds[JUDGED] + kinds[PRUNED] > MANY / 2
    assert kinds[JUDGED] > MANY / 3
    assert kinds[REFUSED] < MANY / 2


@pytest.mark.slow
def test_every_layer_and_operation_with_a_rule_can_be_drawn() -> None:
    drawn = reachable()
    missing = {each.__name__ for each in registry._rules if each not in drawn}
    assert missing <= DEAD | {"Abs"}  # `keras.ops.abs` makes an `Absolute`
