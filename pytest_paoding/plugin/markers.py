"""The marker `paoding(...)`: keywords only, checked when tests are collected."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_paoding.config.catalogue import SETTINGS
from pytest_paoding.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from pytest_paoding.config.gate_settings import Layer

NAME = "paoding"
_KEYWORDS = ", ".join(f"{key.key}=None" for key in SETTINGS.within(""))
DESCRIPTION = (
    f"paoding(*, model=None, {_KEYWORDS}, attack=None, corruption=None, **budget): settings of the"
    " test's gates; model names a configured model whose table applies, the other keys are"
    " those of [tool.paoding] and [tool.paoding.budget]"
)


@dataclass(frozen=True, slots=True)
class Marked:
    """What an item's closest marker says."""

    model: str | None = None
    layer: Layer = field(default_factory=dict)


def read_marker(item: pytest.Item, *, models: Sequence[str]) -> Marked:
    """Read the closest marker; it wins whole, nothing is merged with markers further out.

    Args:
        item: The test.
        models: Names of the configured models.

    Raises:
        ConfigError: With one line for every fault, naming the item and the keyword.
    """
    from pytest_paoding.config.tables import keywords  # noqa: PLC0415 - needs Pydantic

    marker = item.get_closest_marker(NAME)
    if marker is None:
        return Marked()
    where = f"{item.nodeid}: marker paoding"
    if marker.args:
        raise ConfigError(f"{where}: takes keywords only, not {marker.args[0]!r}")
    given = dict(marker.kwargs)
    model = given.pop("model", None)
    if model is not None and model not in models:
        known = f"known are {', '.join(models)}" if models else "none is configured"
        raise ConfigError(f"{where}: model: there is no model {model!r}, {known}")
    return Marked(model, keywords(given, where=where, source="marker"))
