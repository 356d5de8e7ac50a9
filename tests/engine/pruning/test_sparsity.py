"""The smallest weights of every kernel become zero, exactly as many as asked for."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_paoding import prune
from pytest_paoding.engine.pruning.sparsity import sparsify
from pytest_paoding.errors import PruningError

layers = keras.layers


def network() -> keras.Model:
    keras.utils.set_random_seed(0)
    inner = keras.Sequential([keras.Input((6, 6, 4)), layers.DepthwiseConv2D(3)])
    inputs = keras.Input((8, 8, 1))
    x = layers.BatchNormalization()(layers.Conv2D(4, 3)(inputs))
    x = layers.Dense(8, "relu")(layers.Flatten()(inner(x)))
    return keras.Model(inputs, layers.Dense(3)(x))


@settings(max_examples=20, deadline=None)
@given(st.floats(0, 0.99))
def test_of_every_kernel_the_smallest_go(share):
    model, before = network(), [weight.numpy() for weight in network().weights]
    said = sparsify(model, share)
    for weight, old in zip(model.weights, before, strict=True):
        new = weight.numpy()
        if "kernel" not in weight.path:
            assert np.array_equal(new, old)
            continue
        zero = new == 0
        assert np.count_nonzero(zero) == round(share * new.size)
        assert np.array_equal(new[~zero], old[~zero])
        if zero.any() and not zero.all():
            assert np.abs(old[zero]).max() <= np.abs(old[~zero]).min()
    assert said.endswith(f"the smallest {share:.0%} of each kernel")


def test_it_comes_last_and_is_told():
    model = network()
    plain = prune(model, ratio=0.5, strategy="magnitude")
    sparse = prune(model, ratio=0.5, strategy="magnitude", sparsity=0.25)
    assert sparse.model.count_params() == plain.model.count_params()
    assert any("kernel weights are zero" in note for note in sparse.notes)
    kernel, old = (each.model.layers[1].kernel.numpy() for each in (sparse, plain))
    assert np.array_equal(kernel[kernel != 0], old[kernel != 0])
    assert np.count_nonzero(kernel) == kernel.size - round(kernel.size / 4)
    assert np.count_nonzero(model.layers[1].kernel.numpy() == 0) == 0


@pytest.mark.parametrize("share", (1, -0.1, "x"))
def test_senseless_shares_are_refused(share):
    with pytest.raises(PruningError, match="sparsity must be a share"):
        prune(network(), ratio=0.5, strategy="magnitude", sparsity=share)
