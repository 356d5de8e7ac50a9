"""The numbers that an HDF5 file stores, counted without reading them.

A file may declare far more than it stores, name one object by any number of paths, and hold members
that are no arrays: each object is met once, and what its bytes cannot explain does not count.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import h5py

from pytest_paoding.engine.bounded_reading import (
    MOST_JSON,
    explained_by,
    json_value,
    refuse_expansion,
)
from pytest_paoding.errors import ModelFileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MOST_OBJECTS = 50_000
_OVERHEAD = 1 << 13  # bytes of an object besides its numbers, at most


def stored_values(path: Path, file: Any, size: int) -> int:
    """Return how many values the arrays of an HDF5 file store; declared ones alone do not count.

    Args:
        path: The file that it is, or is in.
        file: It, opened.
        size: Its bytes.

    Cost: linear in the number of objects.

    Raises:
        ModelFileError: An array lies elsewhere or declares far more than it stores, an object has
            two names, or there are more objects, or more bytes besides arrays, than in any model.
    """
    objects = list(_objects(path, file))
    arrays = [(name, each) for name, each in objects if _is_array(each)]
    for name, array in arrays:
        if array.external or array.is_virtual:
            raise ModelFileError(f"{path}: its weights {name!r} lie elsewhere: it is not trusted")
        refuse_expansion(path, name, array.nbytes, array.id.get_storage_size())
    refuse_expansion(path, "its weights", sum(array.nbytes for _, array in arrays), size)
    besides = size - sum(array.id.get_storage_size() for _, array in arrays)
    if besides > 2 * MOST_JSON + _OVERHEAD * len(objects):
        raise ModelFileError(
            f"{path}: {besides:,} of its bytes are no weights: it is damaged or forged"
        )
    _refuse_repetition(path, [each for _, each in objects if isinstance(each, h5py.Group)], size)
    return sum(_stored(array) for _, array in arrays)


def _objects(path: Path, file: Any) -> Iterator[tuple[str, Any]]:
    """Yield every object of a file, with the only name it has.

    Keras gives none a second one, and is led astray by it: groups that have each the next one twice
    have endless paths, and one array is read for any number of layers.
    """
    groups, seen, links = [file], {_address(file)}, 0
    yield "/", file
    while groups:
        group = groups.pop()
        links += len(group)
        if links > _MOST_OBJECTS:
            raise ModelFileError(f"{path}: its weights are more than {_MOST_OBJECTS:,} objects")
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise ModelFileError(
                    f"{path}: its weights {name!r} point elsewhere: it is not trusted"
                )
            member = group[name]
            if _address(member) in seen:
                raise ModelFileError(
                    f"{path}: its weights {name!r} have another name too: it is not trusted"
                )
            seen.add(_address(member))
            yield name, member
            if isinstance(member, h5py.Group):
                groups.append(member)


def _address(member: Any) -> tuple[int, int]:
    info = h5py.h5o.get_info(member.id)
    return info.fileno, info.addr


def _is_array(member: Any) -> bool:
    return isinstance(member, h5py.Dataset) and member.shape is not None  # else it is empty


def _refuse_repetition(path: Path, groups: list[Any], size: int) -> None:
    """Refuse an HDF5 model whose groups list one array again and again: each time it is read."""
    named = 0
    for group in groups:
        for name in group.attrs:
            if name.startswith("weight_names"):
                arrays = map(group.get, attribute(group, name))
                named += sum(each.nbytes for each in arrays if isinstance(each, h5py.Dataset))
    refuse_expansion(path, "the list of its weights", named, size)


def attribute(group: Any, name: str) -> Any:
    """Return an attribute of a group, None if it has none of that name.

    Raises:
        ValueError: It holds more values than a file could name arrays.
    """
    if name not in group.attrs:
        return None
    if prod(group.attrs.get_id(name).shape or ()) > _MOST_OBJECTS:
        raise ValueError(f"{name} has too many values")
    return group.attrs[name]


def json_attribute(group: Any, name: str) -> Any:
    """Return what the JSON in an attribute says, None if there is no such attribute.

    Raises:
        ValueError: It is no JSON, or more than any configuration is.
        TypeError: It is no text.
    """
    text = attribute(group, name)
    return None if text is None else json_value(name, text)


def _stored(array: Any) -> int:
    stored = array.id.get_storage_size()
    return int(min(array.size, explained_by(stored, array.dtype.itemsize)))
