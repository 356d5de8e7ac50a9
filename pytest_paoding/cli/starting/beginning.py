"""What a project begins with: the table of its settings, and the module of its data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_paoding.cli.starting.data_skeleton import MODULE, skeleton
from pytest_paoding.cli.starting.first_limits import first_limits
from pytest_paoding.cli.starting.first_names import function_names, gate_names
from pytest_paoding.cli.starting.first_settings import FirstModel, settings_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import PurePath

    from pytest_paoding.records.measurement import Measurement
    from pytest_paoding.records.readings.model_facts import ModelFacts


@dataclass(frozen=True, slots=True)
class MeasuredModel:
    """A model that was pruned once.

    Attributes:
        path: Its file, relative to that of the settings.
        facts: Its inputs and outputs.
        metrics: What pruning it cost.
    """

    path: PurePath
    facts: ModelFacts
    metrics: Mapping[str, Measurement]


@dataclass(frozen=True, slots=True)
class Beginning:
    """The texts of both files.

    Attributes:
        table: The table [tool.paoding].
        module: The module with a function for the data of each model.
    """

    table: str
    module: str

    @classmethod
    def of(
        cls, models: Sequence[MeasuredModel], said: Mapping[str, Any], *, data: str | None
    ) -> Beginning:
        """Return the texts for some models.

        Args:
            models: The models.
            said: Ratio and other settings of all of them.
            data: Reference to what they were judged on; None where there is none yet.
        """
        names = gate_names(each.path for each in models)
        functions = function_names(names)
        first = [
            FirstModel(
                name=name,
                path=each.path.as_posix(),
                data=data or f"{MODULE}:{functions[name]}",
                filled=data is not None,
                facts=each.facts,
                limits=first_limits(
                    each.metrics, each.facts, ratio=said["ratio"], data=data is not None
                ),
            )
            for name, each in zip(names, models, strict=True)
        ]
        described = {
            functions[name]: (each.path.as_posix(), each.facts)
            for name, each in zip(names, models, strict=True)
        }
        return cls(settings_text(first, said), skeleton(described))
