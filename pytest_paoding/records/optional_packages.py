"""Optional packages: whether a setting needs one that is missing, and how to get it."""

from __future__ import annotations

from importlib.util import find_spec

_OF_SETTINGS = {
    "bom": ("cyclonedx", "cyclonedx-python-lib", "bom"),
    "sign": ("model_signing", "model-signing", "sign"),
}
"""Module, package and extra that a setting needs."""


def lacking(attack: str) -> str | None:
    """Return what an attack lacks and how to get it, None if nothing; imports nothing."""
    if attack == "fgsm" or find_spec("foolbox") is not None:
        return None
    return f'attack "{attack}" needs foolbox: pip install "pytest-paoding[robust]"'


def lacking_for(setting: str) -> str | None:
    """Return what a setting lacks and how to get it, None if nothing; imports nothing."""
    module, package, extra = _OF_SETTINGS[setting]
    if find_spec(module) is not None:
        return None
    return f'{setting} needs {package}: pip install "pytest-paoding[{extra}]"'
