"""What each part of `reconstruct` is worth: `python tests/benchmarks/ablation.py [NET ...]`.

The networks of `fidelity.py` are pruned without data, once as always and once without each part.
Figures are medians over the trainings: the accuracy lost, the robustness retained, CPU seconds.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from fidelity import ALL, trained

from pytest_paoding.cli.bench import Grid, trials
from pytest_paoding.engine.inputs.draws import Draw
from pytest_paoding.engine.pruning.gradients.distillation import Course
from pytest_paoding.engine.pruning.learning import shared_inputs
from pytest_paoding.engine.pruning.learning.budget import Budget
from pytest_paoding.engine.pruning.reconstruct import two_stages
from pytest_paoding.engine.pruning.reconstruct.rewrite import Rewriter
from pytest_paoding.engine.pruning.reconstruct.widths import plans
from pytest_paoding.engine.surgery.transform import Transform
from pytest_paoding.engine.synthesis import population
from pytest_paoding.engine.synthesis.weighing import measured
from pytest_paoding.reporting.tradeoff import medians

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pytest_paoding.reporting.tradeoff import BenchTrial

NETS = ("digits-mlp", "digits-cnn", "digits-residual", "digits-depthwise")


def _drawn_alike(*given: Any, **settings: Any) -> Draw:
    """Return a draw of the one family of each kind, as where nothing is chosen."""
    return Draw(*given, **{**settings, "varied": False})


def _undistilled(self: Budget, spent: float, *, doubtful: bool = False) -> Course:
    del self, spent, doubtful
    return Course(0, 1, 0.0)


def _unmoved(self: Budget) -> Any:
    return replace(_MOVING(self), work=0.0)


_MOVING: Callable[[Budget], Any] = Budget.moving.fget  # type: ignore[attr-defined] # a property

PARTS: dict[str, tuple[Any, ...]] = {
    "nothing": (),
    "families of candidates": (patch.object(population, "Draw", _drawn_alike),),
    "weights of candidates": (patch.object(population, "weigh", lambda table, _: measured(table)),),
    "generations": (patch.object(population, "_GENERATIONS", 0),),
    "moving by gradients": (patch.object(Budget, "moving", property(_unmoved)),),
    "three plans": (patch.object(plans, "_RIVALS", ("global",)),),
    "allocation": (patch.object(plans, "_RIVALS", ("uniform",)),),
    "taking over": (
        patch.object(Rewriter, "compensation", lambda self, *_: Transform(self.stay)),
        patch.object(Rewriter, "refit", lambda *_: None),
    ),
    "refit": (patch.object(Rewriter, "refit", lambda *_: None),),
    "two stages": (patch.object(two_stages, "_MUCH", 1.0),),
    "distillation": (patch.object(Budget, "course", _undistilled),),
}
"""What is replaced to do without each part."""


def without(
    part: str, name: str, nets: Iterable[tuple[Any, Any]], options: argparse.Namespace
) -> Iterator[BenchTrial]:
    """Prune networks of one kind, each with its data, without one part."""
    span = (-5.0, 5.0) if name == "cancer-mlp" else (0.0, 1.0)
    settings: dict[str, Any] = {"effort": options.effort, "input_range": span}
    with ExitStack() as stack:
        for each in PARTS[part]:
            stack.enter_context(each)
        for seed, (model, data) in enumerate(nets):
            shared_inputs._findings.clear()  # which were found with all parts
            grid = Grid(
                strategies=["reconstruct"], ratios=[options.ratio], seeds=(seed,), settings=settings
            )
            yield from trials(name, model, data, grid)


def main() -> None:
    """Prune, and write a table as parts are done."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("nets", nargs="*", metavar="NET", help=", ".join(ALL))
    parser.add_argument("--parts", nargs="+", metavar="PART", default=list(PARTS))
    parser.add_argument("--ratio", type=float, default=0.75)
    parser.add_argument("--trainings", type=int, default=3)
    parser.add_argument("--effort", default="standard")
    options = parser.parse_args()
    sys.stdout.write(f"{'network':20} {'without':24} {'decay':>7} {'kept':>5} {'CPU s':>6}\n")
    for name in options.nets or NETS:
        nets = [trained(name, seed)[:2] for seed in range(options.trainings)]
        for part in options.parts:
            (row,) = medians(without(part, name, nets, options))
            kept = "-" if row.retention is None else f"{row.retention:.2f}"
            figures = f"{row.decay:7.3f} {kept:>5} {row.seconds:6.1f}"
            sys.stdout.write(f"{name:20} {part:24} {figures}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
