"""What stands beside a published model and its manifest: bill of materials and signature."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_paoding.errors import ArtifactError, cannot_write
from pytest_paoding.gate.artifacts import BILL, SIGNATURE
from pytest_paoding.gate.provenance.bill_of_materials import bill_of_materials
from pytest_paoding.gate.provenance.signatures import Signing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_paoding.gate.artifacts import Staged
    from pytest_paoding.records.results import Setting


@dataclass(frozen=True, slots=True)
class Companions:
    """What is published with each model.

    Attributes:
        bill: Whether its bill of materials is.
        signing: How it is signed; None where it is not.
    """

    bill: bool
    signing: Signing | None

    @classmethod
    def of(cls, settings: Mapping[str, Setting], root: Path) -> Companions:
        """Return what the settings of a run ask for.

        Args:
            settings: Settings by name.
            root: Where relative paths start.
        """
        sign, key = settings["sign"].value, settings["sign_key"].value
        signing = None if sign is None else Signing(root / key if sign == "key" else None)
        return cls(bool(settings["bom"].value), signing)

    def stage(self, staged: Staged) -> None:
        """Put them beside staged files, just before these are published.

        Raises:
            ArtifactError: They cannot be written, or nothing can be signed.
        """
        try:
            if self.bill:
                manifest: Any = json.loads(staged.manifest.read_text(encoding="utf-8"))
                text = bill_of_materials(manifest)
                staged.companion(BILL).write_text(text, encoding="utf-8")
        except OSError as error:
            raise ArtifactError(cannot_write(staged.companion(BILL), error)) from error
        if self.signing is not None:
            signed = [*staged.files.values(), staged.manifest, *staged.companions]
            self.signing.sign(signed, staged.companion(SIGNATURE))
