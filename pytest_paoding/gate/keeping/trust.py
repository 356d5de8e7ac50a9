"""Whose kept results count: in CI only those of the run itself and those that are signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_paoding.errors import ConfigError
from pytest_paoding.gate.keeping.entries import Seal

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = "PAODING_CACHE_KEY"
"""The environment variable with the key: it must not lie where the results do."""
_SHORTEST = 16
_TRUE = {"1", "true", "yes"}


def in_ci(environment: Mapping[str, str]) -> bool:
    """Whether a CI service runs this, by the variable that all of them set."""
    return environment.get("CI", "").lower() in _TRUE


def seal_of_cache(environment: Mapping[str, str], cache: str | None) -> Seal | None:
    """Return what results of other runs are sealed with; None where no such result counts.

    Args:
        environment: Environment variables.
        cache: The setting: `any` or `signed`; None for what fits the place.

    Raises:
        ConfigError: The key can be guessed.
    """
    key = environment.get(KEY, "")
    if not key:
        signed = in_ci(environment) if cache is None else cache == "signed"
        return None if signed else Seal()
    if len(key) < _SHORTEST:
        raise ConfigError(f"{KEY} has {len(key)} characters, it needs {_SHORTEST} or more")
    return Seal(key.encode())
