"""What does the work: the machine, and the engine with its packages."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from pytest_paoding.gate.keeping.code_digest import module_digest
from pytest_paoding.records.portable_engine import StandIn

if TYPE_CHECKING:
    from pytest_paoding.records.protocol import Engine


def machine() -> str:
    """Return the kind of this machine, such as `Linux x86_64`."""
    return f"{platform.system()} {platform.machine()}"


def kind_of(engine: Engine) -> dict[str, str]:
    """Return the identity of an engine: its class, its code and the versions of its packages."""
    kind = type(engine.stands_for if isinstance(engine, StandIn) else engine)
    name, code = f"{kind.__module__}.{kind.__qualname__}", module_digest(kind)
    return {**engine.versions(), "engine": name if code is None else f"{name} {code}"}
