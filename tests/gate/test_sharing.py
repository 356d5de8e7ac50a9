"""Entries of the store: whole or not there, and made by one process at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from pytest_paoding.gate.store import Store, key_of

if TYPE_CHECKING:
    from pathlib import Path

KEY = key_of("thing", number=1)
CONTENT = {"a": 1.5, "b": [None, "text"]}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "net.keras"
    path.write_bytes(b"weights")
    return path


def test_what_is_kept_is_found_again_with_its_file(store: Store, model: Path) -> None:
    assert store.load(KEY) is None
    store.save(KEY, CONTENT, files={"model": model})
    target = model.with_name("copy.keras")
    assert store.load(KEY, files={"model": target}) == CONTENT
    assert target.read_bytes() == b"weights"
    assert store.load(key_of("thing", number=2)) is None


@pytest.mark.parametrize(
    "damage",
    (
        lambda folder: (folder / "model").write_bytes(b"other"),
        lambda folder: (folder / "model").unlink(),
        lambda folder: (folder / "record.json").write_text("{"),
        lambda folder: (folder / "record.json").write_text("[]"),
        lambda folder: (folder / "record.json").write_text(
            (folder / "record.json").read_text().replace("1.5", "2.5")
        ),
        lambda folder: (folder / "record.json").write_text(
            (folder / "record.json").read_text().replace(KEY, "thing-0")
        ),
    ),
    ids=["other file", "no file", "no json", "other json", "other value", "other key"],
)
def test_what_does_not_match_its_digests_is_no_entry(
    store: Store, model: Path, damage: object
) -> None:
    store.save(KEY, CONTENT, files={"model": model})
    damage(store.folder / KEY)  # type: ignore[operator]
    assert store.load(KEY, files={"model": model.with_name("copy.keras")}) is None
    assert not (store.folder / KEY).exists()
    store.save(KEY, CONTENT, files={"model": model})
    assert store.load(KEY, files={"model": model.with_name("copy.keras")}) == CONTENT


def test_a_second_save_and_one_that_fails_change_nothing(store: Store, model: Path) -> None:
    store.save(KEY, CONTENT, files={"model": model})
    store.save(KEY, {"a": 2}, files={"model": model})
    assert store.load(KEY) == CONTENT
    store.save("other", CONTENT, files={"model": model.with_name("absent")})
    assert [path.name for path in store.folder.iterdir()] == [KEY]


def test_a_store_that_cannot_be_used_costs_nothing_but_its_use(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file" / "store")
    with store.making(KEY):
        store.save(KEY, CONTENT)
        assert store.load(KEY) is None


@pytest.mark.parametrize("change", ("model", "settings", "versions"))
def test_whatever_goes_into_the_work_is_in_its_key(change: str) -> None:
    parts = {"model": "a", "settings": {"ratio": 0.5}, "versions": {"keras": "3.0"}}
    assert key_of("cut", **parts) == key_of("cut", **dict(reversed(parts.items())))
    assert key_of("cut", **{**parts, change: "other"}) != key_of("cut", **parts)
    assert key_of("cut", **parts) != key_of("measured", **parts)


HOLDER = f"""
import sys, time
from pathlib import Path
from pytest_paoding.gate.store import Store
with Store(Path(sys.argv[1])).making({KEY!r}):
    print("held", flush=True)
    time.sleep(60)
"""


def hold(store: Store) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(store.folder)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_lock_of_a_killed_process_is_taken_over(store: Store) -> None:
    """Pitfall 3: a stale lock after a crash."""
    process = hold(store)
    try:
        with store.making(key_of("thing", number=2)):
            pass  # another key is free
        waiter = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(store.folder)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        time.sleep(0.5)
        assert waiter.poll() is None
        process.kill()
        process.wait()
        assert waiter.stdout is not None
        assert waiter.stdout.readline() == "held\n"
    finally:
        for each in (process, waiter):
            each.kill()
            each.communicate()
    started = time.monotonic()
    with store.making(KEY):
        assert time.monotonic() - started < 5


def test_what_nobody_has_used_for_a_month_is_removed(store: Store, model: Path) -> None:
    for key in ("old", "used", "fresh"):
        store.save(key, CONTENT, files={"model": model})
        (store.folder / f"{key}.lock").touch()
    long_ago = time.time() - 40 * 24 * 3600
    for name in ("old", "old.lock", "used"):
        os.utime(store.folder / name, (long_ago, long_ago))
    # An entry that is loaded has been used.
    record = json.loads((store.folder / "used" / "record.json").read_text())
    assert record["key"] == "used"
    assert store.load("used") == CONTENT
    store.sweep()
    assert sorted(path.name for path in store.folder.iterdir()) == [
        "fresh",
        "fresh.lock",
        "used",
        "used.lock",
    ]
