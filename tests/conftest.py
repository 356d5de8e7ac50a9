"""Shared by all tests: pytester, Hypothesis without deadlines (CI machines are shared), no .pyc.

Rules that a test registers are forgotten after it: what a process has registered decides what is
kept from one run to the next.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest_plugins = ["pytester"]

settings.register_profile(
    "shared-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("shared-machine")

# Tests rewrite a module and run again within one second. Python takes compiled code for current
# when the source is as long and of the same second as before, so there must not be any.
sys.dont_write_bytecode = True
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"

# A shell lets what it runs in the background ignore Ctrl-C, and so would all that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _rules_as_before() -> Iterator[None]:
    """Forget the pruning rules that a test registers, the examples of the documentation too."""
    before = {**_rules()}
    yield
    rules = _rules()
    for layer, rule in {**rules}.items():
        if not rule.__module__.startswith("pytest_paoding."):
            rules.pop(layer)
            rules.update({layer: before[layer]} if layer in before else {})


def _rules() -> dict[Any, Any]:
    """Return the registry's rules; nothing is imported for it."""
    registry = sys.modules.get("pytest_paoding.engine.graph.rules.registry")
    return {} if registry is None else vars(registry)["_rules"]
