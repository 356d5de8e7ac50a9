"""What reading a damaged file raises: ZIP, its compressions, JSON and HDF5 share no error."""

from __future__ import annotations

import zlib
from lzma import LZMAError
from zipfile import BadZipFile

DAMAGE = (
    BadZipFile,
    EOFError,
    KeyError,
    LZMAError,
    OSError,
    RuntimeError,  # also of recursion, of encryption, and of a compression that is not known
    TypeError,  # of an HDF5 type that NumPy has no match for
    ValueError,
    zlib.error,
)
"""Errors of reading a file that somebody else wrote; anything else is a defect of the reader."""
