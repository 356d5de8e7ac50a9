"""The child process: does what it is asked for, one thing after the other, until nobody asks.

Requests and answers are lines of JSON on what were its standard input and output. What code writes
to standard output and error goes into a file, from which the other side shows it.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import queue
import shutil
import signal
import sys
import threading
import time
import traceback
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_paoding import errors
from pytest_paoding.config.references import References
from pytest_paoding.errors import RAISED, PaodingError
from pytest_paoding.isolation.crossing import Crossing, Handle
from pytest_paoding.isolation.origins import Origin
from pytest_paoding.records.measurement import Evaluation, Measurement
from pytest_paoding.records.text.jsonable import plain_measurement

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import BinaryIO

    from pytest_paoding.records.plan import Plan
    from pytest_paoding.records.portable_engine import PortableEngine
    from pytest_paoding.records.protocol import PrunedModel

_PAUSE = 1.0
"""Seconds between two looks at who the parent is."""
_SIMPLE = (
    "digest",
    "fingerprint",
    "identify",
    "export",
    "layer_flops",
    "save",
    "versions",
)
"""Methods of an engine that return plain values."""


def main(parent: str, folder: str) -> None:
    """Answer requests until there are no more.

    Args:
        parent: Number of the process that asks.
        folder: Where both exchange files; removed once that process is gone.
    """
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    faulthandler.enable()
    post, exchange = Post(requests, answers), Path(folder)
    for watch, given in ((_look_out, int(parent)), (_listen, post)):
        threading.Thread(target=watch, args=(given, exchange), daemon=True).start()
    workshop = Workshop(post, exchange)
    for request in iter(post.waiting.get, None):
        post.send(workshop.answer(request))


def _listen(post: Post, folder: Path) -> None:
    """Take in requests, and end the process with the one that asks."""
    for line in post.requests:
        post.waiting.put(json.loads(line))
    _end(folder)


def _look_out(parent: int, folder: Path) -> None:
    """End with the parent, even where others have inherited its end of the line."""
    while os.getppid() == parent:
        time.sleep(_PAUSE)
    _end(folder)


def _end(folder: Path) -> None:
    """End at once, in the middle of whatever is done, and leave nothing behind."""
    shutil.rmtree(folder, ignore_errors=True)
    if os.name != "nt":  # with all that code of the project has started
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(0)


@dataclass(frozen=True, slots=True)
class Post:
    """The line to the process that asks.

    Attributes:
        requests: Where it writes.
        answers: Where it reads.
        waiting: Requests that have come in.
    """

    requests: BinaryIO
    answers: BinaryIO
    waiting: queue.SimpleQueue[Any] = field(default_factory=queue.SimpleQueue, init=False)

    def send(self, message: Mapping[str, Any]) -> None:
        """Write a message; what code has written before is in its file then."""
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        self.answers.write(json.dumps(message).encode() + b"\n")
        self.answers.flush()


class Workshop:
    """Does what is asked for, and keeps what does not cross.

    Attributes:
        post: Where progress is told.
        crossing: Takes values apart and puts them together.
        kept: What it keeps, by number.
        engine: Does the work; None before the first gate.
    """

    def __init__(self, post: Post, folder: Path) -> None:
        self.post = post
        self.kept: dict[int, Any] = {}
        self.crossing = Crossing(folder, self.kept)
        self.engine: Any = None
        self._numbers = count()

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out a request and return the message with what came of it."""
        try:
            given = self.crossing.value(request["arguments"])
            found = self._call(request["call"], given)
            return {"value": self.crossing.plain(found)}
        except PaodingError as error:
            known = (each.__name__ for each in type(error).__mro__ if each.__name__ in vars(errors))
            return {"refused": [next(known), Exception.__str__(error)]}
        except OSError as error:
            return {"system": [error.errno, error.strerror or str(error)]}
        except RAISED as error:  # of whatever code: the other side raises it
            text = f"{type(error).__name__}: {error}"
            return {"defect": [text, traceback.format_exc()]}

    def _call(self, name: str, given: dict[str, Any]) -> Any:
        for number in given.pop("forget"):
            del self.kept[number]
        if given.pop("progress", False):
            given["progress"] = self._progress
        if name in _SIMPLE:
            return getattr(self.engine, name)(**given)
        own: Callable[..., Any] = getattr(self, f"do_{name}")
        return own(**given)

    def _progress(self, what: str, done: int, total: int) -> None:
        self.post.send({"progress": [what, int(done), int(total)]})

    def _keep(self, value: Any) -> Handle:
        number = next(self._numbers)
        self.kept[number] = value
        return Handle(number)

    def do_begin(
        self,
        surroundings: Mapping[str, Any],
        engine: type[PortableEngine],
        modules: list[tuple[str, str, str | None]],
    ) -> None:
        """Begin a gate in the surroundings of the process that asks."""
        self.crossing = Crossing(surroundings["folder"], self.kept)
        sys.path[:] = surroundings["path"]
        os.chdir(surroundings["cwd"])
        os.environ.clear()
        os.environ.update(surroundings["environment"])
        if self.engine is None:
            self.engine = engine()
        self.engine.settle(first=surroundings["first"])
        for module in modules:
            Origin(*module).module_here()

    def do_end(self) -> None:
        """Forget what the gate has kept."""
        self.kept.clear()
        gc.collect()

    def do_call(self, root: Path, reference: str, key: str) -> Handle:
        """Keep what a callable of the project returns."""
        return self._keep(References(root).call(reference, key=key))

    def do_target(self, root: Path, reference: str, key: str) -> Handle:
        """Keep what a reference of the project refers to."""
        return self._keep(References(root).target(reference, key=key))

    def do_keep(self, data: Any) -> Handle:
        """Keep data that the other side has handed over."""
        return self._keep(data)

    def do_take_over(self, path: Path, objects: Mapping[str, Any]) -> Handle:
        """Keep a model that the other side has handed over."""
        return self._keep(self.engine.take_over(path, objects))

    def do_load_model(self, path: Path) -> Handle:
        """Keep the model in a file."""
        return self._keep(self.engine.load_model(path))

    def do_read_back(self, model: Any, path: Path) -> Handle:
        """Keep the model in the file that another was saved in."""
        return self._keep(self.engine.read_back(model, path))

    def do_opened(self, model: Any, data: Any, **about: Any) -> dict[str, Any]:
        """Keep a model whose graph can be read."""
        opened = self.engine.opened(model, data=lambda: data, **about)
        return {"model": self._keep(opened.model), "notes": opened.notes}

    def do_prune(self, model: Any, **settings: Any) -> dict[str, Any]:
        """Keep a smaller model."""
        return self._pruned(self.engine.prune(model, **settings))

    def do_apply(self, model: Any, plan: Plan) -> dict[str, Any]:
        """Keep a model with what a plan leaves of another."""
        return self._pruned(self.engine.apply(model, plan))

    def _pruned(self, pruned: PrunedModel) -> dict[str, Any]:
        return {
            "whole": self._keep(pruned),
            "model": self._keep(pruned.model),
            "plan": pruned.plan,
            "notes": pruned.notes,
            "ratio": pruned.ratio,
        }

    def do_look_early(self, path: Path, data: Any) -> Handle:
        """Keep data after a look at them without the model."""
        return self._keep(self.engine.look_early(path, data))

    def do_examine(self, model: Any, data: Any, **about: Any) -> dict[str, Any]:
        """Keep data after a first look at them."""
        examined = self.engine.examine(model, data, **about)
        return {"data": self._keep(examined.data), "shapes": dict(examined.shapes)}

    def do_evaluate(self, **settings: Any) -> dict[str, Any]:
        """Return the metrics, and what they hide, in the form that documents have."""
        found = Evaluation.of(self.engine.evaluate(**settings))
        plain = {name: plain_measurement(each) for name, each in found.items()}
        return Evaluation(plain, found.breakdown).to_dict()

    def do_output_shift(self, **given: Any) -> Measurement:
        """Return a bound, in Python's own numbers."""
        return plain_measurement(self.engine.output_shift(**given))
