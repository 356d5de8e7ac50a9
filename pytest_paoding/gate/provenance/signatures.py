"""Signatures of a published model, its manifest and whatever else stands beside it.

They are made and checked by the `model-signing` library, in the format of OpenSSF Model Signing.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_paoding.errors import ArtifactError, shortened
from pytest_paoding.records.files.leftovers import own_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_NO_IDENTITY = (
    "sigstore finds no identity here: give the job the permission id-token: write, or sign with a "
    "key"
)
_NO_SIGSTORE = "sigstore cannot be asked ({}): sign with a key where it cannot be reached"


@dataclass(frozen=True, slots=True)
class Signing:
    """How published models are signed.

    Attributes:
        key: File of a private key of an elliptic curve, in PEM; None for sigstore, where the
            identity is that of the CI job.
    """

    key: Path | None

    def sign(self, files: Iterable[Path], signature: Path) -> None:
        """Sign files together.

        Raises:
            ArtifactError: They cannot be signed; one line.
        """
        from model_signing import signing  # noqa: PLC0415 - an extra that takes seconds to import

        config = signing.Config()
        try:
            with _together(files, signature.stem, within=signature.parent) as folder:
                self._chosen(config).sign(folder, signature)
        except ArtifactError:
            raise
        except Exception as error:
            raise ArtifactError(f"cannot sign {signature.stem}: {_what(error)}") from error

    def _chosen(self, config: Any) -> Any:
        if self.key is not None:
            return config.use_elliptic_key_signer(private_key=self.key)
        from sigstore.oidc import detect_credential  # noqa: PLC0415 - comes with model-signing

        token = detect_credential()
        if token is None:  # else the library would ask for one in a browser
            raise ArtifactError(_NO_IDENTITY)
        return config.use_sigstore_signer(identity_token=token)


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose signature is expected.

    Attributes:
        key: File of the public key, in PEM.
        identity: Who has signed by sigstore, such as the address of a workflow.
        issuer: Who vouches for that identity.
    """

    key: Path | None = None
    identity: str = ""
    issuer: str = ""

    def check(self, files: Iterable[Path], signature: Path) -> None:
        """Make sure that files are what was signed, all of it and nothing else.

        Raises:
            ArtifactError: They are not, or were signed by somebody else; one line.
        """
        from model_signing import verifying  # noqa: PLC0415 - an extra that takes seconds to import

        config = verifying.Config()
        try:
            with _together(files, signature.stem) as folder:
                self._chosen(config).verify(folder, signature)
        except Exception as error:
            raise ArtifactError(f"{signature.name} does not hold: {_what(error)}") from error

    def _chosen(self, config: Any) -> Any:
        if self.key is not None:
            return config.use_elliptic_key_verifier(public_key=self.key)
        return config.use_sigstore_verifier(identity=self.identity, oidc_issuer=self.issuer)


@contextmanager
def _together(files: Iterable[Path], name: str, *, within: Path | None = None) -> Iterator[Path]:
    """Open a folder of that name which holds these files and nothing else."""
    with own_folder("paoding-signed-", within=within) as spare:
        folder = spare / name
        folder.mkdir()
        for file in files:
            _put(file.resolve(), folder / file.name)
        yield folder


def _put(file: Path, target: Path) -> None:
    """Give a file a second name, or copy it where there are no second names."""
    try:
        os.link(file, target)
    except OSError:
        shutil.copyfile(file, target)


def _what(error: Exception) -> str:
    """Return in one line what the library has to say."""
    lines = str(error).strip().splitlines() or [""]
    if type(error).__module__.startswith("sigstore."):
        return _NO_SIGSTORE.format(shortened(lines[0]))
    if lines[0].startswith("Signature mismatch"):
        return "the files are not those that were signed"
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}"
    return shortened(f"{type(error).__name__}: {lines[0]}")
