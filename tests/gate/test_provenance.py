"""Bills of materials and signatures of published models."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("model_signing")
pytest.importorskip("cyclonedx")

from cryptography.hazmat.primitives import serialization
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from sigstore.errors import TUFError

from pytest_paoding.errors import ArtifactError
from pytest_paoding.gate.artifacts import publish
from pytest_paoding.gate.provenance.bill_of_materials import bill_of_materials
from pytest_paoding.gate.provenance.companions import Companions
from pytest_paoding.gate.provenance.signatures import Signer, Signing
from support.gates import limit, run
from support.key_pairs import key_pair

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_paoding.gate.artifacts import Staged


def staged(folder: Path) -> Staged:
    done = run(folder, limit("max_accuracy_decay", 0.1), limit("max_size", 10**6))
    assert done.staged is not None
    return done.staged


def signed(folder: Path) -> tuple[Path, Path]:
    """Publish a signed model with a bill of materials; return it and the public key."""
    private, public = key_pair(folder, "key")
    files = staged(folder)
    Companions(bill=True, signing=Signing(private)).stage(files)
    return publish(files), public


def beside(model: Path) -> list[Path]:
    return [model, model.with_suffix(".json"), model.with_suffix(".cdx.json")]


def test_all_that_is_published_is_signed_together(tmp_path: Path) -> None:
    model, public = signed(tmp_path)
    assert sorted(path.name for path in model.parent.iterdir() if path.name[0] != ".") == [
        "net.cdx.json",
        "net.json",
        "net.keras",
        "net.sig",
    ]
    Signer(public).check(beside(model), model.with_suffix(".sig"))


TAMPERED: dict[str, Callable[[Path], object]] = {
    "model": lambda model: model.write_text("other"),
    "manifest": lambda model: model.with_suffix(".json").write_text("{}"),
    "bill": lambda model: model.with_suffix(".cdx.json").write_text("{}"),
    "no signature": lambda model: model.with_suffix(".sig").write_text("nonsense"),
    "an empty one": lambda model: model.with_suffix(".sig").write_text("{}"),
    "a deep one": lambda model: model.with_suffix(".sig").write_text("[" * 100_000),
}


@pytest.mark.parametrize("tamper", TAMPERED.values(), ids=TAMPERED)
def test_nothing_that_was_signed_can_be_changed(tmp_path: Path, tamper: Any) -> None:
    model, public = signed(tmp_path)
    tamper(model)
    with pytest.raises(ArtifactError, match=r"^net\.sig does not hold: ") as refused:
        Signer(public).check(beside(model), model.with_suffix(".sig"))
    assert "\n" not in str(refused.value)


def test_nothing_can_be_left_out_or_added(tmp_path: Path) -> None:
    model, public = signed(tmp_path)
    more = model.with_suffix(".onnx")
    more.write_text("")
    for files in (beside(model)[:2], [*beside(model), more]):
        with pytest.raises(ArtifactError, match="the files are not those that were signed"):
            Signer(public).check(files, model.with_suffix(".sig"))


def test_another_key_does_not_do(tmp_path: Path) -> None:
    model, _ = signed(tmp_path)
    _, other = key_pair(tmp_path, "other")
    with pytest.raises(ArtifactError, match=r"net\.sig does not hold"):
        Signer(other).check(beside(model), model.with_suffix(".sig"))


def test_a_key_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    locked, _ = key_pair(tmp_path, "locked", serialization.BestAvailableEncryption(b"word"))
    broken, absent = tmp_path / "broken.pem", tmp_path / "absent.pem"
    broken.write_text("no key")
    for key, why in ((locked, "encrypted"), (broken, "PEM"), (absent, "absent.pem: No such file")):
        files = staged(tmp_path)
        with pytest.raises(ArtifactError, match=why) as refused:
            Companions(bill=False, signing=Signing(key)).stage(files)
        assert str(refused.value).startswith("cannot sign net: ")
        assert "\n" not in str(refused.value)
        assert sorted(path.name for path in files.folder.iterdir()) == ["net.json", "net.keras"]


def test_sigstore_asks_nobody_and_says_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [each for each in os.environ if each.startswith(("GITHUB_", "ACTIONS_", "CI"))]:
        monkeypatch.delenv(name)
    for token, why in ((None, "finds no identity here"), ("token", "sigstore cannot be asked")):
        monkeypatch.setattr("sigstore.oidc.detect_credential", lambda found=token: found)
        monkeypatch.setattr("model_signing.signing.Config.use_sigstore_signer", unreachable)
        with pytest.raises(ArtifactError, match=why):
            Companions(bill=False, signing=Signing(None)).stage(staged(tmp_path))


def unreachable(*_: Any, **__: Any) -> None:
    raise TUFError("Failed to refresh TUF metadata")


def test_what_belongs_to_the_previous_model_does_not_stay_beside_the_next(tmp_path: Path) -> None:
    model, _ = signed(tmp_path)
    publish(staged(tmp_path))
    assert sorted(path.name for path in model.parent.iterdir() if path.name[0] != ".") == [
        "net.json",
        "net.keras",
    ]


def test_the_bill_of_materials_is_sound_and_tells_where_the_model_is_from(tmp_path: Path) -> None:
    model, _ = signed(tmp_path)
    manifest = json.loads(model.with_suffix(".json").read_text())
    text = model.with_suffix(".cdx.json").read_text()
    assert text == bill_of_materials(manifest)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bom = json.loads(text)
    described = bom["metadata"]["component"]
    assert described["type"] == "machine-learning-model"
    assert described["hashes"] == [{"alg": "SHA-256", "content": manifest["file"]["sha256"]}]
    (ancestor,) = described["pedigree"]["ancestors"]
    assert ancestor["properties"][0]["value"] == manifest["gate"]["model"]["digest"]
    told = {each["name"]: each["value"] for each in described["properties"]}
    assert told["pytest-paoding:outcome"] == "within-budget"
    assert told["pytest-paoding:limit:accuracy_decay"].endswith("<= 0.1: passed")
    assert {each["name"] for each in bom["components"]} == {*manifest["gate"]["versions"]}
