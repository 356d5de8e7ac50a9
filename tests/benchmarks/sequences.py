"""What nets of tokens and series keep: `python tests/benchmarks/sequences.py [NET ...]`.

Three networks of each kind are trained in seconds, on data drawn or read from Python's own files,
each with a seed of its own, and pruned by `reconstruct` and by `magnitude`. The last column is the
share of what magnitude loses that reconstruction keeps. No setting depends on the network.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np

from pytest_paoding import prune

sys.path.insert(0, str(Path(__file__).parents[1]))  # as pytest does

from support.sequence_nets import SEQUENCE_NETS

SEEDS = range(3)
STRATEGIES = "magnitude", "reconstruct"


def trained(name: str, seed: int) -> tuple[keras.Model, Any, Any]:
    """Return a trained network, and held-out inputs and labels."""
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


def kept(original: float, naive: float, found: float) -> float:
    """Return the share of a loss that is made up for; a loss below .01 counts as .01."""
    return (found - naive) / max(original - naive, 0.01)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("nets", nargs="*", metavar="NET", help=", ".join(SEQUENCE_NETS))
    parser.add_argument("--ratio", type=float, default=0.5)
    options = parser.parse_args()
    shares = []
    sys.stdout.write("net           seed  original  magnitude  reconstruct   kept\n")
    for name in options.nets or SEQUENCE_NETS:
        for seed in SEEDS:
            model, inputs, labels = trained(name, seed)
            cuts = [prune(model, ratio=options.ratio, strategy=each).model for each in STRATEGIES]
            found = [accuracy(each, inputs, labels) for each in (model, *cuts)]
            shares.append(kept(*found))
            row = "  ".join(f"{each:9.3f}" for each in found)
            sys.stdout.write(f"{name:12}  {seed:4}{row}  {shares[-1]:9.2f}\n")
            sys.stdout.flush()
    sys.stdout.write(f"mean share kept: {np.mean(shares):.2f}\n")


if __name__ == "__main__":
    main()
