"""Assets: what a layer knows besides its configuration and weights, such as an adapted vocabulary.

A `.keras` archive holds them as files. Lookup layers are asked for their words instead, as a file
of lines loses words that have line breaks.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import tensorflow as tf
from keras.src.layers.preprocessing.index_lookup import IndexLookup  # has no public name

from pytest_paoding.errors import SurgeryError, cause_of
from pytest_paoding.records.files.leftovers import own_folder

if TYPE_CHECKING:
    from collections.abc import Iterator


def assets_of(model: Any) -> Iterator[bytes]:
    """Yield what the layers of a model know besides their configurations and weights, in order."""
    for layer in _parts(model):
        if isinstance(layer, IndexLookup):
            known = _adapted(layer)
            if known is not None:
                words, frequencies = known
                shares = None if frequencies is None else frequencies.tolist()
                yield json.dumps([[str(word) for word in words], shares]).encode()
        elif _has_files(layer):
            with own_folder("paoding-assets-") as folder:
                layer.save_assets(str(folder))
                for file in sorted(each for each in folder.rglob("*") if each.is_file()):
                    yield file.relative_to(folder).as_posix().encode()
                    yield file.read_bytes()


def copy_assets(old: Any, new: Any) -> None:
    """Let a layer know what another one of the same configuration does.

    Raises:
        SurgeryError: It does not take it; the layer is named.
    """
    try:
        for source, target in zip(_parts(old), _parts(new), strict=False):
            _copy(source, target)
    except Exception as error:
        raise SurgeryError(
            f"layer {old.name!r}: what it was adapted to cannot be copied: {cause_of(error)}"
        ) from error


def _copy(source: Any, target: Any) -> None:
    if isinstance(source, IndexLookup):
        known = _adapted(source)
        if known is not None:
            target.set_vocabulary(*known)
    elif _has_files(source):
        with own_folder("paoding-assets-") as folder:
            source.save_assets(str(folder))
            target.load_assets(str(folder))


def _parts(layer: Any) -> list[Any]:
    """Return a layer and all layers in it."""
    return list(layer._flatten_layers())  # noqa: SLF001 # no public name


def _has_files(layer: Any) -> bool:
    """Whether a layer keeps files of its own; one that only hands on those of a part does not."""
    if not (hasattr(layer, "save_assets") and hasattr(layer, "load_assets")):
        return False
    return not any(isinstance(each, IndexLookup) for each in _parts(layer))


def _adapted(layer: Any) -> tuple[list[Any], Any] | None:
    """Return words and their inverse document frequencies, if a lookup layer was adapted to any."""
    if layer.input_vocabulary is not None:
        return None  # its configuration has them
    try:
        words = layer.get_vocabulary()
    except tf.errors.FailedPreconditionError:
        return None  # it was not
    if layer.output_mode != "tf_idf":
        return words, None
    return words, layer.idf_weights_const.numpy()[: len(words)]
