"""Every result of the public function is checked, and proved if asked for."""

from __future__ import annotations

import re
from contextlib import nullcontext

import numpy as np
import pytest

from pytest_paoding import prune
from pytest_paoding.engine.pruning import pruner as module
from pytest_paoding.engine.surgery import cut as cut_module
from pytest_paoding.errors import SurgeryError
from pytest_paoding.records.strategy_names import NAMES
from support.small_models import BUILDERS, mlp

RATIO = 0.5
each_strategy = pytest.mark.parametrize("strategy", NAMES)
each_model = pytest.mark.parametrize("build", BUILDERS)


@each_model
@each_strategy
def test_every_strategy_passes_the_proof(build, strategy):
    pruned = prune(build(), ratio=RATIO, strategy=strategy, input_range=(0, 1), verify=True)
    (note,) = pruned.notes
    proof = re.fullmatch(r"proved: off by (\S+) in float64", note)
    assert float(proof[1]) <= 1e-10


@each_strategy
@pytest.mark.parametrize("verify", (False, True))
def test_a_cut_that_went_wrong_is_no_result(strategy, verify, monkeypatch):
    """Damage that shapes and finite outputs do not show is caught by the proof alone."""

    def damaged(*arguments):
        outcome = cut_module.cut(*arguments)
        kernel = outcome.model.layers[1].kernel
        kernel.assign(kernel[::-1])
        return outcome

    monkeypatch.setattr(module, "cut", damaged)
    told = nullcontext()
    if verify:
        told = pytest.raises(SurgeryError, match=r"self-check: outputs are off by .* in float64")
    with told:
        options = {"strategy": strategy, "input_range": (0, 1), "verify": verify}
        assert prune(mlp(12, 10), ratio=RATIO, **options).notes == ()


@each_strategy
def test_a_result_that_is_not_finite_is_none(strategy, monkeypatch):
    def damaged(*arguments):
        outcome = cut_module.cut(*arguments)
        kernel = outcome.model.layers[0].kernel
        kernel.assign(np.full(kernel.shape, np.nan))
        return outcome

    monkeypatch.setattr(module, "cut", damaged)
    with pytest.raises(SurgeryError, match="self-check: output 0 is not finite"):
        prune(mlp(12, 10), ratio=RATIO, strategy=strategy)
