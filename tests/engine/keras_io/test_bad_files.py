"""Files that are no models, or pretend to be: each is refused in one line."""

from __future__ import annotations

import json
import os
import zipfile

import h5py
import pytest

from pytest_paoding.engine.keras_io import archive
from pytest_paoding.engine.keras_io.load import load_model
from support.bad_files import forged, layer, refused


def test_a_missing_file(tmp_path):
    refused(tmp_path / "no.keras", "there is no such file: train and save it first")


@pytest.mark.parametrize(
    ("content", "message"),
    (
        (b"", "is empty: save the model again"),
        (b"hello", "is not a Keras model (neither a .keras archive nor HDF5)"),
        (b"PK\x03\x04 and no more", "is damaged or truncated"),
    ),
)
def test_a_file_of_another_kind(tmp_path, content, message):
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    refused(path, message)


def test_a_truncated_file(tmp_path, sound):
    path = tmp_path / "half.keras"
    content = sound.read_bytes()
    for length in (len(content) // 2, len(content) - 10):
        path.write_bytes(content[:length])
        refused(path, "is damaged or truncated")


def test_a_file_whose_bytes_were_damaged(tmp_path, sound):
    content = bytearray(sound.read_bytes())
    start = content.index(b"\x89HDF")
    content[start : start + 4000] = b"\x00" * 4000
    path = tmp_path / "damaged.keras"
    path.write_bytes(content)
    refused(path, "is damaged or truncated")


def test_folders(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"\x08\x01")
    refused(tmp_path, "is a SavedModel folder, whose layers Keras 3 cannot load")
    (tmp_path / "saved_model.pb").unlink()
    refused(tmp_path, "is a folder: give the path of a .keras file")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path, sound):
    path = tmp_path / "locked.keras"
    path.write_bytes(sound.read_bytes())
    path.chmod(0)
    refused(path, "cannot be read: Permission denied")


def test_a_name_that_cannot_be_opened(sound):
    refused(sound / "below.keras", "cannot be read: Not a directory")


@pytest.mark.parametrize("name", ("config", "metadata", "model"))
def test_an_archive_without_a_part(tmp_path, sound, name):
    path = forged(sound, tmp_path / "lacking.keras", **{name: None})
    refused(path, f"is a zip archive without {name}.")


@pytest.mark.parametrize("content", (b"{", b"[]", b"\xff", b"[" * 100_000))
def test_a_configuration_that_is_none(tmp_path, sound, content):
    refused(forged(sound, tmp_path / "bad.keras", config=content), "is damaged or truncated")


def test_a_file_of_keras_2(tmp_path, sound):
    """The layout of Keras 2.13: other module names, and the version beside them."""

    def config(value):
        value["module"] = "keras"
        for each in value["config"]["layers"]:
            each["module"] = "keras.src.layers.core.dense"

    path = forged(
        sound,
        tmp_path / "old.keras",
        config=config,
        metadata=json.dumps({"keras_version": "2.13.1", "date_saved": "2023-07-01@12:00:00"}),
    )
    refused(
        path, "was saved by Keras 2.13.1, whose .keras files Keras 3 cannot read: load it there"
    )


def weights(tmp_path, fill):
    """Return the bytes of an HDF5 file that `fill` writes into."""
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        fill(file)
    return path.read_bytes()


def test_values_that_are_declared_but_not_stored_do_not_count(tmp_path, sound):
    content = weights(tmp_path, lambda file: file.create_dataset("x", (10**10,), "f4"))
    path = forged(sound, tmp_path / "hollow.keras", model=content)
    refused(path, "'x' declares 40,000,000,000 bytes and stores 0: it is damaged or forged")


def test_small_values_that_are_not_stored_do_not_count(tmp_path, sound):
    content = weights(tmp_path, lambda file: file.create_dataset("x", (10**6,), "f4"))

    def config(value):
        layer(value, "hidden")["config"]["units"] = 10**6

    path = forged(sound, tmp_path / "hollow.keras", model=content, config=config)
    refused(path, "but the file stores 0 values in all")


def test_weights_that_lie_elsewhere_are_not_read(tmp_path, sound):
    secret = tmp_path / "secret"
    secret.write_bytes(b"\x00" * 400)

    def external(file):
        file.create_dataset("x", (100,), "f4", external=[(str(secret), 0, 400)])

    def linked(file):
        file["x"] = h5py.ExternalLink(str(secret), "/x")

    def virtual(file):
        layout = h5py.VirtualLayout((100,), "f4")
        layout[:] = h5py.VirtualSource(str(secret), "x", (100,))
        file.create_virtual_dataset("x", layout)

    for fill, message in (
        (external, "its weights 'x' lie elsewhere"),
        (virtual, "its weights 'x' lie elsewhere"),
        (linked, "its weights 'x' point elsewhere"),
    ):
        refused(forged(sound, tmp_path / "f.keras", model=weights(tmp_path, fill)), message)


def test_a_member_that_expands_absurdly_is_refused(tmp_path, sound):
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(sound) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb:
        for name in source.namelist():
            bomb.writestr(name, source.read(name))
        bomb.writestr("assets/zeros", b"\x00" * (1 << 27))
    refused(path, "'assets/zeros' declares 134,217,728 bytes and stores")


def test_a_compressed_archive_is_read(tmp_path, sound):
    path = tmp_path / "small.keras"
    with zipfile.ZipFile(sound) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in source.namelist():
            copy.writestr(name, source.read(name))
    assert archive.inspect(path).values == archive.inspect(sound).values == 67
    assert load_model(path).name == "sound"


def test_weights_that_do_not_fit_the_layers(tmp_path, sound):
    def config(value):
        layer(value, "hidden")["config"]["units"] = 9

    path = forged(sound, tmp_path / "other.keras", config=config)
    refused(path, "cannot be loaded: ")


@pytest.mark.filterwarnings("ignore")
def test_hdf5_files_that_are_no_models(tmp_path, sound):
    only_weights = tmp_path / "only.weights.h5"
    load_model(sound).save_weights(only_weights)
    refused(only_weights, "is an HDF5 file without a model, perhaps weights only")
    misnamed = tmp_path / "misnamed.keras"
    misnamed.write_bytes(only_weights.read_bytes())
    refused(misnamed, "is an HDF5 file: rename it to misnamed.h5")
    broken = tmp_path / "broken.h5"
    broken.write_bytes(only_weights.read_bytes()[:1000])
    refused(broken, "is damaged or truncated")


def test_a_zip_archive_of_another_name(tmp_path, sound):
    path = tmp_path / "model.zip"
    path.write_bytes(sound.read_bytes())
    refused(path, "is a .keras archive: rename it to model.keras")
