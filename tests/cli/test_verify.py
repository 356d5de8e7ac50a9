"""`verify`: a published model is held against its manifest; the engine is a fake one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_paoding.__main__ import main
from pytest_paoding.gate.artifacts import publish
from pytest_paoding.records.files.digests import sha256_of
from pytest_paoding.records.text.quantities import as_given
from support import mutants
from support.fake_engine import FakeEngine, FakeModel
from support.gates import limit, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FACTS = {"accuracy": [0.9, 0.85]}
MODEL = FakeModel({"dense": 8, "conv": 4}, FACTS)


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model that a gate has published, whose original stands in the folder above."""
    monkeypatch.setattr("pytest_paoding.cli.verify.KerasEngine", FakeEngine)
    FakeEngine().save(MODEL, tmp_path / "original.keras")
    done = run(tmp_path, limit("max_accuracy_decay", 0.1), model=MODEL)
    assert done.staged is not None
    return publish(done.staged)


def verified(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    """Return the exit code, and the last line that was printed."""
    code = main(["verify", *map(str, arguments)])
    told = capsys.readouterr()
    return code, (told.out + told.err).splitlines()[-1]


def test_what_was_published_is_verified(
    published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(published)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "net.keras: as the manifest says, PRUNED"
    assert lines[1] == "there is no signature"
    assert lines[2].startswith("net.keras: holds the model sha256:")


def rewrite(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    """Return what changes the manifest."""

    def rewritten(model: Path) -> None:
        path = model.with_suffix(".json")
        manifest = json.loads(path.read_text())
        change(manifest)
        path.write_text(json.dumps(manifest))

    return rewritten


def exchange(model: Path) -> None:
    """Put another model there, and its digest into the manifest."""
    FakeEngine().save(FakeModel({"dense": 1}, {}), model)
    size, sha256 = model.stat().st_size, sha256_of(model)
    rewrite(lambda manifest: manifest["files"][0].update(bytes=size, sha256=sha256))(model)


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "bytes": (lambda model: model.write_text("other"), "is not the file that the manifest names"),
    "gone": (lambda model: model.unlink(), "there is no such file, the manifest names it"),
    "model": (exchange, "holds another model than the manifest names"),
    "no manifest": (lambda model: model.with_suffix(".json").unlink(), "cannot be read"),
    "no files": (rewrite(lambda each: each.pop("files")), "names no files with their digests"),
    "of another": (
        rewrite(lambda each: each["files"][0].update(name="x.keras")),
        "is not the manifest of net.keras",
    ),
    "nowhere": (
        rewrite(lambda each: each["files"].append({"name": "", "bytes": 1, "sha256": ""})),
        "is not the manifest of net.keras",
    ),
    "nameless": (
        rewrite(lambda each: each["files"].append({"name": 5, "bytes": 1, "sha256": ""})),
        "is not the manifest of net.keras",
    ),
    "too long": (
        rewrite(lambda each: each["files"].append({"name": "x" * 999, "bytes": 1, "sha256": ""})),
        "is not the manifest of net.keras",
    ),
    "elsewhere": (
        rewrite(lambda each: each["files"].append({"name": "../a", "bytes": 1, "sha256": ""})),
        "is not the manifest of net.keras",
    ),
}


@pytest.mark.parametrize(("spoil", "reason"), WRONG.values(), ids=WRONG)
def test_whatever_is_not_as_the_manifest_says_is_one_line(
    published: Path, capsys: pytest.CaptureFixture[str], spoil: Any, reason: str
) -> None:
    spoil(published)
    code, line = verified(capsys, published)
    assert code == 1
    assert line.startswith("python -m pytest_paoding: error: ")
    assert reason in line


def test_the_original_gives_the_same_file_again(
    published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    original = published.parents[1] / "original.keras"
    code, line = verified(capsys, published, "--original", original)
    assert (code, line) == (0, "net.keras: what its settings make of original.keras, bit for bit")
    code, line = verified(capsys, published, "--original", published)
    assert code == 1
    assert line.endswith("is not the model that net.keras was made from")


def test_other_settings_give_another_file(
    published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    original = published.parents[1] / "original.keras"
    rewrite(lambda each: each["gate"]["settings"]["ratio"].update(value=0.25))(published)
    code, line = verified(capsys, published, "--original", original)
    assert code == 1
    told = "net.keras is not what pruning makes of the original: it was made with other settings"
    assert told in line
    rewrite(lambda each: each["gate"]["versions"].update(keras="2.9"))(published)
    _, line = verified(capsys, published, "--original", original)
    assert line.endswith("of the original: it was made with keras 2.9, here 3.0")


def test_inputs_that_are_not_here_need_a_plan(
    published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    original = published.parents[1] / "original.keras"
    rewrite(lambda each: each["gate"]["settings"]["calibration"].update(value="ndarray"))(published)
    code, line = verified(capsys, published, "--original", original)
    assert code == 1
    assert line.endswith("has learned from inputs that are not here: give its --plan")


@pytest.mark.parametrize("asked", (601.5, 604800.0, "601/5"))
def test_a_manifest_may_not_ask_for_any_effort(
    published: Path, capsys: pytest.CaptureFixture[str], asked: object
) -> None:
    original = published.parents[1] / "original.keras"
    rewrite(lambda each: each["gate"]["settings"]["effort"].update(value=asked))(published)
    code, line = verified(capsys, published, "--original", original)
    assert code == 1
    assert f"asks for an effort of {as_given(asked)} to be made again" in line
    assert line.endswith("(600 s): raise that, or give its --plan")
    code, line = verified(capsys, published, "--original", original, "--max-effort=604800")
    assert code == 0


@pytest.mark.parametrize(
    ("shape", "values"),
    (
        ([2_000_000, 3], "6,000,000"),
        ([2**31 - 1] * 3, "9,903,520,300,447,984,150,353,281,023"),
        ({"a": [2, 2**21], "b": [1]}, "4,194,305"),
        ([2, 2**21], None),
        ({"a": [2**21], "b": [2**21]}, None),
    ),
)
def test_a_manifest_may_not_ask_for_inputs_of_any_size(
    published: Path, capsys: pytest.CaptureFixture[str], shape: object, values: str | None
) -> None:
    original = published.parents[1] / "original.keras"
    rewrite(lambda each: each["gate"]["settings"]["input_shape"].update(value=shape))(published)
    code, line = verified(capsys, published, "--original", original)
    assert code == (0 if values is None else 1)
    if values is not None:
        told = f"asks for inputs of {values} values to be made again, more than the 4,194,304 that"
        assert line.endswith(f"net.keras {told} a manifest may: give its --plan")


@pytest.mark.parametrize(("most", "code"), (("quick", 1), ("59", 1), ("standard", 0), ("60/3", 0)))
def test_an_effort_is_held_against_a_word_or_seconds(
    published: Path, capsys: pytest.CaptureFixture[str], most: str, code: int
) -> None:
    original = published.parents[1] / "original.keras"
    told = verified(capsys, published, "--original", original, f"--max-effort={most}")
    assert told[0] == code


def test_a_plan_that_is_not_there_is_said_in_one_line(
    published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    original = published.parents[1] / "original.keras"
    missing = published.parents[1] / "nothing.json"
    code, line = verified(capsys, published, "--original", original, "--plan", missing)
    assert code == 1
    assert line.endswith("nothing.json: the plan cannot be read: No such file or directory")


@pytest.mark.parametrize(
    ("options", "reason"),
    (
        (["--plan=p.json"], "--plan needs --original"),
        (["--key=k", "--identity=a", "--issuer=b"], "--key is one signer, --identity another"),
        (["--identity=a"], "--identity and --issuer belong together"),
        (["--max-effort=often"], "--max-effort: 'often' is neither of quick, standard, thorough"),
    ),
)
def test_options_that_contradict_each_other_are_refused(
    published: Path, capsys: pytest.CaptureFixture[str], options: list[str], reason: str
) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["verify", str(published), *options])
    assert refused.value.code == 2
    assert reason in capsys.readouterr().err


def test_a_signature_is_asked_for_where_a_signer_is_named(
    published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("model_signing")
    code, line = verified(capsys, published, "--key", "key.pem")
    assert code == 1
    assert line.endswith("net.sig: there is no signature")
    published.with_suffix(".sig").write_text("{}")
    code, line = verified(capsys, published, "--key", "key.pem")
    assert code == 1
    assert "net.sig does not hold: " in line
    assert main(["verify", str(published)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[1] == "net.sig: not checked, give --key, or --identity and --issuer, to see by whom"
    with published.with_suffix(".sig").open("wb") as file:
        file.truncate(1 << 30)
    code, line = verified(capsys, published, "--key", "key.pem")
    assert line.endswith("net.sig: is larger than any signature")


@pytest.mark.parametrize("name", ("", "/", "..", "."))
def test_a_path_without_a_name_is_no_file(capsys: pytest.CaptureFixture[str], name: str) -> None:
    code, line = verified(capsys, name)
    assert code == 1
    assert "error: " in line


def test_a_changed_manifest_is_refused_in_one_line_or_tells_the_same(
    published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    original, path = published.parents[1] / "original.keras", published.with_suffix(".json")
    content, draw, refused = path.read_bytes(), np.random.default_rng(0), 0
    for _ in range(80):
        path.write_bytes(mutants.json_text(content, draw))
        code = main(["verify", str(published), "--original", str(original)])
        told = capsys.readouterr().err
        assert (code, told.count("\n")) in {(0, 0), (1, 1)}
        assert told.rstrip("\n").isprintable()
        refused += code
    assert refused > 20
    path.write_bytes(content)
    assert main(["verify", str(published)]) == 0
