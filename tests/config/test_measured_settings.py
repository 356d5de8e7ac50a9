"""Settings that decide what is measured: attacks, corruptions, budgets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_paoding.config.tables import keywords
from pytest_paoding.errors import ConfigError
from pytest_paoding.records import optional_packages
from pytest_paoding.records.budgets import Level
from pytest_paoding.records.results import Setting
from support.setting_files import BASE, faults, loaded

if TYPE_CHECKING:
    from pathlib import Path


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
        "input_range": None,
        "input_kind": None,
        "input_shape": None,
        "measure": (),
        "task": None,
        "score": (),
        "slices": None,
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


def test_a_confidence_is_asked_of_what_is_measured_on_corrupted_inputs_too(tmp_path: Path) -> None:
    one = "min_corruption_accuracy = { limit = 0.8, confidence = 0.99 }"
    text = f"[tool.paoding.models.b]\npath = 'b'\nbudget = {{ confidence = 0.9, {one},"
    settings = loaded(tmp_path, f"{BASE}{text} min_corruption_retention = 0.9 }}\n")
    sure = {each.key: each.confidence for each in settings.gate(model="b").limits}
    assert sure["min_corruption_accuracy"] == 0.99
    assert sure["min_corruption_retention"] == 0.9
