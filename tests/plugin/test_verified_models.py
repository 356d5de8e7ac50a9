"""A published model is held against its signature, its manifest, and what a plan makes again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest

pytest.importorskip("model_signing")
pytest.importorskip("cyclonedx")

from pytest_paoding.__main__ import main
from pytest_paoding.engine.keras_engine import KerasEngine
from support.key_pairs import key_pair

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.projects import Project

SETTINGS = """
[tool.paoding]
ratio = 0.5
strategy = "magnitude"
sparsity = 0.5
bom = true
sign = "key"
sign_key = "signer.pem"
[tool.paoding.budget]
min_parameters_removed = "40%"
[tool.paoding.models.net]
path = "net.keras"
"""
PUBLISHED = "paoding-artifacts/net"


def net(width: int = 8) -> Any:
    keras.utils.set_random_seed(width)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(width, "relu", name="hidden"),
            layers.Dense(2, "softmax", name="out"),
        ]
    )


@pytest.fixture
def published(single: Project, capsys: pytest.CaptureFixture[str]) -> Path:
    """A folder with a model that was pruned, signed and published, and the plan of it."""
    folder = single.path
    key_pair(folder, "signer")
    key_pair(folder, "other")
    KerasEngine().save(net(), folder / "net.keras")
    KerasEngine().save(net(9), folder / "wider.keras")
    single.write("conftest.py", "")
    single.write("pyproject.toml", SETTINGS)
    assert single.run("--paoding-only").ret == 0
    pruning = ["--ratio=0.5", "--strategy=magnitude", "--sparsity=0.5"]
    files = [str(folder / "net.keras"), f"--output={folder / 'again.keras'}"]
    assert main(["prune", *files, *pruning, f"--save-plan={folder / 'plan.json'}"]) == 0
    capsys.readouterr()
    return folder


def verified(folder: Path, *, key: str = "signer", original: str = "net", plan: bool = True) -> int:
    given = [f"--key={folder / key}.pub.pem", f"--original={folder / original}.keras"]
    given += [f"--plan={folder / 'plan.json'}"] if plan else []
    return main(["verify", str(folder / f"{PUBLISHED}.keras"), *given])


def test_what_was_published_is_what_its_plan_makes(
    published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (published / "plan.npz").exists()
    assert verified(published) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[1] == f"net.sig: signed by {published / 'signer.pub.pem'}"
    assert told[-1] == "net.keras: what plan.json makes of net.keras, bit for bit"
    assert verified(published, plan=False) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("net.keras: what its settings make")


def flipped(name: str, at: int = -1) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[at] ^= 1
        (folder / name).write_bytes(content)

    return change


def replanned(folder: Path) -> None:
    """Let the plan keep fewer units."""
    plan = json.loads((folder / "plan.json").read_text())
    plan["layers"][0]["kept"].pop()
    (folder / "plan.json").write_text(json.dumps(plan))


def rewritten(folder: Path) -> None:
    """Let the manifest tell of a better model."""
    path = folder / f"{PUBLISHED}.json"
    path.write_text(path.read_text().replace('"within-budget"', '"forced"'))


def unweighted(folder: Path) -> None:
    with np.load(folder / "plan.npz") as found:
        arrays = {name: np.zeros_like(each) for name, each in found.items()}
    np.savez(folder / "plan.npz", **arrays)


TAMPERED: dict[str, tuple[Callable[[Path], object], dict[str, Any], str]] = {
    "model": (flipped(f"{PUBLISHED}.keras"), {}, "is not the file that the manifest names"),
    "manifest": (rewritten, {}, "net.sig does not hold: "),
    "bill": (flipped(f"{PUBLISHED}.cdx.json"), {}, "net.sig does not hold: "),
    "signature": (flipped(f"{PUBLISHED}.sig", 200), {}, "net.sig does not hold: "),
    "no signature": (
        lambda folder: (folder / f"{PUBLISHED}.sig").unlink(),
        {},
        "net.sig: there is no signature",
    ),
    "signer": (lambda _: None, {"key": "other"}, "net.sig does not hold: "),
    "original": (
        lambda _: None,
        {"original": "wider"},
        "is not the model that net.keras was made from",
    ),
    "plan": (replanned, {}, "weight 0 fitted beside the plan is float32 of shape"),
    "plan's weights": (
        unweighted,
        {},
        "plan.npz: not the weights that were fitted beside this plan",
    ),
}


def test_whatever_was_tampered_with_is_one_line(
    published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [path for path in published.rglob("*") if path.is_file()]
    sound = {path: path.read_bytes() for path in files}
    for what, (tamper, given, reason) in TAMPERED.items():
        tamper(published)
        assert verified(published, **given) == 1, what
        told = capsys.readouterr().err
        assert told.count("\n") == 1, what
        assert reason in told, what
        for path, content in sound.items():
            path.write_bytes(content)
    assert verified(published) == 0
