"""Work to be killed: every kind of writing, in forks of one process that has imported all of it.

`python -m support.killed_work FOLDER` reads lines of a kind, a number and seconds. It does that
work in a fork, which it kills after these seconds, and answers "killed", or "done" if it was over.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_paoding.config.documents.read_documents import read_baseline
from pytest_paoding.config.gate_settings import resolve
from pytest_paoding.gate.artifacts import publish, sweep
from pytest_paoding.gate.files.whole_files import write_whole
from pytest_paoding.gate.keeping.entries import Seal, read_entry
from pytest_paoding.gate.keeping.store import Store
from pytest_paoding.gate.stages import Gate, GateOutcome, GateSpec
from pytest_paoding.gate.workbench import Workbench
from pytest_paoding.records.baseline import updated
from pytest_paoding.records.budgets import Limit
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.metrics import BUDGETS
from pytest_paoding.records.results import Setting
from pytest_paoding.records.text.jsonable import to_json
from support.fake_engine import FakeEngine, FakeModel

if TYPE_CHECKING:
    from collections.abc import Callable

_PAUSE = 0.001
"""Seconds between two blocks of a model file, so that it takes a while."""
_LOOK = 0.002
"""Seconds between two looks whether the work is done."""
_LONG = ["gate"] * 20_000
"""Fills a report, so that writing it takes a while."""


def _gate(folder: Path, number: int, artifacts: Path | None, store: Store | None) -> GateOutcome:
    limits = (Limit(BUDGETS["max_size"], 10**6),)
    settings = dataclasses.replace(resolve({"ratio": Setting(0.5, "call")}), limits=limits)
    model = FakeModel({"dense": 40}, {"number": number})
    bench = Workbench(
        engine=FakeEngine(pause=_PAUSE),
        load_model=lambda: model,
        load_data=lambda: None,
        identify=lambda: f"model {number}",
        store=store,
    )
    spec = GateSpec(name="net", settings=settings, root=folder)
    return Gate(spec=spec, bench=bench, artifacts=artifacts, owner=os.getpid()).run()


def _publish(folder: Path, number: int) -> None:
    sweep(folder, owner=os.getpid())
    done = _gate(folder, number, folder, None)
    assert done.staged is not None
    publish(done.staged)


def _keep(folder: Path, number: int) -> None:
    store = Store(folder / "store")
    store.sweep()
    _gate(folder, number, None, store)


def _accept(folder: Path, number: int) -> None:
    path = folder / "baseline.json"
    result = dataclasses.replace(RESULT, metrics={"size": Measurement(found=number)})
    present = read_baseline(path, label="baseline.json")
    found = updated(present, [result], everything=True, unfit={})
    write_whole(path, found.baseline.to_text())


def _report(folder: Path, number: int) -> None:
    write_whole(folder / "report.json", to_json({"number": number, "gates": _LONG}))


KINDS: dict[str, Callable[[Path, int], None]] = {
    "publish": _publish,
    "keep": _keep,
    "accept": _accept,
    "report": _report,
}
RESULT = _gate(Path(), 0, None, None).result


def newest(folder: Path, kind: str) -> int:
    """Return the number of the newest result there is; whatever is there must be whole."""
    if kind == "keep":
        return _kept(folder / "store")
    if kind == "publish":
        text = (folder / "net.keras").read_text()
        one, end = json.JSONDecoder().raw_decode(text)
        assert text == text[:end] * 21  # as the fake engine writes it
        return int(one["facts"]["number"])
    if kind == "accept":
        entries = read_baseline(folder / "baseline.json", label="baseline.json").entries
        return int(entries["net"].metrics["size"])
    document = json.loads((folder / "report.json").read_text())
    assert document["gates"] == _LONG
    return int(document["number"])


def _kept(store: Path) -> int:
    """Return the number of entries; each must be one."""
    kept = [path for path in store.iterdir() if path.suffix != ".lock" and path.name[0] != "."]
    for entry in kept:
        copied = {name.name: Path(os.devnull) for name in entry.iterdir() if name.suffix != ".json"}
        assert read_entry(entry, entry.name, files=copied, seal=Seal())
    return len(kept)


def main(folder: Path) -> None:
    """Do work in forks, as told line by line."""
    _say("ready")
    for line in sys.stdin:
        kind, number, seconds = line.split()
        child = os.fork()
        if child == 0:
            KINDS[kind](folder, int(number))
            os._exit(0)
        status = _status_after(child, float(seconds))
        assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
        _say("killed" if os.WIFSIGNALED(status) else "done")


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def _status_after(child: int, seconds: float) -> int:
    """Return the exit status of a process, which is killed if it is not over by then."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        over, status = os.waitpid(child, os.WNOHANG)
        if over:
            return status
        time.sleep(min(left, _LOOK))
    os.kill(child, signal.SIGKILL)  # if it is over it waits to be asked for its status
    return os.waitpid(child, 0)[1]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
