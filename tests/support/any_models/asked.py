"""What is asked of a pruning and its judging: a strategy and options, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

from pytest_paoding.records.strategy_names import NAMES

if TYPE_CHECKING:
    from support.any_models.chance import Chance
    from support.any_models.drawn_model import Drawn


def pruning(chance: Chance, drawn: Drawn) -> dict[str, Any]:
    """Return arguments of `prune`; more often than not the usual ones but for the strategy."""
    names = [each.name for each in drawn.model.layers if _has_units(each)] or ["*"]
    asked: dict[str, Any] = {
        "ratio": chance.one_of(0.1, 0.3, 0.5, 0.5, 0.75, 0.95),
        "strategy": chance.one_of(*NAMES),
        "seed": chance.whole(0, 3),
        "verify": chance.happens(0.85),
    }
    extras: dict[str, Any] = {
        "allocation": chance.one_of("global", "balanced", "uniform"),
        "round_to": chance.one_of(2, 3, 8),
        "exclude": chance.one_of(*names),
        "include": (chance.one_of(*names), chance.one_of(*names)),
        "mixing": "recompute",
        "sparsity": chance.one_of(0.3, 0.9),
        "step": chance.one_of(0.2, 1.0),
        "jump": 2.0,
        "ratios": {chance.one_of(*names): 0.6},
        "input_range": chance.one_of((-1.0, 1.0), (0.0, 255.0)),
        "calibration": drawn.inputs,
    }
    if asked["strategy"] != "reconstruct":
        del extras["allocation"], extras["calibration"]
    for name in chance.some_of(sorted(extras), chance.one_of(0, 0, 0, 1, 1, 2, 3)):
        asked[name] = extras[name]
    return asked


def _has_units(layer: Any) -> bool:
    return any(hasattr(layer, name) for name in ("units", "filters"))


def judging(chance: Chance) -> dict[str, Any]:
    """Return arguments of `evaluate`."""
    asked: dict[str, Any] = {"epsilons": chance.one_of((), (0.05,), (0.01, 0.1)), "attack_steps": 2}
    if chance.happens(0.15):
        asked["attack"] = chance.one_of("pgd", "fmn", "strong")
        asked["attack_samples"] = 2
    if chance.happens(0.1):
        asked["corruptions"] = ("noise", "blur")
    if chance.happens(0.2):
        asked["measure"] = ("fidelity",)
    return asked


def labels(chance: Chance, model: Any, count: int) -> Any:
    """Return labels for all outputs, or for those that can be a classifier's."""
    if chance.happens(0.1):
        return None
    names = keras.Model(model.inputs, model.outputs).output_names
    found = {}
    for name, output in zip(names, model.outputs, strict=True):
        if len(output.shape) == 2 and "float" in str(output.dtype):
            classes = max(2, output.shape[1] or 2)
            found[name] = chance.arrays.integers(0, classes, count)
    if len(model.outputs) == 1:
        return found.get(names[0], chance.arrays.integers(0, 2, count))
    return found
