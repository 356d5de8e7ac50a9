"""Signatures and bills of materials of gates: what lacks is said before anything is done."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import pytest

from pytest_paoding.records import optional_packages
from support.projects import BUDGET

if TYPE_CHECKING:
    from support.projects import Project


@pytest.mark.parametrize(
    ("lines", "package", "reason"),
    (
        ("bom = true", None, 'bom needs cyclonedx-python-lib: pip install "pytest-paoding?bom?"'),
        (
            'sign = "sigstore"',
            None,
            'sign needs model-signing: pip install "pytest-paoding?sign?"',
        ),
        ('sign = "key"', "json", 'sign = "key" needs a key: set sign_key'),
        (
            'sign = "key"\nsign_key = "no.pem"',
            "json",
            "sign_key: there is no file no.pem",
        ),
    ),
)
def test_what_lacks_is_said_at_once(
    single: Project,
    monkeypatch: pytest.MonkeyPatch,
    lines: str,
    package: str | None,
    reason: str,
) -> None:
    found = None if package is None else importlib.util.find_spec(package)
    monkeypatch.setattr(optional_packages, "find_spec", lambda _: found)
    single.configure(BUDGET.replace("ratio = 0.5", f"ratio = 0.5\n{lines}"), cnn={})
    ran = single.gate()
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stderr.fnmatch_lines([f"ERROR: pyproject.toml: ?tool.paoding? {reason}"])
    assert single.published == []


def test_what_cannot_be_signed_is_not_published(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("model_signing")
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    project.configure(BUDGET.replace("ratio = 0.5", 'ratio = 0.5\nsign = "key"'), cnn={})
    project.write("key.pem", "no key")
    ran = project.gate("--paoding-sign-key=key.pem")
    assert ran.ret == 1
    artifact: dict[str, Any] = project.gates["cnn"]["artifact"]
    assert not artifact["published"]
    assert artifact["reason"].startswith("cannot sign cnn: ")
    assert project.published == []
