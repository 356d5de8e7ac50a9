"""Files changed at random, as damage and malice do: bytes, values, members, links."""

from __future__ import annotations

import copy
import io
import json
import zipfile
from typing import Any

import h5py
import numpy as np

VALUES = (
    None,
    True,
    -1,
    0,
    10**9,
    10**30,
    0.5,
    float("nan"),
    float("inf"),
    "",
    "x" * 5000,
    "\ud800",
    "\x1b[2J\n::error::",
    "../../etc/passwd",
    [],
    {},
    [[]],
    [None] * 300,
    {"class_name": "Dense", "config": {}},
    {"class_name": "function", "module": "os", "config": "system", "registered_name": "system"},
    json.loads("[" * 300 + "]" * 300),
)


def bytewise(content: bytes, draw: np.random.Generator) -> bytes:
    """Change, drop, repeat or cut some bytes."""
    changed = bytearray(content)
    for _ in range(draw.choice([1, 2, 9])):
        start, end = sorted(int(at) for at in draw.integers(0, len(changed) + 1, 2))
        end = min(end, start + 64)
        kind = draw.integers(6)
        if kind < 3:
            changed[start:end] = draw.integers(0, 256, end - start, np.uint8).tobytes()
        elif kind == 3:
            del changed[start:end]
        elif kind == 4:
            changed[start:start] = changed[start:end] * int(draw.integers(1, 4))
        elif draw.random() < 0.3:
            del changed[start:]
    return bytes(changed)


def restructured(value: Any, draw: np.random.Generator) -> Any:
    """Replace, drop, rename or exchange some parts of a JSON value."""
    value = copy.deepcopy(value)
    for _ in range(draw.choice([1, 2, 5])):
        places = list(_places(value))
        if not places:
            return VALUES[draw.integers(len(VALUES))]
        around, key = places[draw.integers(len(places))]
        other, theirs = places[draw.integers(len(places))]
        kind = draw.integers(6)
        if kind < 3:
            around[key] = copy.deepcopy(VALUES[draw.integers(len(VALUES))])
        elif kind == 3:
            del around[key]
        elif kind == 4:
            around[key] = copy.deepcopy(other[theirs])
        elif isinstance(around, dict):
            around[str(key)[::-1]] = around.pop(key)
    return value


def _places(value: Any) -> Any:
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], (dict, list)):
            yield from _places(value[key])


def json_text(content: bytes, draw: np.random.Generator) -> bytes:
    """Change a JSON document by its values, sometimes by its bytes."""
    if draw.random() < 0.3:
        return bytewise(content, draw)
    return json.dumps(restructured(json.loads(content), draw)).encode()


def keras_archive(content: bytes, draw: np.random.Generator) -> bytes:
    """Change a `.keras` file: its configuration, its weights, any member, or its bytes."""
    if draw.random() < 0.3:
        return bytewise(content, draw)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    if draw.random() < 0.7:
        members["config.json"] = json_text(members["config.json"], draw)
    else:
        members["model.weights.h5"] = hdf5(members["model.weights.h5"], draw)
    changed = io.BytesIO()
    with zipfile.ZipFile(
        changed, "w", draw.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    ) as z:
        for name, each in members.items():
            z.writestr(name, each)
    return changed.getvalue()


def hdf5(content: bytes, draw: np.random.Generator) -> bytes:
    """Change an HDF5 file: its configuration, links and arrays, or its bytes."""
    if draw.random() < 0.3:
        return bytewise(content, draw)
    changed = io.BytesIO(content)
    with h5py.File(changed, "r+") as file:
        if "model_config" in file.attrs and draw.random() < 0.6:
            config = json.loads(file.attrs["model_config"])
            text = json.dumps(restructured(config, draw)).encode("utf-8", "replace")
            file.attrs["model_config"] = text
            return _closed(file, changed)
        names: list[str] = []
        file.visit(names.append)
        for name in draw.choice(names, draw.choice([1, 3])):
            if name in file:
                _change_member(file, str(name), draw)
        return _closed(file, changed)


def _change_member(file: Any, name: str, draw: np.random.Generator) -> None:
    kind = draw.integers(6)
    parent, other = file[name].parent, file[name]
    new = f"new_{draw.integers(10**9)}"
    if kind == 0:
        file.move(name, new)
    elif kind == 1:
        parent[new] = other
    elif kind == 2:
        parent[new] = h5py.SoftLink(name)
    elif kind == 3:
        parent[new] = h5py.ExternalLink("/etc/hostname", "/")
    else:
        del file[name]
        shapes: Any = [(), (0,), (3, 3), (1 << 20,), (1 << 31,)]
        shape = shapes[draw.integers(len(shapes))]
        file.create_dataset(name, shape, draw.choice(["f4", "i1", "S3", "f8"]))


def _closed(file: Any, content: io.BytesIO) -> bytes:
    file.flush()
    file.close()
    return content.getvalue()


def arrays(content: bytes, draw: np.random.Generator) -> bytes:
    """Change an `.npz` file: its arrays, their headers, or its bytes."""
    if draw.random() < 0.4:
        return bytewise(content, draw)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = str(draw.choice(list(members)))
    if draw.random() < 0.3:
        del members[name]
    elif draw.random() < 0.5:
        members[name] = members[name].replace(b"(", b"(9999999, 99999, ", 1)
    else:
        members[name] = bytewise(members[name], draw)
    changed = io.BytesIO()
    with zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, member in members.items():
            archive.writestr(each, member)
    return changed.getvalue()
