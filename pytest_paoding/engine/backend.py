"""The backend that Keras has in this process, or will have once it is imported."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

TENSORFLOW, VARIABLE = "tensorflow", "KERAS_BACKEND"


def backend() -> str:
    """Return its name, without importing Keras."""
    if "keras" in sys.modules:
        return str(sys.modules["keras"].backend.backend())
    return os.environ.get(VARIABLE) or _configured() or TENSORFLOW


def _configured() -> str | None:
    """Return what Keras's own settings file says, if there is one."""
    home = os.environ.get("KERAS_HOME")
    file = Path(home) if home is not None else Path.home() / ".keras"
    try:
        found = json.loads((file / "keras.json").read_text(encoding="utf-8"))
    except (OSError, RuntimeError, ValueError):
        return None
    return str(found["backend"]) if isinstance(found, dict) and found.get("backend") else None
