"""What each strategy keeps of nine kinds of nets: `python tests/benchmarks/fidelity.py [NET ...]`.

Three networks of each kind are trained on data that ships with scikit-learn, each with a seed and a
split of its own, and pruned at three ratios. Figures are medians over the three. No setting depends
on the network.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.model_selection import train_test_split

from pytest_paoding.cli.bench import Grid, trials
from pytest_paoding.records.strategy_names import NAMES
from pytest_paoding.reporting.tradeoff import medians, plot, table

sys.path.insert(0, str(Path(__file__).parents[1]))  # as pytest does

from support.fidelity_nets import NETS, NORMALISED_OR_RECURRENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_paoding.reporting.tradeoff import BenchTrial

ALL = {**NETS, **NORMALISED_OR_RECURRENT}
TRAINED = 3
CALIBRATION = 500


def samples(name: str, seed: int) -> tuple[Any, Any, Any, Any]:
    """Return training inputs, held-out inputs, training labels, held-out labels."""
    if name == "cancer-mlp":
        x, y = load_breast_cancer(return_X_y=True)
        x = np.clip((x - x.mean(axis=0)) / x.std(axis=0), -5, 5)
    else:
        x, y = load_digits(return_X_y=True)
        x = x.reshape(-1, *ALL[name]().input_shape[1:]) / 16
    split = train_test_split(x.astype(np.float32), y, test_size=0.3, random_state=seed, stratify=y)
    return tuple(split)


def trained(name: str, seed: int) -> tuple[keras.Model, tuple[Any, Any], Any]:
    """Return a trained network, what to judge it on, and inputs for calibration."""
    fitted, held, labels, held_labels = samples(name, seed)
    keras.utils.set_random_seed(seed)
    model = ALL[name]()
    loss = "binary" if name == "cancer-mlp" else "sparse_categorical"
    model.compile(keras.optimizers.Adam(1e-3), f"{loss}_crossentropy")
    model.fit(fitted, labels, epochs=40, batch_size=32, verbose=0)
    return model, (held, held_labels), fitted[:CALIBRATION]


def found(name: str, options: argparse.Namespace) -> Iterator[BenchTrial]:
    span = (-5.0, 5.0) if name == "cancer-mlp" else (0.0, 1.0)
    for seed in range(TRAINED):
        model, data, unlabelled = trained(name, seed)
        settings: dict[str, Any] = {"effort": options.effort, "input_range": span}
        if options.calibrated:
            settings["calibration"] = unlabelled
        grid = Grid(
            strategies=options.strategies,
            ratios=options.ratios,
            seeds=(seed,),
            settings=settings,
        )
        yield from trials(name, model, data, grid)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("nets", nargs="*", metavar="NET", help=", ".join(ALL))
    parser.add_argument("--strategies", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--ratios", nargs="+", type=float, default=[0.25, 0.5, 0.75])
    parser.add_argument("--effort", default="standard")
    parser.add_argument("--calibrated", action="store_true", help=f"on {CALIBRATION} inputs")
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    rows = [row for name in options.nets or ALL for row in medians(found(name, options))]
    sys.stdout.write(table(rows) + "\n")
    if options.plot is not None:
        plot(rows, options.plot)


if __name__ == "__main__":
    main()
