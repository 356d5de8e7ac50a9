"""What each strategy keeps of five kinds of nets: `python tests/benchmarks/fidelity.py [NET ...]`.

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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_paoding.reporting.tradeoff import BenchTrial

layers = keras.layers
TRAINED = 3
CALIBRATION = 500


def convolved(x: Any, filters: int, strides: int = 1, size: int = 3) -> Any:
    x = layers.Conv2D(filters, size, strides=strides, padding="same", use_bias=False)(x)
    return layers.BatchNormalization()(x)


def mlp() -> keras.Model:
    widths = (128, 96, 64)
    hidden = [layers.Dense(width, "relu") for width in widths]
    return keras.Sequential([keras.Input((64,)), *hidden, layers.Dense(10, "softmax")])


def cnn() -> keras.Model:
    x = inputs = keras.Input((8, 8, 1))
    x = layers.ReLU()(convolved(x, 32))
    x = layers.ReLU()(convolved(x, 32))
    x = layers.MaxPooling2D()(x)
    x = layers.ReLU()(convolved(x, 64))
    x = layers.Dense(64, "relu")(layers.Flatten()(x))
    return keras.Model(inputs, layers.Dense(10, "softmax")(x))


def residual() -> keras.Model:
    inputs = keras.Input((8, 8, 1))
    x = layers.ReLU()(convolved(inputs, 32))
    for filters, strides in ((32, 1), (64, 2), (64, 1)):
        y = layers.ReLU()(convolved(x, filters, strides))
        y = convolved(y, filters)
        shortcut = x if strides == 1 else convolved(x, filters, strides, size=1)
        x = layers.ReLU()(layers.Add()([shortcut, y]))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(10, "softmax")(x))


def depthwise() -> keras.Model:
    inputs = keras.Input((8, 8, 1))
    x = layers.ReLU(6.0)(convolved(inputs, 32))
    for filters, strides in ((64, 1), (96, 2), (96, 1), (96, 1)):
        x = layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False)(x)
        x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
        x = layers.ReLU(6.0)(convolved(x, filters, size=1))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(10, "softmax")(x))


def cancer() -> keras.Model:
    hidden = [layers.Dense(64, "relu") for _ in range(2)]
    return keras.Sequential([keras.Input((30,)), *hidden, layers.Dense(1, "sigmoid")])


NETS: dict[str, Callable[[], keras.Model]] = {
    "digits-mlp": mlp,
    "digits-cnn": cnn,
    "digits-residual": residual,
    "digits-depthwise": depthwise,
    "cancer-mlp": cancer,
}


def samples(name: str, seed: int) -> tuple[Any, Any, Any, Any]:
    """Return training inputs, held-out inputs, training labels, held-out labels."""
    if name == "cancer-mlp":
        x, y = load_breast_cancer(return_X_y=True)
        x = np.clip((x - x.mean(axis=0)) / x.std(axis=0), -5, 5)
    else:
        x, y = load_digits(return_X_y=True)
        x = x / 16 if name == "digits-mlp" else x.reshape(-1, 8, 8, 1) / 16
    split = train_test_split(x.astype(np.float32), y, test_size=0.3, random_state=seed, stratify=y)
    return tuple(split)


def trained(name: str, seed: int) -> tuple[keras.Model, tuple[Any, Any], Any]:
    """Return a trained network, what to judge it on, and inputs for calibration."""
    fitted, held, labels, held_labels = samples(name, seed)
    keras.utils.set_random_seed(seed)
    model = NETS[name]()
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
    parser.add_argument("nets", nargs="*", metavar="NET", help=", ".join(NETS))
    parser.add_argument("--strategies", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--ratios", nargs="+", type=float, default=[0.25, 0.5, 0.75])
    parser.add_argument("--effort", default="standard")
    parser.add_argument("--calibrated", action="store_true", help=f"on {CALIBRATION} inputs")
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    rows = [row for name in options.nets or NETS for row in medians(found(name, options))]
    sys.stdout.write(table(rows) + "\n")
    if options.plot is not None:
        plot(rows, options.plot)


if __name__ == "__main__":
    main()
