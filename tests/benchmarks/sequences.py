"""What nets of tokens and series keep: `python tests/benchmarks/sequences.py [NET ...]`.

Three networks of each kind are trained in seconds, on data drawn or read from Python's own files
(those of `fidelity.py` on rows of digits), each with a seed of its own, and pruned by `magnitude`,
by `magnitude` with the distillation of `reconstruct` behind it, and by `reconstruct`. The last
column is the share of what magnitude loses that reconstruction keeps. No setting depends on the
network.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import fidelity
import keras
import numpy as np

from pytest_paoding import prune
from pytest_paoding.engine.execution.wave import Model
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.pruning.learning.budget import Budget
from pytest_paoding.engine.pruning.learning.shared_inputs import shared_inputs
from pytest_paoding.engine.pruning.reconstruct.reconstruct import Reconstruct, lesson_of
from pytest_paoding.engine.pruning.strategies.magnitude import Magnitude
from pytest_paoding.engine.pruning.strategies.named import STRATEGIES

sys.path.insert(0, str(Path(__file__).parents[1]))  # as pytest does

from support.fidelity_nets import NORMALISED_OR_RECURRENT
from support.sequence_nets import SEQUENCE_NETS

if TYPE_CHECKING:
    from pytest_paoding.engine.pruning.task import Task
    from pytest_paoding.engine.surgery.transform import Transform

SEEDS = range(3)
OF_DIGITS = tuple(name for name in NORMALISED_OR_RECURRENT if name != "digits-groupnorm")


class RefinedMagnitude(Reconstruct):
    """The units of least scale go, nothing takes over, and what stays is distilled as ever."""

    def solve(self, task: Task) -> Transform:
        """Find the same inputs, and cut by magnitude."""
        generator = np.random.default_rng(task.options.seed)
        budget = Budget.of(task.options.effort)
        model = Model(task.structure.graph, WorkingWeights())
        learned = shared_inputs(task, model, budget, generator)
        course = budget.course(learned.spent, doubtful=learned.inputs.doubtful)
        self._seen = (lesson_of(task, learned, budget, generator), course)
        return Magnitude().solve(task)


WAYS = ("magnitude", Magnitude), ("refined", RefinedMagnitude), ("reconstruct", Reconstruct)


def trained(name: str, seed: int) -> tuple[keras.Model, Any, Any]:
    """Return a trained network, and held-out inputs and labels."""
    if name in OF_DIGITS:
        model, (inputs, labels), _ = fidelity.trained(name, seed)
        return model, inputs, labels
    build, draw = SEQUENCE_NETS[name]
    inputs, labels = draw(np.random.default_rng(seed))
    order = np.random.default_rng(seed).permutation(len(inputs))
    fitted, held = np.split(order, [len(inputs) * 2 // 3])
    keras.utils.set_random_seed(seed)
    model = build()
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    model.fit(inputs[fitted], labels[fitted], epochs=10, batch_size=64, verbose=0)
    return model, inputs[held], labels[held]


def accuracy(model: keras.Model, inputs: Any, labels: Any) -> float:
    answers = model.predict(inputs, batch_size=512, verbose=0).argmax(axis=1)
    return float((answers == labels).mean())


def pruned(model: keras.Model, ratio: float, way: type[Any]) -> keras.Model:
    """Return a model that is pruned by a strategy in place of `reconstruct`."""
    with patch.dict(STRATEGIES, {"reconstruct": way}):
        return prune(model, ratio=ratio, input_range=None).model


def kept(original: float, naive: float, found: float) -> float:
    """Return the share of a loss that is made up for; a loss below .01 counts as .01."""
    return (found - naive) / max(original - naive, 0.01)


def main() -> None:
    all_nets = *SEQUENCE_NETS, *OF_DIGITS
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("nets", nargs="*", metavar="NET", help=", ".join(all_nets))
    parser.add_argument("--ratio", type=float, default=0.5)
    options = parser.parse_args()
    shares = []
    titles = "  ".join(f"{each:>11}" for each in ("original", *dict(WAYS)))
    sys.stdout.write(f"{'net':18}  seed  {titles}   kept\n")
    for name in options.nets or all_nets:
        for seed in SEEDS:
            model, inputs, labels = trained(name, seed)
            cuts = [pruned(model, options.ratio, way) for _, way in WAYS]
            found = [accuracy(each, inputs, labels) for each in (model, *cuts)]
            original, naive, _, best = found
            shares.append(kept(original, naive, best))
            row = "  ".join(f"{each:11.3f}" for each in found)
            sys.stdout.write(f"{name:18}  {seed:4}  {row}  {shares[-1]:5.2f}\n")
            sys.stdout.flush()
    sys.stdout.write(f"mean share kept: {np.mean(shares):.2f}\n")


if __name__ == "__main__":
    main()
