"""Plans in files: the pruning that made one is done again, bit for bit, or refused in one line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
from keras import layers

from pytest_paoding import Plan, prune
from pytest_paoding.engine.surgery.apply import apply
from pytest_paoding.errors import SurgeryError
from pytest_paoding.records.strategy_names import NAMES
from support.fidelity_nets import NETS
from support.nightly import nightly
from support.saved_plans import assert_done_again, assert_same, fresh, rewritten
from support.small_models import branched, cnn, mlp, randomised, residual

if TYPE_CHECKING:
    from pathlib import Path


def nested() -> Any:
    inner = keras.Sequential(
        [keras.Input((6,)), layers.Dense(8, "relu", name="dense"), layers.Dense(6, name="out")],
        name="inner",
    )
    x = keras.Input((6,))
    return randomised(keras.Model(x, layers.Dense(3)(inner(layers.Dense(6, "relu")(x)))))


BUILDERS = {
    "mlp": lambda: mlp(12, 10, 8),
    "cnn": cnn,
    "residual": residual,
    "branched": branched,
    "nested": nested,
}
OTHERS = sorted({*NAMES} - {"reconstruct", "impact"})


@pytest.mark.parametrize("strategy", ("reconstruct", "impact", *nightly(*OTHERS)))
@pytest.mark.parametrize("name", BUILDERS)
def test_a_plan_does_again_what_was_done(name: str, strategy: str, tmp_path: Path) -> None:
    model = BUILDERS[name]()
    pruned = prune(model, ratio=0.5, strategy=strategy)
    assert pruned.model.count_params() < model.count_params()
    pruned.plan.save(tmp_path / "plan.json")
    for plan in (pruned.plan, Plan.load(tmp_path / "plan.json")):
        assert_same(apply(model, plan), pruned.model)
    assert (tmp_path / "plan.npz").exists() is (pruned.plan.fitted is not None)
    assert (pruned.plan.fitted is not None) is (strategy == "reconstruct")


@pytest.mark.parametrize("options", ({"sparsity": 0.5}, {"effort": "thorough"}))
def test_what_was_done_after_the_cut_is_part_of_the_plan(
    options: Any, tmp_path: Path, course: Any
) -> None:
    course(20)
    model = mlp(12, 10)
    assert_done_again(model, prune(model, ratio=0.5, **options), tmp_path)


@pytest.mark.parametrize("policy", ("mixed_float16", "bfloat16", "float64"))
def test_plans_hold_weights_of_every_precision(policy: str, tmp_path: Path) -> None:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = mlp(12, 10)
    finally:
        keras.config.set_dtype_policy(before)
    assert_done_again(model, prune(model, ratio=0.5), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETS)
def test_plans_of_the_benchmarked_nets_do_again_what_was_done(name: str, tmp_path: Path) -> None:
    model = randomised(NETS[name]())
    pruned = prune(model, ratio=0.5, strategy="reconstruct")
    assert pruned.model.count_params() < model.count_params()
    assert_done_again(model, pruned, tmp_path)


def test_two_plans_of_one_pruning_are_the_same_files(tmp_path: Path) -> None:
    model = fresh()
    for name in "ab":
        prune(model, ratio=0.5).plan.save(tmp_path / f"{name}.json")
    for ending in ("json", "npz"):
        one, two = ((tmp_path / f"{name}.{ending}").read_bytes() for name in "ab")
        assert one == two


def test_a_loaded_plan_can_be_saved_elsewhere(saved: Path, tmp_path: Path) -> None:
    Plan.load(saved).save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == saved.read_bytes()
    assert_same(
        apply(fresh(), Plan.load(saved)), apply(fresh(), Plan.load(tmp_path / "again.json"))
    )


def test_damaged_weights_are_refused(saved: Path) -> None:
    weights = saved.with_suffix(".npz")
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(SurgeryError, match="not the weights that were fitted beside this plan"):
        apply(fresh(), Plan.load(saved))
    weights.unlink()
    with pytest.raises(SurgeryError, match=r"plan\.npz: .* are missing"):
        Plan.load(saved)


@pytest.mark.parametrize(
    ("change", "message"),
    (
        (lambda first: first[:1], "fitted beside the plan is float32 of shape"),
        (lambda first: first.astype("float64"), "fitted beside the plan is float64"),
        (lambda first: np.zeros((100_000, *first.shape)), "is larger than what stays of it"),
        (lambda first: np.array([first], object), "cannot be read"),
        (lambda _: None, "cannot be read"),
    ),
)
def test_weights_that_do_not_fit_are_refused(saved: Path, change: Any, message: str) -> None:
    with np.load(saved.with_suffix(".npz")) as found:
        arrays = dict(found)
    arrays["0"] = change(arrays["0"])
    rewritten(saved, {name: each for name, each in arrays.items() if each is not None})
    with pytest.raises(SurgeryError, match=message) as caught:
        apply(fresh(), Plan.load(saved))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", (["nowhere", 0], ["dense", 9], ["dense", -1]))
def test_weights_of_no_layer_are_refused(saved: Path, name: list[Any]) -> None:
    document = json.loads(saved.read_text(encoding="utf-8"))
    document["fitted"]["names"][0] = name
    saved.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(SurgeryError, match="has no weight"):
        apply(fresh(), Plan.load(saved))


def test_a_plan_does_not_take_the_place_of_its_weights(tmp_path: Path) -> None:
    plan = prune(fresh(), ratio=0.5).plan
    with pytest.raises(SurgeryError, match="name the plan otherwise"):
        plan.save(tmp_path / "plan.npz")


def test_a_plan_without_its_weights_says_so(saved: Path, tmp_path: Path) -> None:
    plan = Plan.from_json(saved.read_text(encoding="utf-8"))
    with pytest.raises(SurgeryError, match="not at hand"):
        plan.save(tmp_path / "elsewhere.json")
    assert not (tmp_path / "elsewhere.json").exists()
    assert Plan.from_json(plan.to_json()) == plan
