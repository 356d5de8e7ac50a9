"""The strategy as a whole: it meets its constraints, and kept units take over."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits

from pytest_paoding import prune
from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.errors import PaodingError
from support.nightly import nightly
from support.small_models import BUILDERS, mlp, randomised

layers = keras.layers
each_model = pytest.mark.parametrize("build", BUILDERS)


def attended():
    """Units that attention and a shared layer read."""
    inputs = keras.Input((6, 5))
    x = layers.Dense(8, "relu", name="read_by_attention")(inputs)
    x = layers.MultiHeadAttention(2, 4)(x, x)
    y = layers.Dense(8, "relu", name="read_twice")(x)
    shared = layers.Dense(6, name="shared")
    x = layers.Add()([shared(y), shared(layers.ReLU()(y))])
    return randomised(keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling1D()(x))))


def channels_first():
    inputs = keras.Input((2, 6, 6))
    x = layers.Dense(4)(layers.Flatten()(layers.Permute((2, 3, 1))(inputs)))
    return randomised(keras.Model(inputs, layers.Dense(3)(layers.ReLU()(x))))


@pytest.mark.parametrize("build", (*BUILDERS, attended, channels_first))
@pytest.mark.parametrize("allocation", ("global", *nightly("uniform")))
def test_the_cut_is_proved(build, allocation):
    pruned = prune(build(), ratio=0.5, strategy="reconstruct", allocation=allocation, verify=True)
    assert any(note.startswith("proved") for note in pruned.notes)


@each_model
@pytest.mark.parametrize("ratio", (0.1, 0.5, 0.8))
def test_uniform_allocation_keeps_exactly_what_the_ratio_leaves(build, ratio):
    pruned = prune(build(), ratio=ratio, strategy="reconstruct", allocation="uniform")
    for layer in pruned.plan.layers:
        gone = min(round(ratio * layer.units), layer.units - 1)
        assert len(layer.kept) == layer.units - (0 if "output" in (layer.reason or "") else gone)


@pytest.mark.parametrize("ratio", (0.25, 0.5, 0.75))
def test_global_allocation_spends_the_parameters_of_a_uniform_one(ratio):
    model = mlp(60, 50, 40)
    found = {
        allocation: prune(
            model, ratio=ratio, strategy="reconstruct", allocation=allocation
        ).model.count_params()
        for allocation in ("uniform", "global", "balanced")
    }
    unit = 60 + 40 + 1  # parameters of a unit of the middle layer, at most
    assert found["uniform"] - unit <= found["global"] <= found["uniform"]
    assert found["uniform"] - unit <= found["balanced"] <= found["uniform"]


def test_the_plan_says_by_how_much_the_outputs_move():
    plan = prune(mlp(30, 20), ratio=0.5, strategy="reconstruct", allocation="balanced").plan
    for layer in plan.layers[:-1]:
        assert len(layer.kept) < layer.units
        assert layer.criterion.startswith("reconstruct, moving the outputs by ")
        assert layer.criterion.endswith("%")


def test_the_plan_says_where_nothing_takes_over():
    inputs = keras.Input((12, 5))
    x = layers.Dense(8, "relu", name="read_by_depth")(inputs)
    x = layers.SeparableConv1D(8, 3, depth_multiplier=2, name="separable")(x)
    model = randomised(keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling1D()(x))))
    plan = prune(model, ratio=0.5, strategy="reconstruct").plan
    assert "nothing takes over" not in str(plan["separable"].reason)
    assert plan["read_by_depth"].criterion.startswith("magnitude, moving the outputs by ")
    assert "nothing takes over" in plan["read_by_depth"].reason


def test_what_attention_and_shared_layers_read_is_taken_over_too():
    plan = prune(attended(), ratio=0.5, strategy="reconstruct").plan
    for name in ("read_by_attention", "read_twice"):
        assert plan[name].criterion.startswith("reconstruct, moving the outputs by ")
        assert plan[name].reason is None


def test_constraints_hold_under_a_global_allocation():
    pruned = prune(
        mlp(64, 48, 40),
        ratio=0.5,
        strategy="reconstruct",
        ratios={"dense_1": 0.25},
        exclude=("dense",),
        round_to=8,
    )
    kept = [len(layer.kept) for layer in pruned.plan.layers]
    assert kept[0] == 64
    assert kept[1] == 40  # a quarter of 48 is 12: 36, up to a multiple of 8
    assert kept[2] % 8 == 0


@pytest.fixture(autouse=True)
def _names():
    keras.utils.clear_session()


def test_redundant_units_go_without_a_trace():
    """Half the units are linear combinations of the others, so nothing is lost with them."""
    generator = np.random.default_rng(0)
    model = keras.Sequential(
        [keras.Input((6,)), layers.Dense(5), layers.Dense(10, "linear"), layers.Dense(3)]
    )
    randomised(model)
    x = generator.random((50, 6), dtype="float32")
    expected = np.asarray(model(x))
    pruned = prune(model, ratio=0.5, strategy="reconstruct", include=("dense_1",))
    assert pruned.model.layers[1].units == 5
    # ten values span five dimensions; the covariances are regularised by a thousandth
    error = np.abs(np.asarray(pruned.model(x)) - expected).max()
    assert error < 0.02 * expected.std()


POLICIES = ("float16", "mixed_float16", "bfloat16", "mixed_bfloat16", "float64")


@pytest.mark.parametrize("build", (BUILDERS[1], *nightly(BUILDERS[0], *BUILDERS[2:])))
@pytest.mark.parametrize("policy", (*POLICIES[:2], *nightly(*POLICIES[2:])))
def test_models_of_every_precision_are_reconstructed_in_their_own(build, policy, course):
    course(10)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = build()
    finally:
        keras.config.set_dtype_policy(before)
    inputs = [np.ones((8, *each.shape[1:]), each.dtype) for each in model.inputs]
    inputs = inputs if len(inputs) > 1 else inputs[0]
    for calibration in (None, inputs):
        pruned = prune(model, ratio=0.5, calibration=calibration, verify=True).model
        assert pruned.count_params() < model.count_params()
        assert [each.dtype for each in pruned.weights] == [each.dtype for each in model.weights]
        for output in keras.tree.flatten(pruned(inputs)):
            assert np.isfinite(values_of(output).astype("float64")).all()


@pytest.fixture(scope="module")
def digits():
    """A trained net with batch normalisation, and data it has not seen."""
    x, y = load_digits(return_X_y=True)
    x = (x / 16).reshape(-1, 8, 8, 1).astype("float32")
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(24, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dense(48, "relu"),
            layers.Dense(10, "softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x[:1200], y[:1200], epochs=15, verbose=0)
    return model, x, y


def accuracy(model, x, y):
    return float((np.asarray(model(x)).argmax(axis=1) == y).mean())


def test_half_of_the_units_of_a_trained_net_hardly_matter(digits):
    model, x, y = digits
    before = accuracy(model, x[1200:], y[1200:])
    settings = {"ratio": 0.5, "strategy": "reconstruct"}
    data_free = prune(model, **settings).model
    informed = prune(model, **settings, calibration=x[:500]).model
    by_norm = prune(model, ratio=0.5, strategy="magnitude").model
    assert before > 0.9
    assert data_free.count_params() < 0.5 * model.count_params()
    decay = [before - accuracy(each, x[1200:], y[1200:]) for each in (data_free, informed, by_norm)]
    assert decay[0] < 0.1
    assert decay[1] < 0.03
    assert decay[2] > 2 * max(decay[0], 0.05)


@pytest.mark.parametrize(
    ("effort", "steps"),
    (
        (1e-6, set()),
        (1, {"choosing inputs", "distilling"}),
        pytest.param(
            10, {"choosing inputs", "finding inputs", "distilling"}, marks=pytest.mark.slow
        ),
    ),
)
def test_an_effort_says_how_long_it_takes(digits, effort, steps):
    model, x, y = digits
    told = set()
    pruned = prune(model, ratio=0.5, effort=effort, progress=lambda what, *_: told.add(what))
    assert accuracy(pruned.model, x, y) > 0.5
    assert told == {"measuring groups", "reconstructing", *steps}


@pytest.mark.parametrize(
    ("key", "said"),
    (
        ("allocation", "unknown allocation 'much', known are"),
        ("effort", "effort: 'much' is neither of quick, standard, thorough nor a positive number"),
    ),
)
def test_unknown_words_are_refused(key, said):
    with pytest.raises(PaodingError, match=said):
        prune(mlp(4), ratio=0.5, **{key: "much"})
