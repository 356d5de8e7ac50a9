"""The files of a plan: its JSON, the fitted weights beside it, and whether they may be replaced.

A plan is saved under two names, of which its user has given one. Neither may cost a file that is
not a plan's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_paoding.errors import SurgeryError
from pytest_paoding.records.files.digests import sha256_of
from pytest_paoding.records.text.strict_json import bounded_bytes, value_of

if TYPE_CHECKING:
    from pathlib import Path

_REMEDY = "move it away, or name the plan otherwise"
_KEYS = {"format", "layers"}


def weights_beside(path: Path) -> Path:
    """Return where the fitted weights of a plan go.

    Raises:
        SurgeryError: The plan itself would be there.
    """
    weights = path.with_suffix(".npz")
    if weights == path:
        raise SurgeryError(f"{path}: that is where the fitted weights go, name the plan otherwise")
    return weights


def require_free(path: Path, *, fitted: bool = True) -> None:
    """Refuse to write a plan where a file would be lost that is no plan's.

    Args:
        path: Where the plan goes.
        fitted: Whether fitted weights may go beside it.

    Raises:
        SurgeryError: There is such a file.
        OSError: What is there cannot be read.
    """
    if path.is_file() and _document(path) is None:
        raise SurgeryError(f"{path}: is a file that holds no plan: {_REMEDY}")
    weights = weights_beside(path)
    for each in (path, weights):
        if each.exists() and not each.is_file():
            raise SurgeryError(f"{each}: is no file, so that no plan can be kept there: {_REMEDY}")
    if fitted and weights.is_file() and not owns(path, weights):
        raise SurgeryError(
            f"{weights}: is a file that is not of the plan {path.name}, whose fitted weights would"
            f" go there: {_REMEDY}"
        )


def owns(path: Path, weights: Path) -> bool:
    """Whether the plan at `path`, if there is one, tells of exactly these weights.

    Raises:
        OSError: A file cannot be read.
    """
    document = _document(path) if path.is_file() else None
    fitted = (document or {}).get("fitted")
    if not isinstance(fitted, dict) or not weights.is_file():
        return False
    return fitted.get("sha256") == sha256_of(weights)


def _document(path: Path) -> dict[str, Any] | None:
    """Return the document of a file that holds a plan, of whatever format."""
    try:
        document = value_of(bounded_bytes(path))
    except ValueError:
        return None
    return document if is_plan(document) else None


def is_plan(document: Any) -> bool:
    """Whether a parsed document is a plan, of whatever format."""
    return isinstance(document, dict) and document.keys() >= _KEYS
