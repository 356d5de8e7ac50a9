"""Small files that unpack, link or call to more than any machine has: refused before it is read."""

from __future__ import annotations

import io
import json
import os
import tracemalloc
import zipfile
import zlib

import h5py
import keras
import numpy as np
import pytest

from pytest_paoding.engine import bounded_reading
from pytest_paoding.engine.configs import objects_in
from pytest_paoding.engine.keras_io import stored_values
from pytest_paoding.engine.keras_io.identity import of_file
from pytest_paoding.engine.keras_io.load import load_model
from support.bad_files import forged, layer, layers, refused

BOMB = 1 << 27
MOST = 1 << 24
MEMBERS = ("config.json", "metadata.json", "model.weights.h5")


@pytest.fixture(scope="module")
def packed(sound):
    """Return a maker of archives with a member that goes on with spaces, which it owns up to."""
    block = b" " * (1 << 20)
    with zipfile.ZipFile(sound) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}

    def made(target, member, *, says):
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bomb:
            for name, content in contents.items():
                with bomb.open(name, "w", force_zip64=True) as file:
                    file.write(content)
                    for _ in range(BOMB >> 20 if name == member else 0):
                        file.write(block)
            told = bomb.getinfo(member)
            told.file_size = len(contents[member]) + says
            told.CRC = zlib.crc32(contents[member] + b" " * says)
        return target

    return made


def peak(act):
    """Return how many bytes Python held at most."""
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("says", (0, 9, BOMB))
@pytest.mark.parametrize("member", MEMBERS)
def test_a_member_that_unpacks_to_more_than_it_may_is_never_unpacked(
    tmp_path, packed, member, says
):
    path = packed(tmp_path / "bomb.keras", member, says=says)
    assert path.stat().st_size < 1 << 20
    message = f"{member!r} declares" if says == BOMB else f"Bad CRC-32 for file {member!r}"
    assert peak(lambda: refused(path, message)) < MOST
    assert peak(lambda: of_file(path)) < MOST
    assert of_file(path) is None


@pytest.mark.parametrize("method", (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
def test_methods_that_unpack_without_measure_are_refused(tmp_path, sound, method):
    path = tmp_path / "packed.keras"
    with zipfile.ZipFile(sound) as source, zipfile.ZipFile(path, "w", method) as copy:
        for name in source.namelist():
            copy.writestr(name, source.read(name))
    refused(path, "is compressed by another method than deflate")
    assert of_file(path) is None


@pytest.mark.parametrize("method", (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
@pytest.mark.parametrize("member", MEMBERS)
def test_a_broken_stream_is_damage(tmp_path, sound, member, method):
    path = tmp_path / "broken.keras"
    with zipfile.ZipFile(sound) as source, zipfile.ZipFile(path, "w", method) as copy:
        for name in source.namelist():
            copy.writestr(name, source.read(name))
        told = copy.getinfo(member)
    content = bytearray(path.read_bytes())
    start = told.header_offset + 30 + len(member)
    for place in range(start + told.compress_size // 3, start + told.compress_size // 3 + 9):
        content[place] ^= 0x5A
    path.write_bytes(content)
    refused(path, "is damaged or truncated")
    assert of_file(path) is None


def test_many_members_that_are_each_acceptable_add_up(tmp_path, sound):
    path = tmp_path / "many.keras"
    with zipfile.ZipFile(sound) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb:
        for name in source.namelist():
            bomb.writestr(name, source.read(name))
        for number in range(3):
            bomb.writestr(f"assets/{number}", bytes(1 << 25))
    refused(path, "'the archive' declares ")
    assert of_file(path) is None


def test_a_table_of_contents_has_an_end(tmp_path, sound, monkeypatch):
    monkeypatch.setattr(bounded_reading, "_MOST_AT_ONCE", 1 << 16)  # the rest of it is read at once
    path = tmp_path / "many.keras"
    with zipfile.ZipFile(sound) as source, zipfile.ZipFile(path, "w") as bomb:
        for name in source.namelist():
            bomb.writestr(name, source.read(name))
        for number in range(2000):
            bomb.writestr(str(number), b"")
    refused(path, "more than 65,536 bytes are to be read at once")
    assert of_file(path) is None


CONFIGURATIONS = {
    "brackets": b"[" * 100_000,
    "objects": b'{"a":' * 100_000,
    "values": b"[" + b"{}," * 2_000_000 + b"0]",
    "spaces": b" " * (1 << 26),
    "levels": json.dumps({"a": [[]]}).replace("[]", "[" * 300 + "]" * 300).encode(),
}


@pytest.mark.parametrize("member", ("config", "metadata"))
@pytest.mark.parametrize("kind", CONFIGURATIONS)
def test_what_is_no_configuration_is_not_read_into_memory(tmp_path, sound, kind, member):
    content = CONFIGURATIONS[kind]
    path = forged(sound, tmp_path / "bad.keras", **{member: content})
    if (kind, member) == ("levels", "metadata"):
        return  # of which nothing is asked
    assert peak(lambda: refused(path, "is damaged")) < 2 * len(content) + MOST
    if member == "config":
        assert peak(lambda: of_file(path)) < 2 * len(content) + MOST
        assert of_file(path) is None


@pytest.mark.parametrize("kind", CONFIGURATIONS)
@pytest.mark.parametrize("name", ("model_config", "training_config"))
def test_nor_is_one_in_hdf5(tmp_path, kind, name):
    path = tmp_path / "bad.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": {}})
        file.attrs[name] = CONFIGURATIONS[kind].decode()
    refused(path, "")


def nested(levels):
    """Return a model that is called twice in a model that is called twice, and so on."""
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Dense(4, name="d")(inputs), name="m")
    config = keras.saving.serialize_keras_object(model)
    for _ in range(levels):
        twice = {**config, "name": "inner", "inbound_nodes": [{}, {}]}
        config = {"class_name": "Functional", "config": {"layers": [twice]}}
    return config


def test_calls_that_double_at_every_level_are_counted():
    assert len(list(objects_in(nested(8)))) > 8
    with pytest.raises(ValueError, match="it calls for more than 20,000 objects"):
        list(objects_in(nested(40)))


def weights(tmp_path, fill):
    with h5py.File(tmp_path / "weights.h5", "w") as file:
        fill(file)
    return (tmp_path / "weights.h5").read_bytes()


def test_objects_are_counted_before_they_are_visited(tmp_path, sound, monkeypatch):
    monkeypatch.setattr(stored_values, "_MOST_OBJECTS", 100)

    def fill(file):
        for number in range(60):
            file.create_group(f"one/{number}")
            file.create_group(f"two/{number}")

    path = forged(sound, tmp_path / "many.keras", model=weights(tmp_path, fill))
    refused(path, "its weights are more than 100 objects")


def test_arrays_that_are_each_acceptable_add_up(tmp_path, sound):
    def fill(file):
        for number in range(5):
            file.create_dataset(str(number), (1 << 22,), "f4")

    path = forged(sound, tmp_path / "many.keras", model=weights(tmp_path, fill))
    refused(path, "'its weights' declares 83,886,080 bytes and stores ")


@pytest.fixture
def legacy(tmp_path, sound):
    path = tmp_path / "model.h5"
    load_model(sound).save(path)
    return path


@pytest.mark.filterwarnings("ignore")
def test_an_array_that_is_listed_again_and_again_counts_as_often(legacy):
    with h5py.File(legacy, "r+") as file:
        group = file["model_weights/hidden"]
        group.create_dataset("zeros", (1 << 22,), "f4")
        group.attrs["weight_names"] = ["zeros"] * 5
    refused(legacy, "'the list of its weights' declares 83,886,")


@pytest.mark.filterwarnings("ignore")
def test_text_besides_the_weights_has_an_end(legacy):
    with h5py.File(legacy, "r+") as file:
        file.attrs["model_config"] = " " * (1 << 27)
    assert peak(lambda: refused(legacy, "of its bytes are no weights")) < MOST


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are none")
@pytest.mark.timeout(30)
@pytest.mark.parametrize("name", ("model.keras", "model.h5"))
def test_a_pipe_has_no_end(tmp_path, name):
    os.mkfifo(tmp_path / name)
    refused(tmp_path / name, "is no regular file, but a pipe or a device")
    assert of_file(tmp_path / name) is None


@pytest.mark.parametrize("batch", (10**9, 10**30))
def test_a_batch_that_no_machine_holds_is_refused(tmp_path, sound, batch):
    def config(value):
        value["config"]["layers"][0]["config"]["batch_shape"] = [batch, 4]
        value.pop("build_config", None)

    refused(forged(sound, tmp_path / "batch.keras", config=config), "")


def test_a_tensor_that_no_machine_holds_is_refused(tmp_path):
    stack = [keras.Input((4,)), layers.RepeatVector(2, name="r"), layers.GlobalMaxPooling1D()]
    keras.Sequential(stack).save(tmp_path / "good.keras")

    def config(value):
        layer(value, "r")["config"]["n"] = 10**9

    path = forged(tmp_path / "good.keras", tmp_path / "huge.keras", config=config)
    refused(path, "layer 'r' gives a tensor of the shape (None, 1000000000, 4), which is more than")


def test_compressed_weights_are_read(tmp_path, sound):
    """The arrays themselves may be compressed, as long as that explains their sizes."""

    def fill(file):
        file.create_dataset("x", (100, 100), "f4", np.ones((100, 100)), compression="gzip")

    path = forged(sound, tmp_path / "gzip.keras", model=weights(tmp_path, fill))
    with (
        zipfile.ZipFile(path) as archive,
        h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file,
    ):
        stored = stored_values.stored_values(path, file, path.stat().st_size)
        assert 0 < stored < file["x"].size
