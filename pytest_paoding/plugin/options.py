"""The --paoding-* options, their parsers, and the switch they add up to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from pytest_paoding.config import values
from pytest_paoding.config.cli_values import argument, budget, file_bound, reason, seed, strengths
from pytest_paoding.config.settings import GATE_KEYS
from pytest_paoding.records import strategy_names
from pytest_paoding.records.formats import read_formats
from pytest_paoding.records.metrics import LIMITS
from pytest_paoding.records.protocol import CORRUPTIONS, Allocation, AttackName, Effort
from pytest_paoding.records.results import Setting
from pytest_paoding.records.text import quantities
from pytest_paoding.records.text.ratios import read_ratio

if TYPE_CHECKING:
    import pytest

    from pytest_paoding.config.settings import Layer


_SHORT = {
    "min_robustness_retention": "--paoding-min-robustness",
    "min_parameters_removed": "--paoding-min-params-removed",
}
"""Second, shorter names of budget options."""

_SOURCE = "command line"


def add_options(parser: pytest.Parser) -> None:
    """Declare all options."""
    group = parser.getgroup("paoding", "gates for pruned Keras models (pytest-paoding)")
    group.addoption("--paoding", action="store_true", help="run the gates")
    group.addoption(
        "--paoding-ratio",
        metavar="R",
        type=argument(read_ratio),
        help="share of the units to prune, such as 0.5 or 50%%; several, such as 0.3,0.5; or auto;"
        " implies --paoding",
    )
    group.addoption(
        "--no-paoding",
        dest="paoding_off",
        action="store_true",
        help="skip the gates, whatever else is said",
    )
    group.addoption(
        "--paoding-only", action="store_true", help="deselect all other tests; implies --paoding"
    )
    group.addoption(
        "--paoding-config", metavar="PATH", help="TOML file with the table [tool.paoding]"
    )
    _add_settings(group)
    _add_attack(group)
    _add_baseline(group)
    _add_reports(group)
    group.addoption(
        "--paoding-confidence",
        metavar="C",
        type=argument(quantities.confidence),
        help="how sure budgets of accuracy and robustness must hold, such as 0.95: the worse end of"
        " the interval is judged",
    )
    for key, metric in LIMITS.items():
        names = [f"--paoding-{key.replace('_', '-')}", *filter(None, [_SHORT.get(key)])]
        text = (
            f'limit ({metric.operator}) of {metric.name.replace("_", " ")} or "off", for every gate'
        )
        group.addoption(*names, metavar="LIMIT", type=budget(metric), help=text)


def _add_settings(group: Any) -> None:
    group.addoption(
        "--paoding-strategy",
        choices=strategy_names.NAMES,
        type=lambda name: strategy_names.ALIASES.get(name, name),
        help="how the units to prune are chosen",
    )
    group.addoption("--paoding-seed", metavar="N", type=argument(seed), help="seed of the pruning")
    group.addoption(
        "--paoding-allocation",
        choices=get_args(Allocation),
        help="how reconstruct spreads the pruning over the layers",
    )
    group.addoption("--paoding-effort", choices=get_args(Effort), help="how hard reconstruct works")
    group.addoption(
        "--paoding-round-to",
        metavar="N",
        type=argument(quantities.count),
        help="keep widths multiples of N where they can be",
    )
    group.addoption(
        "--paoding-jump",
        metavar="F",
        type=argument(quantities.factor),
        help="end a layer's pruning where the next score is more than F times all before it",
    )
    group.addoption(
        "--paoding-measure",
        metavar="LIST",
        type=argument(values.measures),
        help="what else to measure: fidelity, latency, compression",
    )
    group.addoption(
        "--paoding-sparsity",
        metavar="S",
        type=argument(quantities.part),
        help="share of the weights of every kernel to set to zero in the end",
    )
    group.addoption(
        "--paoding-verify",
        action="store_const",
        const=True,
        help="prove every cut: the pruned model must compute what the original with the removed"
        " units' weights at zero does",
    )
    group.addoption(
        "--paoding-formats",
        metavar="LIST",
        type=argument(read_formats),
        help="what models are published as, such as keras,tflite-float16,tflite-int8,savedmodel,"
        "onnx; the .keras file always is",
    )
    group.addoption(
        "--paoding-format-budget",
        metavar="FORMAT:KEY=LIMIT",
        action="append",
        default=[],
        type=argument(file_bound),
        help="limit of an exported file, such as tflite-int8:max_size=60kB, for every gate; may be"
        " given several times",
    )
    group.addoption(
        "--paoding-artifacts", metavar="DIR", help="folder models within budget are published in"
    )
    group.addoption(
        "--paoding-no-artifacts", action="store_true", help="judge only, publish nothing"
    )
    group.addoption(
        "--paoding-publish",
        choices=("test", "session"),
        help="publish after the test's teardown, or after the whole session passed",
    )
    group.addoption(
        "--paoding-force",
        metavar="REASON",
        type=argument(reason),
        help="publish over-budget models too, as expected failures; REASON is recorded",
    )
    group.addoption(
        "--paoding-strict",
        action="store_true",
        help="treat warnings as errors, and require gates in partial runs too",
    )


def _add_attack(group: Any) -> None:
    group.addoption(
        "--paoding-attack", choices=get_args(AttackName), help="how robustness is measured"
    )
    group.addoption(
        "--paoding-epsilons",
        metavar="E",
        type=argument(strengths),
        help="strengths of the attack in the unit of the input, such as 0.01,0.05",
    )
    group.addoption(
        "--paoding-corruptions",
        metavar="KINDS",
        type=argument(corruptions),
        help="corruptions of the inputs: all, off, or some of noise,blur,brightness,contrast",
    )
    for name, text in (
        ("steps", "steps the attack takes"),
        ("restarts", "random starts of the attack"),
        ("samples", "samples that are attacked, the first N"),
    ):
        group.addoption(
            f"--paoding-attack-{name}", metavar="N", type=argument(quantities.count), help=text
        )


def corruptions(text: str) -> tuple[str, ...]:
    """Return kinds of corruption from a text with commas between them, or "all" or "off".

    Raises:
        ValueError: `text` is none.
    """
    named: dict[str, tuple[str, ...]] = {"all": CORRUPTIONS, "off": ()}
    return named[text] if text in named else values.corruptions(text.split(","))


def _add_baseline(group: Any) -> None:
    group.addoption(
        "--paoding-baseline", metavar="PATH", help="file with what earlier runs have found"
    )
    group.addoption(
        "--paoding-update-baseline",
        nargs="?",
        const="new",
        choices=("new", "all"),
        help="write missing entries of the baseline (new, the default) or those of all gates that"
        " run; implies --paoding",
    )


def _add_reports(group: Any) -> None:
    for name in ("json", "markdown", "html"):
        group.addoption(
            f"--paoding-{name}", metavar="PATH", help=f"write the results as {name}; - prints them"
        )
    group.addoption(
        "--paoding-report",
        choices=("failed", "all", "none"),
        default="failed",
        help="gates in the summary",
    )
    group.addoption(
        "--paoding-github",
        choices=("auto", "on", "off"),
        default="auto",
        help="annotations and job summary for GitHub Actions; auto: where it runs there",
    )


def command_line(config: pytest.Config) -> Layer:
    """Return the settings that the options give."""
    option = config.option
    folder, baseline = option.paoding_artifacts, option.paoding_baseline
    keys = (*GATE_KEYS, "publish", *LIMITS)
    given = {
        **{key: getattr(option, f"paoding_{key}", None) for key in keys},
        **dict(option.paoding_format_budget),
        "artifacts": folder and config.invocation_params.dir / Path(folder).expanduser(),
        "baseline": baseline and config.invocation_params.dir / Path(baseline).expanduser(),
    }
    layer = {key: Setting(value, _SOURCE) for key, value in given.items() if value is not None}
    if option.paoding_no_artifacts:
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
        implying = (option.paoding_ratio, option.paoding_update_baseline)
        if option.paoding or option.paoding_only or any(value is not None for value in implying):
            return cls(on=True)
        how = "run pytest with --paoding or --paoding-ratio=R"
        return cls(on=False, reason=f"paoding gates are off: {how}")
