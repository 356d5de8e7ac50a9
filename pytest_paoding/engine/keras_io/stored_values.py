"""The numbers that an HDF5 file stores, counted without reading them.

A file may declare far more than it stores, name one group by any number of paths, and hold members
that are no arrays: each object is visited once, and what its bytes cannot explain does not count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py

from pytest_paoding.errors import ModelFileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MOST_EXPANSION = 100
_ALWAYS_ALLOWED = 1 << 26


def stored_values(path: Path, file: Any) -> int:
    """Return how many values the arrays of an HDF5 file store; declared ones alone do not count.

    Cost: linear in the number of links, however many paths they form.

    Raises:
        ModelFileError: An array lies elsewhere, or declares far more than it stores.
    """
    return sum(_stored(path, name, array) for name, array in _arrays(path, file))


def _arrays(path: Path, file: Any) -> Iterator[tuple[str, Any]]:
    """Yield every array of a file once, with the name it was first met under."""
    groups, seen = [file], {_identity(file)}
    while groups:
        group = groups.pop()
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise ModelFileError(
                    f"{path}: its weights {name!r} point elsewhere: it is not trusted"
                )
            member = group[name]
            if _identity(member) in seen:
                continue
            seen.add(_identity(member))
            if isinstance(member, h5py.Group):
                groups.append(member)
            elif isinstance(member, h5py.Dataset) and member.shape is not None:  # else it is empty
                yield name, member


def _identity(member: Any) -> tuple[int, int]:
    info = h5py.h5o.get_info(member.id)
    return info.fileno, info.addr


def _stored(path: Path, name: str, array: Any) -> int:
    if array.external or array.is_virtual:
        raise ModelFileError(f"{path}: its weights {name!r} lie elsewhere: it is not trusted")
    stored = array.id.get_storage_size()
    refuse_expansion(path, name, array.nbytes, stored)
    return int(min(array.size, _MOST_EXPANSION * stored // array.dtype.itemsize))


def refuse_expansion(path: Path, name: str, declared: int, stored: int) -> None:
    """Refuse what is too large for the bytes that stand for it, unless it is small anyway.

    Raises:
        ModelFileError: It is.
    """
    if declared > max(_ALWAYS_ALLOWED, _MOST_EXPANSION * stored):
        raise ModelFileError(
            f"{path}: {name!r} declares {declared:,} bytes and stores {stored:,}: "
            f"it is damaged or forged, save the model again"
        )
