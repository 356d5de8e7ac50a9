from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.config.bounds import Bound
from pytest_paoding.config.catalogue import SETTINGS
from pytest_paoding.config.configfile import ConfigFile, read
from pytest_paoding.config.gate_settings import resolve
from pytest_paoding.config.loading import load
from pytest_paoding.config.run_settings import Settings
from pytest_paoding.config.tables import PaodingTable, keywords
from pytest_paoding.errors import ConfigError
from pytest_paoding.records import optional_packages
from pytest_paoding.records.budgets import Level
from pytest_paoding.records.results import Setting
from pytest_paoding.records.strategy_names import NAMES

if TYPE_CHECKING:
    from pytest_paoding.config.gate_settings import Layer

BASE = """\
[tool.paoding]
ratio = "50%"
strategy = "scale"
require = ["digits_cnn"]
[tool.paoding.budget]
max_accuracy_decay = "2%"
min_robustness_retention = 0.8
[tool.paoding.attack]
name = "fgsm"
epsilons = [0.02]
[tool.paoding.models.digits_cnn]
path = "models/digits_cnn.keras"
data = "digits.data:holdout"
input_range = [0.0, 16.0]
budget = { max_size = "300 kB", min_robustness_retention = { limit = 0.85, level = "warn" } }
"""


def written(folder: Path, text: str) -> ConfigFile:
    path = folder / "pyproject.toml"
    path.write_text(text, encoding="utf-8")
    return read(path, rootdir=folder)


def loaded(folder: Path, text: str = BASE, **options: Any) -> Settings:
    return load(written(folder, text), **{"command_line": {}, **options})


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text)
    return str(caught.value).splitlines()


def test_the_effective_settings_of_a_configured_gate_and_their_sources(tmp_path: Path) -> None:
    gate = loaded(tmp_path).gate(model="digits_cnn")
    assert gate.pruning == {
        "ratio": 0.5,
        "strategy": "magnitude",
        "seed": 0,
        "step": 0.025,
        "input_shape": None,
        "input_range": (0.0, 16.0),
        "allocation": "global",
        "effort": "standard",
        "calibration": None,
        "ratios": {},
        "include": ("*",),
        "exclude": (),
        "round_to": 1,
        "jump": None,
        "mixing": "exact",
        "sparsity": 0.0,
        "verify": False,
    }
    assert gate.judging["epsilons"] == (0.02,)
    limits = {
        limit.metric.key: (limit.value, limit.level, limit.source.partition(" ")[2])
        for limit in gate.limits
    }
    assert limits == {
        "max_accuracy_decay": (0.02, Level.ERROR, "[tool.paoding.budget]"),
        "min_robustness_retention": (0.85, Level.WARN, "[tool.paoding.models.digits_cnn]"),
        "max_size": (300000, Level.ERROR, "[tool.paoding.models.digits_cnn]"),
    }
    assert gate.shown == {
        "ratio": Setting(0.5, "pyproject.toml [tool.paoding]"),
        "strategy": Setting("magnitude", "pyproject.toml [tool.paoding]"),
        "seed": Setting(0, "built-in"),
        "step": Setting(0.025, "built-in"),
        "input_shape": Setting(None, "built-in"),
        "allocation": Setting("global", "built-in"),
        "effort": Setting("standard", "built-in"),
        "calibration": Setting(None, "built-in"),
        "ratios": Setting({}, "built-in"),
        "include": Setting(["*"], "built-in"),
        "exclude": Setting([], "built-in"),
        "round_to": Setting(1, "built-in"),
        "jump": Setting(None, "built-in"),
        "mixing": Setting("exact", "built-in"),
        "sparsity": Setting(0.0, "built-in"),
        "verify": Setting(value=False, source="built-in"),
        "input_range": Setting([0.0, 16.0], "pyproject.toml [tool.paoding.models.digits_cnn]"),
        "attack": Setting("fgsm", "pyproject.toml [tool.paoding]"),
        "epsilons": Setting([0.02], "pyproject.toml [tool.paoding]"),
        "formats": Setting(["keras"], "built-in"),
        "confidence": Setting(None, "built-in"),
        "measure": Setting([], "built-in"),
        "attack_steps": Setting(None, "built-in"),
        "attack_restarts": Setting(None, "built-in"),
        "attack_samples": Setting(None, "built-in"),
        "corruptions": Setting([], "built-in"),
        "severities": Setting([1, 2, 3, 4, 5], "built-in"),
    }


def test_exceptions_for_layers_are_read_as_shares_and_patterns(tmp_path: Path) -> None:
    text = BASE + 'ratios = { "conv*" = "25%", head = 0 }\nexclude = "stem"\nround_to = 8\n'
    found = loaded(tmp_path, text + "verify = true\ncalibration = 'a.b:c'\n").gate(
        model="digits_cnn"
    )
    assert list(found.pruning["ratios"].items()) == [("conv*", 0.25), ("head", 0.0)]
    assert found.pruning["exclude"] == ("stem",)
    assert (found.pruning["round_to"], found.pruning["verify"]) == (8, True)
    assert found.shown["exclude"].value == ["stem"]
    assert found.shown["calibration"].value == found.pruning["calibration"] == "a.b:c"


def test_inputs_themselves_are_shown_by_their_kind(tmp_path: Path) -> None:
    layer = keywords({"calibration": {"x": object()}}, where="here", source="call")
    found = loaded(tmp_path).gate(model="digits_cnn", call=layer)
    assert found.shown["calibration"] == Setting({"x": "object"}, "call")
    assert found.pruning["calibration"] is layer["calibration"].value


def test_the_folder_of_artifacts_starts_at_the_file(tmp_path: Path) -> None:
    assert loaded(tmp_path).artifacts == tmp_path / "paoding-artifacts"
    assert loaded(tmp_path, '[tool.paoding]\nartifacts = "out"\n').artifacts == tmp_path / "out"
    none = {"artifacts": Setting(None, "command line")}
    assert loaded(tmp_path, command_line=none).artifacts is None


def test_settings_of_the_whole_run(tmp_path: Path) -> None:
    settings = loaded(tmp_path, '[tool.paoding]\npublish = "session"\njunit_properties = false\n')
    assert settings.shared["publish"].value == "session"
    assert settings.table.junit_properties is False
    assert loaded(tmp_path).shared["publish"] == Setting("test", "built-in")
    assert loaded(tmp_path).table.require == ("digits_cnn",)


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


def test_off_levels_and_strict(tmp_path: Path) -> None:
    text = (
        BASE + "[tool.paoding.models.b]\npath = 'b'\nbudget.max_accuracy_decay = {level = 'off'}\n"
    )
    settings = loaded(tmp_path, text)
    assert [limit.metric.key for limit in settings.gate(model="b").limits] == [
        "min_robustness_retention"
    ]
    strict = loaded(tmp_path, strict=True).gate(model="digits_cnn")
    assert {limit.level for limit in strict.limits} == {Level.ERROR}


def test_a_confidence_holds_for_every_estimate_that_has_none_of_its_own(tmp_path: Path) -> None:
    text = """
[tool.paoding]
ratio = 0.5
baseline = "b.json"
[tool.paoding.budget]
confidence = "95%"
max_size = "1 MB"
max_accuracy_decay = "2%"
min_agreement = { limit = 0.9, confidence = 0.99, level = "warn" }
[tool.paoding.regression]
max_accuracy_drop = 0.01
[tool.paoding.models.m]
path = "m"
"""
    settings = loaded(tmp_path, text)
    found = {limit.metric.key: limit.confidence for limit in settings.gate(model="m").limits}
    assert found == {
        "max_size": None,
        "max_accuracy_decay": 0.95,
        "min_agreement": 0.99,
        "max_accuracy_drop": None,
    }
    call = keywords({"confidence": 0.8}, where="here", source="call")
    gate = settings.gate(model="m", call=call)
    assert {limit.confidence for limit in gate.limits} == {None, 0.8, 0.99}
    assert gate.shown["confidence"] == Setting(0.8, "call")


def test_keywords_are_a_layer_and_none_means_not_given() -> None:
    layer = keywords(
        {"ratio": 0.4, "seed": None, "max_size": "3 kB", "attack": {"epsilons": [0.1]}},
        where="test_x: marker paoding",
        source="marker",
    )
    assert layer == {
        "ratio": Setting(0.4, "marker"),
        "epsilons": Setting((0.1,), "marker"),
        "max_size": Setting(Bound(3000), "marker"),
    }


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


def test_a_ratio_must_come_from_somewhere() -> None:
    with pytest.raises(ConfigError, match="no ratio is given"):
        resolve({})


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "ratio": st.floats(0.1, 0.9),
    "strategy": st.sampled_from(NAMES),
    "seed": st.integers(0, 9),
    "round_to": st.integers(1, 9),
    "verify": st.booleans(),
    "exclude": st.tuples(st.text()),
    "attack": st.sampled_from(["fgsm", "pgd", "strong"]),
    "attack_steps": st.none() | st.integers(1, 9),
    "epsilons": st.tuples(st.floats(0.1, 0.9)),
    "max_size": st.builds(Bound, st.integers(1, 9)),
    "min_accuracy": st.just(Bound(None, Level.OFF)) | st.builds(Bound, st.floats(0, 1)),
}
layers = st.fixed_dictionaries({}, optional=VALUES)


@given(st.lists(layers, min_size=1, max_size=5))
def test_for_every_key_the_first_layer_that_says_anything_wins(said: list[dict[str, Any]]) -> None:
    named: list[Layer] = [
        {key: Setting(value, f"layer {number}") for key, value in layer.items()}
        for number, layer in enumerate(said)
    ]
    fallback: Layer = {"ratio": Setting(0.5, "last")}
    gate = resolve(*named, fallback)
    limits = {limit.metric.key: (limit.value, limit.source) for limit in gate.limits}
    for key in VALUES:
        first = next(
            (layer[key] for layer in (*named, fallback, SETTINGS.built_in) if key in layer), None
        )
        if isinstance(first, Setting) and isinstance(first.value, Bound):
            expected = (first.value.value, first.source)
            assert limits.get(key) == (None if first.value.level is Level.OFF else expected)
        elif first is not None:
            found = (gate.pruning | gate.judging)[key]
            assert found == first.value
            assert gate.shown[key].source == first.source
        else:
            assert key not in limits


def test_an_attack_may_be_given_by_its_name_alone(tmp_path: Path) -> None:
    text = BASE.replace('name = "fgsm"', 'name = "fmn"\nsteps = 50\nsamples = 200')
    gate = loaded(tmp_path, text).gate(marker=keywords({"attack": "pgd"}, where="", source="m"))
    assert gate.judging == {
        "attack": "pgd",
        "epsilons": (0.02,),
        "attack_steps": 50,
        "attack_restarts": None,
        "attack_samples": 200,
        "corruptions": (),
        "severities": (1, 2, 3, 4, 5),
        "seed": 0,
        "input_range": (0.0, 1.0),
        "measure": (),
    }
    assert gate.shown["attack"] == Setting("pgd", "m")


@pytest.mark.parametrize(
    ("text", "found"),
    (
        ("", ()),
        ("measure = ['latency', 'fidelity']", ("fidelity", "latency")),
        ("sparsity = 0.2", ("compression",)),
        ("budget.max_latency_ratio = 0.9", ("latency",)),
        ("budget.max_latency_ratio = 'off'", ()),
        (
            "measure = ['compression']\nbudget.min_synthetic_agreement = 0.9",
            ("fidelity", "compression"),
        ),
    ),
)
def test_what_budgets_need_is_measured(tmp_path: Path, text: str, found: tuple[str, ...]) -> None:
    settings = loaded(tmp_path, BASE + f"[tool.paoding.models.b]\npath = 'b'\n{text}\n")
    assert settings.gate(model="b").judging["measure"] == found


def test_a_clock_only_warns_unless_it_is_told_to_judge(tmp_path: Path) -> None:
    text = BASE + "[tool.paoding.models.b]\npath = 'b'\nbudget.max_latency_ratio = {}\n"
    values = {"0.9": Level.WARN, "{ limit = 0.9, level = 'error' }": Level.ERROR}
    for value, level in values.items():
        limits = loaded(tmp_path, text.replace("{}", value)).gate(model="b").limits
        assert [x.level for x in limits if x.metric.name == "latency_ratio"] == [level]


EVERY_KIND = ("noise", "blur", "brightness", "contrast")


@pytest.mark.parametrize(
    ("text", "found", "severities"),
    (
        ("", (), (1, 2, 3, 4, 5)),
        ("[tool.paoding.corruption]", EVERY_KIND, (1, 2, 3, 4, 5)),
        ("[tool.paoding.corruption]\nseverities = [1, 3]", EVERY_KIND, (1, 3)),
        ("[tool.paoding.corruption]\nkinds = ['blur']", ("blur",), (1, 2, 3, 4, 5)),
        ("[tool.paoding.models.b]\npath = 'b'\nbudget.min_corruption_retention = 0.9", (), None),
        ("[tool.paoding.models.digits_cnn.corruption]\nkinds = []", (), None),
    ),
)
def test_inputs_are_corrupted_where_something_asks_for_it(
    tmp_path: Path, text: str, found: tuple[str, ...], severities: tuple[int, ...] | None
) -> None:
    settings = loaded(tmp_path, BASE + text + "\n")
    gate = settings.gate(model="digits_cnn")
    assert gate.judging["corruptions"] == found
    assert gate.shown["corruptions"].value == list(found)
    assert gate.judging["severities"] == (severities or (1, 2, 3, 4, 5))
    if "models.b" in text:
        other = settings.gate(model="b")
        assert other.judging["corruptions"] == EVERY_KIND
        off = {"corruptions": Setting((), "command line")}
        without = loaded(tmp_path, BASE + text, command_line=off).gate(model="b")
        assert without.judging["corruptions"] == ()


@pytest.mark.parametrize(
    ("text", "said"),
    (
        (
            "kinds = ['fog']",
            "kinds: ['fog'] is not a list of different corruptions, known are noise",
        ),
        ("kinds = ['blur', 'blur']", "kinds: ['blur', 'blur'] is not a list of different"),
        ("kinds = 'blur'", "kinds: 'blur' is not a list of different corruptions"),
        ("severities = [6]", "severities: [6] is not a list of different severities from 1 to 5"),
        ("severities = [true]", "severities: [True] is not a list"),
        ("severities = []", "severities: [] is not a list"),
        ("kind = 3", "kind: unknown key, did you mean kinds?"),
    ),
)
def test_wrong_corruptions_are_one_line(tmp_path: Path, text: str, said: str) -> None:
    (line,) = faults(tmp_path, f"{BASE}[tool.paoding.corruption]\n{text}\n")
    assert line.startswith(f"pyproject.toml: [tool.paoding.corruption] {said}")


def test_an_attack_that_lacks_its_package_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optional_packages, "find_spec", lambda _: None)
    line = 'attack "pgd" needs foolbox: pip install "pytest-paoding[robust]"'
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, BASE.replace("fgsm", "pgd"))
    assert str(caught.value) == f"pyproject.toml: [tool.paoding.models.digits_cnn] {line}"
    loaded(tmp_path)
    with pytest.raises(ConfigError, match="needs foolbox"):
        loaded(tmp_path).gate(call={"attack": Setting("pgd", "call")})


def test_the_order_of_sources(tmp_path: Path) -> None:
    text = BASE.replace('path = "models', 'seed = 5\npath = "models').replace(
        'ratio = "50%"', "ratio = 0.5\nseed = 6"
    )
    settings = loaded(tmp_path, text, command_line={"seed": Setting(1, "command line")})
    without = loaded(tmp_path, text)
    call, marker = {"seed": Setting(3, "call")}, {"seed": Setting(4, "marker")}
    assert settings.gate(model="digits_cnn", marker=marker, call=call).pruning["seed"] == 1
    assert without.gate(model="digits_cnn", marker=marker, call=call).pruning["seed"] == 3
    assert without.gate(model="digits_cnn", marker=marker).pruning["seed"] == 4
    assert without.gate(model="digits_cnn").pruning["seed"] == 5
    assert without.gate().pruning["seed"] == 6
    assert loaded(tmp_path).gate().pruning["seed"] == 0


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
