"""Streams that take no more, of a full disk or a reader that has gone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO


def lead_nowhere(stream: TextIO) -> None:
    """Let what is left in the buffer of a stream get lost.

    It would be flushed once more at exit, with a traceback.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
