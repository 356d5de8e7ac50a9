"""Shifts: whether pictures may be moved a little and still be a model's own.

A shift makes many pictures of one, where a model was trained on pictures in many places. A net that
only ever saw them centred takes shifted ones for something else: its statistics leave those that
were recorded, and it is no longer certain of any class. That can be seen without data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_paoding.engine.synthesis.candidate_table import tabulate
from pytest_paoding.engine.synthesis.mixtures import Mixtures
from pytest_paoding.engine.synthesis.weighing import measured

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from pytest_paoding.engine.execution.wave import Model
    from pytest_paoding.engine.graph.trace import Tensor
    from pytest_paoding.engine.inputs.input_sources import InputSources

_SHOWN = 512  # pictures that are shifted
_FURTHER, _AWAY = 1.5, 0.005  # most distance, in that of the pictures as they are, and beside it
_LESS_CERTAIN = 0.1  # most rise of the entropy where nothing is recorded


def stand_shifts(
    model: Model,
    sources: InputSources,
    inputs: Mapping[Tensor, Any],
    generator: np.random.Generator,
) -> bool:
    """Whether a model takes shifted pictures for its own, as far as it tells.

    Args:
        model: The model.
        sources: Its inputs.
        inputs: Inputs that it takes for its own.
        generator: Draws the shifts.

    Cost: a forward pass of 1,024 inputs.
    """
    pictures = [
        each for each in inputs if sources[each].numeric and sources[each].kind == "picture"
    ]
    if not pictures:
        return False
    shown = {tensor: values[:_SHOWN] for tensor, values in inputs.items()}
    moved = shown | Mixtures(sources, shown, generator, shifted=True).shifted()
    before, after = (measured(tabulate(model, each)) for each in (shown, moved))
    if before.recorded:
        return after.distance < _FURTHER * before.distance + _AWAY
    return after.entropy < before.entropy + _LESS_CERTAIN
