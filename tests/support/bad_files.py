"""Files that are no models, or pretend to be."""

from __future__ import annotations

import json
import zipfile

import keras
import pytest

from pytest_paoding.engine.keras_io.load import load_model
from pytest_paoding.errors import ModelFileError

layers = keras.layers


def forged(sound, target, **members):
    """Copy an archive with some members replaced: None leaves one out, a function edits JSON."""
    with zipfile.ZipFile(sound) as source, zipfile.ZipFile(target, "w") as copy:
        for name in source.namelist():
            key = name.partition(".")[0]
            content = source.read(name)
            change = members.get(key, content)
            if callable(change):
                value = json.loads(content)
                change(value)
                change = json.dumps(value).encode()
            if change is not None:
                copy.writestr(name, change)
    return target


def layer(config, name):
    return next(each for each in config["config"]["layers"] if each["config"]["name"] == name)


def refused(path, message):
    with pytest.raises(ModelFileError) as caught:
        load_model(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    assert message in text
    assert "\n" not in text
