"""`python -m pytest_paoding verify`: whether a published model is what its manifest says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_paoding.cli.own_modules import add_imports
from pytest_paoding.cli.reading import read_plan, write
from pytest_paoding.config.catalogue import SETTINGS
from pytest_paoding.config.catalogue.keys import EngineCall
from pytest_paoding.config.cli_values import argument
from pytest_paoding.config.documents.read_documents import manifest_result, parsed
from pytest_paoding.config.gate_settings import resolve
from pytest_paoding.config.tables import keywords
from pytest_paoding.engine.keras_engine import KerasEngine
from pytest_paoding.errors import ArtifactError
from pytest_paoding.gate.artifacts import (
    COMPANIONS,
    SIGNATURE,
    manifest_path,
    same_content,
)
from pytest_paoding.gate.provenance.signatures import Signer
from pytest_paoding.records.files.digests import sha256_of
from pytest_paoding.records.files.leftovers import own_folder
from pytest_paoding.records.formats import ENDINGS
from pytest_paoding.records.optional_packages import lacking_for
from pytest_paoding.records.text.efforts import seconds_and_sharers
from pytest_paoding.records.text.quantities import as_given
from pytest_paoding.records.text.strict_json import MOST_BYTES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from pytest_paoding.records.protocol import InputShape, PrunedModel
    from pytest_paoding.records.results import GateResult

_MOST_VALUES = 1 << 22
"""Values of one sample that a manifest, which anybody may have written, may have drawn."""
_WHOSE = "give --key, or --identity and --issuer, to see by whom"


def add(commands: Any) -> None:
    """Describe the command to the subparsers of a parser."""
    parser = commands.add_parser(
        "verify",
        help="hold a published model against its manifest and signature",
        description="Check that a published model and the files beside it are what its manifest "
        "says, by digests of the files and of the model in them; its signature, if a signer is "
        "named; and that it is what pruning makes of the original, if that is given.",
    )
    parser.set_defaults(run=run)
    add_imports(parser)
    parser.add_argument("file", metavar="FILE", type=Path, help="the published .keras file")
    parser.add_argument("--key", metavar="PEM", type=Path, help="public key of the signer")
    parser.add_argument(
        "--identity", metavar="WHO", help="signer by sigstore, such as the address of a workflow"
    )
    parser.add_argument("--issuer", metavar="URL", help="who vouches for that identity")
    parser.add_argument(
        "--original",
        metavar="MODEL",
        type=Path,
        help="the model it was pruned from, which is pruned again as the manifest tells",
    )
    parser.add_argument(
        "--plan", metavar="PLAN", type=Path, help="the plan to prune it by, in place of settings"
    )
    parser.add_argument(
        "--max-effort",
        metavar="EFFORT",
        type=argument(_length),
        default="thorough",
        help="the longest effort of a manifest to prune again by, as a word or seconds, at most a"
        " week (default: %(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Verify a published model; return the exit code.

    Raises:
        PaodingError: It is not what is said of it, or that cannot be found out.
    """
    signer = _signer(arguments)
    if arguments.plan is not None and arguments.original is None:
        arguments.parser.error("--plan needs --original, the model to prune by it")
    published = Published.read(arguments.file)
    write(published.checked())
    write(published.signed(signer))  # before anything is made of what is in the files
    write(published.opened())
    if arguments.original is not None:
        write(published.made_again(arguments.original, arguments.plan, arguments.max_effort))
    return 0


def _length(value: str | float) -> float:
    return seconds_and_sharers(value)[0]


def _values(shape: InputShape | None) -> int:
    """Return the values of one sample of the inputs whose shape is told."""
    if shape is None:
        return 0
    shapes = shape.values() if isinstance(shape, Mapping) else (shape,)
    return sum(prod(each) for each in shapes)


def _signer(arguments: argparse.Namespace) -> Signer | None:
    """Return who is expected to have signed, if that was said."""
    by_key, by_identity = arguments.key is not None, arguments.identity or arguments.issuer
    if by_key and by_identity:
        arguments.parser.error("--key is one signer, --identity another: give one of them")
    if by_identity and not (arguments.identity and arguments.issuer):
        arguments.parser.error("--identity and --issuer belong together")
    if not (by_key or by_identity):
        return None
    if reason := lacking_for("sign"):
        arguments.parser.error(reason)
    return Signer(arguments.key, arguments.identity or "", arguments.issuer or "")


@dataclass(frozen=True, slots=True)
class Published:
    """A published model and its manifest.

    Attributes:
        file: The `.keras` file.
        files: Size and digest of every file of the manifest, by name.
        result: The gate's record.
    """

    file: Path
    files: Mapping[str, tuple[int, str]]
    result: GateResult

    @classmethod
    def read(cls, file: Path) -> Published:
        """Return what stands under a name.

        Raises:
            ConfigError: There is no manifest beside it, or it is none.
            ArtifactError: The manifest is that of another file.
        """
        if not file.name:
            raise ArtifactError(f"{file}: is no file")
        path = manifest_path(file)
        document = parsed(path)
        result = manifest_result(document, path)
        try:
            files = {each["name"]: (each["bytes"], each["sha256"]) for each in document["files"]}
        except (LookupError, TypeError) as error:
            raise ArtifactError(f"{path} names no files with their digests") from error
        possible = {f"{file.stem}{ending}" for ending in ENDINGS.values()}
        if file.name not in files or not possible.issuperset(files):
            raise ArtifactError(f"{path} is not the manifest of {file.name}")
        return cls(file, files, result)

    def checked(self) -> str:
        """Make sure that every file is there and has its digest.

        Raises:
            ArtifactError: One has not.
        """
        for name, (size, sha256) in self.files.items():
            path = self.file.with_name(name)
            if not path.is_file():
                raise ArtifactError(f"{path}: there is no such file, the manifest names it")
            if path.stat().st_size != size or sha256_of(path) != sha256:
                raise ArtifactError(f"{path} is not the file that the manifest names")
        return f"{', '.join(self.files)}: as the manifest says, {self.result.headline}"

    def opened(self) -> str:
        """Make sure that the model has its digest, which covers architecture and weights.

        Raises:
            ModelFileError: It cannot be loaded.
            ArtifactError: It is another model.
        """
        engine = KerasEngine()
        found = engine.digest(engine.load_model(self.file))
        if found != self.result.digest_after:
            raise ArtifactError(f"{self.file} holds another model than the manifest names")
        return f"{self.file.name}: holds the model {found}"

    def signed(self, signer: Signer | None) -> str:
        """Make sure that the files are signed, by whom is expected.

        Raises:
            ArtifactError: They are not.
        """
        signature = self.file.with_suffix(SIGNATURE)
        if signer is None:
            there = signature.is_file()
            return f"{signature.name}: not checked, {_WHOSE}" if there else "there is no signature"
        if not signature.is_file():
            raise ArtifactError(f"{signature}: there is no signature")
        if signature.stat().st_size > MOST_BYTES:
            raise ArtifactError(f"{signature}: is larger than any signature")
        signer.check(self._all(), signature)
        return f"{signature.name}: signed by {signer.key or signer.identity}"

    def _all(self) -> Iterator[Path]:
        """Return what a signature covers: all that stands beside the model, and the model."""
        yield from (self.file.with_name(name) for name in self.files)
        yield manifest_path(self.file)
        for ending in COMPANIONS:
            path = self.file.with_suffix(ending)
            if ending != SIGNATURE and path.is_file():
                yield path

    def made_again(self, original: Path, plan: Path | None, most: float) -> str:
        """Make sure that pruning gives the same file again.

        Args:
            original: The model to prune.
            plan: The plan to prune it by; None for the settings.
            most: Seconds of effort that these may ask for: who wrote them may mean harm.

        Raises:
            PaodingError: It gives another one, or the original is another one.
        """
        engine = KerasEngine()
        opened = engine.opened(engine.load_model(original))
        if engine.digest(opened.model) != self.result.digest_before:
            raise ArtifactError(f"{original} is not the model that {self.file.name} was made from")
        pruned = self._pruned(engine, opened.model, plan, most)
        with own_folder("paoding-verify-") as folder:
            again = folder / self.file.name
            engine.save(pruned.model, again)
            if not same_content(again, self.file):
                raise ArtifactError(self._other(engine))
        how = "its settings make" if plan is None else f"{plan.name} makes"
        return f"{self.file.name}: what {how} of {original.name}, bit for bit"

    def _pruned(
        self, engine: KerasEngine, original: Any, plan: Path | None, most: float
    ) -> PrunedModel:
        if plan is not None:
            return engine.apply(original, read_plan(plan))
        settings, names = self.result.settings, SETTINGS.of_call(EngineCall.PRUNE)
        given = {name: settings[name].value for name in names if name in settings}
        given = {name: value for name, value in given.items() if value not in ([], {})}
        if given.get("calibration") is not None:
            raise ArtifactError(
                f"{self.file.name} has learned from inputs that are not here: give its --plan"
            )
        if given.get("target") is not None:  # which was found a ratio for
            given.pop("ratio", None)
        layer = keywords(given, where=str(manifest_path(self.file)), source="manifest")
        pruning = resolve(layer).pruning
        if _length(pruning["effort"]) > most:
            asked = as_given(pruning["effort"])
            raise ArtifactError(
                f"{self.file.name} asks for an effort of {asked} to be made again, more than "
                f"--max-effort allows ({most:g} s): raise that, or give its --plan"
            )
        if (values := _values(pruning["input_shape"])) > _MOST_VALUES:
            raise ArtifactError(
                f"{self.file.name} asks for inputs of {values:,} values to be made again, more "
                f"than the {_MOST_VALUES:,} that a manifest may: give its --plan"
            )
        return engine.prune(original, **pruning)

    def _other(self, engine: KerasEngine) -> str:
        """Return in one line that pruning gives another file, and what it depends on besides."""
        here = engine.versions()
        others = [
            f"{name} {version}, here {here[name]}"
            for name, version in self.result.versions.items()
            if name in here and here[name] != version
        ]
        how = "; ".join(others) or "other settings or threads (see TF_NUM_INTRAOP_THREADS)"
        return f"{self.file} is not what pruning makes of the original: it was made with {how}"
