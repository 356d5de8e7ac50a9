"""Names for what `init` finds: of gates, and of the functions that return their data."""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING

from pytest_paoding.config.model_names import check_name, name_for

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import PurePath


def gate_names(paths: Iterable[PurePath]) -> list[str]:
    """Return a name of its own for the gate of each model file.

    >>> from pathlib import PurePath
    >>> gate_names(map(PurePath, ["a/net.keras", "b/net.keras", "b/net.h5", "b/net.int8.keras"]))
    ['net', 'b-net', 'net-2', 'net-int8']
    """
    found: list[str] = []
    for path in paths:
        fallbacks = (f"{path.parent.name}-{path.stem}", *(f"{path.stem}-{n}" for n in range(2, 99)))
        taken = {name.casefold() for name in found}
        names = map(_gate_name, (path.stem, *fallbacks))
        found.append(next(name for name in names if name.casefold() not in taken))
    return found


def _gate_name(text: str) -> str:
    try:
        return check_name(text)
    except ValueError:
        return name_for(re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-") or "model")


def function_names(gates: Iterable[str]) -> dict[str, str]:
    """Return a name of its own for the function of each gate.

    >>> function_names(["digits", "v1.2", "v1-2", "class"])
    {'digits': 'digits', 'v1.2': 'v1_2', 'v1-2': 'v1_2_2', 'class': 'class_'}
    """
    found: dict[str, str] = {}
    for gate in gates:
        name = re.sub(r"\W", "_", gate, flags=re.ASCII)
        name = f"_{name}" if name[:1].isdigit() else name
        name = f"{name}_" if keyword.iskeyword(name) else name
        taken, number = name, 1
        while taken in found.values():
            number += 1
            taken = f"{name}_{number}"
        found[gate] = taken
    return found
