"""Whatever is wrong with an entry of the store costs the work that it would have saved, no more."""

from __future__ import annotations

import copy
import errno
import json
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_paoding.gate.artifacts import publish
from pytest_paoding.gate.keeping.entries import Seal, read_entry
from pytest_paoding.gate.keeping.store import Store
from pytest_paoding.records.evidence.breakdown import Breakdown, Confusion, GroupRow, GroupTable
from pytest_paoding.records.measurement import Evaluation
from support.fake_engine import FakeEngine, FakeModel
from support.gates import limit, run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_paoding.gate.stages import GateOutcome

pytestmark = pytest.mark.timeout(60)
FACTS = {
    "accuracy": (0.9, 0.85),
    "slope": 0.15,
    "changed": (80, 10, 5, 5),
    "robust": {"0.1": (0.8, 0.4)},
    "flips": [3, 1],
}
MODEL = FakeModel({"dense": 8, "conv": 4}, FACTS)


class Detailed(FakeEngine):
    """An engine whose evaluations hold everything that one can hold."""

    def evaluate(self, *models: Any, **options: Any) -> Any:
        found = Evaluation.of(super().evaluate(*models, **options))
        table = GroupTable(2, 1, (GroupRow("3", 10, 0.9, 0.8, 0.1), GroupRow("7", 0)))
        confusion = Confusion("out", ((3, 1), (0, 4)), ((2, 2), (1, 3)))
        flips = () if found.breakdown is None else found.breakdown.flips
        hidden = Breakdown(classes=table, confusions=(confusion,), flipped=2, flips=flips)
        return Evaluation(found, hidden)


def gate(
    folder: Path, store: Store, ratio: Any = 0.5, engine: FakeEngine | None = None
) -> tuple[GateOutcome, list[str]]:
    """Run a gate that keeps what it finds; return its outcome, and what was done."""
    engine = Detailed() if engine is None else engine
    done = run(
        folder,
        limit("max_accuracy_decay", 0.1),
        limit("max_size", 10**6),
        model=MODEL,
        engine=engine,
        ratio=ratio,
        store=store,
        identify=lambda: "model",
    )
    return done, [call for call in engine.calls if call in {"prune", "evaluate"}]


def facts(done: GateOutcome) -> dict[str, Any]:
    """Return what a gate found, without how long that took and where it was found."""
    varying = {"duration", "spent", "reused"}
    return {key: value for key, value in done.result.to_dict().items() if key not in varying}


def entry(store: Store, kind: str) -> Path:
    return next(path for path in store.folder.glob(f"{kind}-*") if path.suffix != ".lock")


def spoil_record(text: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / "record.json").write_bytes(text)


def in_place(make: Callable[[Path], object], name: str = "") -> Callable[[Path], None]:
    """Put something in place of an entry, or of a file of it."""

    def spoil(folder: Path) -> None:
        target = folder / name if name else folder
        shutil.rmtree(target) if target.is_dir() else target.unlink()
        make(target)

    return spoil


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


SPOILT = {
    "empty": spoil_record(b""),
    "no text": spoil_record(b"\xff\xfe\x00"),
    "deep": spoil_record(b'{"content": ' + b"[" * 100_000),
    "deep objects": spoil_record(b'{"a":' * 100_000),
    "long number": spoil_record(b'{"key": ' + b"9" * 5000 + b"}"),
    "text": spoil_record(b'"text"'),
    "null": spoil_record(b"null"),
    "no content": spoil_record(b'{"key": 1, "seal": 2, "files": 3}'),
    "a folder as record": in_place(lambda path: path.mkdir(), "record.json"),
    "a huge record": in_place(sparse, "record.json"),
    "a huge file": in_place(sparse, "keras"),
    "a file as entry": in_place(lambda path: path.write_text("")),
    "an empty folder": in_place(lambda path: path.mkdir()),
}
if sys.platform != "win32":
    SPOILT |= {
        "a FIFO as record": in_place(os.mkfifo, "record.json"),
        "a FIFO as file": in_place(os.mkfifo, "keras"),
        "a FIFO as entry": in_place(os.mkfifo),
        "an endless file": in_place(lambda path: path.symlink_to("/dev/zero"), "keras"),
        "an endless record": in_place(lambda path: path.symlink_to("/dev/zero"), "record.json"),
        "a link to itself": in_place(lambda path: path.symlink_to(path)),
    }


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_what_cannot_be_an_entry_is_made_again(tmp_path: Path, spoil: Any) -> None:
    store = Store(tmp_path / "store")
    first, _ = gate(tmp_path, store)
    spoil(entry(store, "cut"))
    second, done = gate(tmp_path, store)
    assert done == ["prune"]
    assert facts(second) == facts(first)
    third, done = gate(tmp_path, store)
    assert done == []
    assert third.result.reused
    assert facts(third) == facts(first)


@pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")
def test_what_lies_elsewhere_is_no_entry_and_stays(tmp_path: Path) -> None:
    store, elsewhere = Store(tmp_path / "store"), tmp_path / "elsewhere"
    gate(tmp_path, store)
    entry(store, "cut").rename(elsewhere)
    (store.folder / read_key(elsewhere)).symlink_to(elsewhere)
    _, done = gate(tmp_path, store)
    assert done == ["prune"]
    assert sorted(path.name for path in elsewhere.iterdir()) == ["keras", "record.json"]


def read_key(folder: Path) -> str:
    key: str = json.loads((folder / "record.json").read_text())["key"]
    return key


def places(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where values are in a plain form, as keys to go down by."""
    if not isinstance(value, (dict, list)):
        return [above]
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    return [above, *(place for key, each in inner for place in places(each, (*above, key)))]


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from((-(10**40), 10**400, 1e308, -1e308, 5e-324, "", "0.5", "text\n::error::x"))
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@pytest.mark.parametrize("kind", ("cut", "evaluated"))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.data())
def test_no_content_crashes_a_gate_however_well_sealed(
    tmp_path_factory: pytest.TempPathFactory, kind: str, drawn: st.DataObject
) -> None:
    """Everybody can seal where there is no secret: another program, or another version."""
    folder = tmp_path_factory.mktemp("gate")
    store = Store(folder / "store")
    gate(folder, store)
    key = entry(store, kind).name
    files = {"keras": folder / "file"} if kind == "cut" else {}
    content = read_entry(store.folder / key, key, files=files, seal=Seal())
    place = drawn.draw(st.sampled_from(places(content)))
    value = drawn.draw(VALUES | st.just("GONE"))
    store.forget(key)
    store.save(key, changed(content, place, value), files=files)
    done, _ = gate(folder, store)
    json.dumps(done.result.to_dict(), allow_nan=False)


def changed(content: Mapping[str, Any], place: tuple[Any, ...], value: Any) -> Any:
    """Return a plain form with another value at a place, or without the one there."""
    if not place:
        return {"content": value}
    found: Any = copy.deepcopy(content)
    inner = found
    for key in place[:-1]:
        inner = inner[key]
    if value == "GONE":
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return found


SPOILT_LOCKS: dict[str, Callable[[Path], object]] = {"a folder": lambda path: path.mkdir()}
if sys.platform != "win32":
    SPOILT_LOCKS |= {
        "a FIFO": os.mkfifo,
        "a link": lambda path: path.symlink_to("/dev/full"),
        "a link to itself": lambda path: path.symlink_to(path),
    }


@pytest.mark.parametrize("spoil", SPOILT_LOCKS.values(), ids=SPOILT_LOCKS)
def test_a_lock_that_is_none_holds_nobody_up(tmp_path: Path, spoil: Any) -> None:
    store = Store(tmp_path / "store")
    first, _ = gate(tmp_path, store)
    for path in [*store.folder.glob("*.lock")]:
        path.unlink()
        spoil(path)
    second, done = gate(tmp_path, store)
    assert done == []
    assert facts(second) == facts(first)


def test_a_full_disk_is_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pytest_paoding.gate.keeping.store.write_entry", full)
    for _ in range(2):
        done, work = gate(tmp_path, Store(tmp_path / "store"))
        assert work == ["prune", "evaluate"]
        told = [note for note in done.result.notes if "No space left on device" in note]
        assert told == [f"nothing is kept in {tmp_path / 'store'}: No space left on device"]


OTHER = FakeModel({"dense": 2, "conv": 1}, {"other": "model"})


def exchange(store: Store, key: str) -> None:
    """Put another valid model into the place of the pruned one, and seal the entry again."""
    file = store.folder.parent / "other"
    content = read_entry(store.folder / key, key, files={"keras": file}, seal=Seal())
    FakeEngine().save(OTHER, file)
    store.forget(key)
    store.save(key, {**content, "after": file.stat().st_size}, files={"keras": file})


@pytest.mark.parametrize("ratio", (0.5, "auto"))
def test_another_model_is_never_published(tmp_path: Path, ratio: Any) -> None:
    """Whoever can write into the cache can exchange the file beside a good verdict."""
    store = Store(tmp_path / "store")
    first, _ = gate(tmp_path, store, ratio)
    for path in [*store.folder.glob("cut-*")]:
        if path.suffix != ".lock":
            exchange(store, path.name)
    second, done = gate(tmp_path, store, ratio)
    assert done
    assert second.staged is not None
    assert second.staged.model.read_bytes() == first.staged.model.read_bytes()
    assert any("another model than its record names" in note for note in second.result.notes)
    assert facts(first)["checks"] == facts(second)["checks"]
    third, done = gate(tmp_path, store, ratio)
    fourth, done = gate(tmp_path, store, ratio)
    assert done == []
    assert facts(third) == facts(fourth) == facts(first)


def test_what_stands_there_already_is_not_opened_again(tmp_path: Path) -> None:
    """So that a run without changes need not start TensorFlow."""
    store = Store(tmp_path / "store")
    first, _ = gate(tmp_path, store)
    assert first.staged is not None
    for opened in (True, False):
        engine = Detailed()
        again, done = gate(tmp_path, store, engine=engine)
        assert done == []
        assert again.staged is not None
        assert ("load_model" in engine.calls) is opened
        publish(again.staged)
