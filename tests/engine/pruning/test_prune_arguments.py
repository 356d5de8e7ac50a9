"""Arguments of the public function: refusals, exceptions by name, progress and notes."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import pytest_paoding
from pytest_paoding import prune
from pytest_paoding.engine.pruning.strategies.named import STRATEGIES
from pytest_paoding.engine.pruning.strategies.strategy import Strategy
from pytest_paoding.errors import PruningError
from pytest_paoding.records.strategy_names import NAMES, known_name
from support.small_models import branched, mlp

layers = keras.layers
RATIO = 0.5
each_strategy = pytest.mark.parametrize("strategy", NAMES)


def test_progress_is_told_round_by_round():
    told = []
    prune(mlp(6), ratio=0.2, step=0.1, strategy="impact", progress=lambda *each: told.append(each))
    assert told == [("pruning", 1, 2), ("pruning", 2, 2)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    (
        ({"ratio": 50}, 'did you mean 0.5 or "50%"'),
        ({"ratio": 1.0}, "ratio must be a share"),
        ({"ratio": -0.1}, "ratio must be a share"),
        ({"ratio": float("nan")}, "ratio must be a share"),
        ({"ratio": "half"}, r'ratio must be a share .*, or a text such as "50%", not .half.'),
        ({"ratio": "50"}, "ratio must be a share"),
        ({"ratio": "150%"}, "ratio must be a share"),
        ({"ratio": 0.5, "ratios": {"x": "x"}}, "x: must be a share"),
        ({"ratio": True}, "ratio must be a share"),
        ({"ratio": 0.5, "step": 0}, "step must be a share"),
        ({"ratio": 0.5, "step": 1e-9}, r"step must be a share in \[0.001, 1\]"),
        ({"ratio": 0.5, "step": 5e-324}, "step must be a share"),
        ({"ratio": 0.5, "seed": -1}, "seed must be a whole number"),
        ({"ratio": 0.5, "seed": 0.5}, "seed must be a whole number"),
        ({"ratio": 0.5, "strategy": "best"}, "unknown strategy 'best', known are magnitude"),
        ({"ratio": 0.5, "input_range": (1.0, 0.0)}, "not finite and rising"),
        ({"ratio": 0.5, "input_range": (0.0, float("inf"))}, "not finite and rising"),
        ({"ratio": 0.5, "input_range": (0.0,)}, "not a pair"),
        ({"ratio": 0.5, "input_range": 3}, "not a pair"),
        ({"ratio": 0.5, "input_range": {"wrong": (0, 1)}}, "input_range names"),
        ({"ratio": 0.5, "allocation": "even"}, "unknown allocation 'even', known are global"),
        (
            {"ratio": 0.5, "effort": "low"},
            "^effort: 'low' is neither of quick, standard, thorough nor a positive number of",
        ),
        ({"ratio": 0.5, "effort": "quikc"}, "of seconds, did you mean quick.$"),
        ({"ratio": 0.5, "effort": "Quick"}, "of seconds, did you mean quick.$"),
        ({"ratio": 0.5, "effort": "-10"}, "effort: '-10' is neither of"),
        ({"ratio": 0.5, "effort": 0}, "effort: 0 is neither of"),
        ({"ratio": 0.5, "effort": True}, "effort: True is neither of"),
        ({"ratio": 0.5, "effort": None}, "effort: None is neither of"),
        ({"ratio": 0.5, "effort": "quikc/5"}, "'quikc' is neither of.*did you mean quick.$"),
        ({"ratio": 0.5, "effort": "/5"}, "effort: '' is neither of"),
        *(
            ({"ratio": 0.5, "effort": text}, f"effort: '{text}' does not end in how many share it")
            for text in ("quick/", "10/0", "10/101", "10/-1", "10/1.5", "10/5/5", "10/" + "9" * 99)
        ),
        ({"ratio": 0.5, "mixing": "free"}, "mixing must be 'exact' or 'recompute'"),
        ({"ratio": 0.5, "exclude": "conv*"}, r"exclude: no layer matches 'conv\*'; there are"),
        ({"ratio": 0.5, "include": ["a", "b"]}, "include: no layer matches 'a'; there are"),
        ({"ratio": 0.5, "ratios": {"x": 0.1}}, "ratios: no layer matches 'x'; there are"),
        ({"ratio": 0.5, "exclude": "*"}, r"nothing to prune: layer '.*' is excluded by '\*'"),
        ({"ratio": 0.5, "round_to": 8}, "nothing to prune: the width is kept a multiple of 8"),
    ),
)
def test_arguments_that_make_no_sense_are_refused(arguments, message):
    with pytest.raises(PruningError, match=message) as caught:
        prune(mlp(6), **arguments)
    assert "\n" not in str(caught.value)


def test_texts_are_taken_as_settings_take_them():
    model = mlp(16, 16)
    name = model.layers[0].name
    numbers = {"ratio": 0.5, "ratios": {name: 0.25}, "sparsity": 0.25, "step": 0.05, "effort": 1}
    texts = {"ratio": "50%", "ratios": {name: "25%"}, "sparsity": "0.25", "step": "5%"}
    texts["effort"] = "1"
    for strategy in ("magnitude", "reconstruct"):
        one, other = (prune(model, strategy=strategy, **each) for each in (numbers, texts))
        assert one.ratio == other.ratio == 0.5
        for mine, theirs in zip(one.model.weights, other.model.weights, strict=True):
            np.testing.assert_array_equal(mine, theirs)


@each_strategy
def test_exceptions_hold_for_every_strategy(strategy):
    model = mlp(16, 16, 16)
    first, second, third = (layer.name for layer in model.layers[:-1])
    options = {"ratios": {second: 0.25}, "exclude": first, "round_to": 4}
    pruned = prune(model, ratio=0.4, strategy=strategy, allocation="uniform", **options)
    assert [len(pruned.plan[name].kept) for name in (first, second, third)] == [16, 12, 12]
    assert pruned.plan[first].reason == f"layer {first!r} is excluded by {first!r}"
    assert pruned.plan[third].reason == "the width is kept a multiple of 4"


def test_inputs_that_were_learned_from_are_told_of():
    inputs = np.random.default_rng(0).random((40, 12))
    model = mlp(12, 10, inputs=12)
    pruned = prune(model, ratio=RATIO, strategy="reconstruct", calibration=inputs)
    assert pruned.notes == ("calibrated on 40 inputs: not data-free",)
    pruned = prune(model, ratio=RATIO, strategy="saliency", calibration=inputs)
    assert pruned.notes == ("calibration was not used: strategy 'saliency' reads no inputs",)


def test_scale_is_magnitude_by_its_other_name():
    assert known_name("scale") == "magnitude"


def test_a_strategy_has_to_say_how_it_chooses():
    with pytest.raises(TypeError, match="abstract"):
        Strategy()


def test_every_name_has_a_strategy():
    assert tuple(STRATEGIES) == NAMES


@pytest.mark.parametrize(
    ("build", "message"),
    (
        (lambda: keras.Sequential([keras.Input((3,)), layers.Dense(2)]), "output"),
        (lambda: keras.Sequential([keras.Input((3,)), layers.ReLU()]), "no layer with units"),
        (
            lambda: keras.Sequential(
                [keras.Input((3,)), layers.Dense(4), layers.LayerNormalization(), layers.Dense(2)]
            ),
            "LayerNormalization",
        ),
    ),
)
def test_a_model_with_nothing_to_prune_is_refused_with_the_reason(build, message):
    with pytest.raises(PruningError, match=message) as caught:
        prune(build(), ratio=RATIO)
    assert "nothing to prune" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_public_names_are_those_of_the_package():
    assert pytest_paoding.prune is prune
    assert set(pytest_paoding.__all__) <= set(dir(pytest_paoding))
    with pytest.raises(AttributeError, match="no attribute 'prun'"):
        pytest_paoding.prun  # noqa: B018 # the access is the test


@pytest.mark.parametrize("strategy", ("impact", "stochastic"))
def test_ranges_may_be_given_by_the_inputs_names(strategy):
    ranges = {"left": (0.0, 1.0), "right": (-1.0, 1.0)}
    assert prune(branched(), ratio=RATIO, strategy=strategy, input_range=ranges).plan.layers
