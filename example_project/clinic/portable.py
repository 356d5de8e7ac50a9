"""Files of models that every Keras since 3.5 can load, whichever has trained them."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import keras

CONFIG = "config.json"
LATER: dict[str, Any] = {
    "input_axes": None,
    "optional": False,
    "output_axes": None,
    "quantization_config": None,
    "renorm": False,
    "renorm_clipping": None,
    "renorm_momentum": 0.99,
}
"""Settings that Keras 3.5 does not know, or need not, each with the value that changes nothing."""


def save(model: keras.Model, path: Path) -> None:
    """Save a model without settings that older releases of Keras would refuse to read."""
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        members = {each: archive.read(each) for each in archive.infolist()}
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in members.items():
            config = member.filename == CONFIG
            archive.writestr(member, _without_later(content) if config else content)


def _without_later(content: bytes) -> bytes:
    return json.dumps(json.loads(content, object_hook=_thinned)).encode()


def _thinned(settings: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in settings.items() if name not in LATER or value != LATER[name]
    }
