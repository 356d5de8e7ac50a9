"""Weights in forms that Keras never writes, and bytes changed at random: loaded or refused."""

from __future__ import annotations

import io
import zipfile

import h5py
import numpy as np
import pytest

from pytest_paoding.engine.keras_io.archive import inspect
from pytest_paoding.engine.keras_io.identity import of_file
from pytest_paoding.engine.keras_io.load import load_model
from pytest_paoding.errors import ModelFileError
from support.bad_files import forged, refused

KERNEL = "layers/dense/vars/0"
STORED = 4 * 8 + 8 + 8 * 3 + 3


def with_weights(sound, target, change):
    """Copy an archive with its file of weights changed in place."""
    with zipfile.ZipFile(sound) as archive:
        content = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(content, "r+") as weights:
        change(weights)
    return forged(sound, target, model=content.getvalue())


def shared(weights):
    """Let 64 groups have each the next one twice: 2 ** 64 paths lead to the last."""
    group = weights.create_group("first")
    for number in range(64):
        following = weights.create_group(f"group_{number}")
        group["a"] = group["b"] = following
        group = following
    group["kernel"] = weights[KERNEL]


def linked(weights):
    """Let one array have 5,000 names."""
    for number in range(5000):
        weights[f"layers/copy_{number}"] = weights[KERNEL]


def cyclic(weights):
    weights["layers/again"] = weights["layers"]
    weights["layers/root"] = weights["/"]


def deep(weights):
    group = weights
    for _ in range(1000):
        group = group.create_group("g")


def committed(weights):
    weights["type"] = np.dtype("f4")


def replaced(content):
    def change(weights):
        del weights[KERNEL]
        weights[KERNEL] = content

    return change


def of_times(weights):
    del weights[KERNEL]
    space, kind = h5py.h5s.create_simple((4, 8)), h5py.h5t.UNIX_D32LE
    h5py.h5d.create(weights["layers/dense/vars"].id, b"0", kind, space)


@pytest.mark.timeout(60)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("change", (shared, cyclic, linked))
def test_an_object_of_two_names_is_refused_however_many_paths_lead_to_it(tmp_path, sound, change):
    path = with_weights(sound, tmp_path / "forged.keras", change)
    refused(path, "have another name too: it is not trusted")
    legacy = tmp_path / "forged.h5"
    load_model(sound).save(legacy)
    with h5py.File(legacy, "r+") as file:
        file[KERNEL] = np.zeros((100, 100))
        change(file)
    refused(legacy, "have another name too: it is not trusted")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("change", (deep, committed))
def test_members_that_are_no_weights_do_not_count(tmp_path, sound, change):
    path = with_weights(sound, tmp_path / "forged.keras", change)
    assert inspect(path).values == STORED
    loaded, original = load_model(path), load_model(sound)
    for one, two in zip(loaded.weights, original.weights, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    "change",
    (
        replaced(h5py.Empty("f")),
        replaced(np.array([b"text"] * 3)),
        replaced("text"),
        replaced(np.zeros(2, [("a", "f4"), ("b", "i8")])),
        replaced(np.zeros((0, 8), "f4")),
        replaced(np.dtype("f4")),
        of_times,
    ),
)
def test_arrays_that_are_no_weights(tmp_path, sound, change):
    refused(with_weights(sound, tmp_path / "forged.keras", change), "")


@pytest.mark.parametrize("value", (3, "[]", "3", "{", "[" * 100_000, np.zeros(3), b"\xff\xfe"))
def test_a_configuration_in_hdf5_that_is_none(tmp_path, value):
    path = tmp_path / "forged.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = value
    refused(path, "is damaged or truncated")


def test_a_configuration_that_is_nested_deeply(tmp_path, sound):
    def config(value):
        for _ in range(900):
            value["config"] = {"config": value["config"]}

    path = forged(sound, tmp_path / "deep.keras", config=config)
    of_file(path)
    refused(path, "")


def test_a_path_that_none_can_be(tmp_path):
    refused(tmp_path / ("a" * 300 + ".keras"), "cannot be read: File name too long")
    with pytest.raises(ModelFileError, match=r"a\\x00b\.keras: cannot be read: embedded null"):
        load_model(tmp_path / "a\0b.keras")


@pytest.fixture(scope="module", params=("stored", "deflated", "hdf5"))
def packed(request, sound, tmp_path_factory):
    """The sound model in one of the forms that Keras reads."""
    folder = tmp_path_factory.mktemp("packed")
    if request.param == "hdf5":
        load_model(sound).save(folder / "packed.h5")
        return folder / "packed.h5"
    kind = zipfile.ZIP_DEFLATED if request.param == "deflated" else zipfile.ZIP_STORED
    path = folder / "packed.keras"
    with (
        zipfile.ZipFile(sound) as source,
        zipfile.ZipFile(path, "w", kind) as copy,
    ):
        for name in source.namelist():
            copy.writestr(name, source.read(name))
    return path


@pytest.mark.filterwarnings("ignore")
def test_bytes_changed_at_random_are_refused_in_one_line_or_load(packed, tmp_path):
    draw = np.random.default_rng(7)
    sound = np.frombuffer(packed.read_bytes(), np.uint8)
    path, refusals = tmp_path / packed.name, []
    for _ in range(60):
        content = sound.copy()
        places = draw.integers(0, len(content), draw.choice([1, 2, 8]))
        content[places] = draw.integers(0, 256, len(places))
        path.write_bytes(content[: draw.integers(1, len(content)) if draw.random() < 0.1 else None])
        of_file(path)
        try:
            load_model(path)
        except ModelFileError as error:
            refusals.append(str(error))
    assert len(refusals) > 5
    assert all(line.startswith(str(path)) and line.isprintable() for line in refusals)
