"""The --paoding-* options, and the switch they add up to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_paoding.config.catalogue import SETTINGS
from pytest_paoding.config.cli_values import (
    FORMAT_BUDGET,
    argument,
    described,
    described_limit,
    limits_given,
    reason,
)
from pytest_paoding.records.metrics import LIMITS
from pytest_paoding.records.results import Setting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pytest

    from pytest_paoding.config.gate_settings import Layer

_SHORT = {
    "min_robustness_retention": "--paoding-min-robustness",
    "min_parameters_removed": "--paoding-min-params-removed",
}
"""Second, shorter names of budget options."""

_SOURCE, _OURS = "command line", "paoding_"

_Described = tuple[tuple[str, ...], "Mapping[str, Any]"]

_OF_A_RUN: dict[str, dict[str, Any]] = {
    "--paoding": {"action": "store_true", "help": "run the gates"},
    "--no-paoding": {
        "action": "store_true",
        "dest": "paoding_off",
        "help": "skip the gates, whatever else is said",
    },
    "--paoding-only": {
        "action": "store_true",
        "help": "deselect all other tests; implies --paoding",
    },
    "--paoding-config": {"metavar": "PATH", "help": "TOML file with the table [tool.paoding]"},
    "--paoding-no-artifacts": {"action": "store_true", "help": "judge only, publish nothing"},
    "--paoding-force": {
        "metavar": "REASON",
        "type": argument(reason),
        "help": "publish over-budget models too, as expected failures; REASON is recorded",
    },
    "--paoding-strict": {
        "action": "store_true",
        "help": "treat warnings as errors, and require gates in partial runs too",
    },
    "--paoding-update-baseline": {
        "nargs": "?",
        "const": "new",
        "choices": ("new", "all"),
        "help": "write missing entries of the baseline (new, the default) or those of all gates"
        " that run; implies --paoding",
    },
    **{
        f"--paoding-{name}": {
            "metavar": "PATH",
            "help": f"write the results as {name}; - prints them alone, all else goes to stderr",
        }
        for name in ("json", "markdown", "html")
    },
    "--paoding-compare": {
        "metavar": "PATH",
        "help": "report of --paoding-json or a baseline: what has changed since then is shown by"
        " Markdown, page and job summary; that of the settings unless given",
    },
    "--paoding-report": {
        "choices": ("failed", "all", "none"),
        "default": "failed",
        "help": "gates in the summary",
    },
    "--paoding-github": {
        "choices": ("auto", "on", "off"),
        "default": "auto",
        "help": "annotations and job summary for GitHub Actions; auto: where it runs there",
    },
    "--paoding-format-budget": {
        **FORMAT_BUDGET,
        "help": f"{FORMAT_BUDGET['help']}, and holds for every gate",
    },
}
"""Options that are no settings: what a run does, writes and shows."""


def add_options(parser: pytest.Parser) -> None:
    """Declare all options."""
    group = parser.getgroup("paoding", "gates for pruned Keras models (pytest-paoding)")
    for name, told in _OF_A_RUN.items():
        group.addoption(name, **told)
    for names, given in (*_settings(), *_limits()):
        group.addoption(*names, **given)


def _settings() -> Iterator[_Described]:
    for key in SETTINGS.optional:
        yield (f"--paoding-{key.dashed}",), described(key)
        if key.flag:
            off: dict[str, Any] = {"const": False, "dest": f"paoding_{key.name}"}
            off["help"] = f"the opposite of --paoding-{key.dashed}"
            yield (f"--paoding-no-{key.dashed}",), described(key) | off


def _limits() -> Iterator[_Described]:
    for key, metric in LIMITS.items():
        names = (f"--paoding-{key.replace('_', '-')}", *filter(None, [_SHORT.get(key)]))
        told = described_limit(metric)
        yield names, {**told, "help": f"{told['help']}, for every gate"}


def command_line(config: pytest.Config) -> Layer:
    """Return the settings that the options give."""
    given, folder = vars(config.option), config.invocation_params.dir
    options = {name[len(_OURS) :]: given[name] for name in given if name.startswith(_OURS)}
    said: dict[str, Any] = {**limits_given(options)}
    for key in SETTINGS.optional:
        value = options.get(key.name)
        said[key.name] = folder / Path(value).expanduser() if key.path and value else value
    layer = {key: Setting(value, _SOURCE) for key, value in said.items() if value is not None}
    if config.option.paoding_no_artifacts:
        layer["artifacts"] = Setting(None, _SOURCE)
    return layer


@dataclass(frozen=True, slots=True)
class Switch:
    """Whether gates run, and why not."""

    on: bool
    reason: str = ""

    @classmethod
    def from_config(cls, config: pytest.Config) -> Switch:
        """Read the options; --no-paoding beats all others."""
        option = config.option
        if option.paoding_off:
            return cls(on=False, reason="paoding gates are switched off by --no-paoding")
        extent = option.paoding_ratio, option.paoding_target
        implying = (*extent, option.paoding_update_baseline)
        if option.paoding or option.paoding_only or any(value is not None for value in implying):
            return cls(on=True)
        how = "run pytest with --paoding or --paoding-ratio=R"
        return cls(on=False, reason=f"paoding gates are off: {how}")
