"""Wrong settings are refused in lines that say what was meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.config.configfile import ConfigFile
from pytest_paoding.config.loading import load
from pytest_paoding.config.run_settings import Settings
from pytest_paoding.config.tables import PaodingTable, keywords
from pytest_paoding.errors import ConfigError
from pytest_paoding.records.strategy_names import NAMES
from support.setting_files import faults


@pytest.mark.parametrize(
    ("text", "line"),
    (
        (
            "[tool.paoding.models.x]\npath = 'x'\nbudget = { max_sise = 3 }",
            "[tool.paoding.models.x] max_sise: unknown key, did you mean max_size?",
        ),
        (
            "[tool.paoding.models.x]\npath = 'x'\n[tool.paoding.models.x.budget]\nmax_sise = 3",
            ("[tool.paoding.models.x.budget] max_sise: unknown key, did you mean max_size?"),
        ),
        (
            "[tool.paoding.models.x]\npath = 'x'\nmax_sise = 3",
            (
                "[tool.paoding.models.x] max_sise: unknown key,"
                " did you mean max_size, in the table budget?"
            ),
        ),
        (
            "[tool.paoding]\nratoi = 0.5",
            "[tool.paoding] ratoi: unknown key, did you mean ratio?",
        ),
        (
            "[tool.paoding]\nattack.epsilon = 0.5",
            "[tool.paoding] attack.epsilon: unknown key, did you mean epsilons?",
        ),
        (
            "[tool.paoding.attack]\nq = 0.5",
            (
                "[tool.paoding.attack] q: unknown key, known are name, epsilons, steps, restarts,"
                " samples"
            ),
        ),
        (
            "[tool.paoding]\nratio = 50",
            (
                "[tool.paoding] ratio: 50 is not a share between 0 and 1 or a"
                ' percentage such as "50%", did you mean "50%"?'
            ),
        ),
        (
            "[tool.paoding]\nstrategy = 'salience'",
            ("[tool.paoding] strategy: 'salience' is no strategy, did you mean saliency?"),
        ),
        (
            "[tool.paoding]\nstrategy = 3",
            "[tool.paoding] strategy: 3 is no strategy, known are " + ", ".join(NAMES),
        ),
        (
            "[tool.paoding]\nseed = true",
            "[tool.paoding] seed: input should be a valid integer, not True",
        ),
        (
            "[tool.paoding]\nseed = -1",
            ("[tool.paoding] seed: input should be greater than or equal to 0, not -1"),
        ),
        (
            "[tool.paoding]\nallocation = 'globl'",
            (
                "[tool.paoding] allocation: input should be 'global', 'balanced' or 'uniform',"
                " not 'globl'"
            ),
        ),
        (
            "[tool.paoding]\nbaseline = ''",
            "[tool.paoding] baseline: string should have at least 1 character, not ''",
        ),
        (
            "[tool.paoding]\nmixing = 3",
            "[tool.paoding] mixing: input should be 'exact' or 'recompute', not 3",
        ),
        (
            "[tool.paoding]\ncalibration = 'inputs'",
            "[tool.paoding] calibration: 'inputs' is not of the form 'package.module:callable'",
        ),
        (
            "[tool.paoding]\ncalibration = 3",
            "[tool.paoding] calibration: 3 is not of the form 'package.module:callable'",
        ),
        (
            "[tool.paoding.ratios]\nconv = 40",
            (
                "[tool.paoding] ratios: 'conv': 40 is not a share between 0 and 1 or a"
                ' percentage such as "50%", did you mean "40%"?'
            ),
        ),
        (
            "[tool.paoding]\nratios = { conv = '100%' }",
            "[tool.paoding] ratios: 'conv': '100%' would leave nothing: a share is below 1",
        ),
        (
            "[tool.paoding]\nratios = 0.5",
            (
                "[tool.paoding] ratios: 0.5 is not a table of shares by layer pattern, such as"
                ' { "block1_*" = "25%" }'
            ),
        ),
        (
            "[tool.paoding]\nexclude = [3]",
            '[tool.paoding] exclude: [3] is not a list of layer patterns such as ["block1_*"]',
        ),
        (
            "[tool.paoding]\ninclude = []",
            '[tool.paoding] include: [] is not a list of layer patterns such as ["block1_*"]',
        ),
        (
            "[tool.paoding]\nround_to = 0",
            "[tool.paoding] round_to: input should be greater than or equal to 1, not 0",
        ),
        (
            "[tool.paoding]\nverify = 'yes'",
            "[tool.paoding] verify: input should be a valid boolean, not 'yes'",
        ),
        (
            "[tool.paoding.models.x]\nratio = 0.5",
            "[tool.paoding.models.x] path: is missing",
        ),
        (
            "[tool.paoding.models.x]\npath = 'x'\ndata = 'holdout'",
            (
                "[tool.paoding.models.x] data: 'holdout' is not of the form"
                " 'package.module:callable'"
            ),
        ),
        (
            "[tool.paoding.models.'a/b']\npath = 'x'",
            (
                "[tool.paoding] models.a/b: 'a/b' cannot name a gate: use at most 100"
                " letters, digits, '.', '_' and '-' that are a file name on every system"
            ),
        ),
        (
            "[tool.paoding.budget]\nmax_size = { limit = 3, lvl = 'warn' }",
            (
                "[tool.paoding.budget] max_size: lvl: unknown key, known are limit, level,"
                " confidence"
            ),
        ),
        (
            "[tool.paoding.budget]\nmax_size = { limit = 3, level = 'wran' }",
            ("[tool.paoding.budget] max_size: level 'wran' is unknown, known are error, warn, off"),
        ),
        (
            "[tool.paoding.budget]\nmax_size = { level = 'warn' }",
            "[tool.paoding.budget] max_size: limit is missing",
        ),
        (
            "[tool.paoding.budget]\nmin_accuracy = true",
            (
                "[tool.paoding.budget] min_accuracy: True is not a share between 0 and"
                ' 1 or a percentage such as "50%"'
            ),
        ),
        (
            "[tool.paoding.budget]",
            (
                "[tool.paoding.budget] is empty: set at least one, such as"
                " max_accuracy_decay, that is not off"
            ),
        ),
        (
            "[tool.paoding.models.x]\npath = 'x'\nratio = 0.5",
            (
                "[tool.paoding.models.x] no budget applies: set at least one, such as"
                " max_accuracy_decay, that is not off"
            ),
        ),
        (
            "[tool.paoding.models.x]\npath = 'x'\nratio = 0.5\nbudget.max_size = 'off'",
            (
                "[tool.paoding.models.x] no budget applies: set at least one, such as"
                " max_accuracy_decay, that is not off"
            ),
        ),
        (
            "[tool.paoding.models.x]\npath = 'x'\nbudget.max_size = 3",
            (
                "[tool.paoding.models.x] no ratio is given: run pytest with"
                " --paoding-ratio=0.5 or set ratio in [tool.paoding]"
            ),
        ),
    ),
)
def test_every_fault_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    assert faults(tmp_path, text) == [f"pyproject.toml: {line}"]


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    found = faults(tmp_path, "[tool.paoding]\nratio = 2\nx = 1\n[tool.paoding.attack]\nname = 'a'")
    assert [line.split(": ")[1] for line in found] == [
        "[tool.paoding] ratio",
        "[tool.paoding.attack] name",
        "[tool.paoding] x",
    ]


@pytest.mark.parametrize(
    ("given", "line"),
    (
        ({"max_sise": 3}, "here: max_sise: unknown keyword, did you mean max_size?"),
        ({"zzz": 3}, r"here: zzz: unknown keyword, known are ratio, .*, max_flops"),
        ({"budget": {}}, "here: budget: unknown keyword, every budget is a keyword of its own"),
        ({"max_size": "3 kb"}, "here: max_size: unknown unit 'kb', did you mean kB"),
        ({"attack": {"eps": 3}}, "here: attack.eps: unknown keyword"),
        ({"attack": 3}, "here: attack: input should be a valid dict"),
        ({"measure": ["speed"]}, r"here: measure: \['speed'\] is not a list of some of fidelity"),
        ({"measure": [[]]}, r"here: measure: \[\[\]\] is not a list of some of fidelity"),
        ({"corruption": {"kinds": [{}]}}, r"here: corruption.kinds: .* is not a list of different"),
        ({"confidence": 95}, 'here: confidence: 95 is not a share .* did you mean "95%"'),
        ({"confidence": 0.2}, "here: confidence: 0.2 is not a confidence from 0.5 to below 1"),
        (
            {"max_size": {"limit": 3, "confidence": 0.9}},
            "here: max_size: confidence: size is not estimated from the samples of one run",
        ),
        (
            {"max_accuracy_drop": {"limit": 0.1, "confidence": 0.9}},
            "here: max_accuracy_drop: confidence: accuracy drop is not estimated",
        ),
        ({"attack": "pdg"}, "here: attack.name: .*'fgsm', 'pgd', 'fmn', 'hopskipjump' or 'strong'"),
        ({"attack": {"steps": 0}}, "here: attack.steps: .*greater than or equal to 1"),
    ),
)
def test_wrong_keywords_are_one_line(given: dict[str, Any], line: str) -> None:
    with pytest.raises(ConfigError, match=line) as caught:
        keywords(given, where="here", source="call")
    assert "\n" not in str(caught.value)


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
keys = st.sampled_from([*PaodingTable.model_fields, "x"])


@given(st.dictionaries(keys, json_like, max_size=4))
def test_any_table_at_all_is_taken_or_refused_in_lines(table: dict[str, Any]) -> None:
    file = ConfigFile(root=Path(), table=table)
    for line in lines_or_settings(file):
        assert isinstance(line, Settings) or line.startswith("pyproject.toml: [tool.paoding")


def lines_or_settings(file: ConfigFile) -> list[str] | list[Settings]:
    try:
        return [load(file, command_line={})]
    except ConfigError as error:
        return str(error).split("\n")
