"""Entries of the store: whole or not there, and made by one process at a time."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import pytest_paoding
from pytest_paoding.gate.keeping.code_digest import code_digest
from pytest_paoding.gate.keeping.locking import Patience
from pytest_paoding.gate.keeping.store import Store, key_of

if TYPE_CHECKING:
    from typing import Any

KEY = key_of("thing", number=1)
CONTENT = {"a": 1.5, "b": [None, "text"]}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def load(store: Store, key: str = KEY, **files: Path) -> Any:
    return store.load(key, read=dict, files=files)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "net.keras"
    path.write_bytes(b"weights")
    return path


def test_what_is_kept_is_found_again_with_its_file(store: Store, model: Path) -> None:
    assert load(store) is None
    store.save(KEY, CONTENT, files={"model": model})
    target = model.with_name("copy.keras")
    assert load(store, model=target) == CONTENT
    assert target.read_bytes() == b"weights"
    assert load(store, key_of("thing", number=2)) is None


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
    assert load(store, model=model.with_name("copy.keras")) is None
    assert not (store.folder / KEY).exists()
    store.save(KEY, CONTENT, files={"model": model})
    assert load(store, model=model.with_name("copy.keras")) == CONTENT


def test_a_second_save_and_one_that_fails_change_nothing(store: Store, model: Path) -> None:
    store.save(KEY, CONTENT, files={"model": model})
    store.save(KEY, {"a": 2}, files={"model": model})
    assert load(store) == CONTENT
    store.save("other", CONTENT, files={"model": model.with_name("absent")})
    assert [path.name for path in store.folder.iterdir()] == [KEY]


def test_a_store_that_cannot_be_used_costs_nothing_but_its_use(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file" / "store")
    with store.making(KEY):
        store.save(KEY, CONTENT)
        assert load(store) is None


@pytest.mark.parametrize("change", ("model", "settings", "versions"))
def test_whatever_goes_into_the_work_is_in_its_key(change: str) -> None:
    parts = {"model": "a", "settings": {"ratio": 0.5}, "versions": {"keras": "3.0"}}
    assert key_of("cut", **parts) == key_of("cut", **dict(reversed(parts.items())))
    assert key_of("cut", **{**parts, change: "other"}) != key_of("cut", **parts)
    assert key_of("cut", **parts) != key_of("measured", **parts)


HOLDER = f"""
import sys, time
from pathlib import Path
from pytest_paoding.gate.keeping.locking import Patience
from pytest_paoding.gate.keeping.store import Store
with Store(Path(sys.argv[1])).making({KEY!r}):
    print("held", flush=True)
    time.sleep(60)
"""


BEATING = "from pytest_paoding.gate.keeping import locking; locking._BEAT = 0.05"


def hold(store: Store, code: str = HOLDER) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(store.folder)],
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


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGSTOP")
@pytest.mark.parametrize("patience", (Patience(silence=0.3), Patience(longest=0.3)))
def test_nobody_waits_for_ever_for_a_process_that_hangs(store: Store, patience: Patience) -> None:
    reasons: list[str] = []
    waited: list[None] = []
    waiting = replace(
        store, patience=patience, waiting=lambda: waited.append(None), tell=reasons.append
    )
    process = hold(store)
    try:
        process.send_signal(signal.SIGSTOP)
        made = waiting.once(KEY, lambda: "made", plain=lambda _: CONTENT, read=repr)
        assert made == "made"
        assert waited
        assert len(reasons) == 1
        assert "0.3 s" in reasons[0]
        assert load(store) == CONTENT  # what was made meanwhile is kept all the same
    finally:
        process.kill()
        process.communicate()


def test_two_versions_of_the_code_share_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two checkouts may call themselves the same version."""
    before = key_of("thing", number=1)
    monkeypatch.setattr("pytest_paoding.gate.keeping.store.code_digest", lambda: "other")
    assert key_of("thing", number=1) != before


def test_the_digest_of_the_code_covers_every_module(tmp_path: Path) -> None:
    copy = tmp_path / "pytest_paoding"
    ignored = shutil.ignore_patterns("__pycache__", "docs")
    shutil.copytree(Path(pytest_paoding.__file__).parent, copy, ignore=ignored)
    same = digest_of_package(copy)
    assert same == code_digest()
    with (copy / "engine" / "damage.py").open("a") as file:
        file.write("\n")
    assert digest_of_package(copy) != same


def digest_of_package(folder: Path) -> str:
    code = "from pytest_paoding.gate.keeping import code_digest as c; print(c.code_digest())"
    environment = {**os.environ, "PYTHONPATH": str(folder.parent)}
    command = [sys.executable, "-c", code]
    ran = subprocess.run(
        command, cwd=folder.parent, capture_output=True, text=True, check=True, env=environment
    )
    return ran.stdout.strip()


def test_a_process_that_is_at_work_is_waited_for(store: Store) -> None:
    """A thread gives signs of life, so that a long pruning is not taken for a hung one."""
    code = HOLDER.replace("import sys, time", f"import sys, time\n{BEATING}").replace("60", "2")
    process = hold(store, code)
    try:
        reasons: list[str] = []
        waiting = replace(store, patience=Patience(silence=0.8), tell=reasons.append)
        with waiting.making(KEY):
            assert not reasons
    finally:
        process.kill()
        process.communicate()


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
    assert load(store, "used") == CONTENT
    store.sweep()
    assert sorted(path.name for path in store.folder.iterdir()) == [
        "fresh",
        "fresh.lock",
        "used",
        "used.lock",
    ]
