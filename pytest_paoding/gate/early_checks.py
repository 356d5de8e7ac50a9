"""Early checks: what can be known to fail before a model is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pytest_paoding.errors import ConfigError, DataError
from pytest_paoding.records.budgets import Level
from pytest_paoding.records.text.printing import title
from pytest_paoding.records.text.ratios import AUTO

if TYPE_CHECKING:
    from pytest_paoding.config.gate_settings import GateSettings
    from pytest_paoding.config.references import References


def require_passes(settings: GateSettings, data: Any) -> None:
    """Refuse data that can be read only once where every trial reads them.

    Args:
        settings: The settings of a gate.
        data: Its data for judging, as they are handed in.

    Raises:
        DataError: They can be.
    """
    if settings.ratio == AUTO and isinstance(data, Iterator):
        raise DataError(
            "ratio auto reads the data in every trial, and an iterator can be read only once: hand "
            "in arrays, a tf.data.Dataset or an iterable that begins anew"
        )


def check_early(settings: GateSettings, data: Any, references: References) -> None:
    """Refuse what would be in vain.

    Args:
        settings: The settings of a gate.
        data: Its data for judging; None if it has none.
        references: What the settings refer to.

    Raises:
        ConfigError: A limit that may fail the gate needs data, and there are none.
        PaodingError: Code that the settings name cannot be imported.
    """
    references.resolved(settings.judging)
    for limit in settings.limits if data is None else ():
        if limit.metric.needs_data and limit.level is Level.ERROR:
            raise ConfigError(
                f"{title(limit.metric.name)} was not measured: {limit.key} needs data, set data to "
                f'"package.module:callable", or hand some in'
            )
