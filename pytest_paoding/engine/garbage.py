"""Collecting garbage beside TensorFlow, whose modules hold hundreds of thousands of objects.

To look through all of them takes about a quarter of a second each time.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def set_aside() -> Iterator[None]:
    """Look for garbage only in what is made from here on, as converters of models ask for often.

    What somebody else has set aside stays so, and then all is as it was.
    """
    if gc.get_freeze_count():
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextmanager
def uncollected() -> Iterator[None]:
    """Collect no garbage: an import leaves hardly any, and looking for it takes a tenth of it."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
