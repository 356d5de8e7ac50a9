"""Optional packages: whether a setting needs one that is missing, and how to get it."""

from __future__ import annotations

from importlib.util import find_spec


def lacking(attack: str) -> str | None:
    """Return what an attack lacks and how to get it, None if nothing; imports nothing."""
    if attack == "fgsm" or find_spec("foolbox") is not None:
        return None
    return f'attack "{attack}" needs foolbox: pip install "pytest-paoding[robust]"'
