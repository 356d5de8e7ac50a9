"""Samples whose answer flipped: which, in which order, and how they are shown."""

from __future__ import annotations

import base64
import struct
import zlib
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers
from sklearn.metrics import confusion_matrix, recall_score

from pytest_paoding.engine.evaluation.breakdown.thumbnails import Thumbnails, png
from pytest_paoding.engine.evaluation.evaluate import evaluate
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.inputs.input_sources import sources_of
from pytest_paoding.records.evidence.breakdown import Breakdown

RNG = np.random.default_rng(0)
TABLE = RNG.normal(size=(400, 4)).astype("float32")
KINDS = (TABLE[:, 0] > 0).astype(int) + (TABLE[:, 1] > 0.5)


def dense(units: int, seed: int, loss: str, activation: str | None = None) -> Any:
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((4,), name="x"), layers.Dense(units, activation)])
    model.compile(loss=loss)
    return model


def classifiers(activation: str | None = "softmax") -> tuple[Any, Any]:
    loss = "sparse_categorical_crossentropy"
    if activation is None:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)  # type: ignore[assignment]
    return dense(3, 1, loss, activation), dense(3, 2, loss, activation)


def breakdown(pair: Any, data: Any, **options: Any) -> Breakdown:
    found = evaluate(*pair, data, **options).breakdown
    assert found is not None
    assert Breakdown.from_dict(found.to_dict()) == found
    return found


@pytest.mark.parametrize("activation", ("softmax", None))
def test_flips_are_those_of_the_answers_lost_ones_first_by_how_far_log_odds_moved(
    activation: str | None,
) -> None:
    pair = classifiers(activation)
    found = breakdown(pair, (TABLE, KINDS))
    scores = [each.predict(TABLE, verbose=0).astype(float) for each in pair]
    logits = [np.log(each) if activation else each for each in scores]
    before, after = (each.argmax(axis=1) for each in logits)
    rows = np.flatnonzero(before != after)
    apart = logits[0] - logits[1]
    shifts = apart[rows, before[rows]] - apart[rows, after[rows]]
    harm = (after == KINDS)[rows].astype(int) - (before == KINDS)[rows]
    order = np.lexsort((-shifts, harm))
    assert found.flipped == len(rows) > 100
    assert [flip.index for flip in found.flips] == rows[order][:100].tolist()
    assert [flip.shift for flip in found.flips] == pytest.approx(shifts[order][:100], abs=1e-3)
    for flip in found.flips:
        given = (flip.before, flip.after, flip.truth)
        assert given == tuple(str(each[flip.index]) for each in (before, after, KINDS))
        assert flip.picture is None


def test_the_size_of_batches_does_not_matter() -> None:
    pair = classifiers()
    whole = breakdown(pair, (TABLE, KINDS))
    parts = breakdown(
        pair, ((TABLE[at : at + 33], KINDS[at : at + 33]) for at in range(0, 400, 33))
    )
    assert [flip.index for flip in parts.flips] == [flip.index for flip in whole.flips]
    assert parts.flipped == whole.flipped


def test_without_labels_flips_have_no_truth_and_there_are_no_classes() -> None:
    found = breakdown(classifiers(), TABLE)
    shifts = [flip.shift for flip in found.flips]
    assert shifts == sorted(shifts, reverse=True)
    assert {flip.truth for flip in found.flips} == {None}
    assert (found.classes.rows, found.confusions) == ((), ())


def test_the_same_model_flips_nothing() -> None:
    model, _ = classifiers()
    found = breakdown((model, model), (TABLE, KINDS))
    assert (found.flipped, found.flips) == (0, ())


def test_values_have_no_flips() -> None:
    pair = dense(1, 1, "mse"), dense(1, 2, "mse")
    found = breakdown(pair, (TABLE, TABLE.sum(axis=1)))
    assert (found.flipped, found.flips, found.classes.total) == (None, (), 0)


def test_of_labels_the_set_is_the_answer() -> None:
    pair = tuple(dense(3, seed, "binary_crossentropy", "sigmoid") for seed in (1, 2))
    labels = (TABLE[:, :3] > 0.3).astype(int)
    found = breakdown(pair, (TABLE, labels))
    given = [each.predict(TABLE, verbose=0) > 0.5 for each in pair]
    assert found.flipped == (given[0] != given[1]).any(axis=1).sum()
    for flip in found.flips:
        for text, row in zip(
            (flip.before, flip.after, flip.truth), (*given, labels == 1), strict=True
        ):
            assert text == (", ".join(map(str, np.flatnonzero(row[flip.index]))) or "none")


def test_of_several_outputs_each_is_named() -> None:
    pair = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        x = keras.Input((4,))
        heads = [layers.Dense(3, "softmax", name="kind")(x), layers.Dense(1, name="size")(x)]
        model = keras.Model(x, [*heads, layers.Dense(1, "sigmoid", name="big")(x)])
        model.compile(loss=["sparse_categorical_crossentropy", "mse", "binary_crossentropy"])
        pair.append(model)
    found = breakdown(pair, (TABLE, [KINDS, TABLE.sum(axis=1), KINDS > 1]))
    flip = found.flips[0]
    assert flip.before.startswith("kind ")
    assert "; big " in flip.before
    assert "size" not in flip.before
    assert [each.output for each in found.confusions] == ["kind", "big"]
    assert found.classes.total == 5
    assert {row.name for row in found.classes.rows} >= {"class 2 of output 'kind'"}


def test_classes_and_confusion_are_those_of_scikit_learn() -> None:
    pair = classifiers()
    found = breakdown(pair, (TABLE, KINDS))
    answers = [each.predict(TABLE, verbose=0).argmax(axis=1) for each in pair]
    (confusion,) = found.confusions
    for counts, each in zip((confusion.before, confusion.after), answers, strict=True):
        assert np.array(counts).tolist() == confusion_matrix(KINDS, each).tolist()
    recalls = [recall_score(KINDS, each, average=None) for each in answers]
    rows = {row.name: row for row in found.classes.rows}
    for number, (before, after) in enumerate(zip(*recalls, strict=True)):
        row = rows[f"class {number}"]
        assert (row.before, row.after) == pytest.approx((before, after))
        assert row.samples == (number == KINDS).sum()
    decays = [row.decay or 0.0 for row in found.classes.rows]
    assert decays == sorted(decays, reverse=True)


def test_slices_are_listed_the_worst_first() -> None:
    found = breakdown(classifiers(), (TABLE, KINDS), slices=lambda x, _: x[:, 2] > 0)
    assert {row.name for row in found.slices.rows} == {"slice 'True'", "slice 'False'"}
    assert sum(row.samples for row in found.slices.rows) == 400


def test_many_classes_have_a_table_but_no_confusion() -> None:
    pair = (
        dense(40, 1, "sparse_categorical_crossentropy", "softmax"),
        dense(40, 2, "sparse_categorical_crossentropy", "softmax"),
    )
    found = breakdown(pair, (TABLE, KINDS))
    assert (found.classes.total, found.classes.empty, len(found.classes.rows)) == (40, 37, 40)
    assert found.classes.rows[-1].decay is None
    assert found.confusions == ()


def decoded(data: bytes) -> Any:
    """Return the pixels of a PNG without filters, as `png` writes it."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height, depth, kind = struct.unpack(">IIBB", data[16:26])
    assert depth == 8
    (length,) = struct.unpack(">I", data[33:37])
    raw = np.frombuffer(zlib.decompress(data[41 : 41 + length]), np.uint8)
    channels = {0: 1, 2: 3}[kind]
    return raw.reshape(height, 1 + width * channels)[:, 1:].reshape(height, width, channels)


@settings(max_examples=30)
@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from((1, 3)), st.integers(0, 99))
def test_a_png_holds_the_pixels(height: int, width: int, channels: int, seed: int) -> None:
    shape = (height, width, channels)
    pixels = np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)
    assert decoded(png(pixels)).tolist() == pixels.tolist()


def viewer(shape: tuple[int, ...], *, channels_first: bool = False, **options: Any) -> Any:
    keras.utils.set_random_seed(0)
    x = keras.Input(shape)
    order = "channels_first" if channels_first else "channels_last"
    y = layers.GlobalAveragePooling2D(data_format=order)(
        layers.Conv2D(2, 1, data_format=order)(x) if not channels_first else x
    )
    graph = read_graph(keras.Model(x, layers.Dense(2)(y)))
    return Thumbnails.of(sources_of(graph, **options), channels_first=channels_first)


def pixels_of(shows: Any, values: Any) -> Any:
    return decoded(base64.b64decode(shows.of_sample([values[None]], 0)))


def test_a_thumbnail_is_the_input_on_the_scale_of_its_range() -> None:
    picture = np.linspace(0, 1, 48).reshape(4, 4, 3).astype("float32")
    found = pixels_of(viewer((4, 4, 3), input_range=(0.0, 2.0)), picture)
    assert found.tolist() == np.rint(picture * 127.5).astype(int).tolist()


def test_a_large_picture_becomes_small_by_means_of_squares() -> None:
    picture = np.kron(RNG.random((40, 30)), np.ones((5, 5)))[..., None].astype("float32")
    found = pixels_of(viewer((200, 150, 1)), picture)
    assert found.shape == (40, 30, 1)
    assert found[..., 0].tolist() == np.rint(picture[::5, ::5, 0] * 255).astype(int).tolist()
    assert max(pixels_of(viewer((3, 1000, 1)), np.zeros((3, 1000, 1), "float32")).shape) <= 48


def test_channels_may_come_first_and_alpha_is_left_out() -> None:
    picture = RNG.random((5, 6, 3)).astype("float32")
    shows = viewer((5, 6, 3))
    planes = replace(shows, channels_first=True)
    expected = np.rint(picture * 255).astype(int).tolist()
    moved = np.moveaxis(picture, -1, 0)[None]
    assert decoded(base64.b64decode(planes.of_sample([moved], 0))).tolist() == expected
    alpha = np.concatenate([picture, np.ones((5, 6, 1), "float32")], axis=-1)
    assert pixels_of(shows, alpha).tolist() == expected


def test_what_is_no_picture_has_no_thumbnail() -> None:
    assert viewer((5, 6, 3)).of_sample([np.zeros((1, 5, 6, 7))], 0) is None
    model, _ = classifiers()
    assert Thumbnails.of(sources_of(read_graph(model)), channels_first=False) is None


def test_the_twelve_worst_have_thumbnails() -> None:
    pictures = RNG.random((90, 6, 6, 1)).astype("float32")
    pair = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        x = keras.Input((6, 6, 1))
        y = layers.Flatten()(layers.Conv2D(3, 3, activation="relu")(x))
        model = keras.Model(x, layers.Dense(4, "softmax")(y))
        model.compile(loss="sparse_categorical_crossentropy")
        pair.append(model)
    batches = (
        (pictures[at : at + 20], np.arange(at, min(at + 20, 90)) % 4) for at in range(0, 90, 20)
    )
    found = breakdown(pair, batches)
    assert len(found.flips) > 12
    assert [flip.picture is not None for flip in found.flips] == [
        place < 12 for place in range(len(found.flips))
    ]
    for flip in found.flips[:12]:
        shown = decoded(base64.b64decode(str(flip.picture)))
        assert shown.tolist() == np.rint(pictures[flip.index] * 255).astype(int).tolist()
