"""The release gate of a model that a test holds in its hands.

The other two models are gated by [tool.paoding.models] in pyproject.toml, without any code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clinic.data import heldout_measurements

if TYPE_CHECKING:
    import keras

    from pytest_paoding.plugin.fixtures import PaodingFixture


@pytest.mark.paoding(max_accuracy_decay="3%", input_range=(0.0, 1.0))
def test_screening_can_be_released_smaller(
    paoding: PaodingFixture, cancer_mlp: keras.Model
) -> None:
    result = paoding.check(cancer_mlp, data=heldout_measurements(), name="cancer_mlp")
    parameters = result.metrics["parameters"]
    assert parameters.after < parameters.before
