"""Shared by all tests: pytester, Hypothesis without deadlines (CI machines are shared), no .pyc."""

from __future__ import annotations

import os
import sys

from hypothesis import HealthCheck, settings

pytest_plugins = ["pytester"]

settings.register_profile(
    "shared-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("shared-machine")

# Tests rewrite a module and run again within one second. Python takes compiled code for current
# when the source is as long and of the same second as before, so there must not be any.
sys.dont_write_bytecode = True
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
