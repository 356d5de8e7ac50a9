"""A disk that is full, or a file that may not grow, is one line with the path; nothing is lost."""

from __future__ import annotations

import errno
import os
import zipfile
from contextlib import contextmanager

import keras
import pytest

from pytest_paoding.engine.keras_io import disk_room, save
from pytest_paoding.engine.keras_io.disk_room import require_room
from pytest_paoding.engine.keras_io.save import save_model
from pytest_paoding.errors import ModelFileError

resource = pytest.importorskip("resource")
layers = keras.layers


def nested(depth, dtype="float32"):
    """Return a model with many small weights, in groups within groups."""
    model = keras.Sequential([keras.Input((3,)), layers.Dense(3, dtype=dtype)], name="m0")
    for level in range(1, depth):
        more = [layers.Dense(3, dtype=dtype), layers.BatchNormalization(dtype=dtype)]
        model = keras.Sequential([keras.Input((3,)), model, *more], name=f"m{level}")
    return model


@contextmanager
def at_most(size):
    """Limit the size of files that this process writes; pytest may write into a longer one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("dtype", ("float32", "bfloat16"))
@pytest.mark.parametrize("depth", (1, 8))
def test_the_room_that_is_asked_for_is_enough(tmp_path, depth, dtype):
    model = nested(depth, dtype)
    save_model(model, tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        written = archive.getinfo(save.WEIGHTS).file_size
    assert written <= save._bytes_of(model) <= 8 * written


@pytest.mark.parametrize("share", (0.0, 0.01, 0.3, 0.9, 0.999))
def test_a_file_that_may_not_grow_is_one_error_of_the_system(tmp_path, share):
    path, model = tmp_path / "model.keras", nested(3)
    path.write_bytes(b"precious")
    size = int(share * save._bytes_of(model))
    with pytest.raises(OSError, match="too large") as caught, at_most(size):
        save_model(model, path)
    assert caught.value.errno == errno.EFBIG
    assert caught.value.filename == str(path)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == b"precious"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("hidden", (UnboundLocalError, RuntimeError, ValueError))
def test_what_keras_says_in_place_of_it_is_not_told(tmp_path, monkeypatch, hidden):
    def full(*_, **__):
        try:
            raise OSError(errno.ENOSPC, "Can't write data (time = now\n, buf = 0x0)")
        finally:
            raise hidden("weights_store")

    monkeypatch.setattr(keras.saving, "save_model", full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        save_model(nested(1), tmp_path / "model.keras")
    assert str(caught.value) == (
        f"[Errno {errno.ENOSPC}] {os.strerror(errno.ENOSPC)}: {str(tmp_path / 'model.keras')!r}"
    )


def test_a_name_that_is_missing_for_another_reason_is_one_line(tmp_path, monkeypatch):
    def broken(*_, **__):
        raise NameError("name 'scale' is not defined")

    monkeypatch.setattr(keras.saving, "save_model", broken)
    with pytest.raises(ModelFileError, match="cannot be saved: name 'scale' is not defined"):
        save_model(nested(1), tmp_path / "model.keras")


@pytest.mark.parametrize("number", (None, *disk_room._UNKNOWN))
def test_where_nothing_can_be_reserved_free_bytes_count(tmp_path, monkeypatch, number):
    def unknown(*_):
        raise OSError(number, os.strerror(number))

    if number is None:
        monkeypatch.delattr(os, "posix_fallocate")
    else:
        monkeypatch.setattr(os, "posix_fallocate", unknown)
    require_room(tmp_path, [1, 1])
    with pytest.raises(OSError, match="No space left on device"):
        require_room(tmp_path, [1 << 62, 1])
    assert list(tmp_path.iterdir()) == []


def test_other_errors_of_reserving_count(tmp_path):
    with at_most(1000):
        require_room(tmp_path, [1000, 1000])
    with pytest.raises(OSError, match="too large"), at_most(1000):
        require_room(tmp_path, [1, 1001])
