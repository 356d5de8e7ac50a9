"""Attacks by name, with what they do by default."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pytest_paoding.engine.evaluation.attacks.gradient_sign import FastGradientSign
from pytest_paoding.errors import EvaluationError
from pytest_paoding.records.optional_packages import lacking

if TYPE_CHECKING:
    from pytest_paoding.engine.evaluation.attacks.attack import Attack
    from pytest_paoding.engine.evaluation.attacks.cascade import Search

_STEPS = {"pgd": 20, "fmn": 100, "hopskipjump": 10, "strong": 50}
_RESTARTS = {"strong": 3}
_SAMPLES = {"fmn": 1000, "hopskipjump": 100, "strong": 100}


def attack_of(
    name: str,
    *,
    steps: int | None = None,
    restarts: int | None = None,
    samples: int | None = None,
    **scope: Any,
) -> Attack:
    """Return an attack.

    Args:
        name: `fgsm`, `pgd`, `fmn`, `hopskipjump`, or `strong`: all of them, the worst case.
        steps: Its number of steps; for `strong` that of its pgd.
        restarts: Number of random starts of pgd.
        samples: How many samples are attacked, the first ones; None for all, or for the first few
            where the attack is slow.
        scope: The `epsilons`, the model's `inputs` and their `ranges`.

    Raises:
        EvaluationError: There is none of that name, or a package is missing.
    """
    if name == "fgsm":
        return FastGradientSign(samples=samples, **scope)
    if name not in _STEPS:
        known = ", ".join(("fgsm", *_STEPS))
        raise EvaluationError(f"{name!r} is no attack, known are {known}")
    if reason := lacking(name):
        raise EvaluationError(reason)
    steps = steps or _STEPS[name]
    restarts = restarts or _RESTARTS.get(name, 1)
    cascade = import_module("pytest_paoding.engine.evaluation.attacks.cascade")
    attack: Attack = cascade.Cascade(
        searches=_searches(name, steps, restarts),
        samples=samples or _SAMPLES.get(name),
        recipe=_recipe(name, steps, restarts),
        **scope,
    )
    return attack


def _searches(name: str, steps: int, restarts: int) -> tuple[Search, ...]:
    """Return the attacks tried after FGSM; their modules import foolbox."""
    if name == "pgd":
        return (_kind("projected_gradient", "ProjectedGradient")(steps, restarts),)
    if name == "fmn":
        return (_kind("fast_minimum_norm", "FastMinimumNorm")(steps),)
    if name == "hopskipjump":
        return (_kind("hop_skip_jump", "HopSkipJump")(steps),)
    others = (_searches(each, _STEPS[each], 1) for each in ("fmn", "hopskipjump"))
    return sum(others, _searches("pgd", steps, restarts))


def _kind(module: str, name: str) -> Any:
    return getattr(import_module(f"pytest_paoding.engine.evaluation.attacks.{module}"), name)


def _recipe(name: str, steps: int, restarts: int) -> str:
    starts = f", {restarts} starts" if restarts > 1 and name in {"pgd", "strong"} else ""
    return f"{name}, {steps} steps{starts}"
