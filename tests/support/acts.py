"""Code of a project that does to the child process of a gate what code may do."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from pytest_paoding.isolation.allowance import Allowance
from pytest_paoding.isolation.child_process import ChildProcess
from pytest_paoding.isolation.gate_in_child import GateInChild
from support.fake_engine import FakeEngine

ACTS = """
import os, shutil, signal, subprocess, sys, time

def data():
    return [[0.0, 1.0]], [1]

def write():
    print("to standard output")
    print("to standard error", file=sys.stderr)
    os.write(1, b"past Python\\n")
    return data()

def surroundings():
    return os.getcwd(), dict(os.environ), list(sys.path)

def wait():
    file = os.environ.get("CHILD_FILE")
    if file:
        sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        with open(file + ".part", "w") as told:
            told.write(f"{os.getpid()} {sleeper.pid}")
        os.replace(file + ".part", file)
    time.sleep(600)

def say_and_wait():
    print("before", flush=True)
    wait()

def clear_away():
    print("before", flush=True)
    shutil.rmtree(os.environ["CHILD_FOLDER"])
    os._exit(3)

def grow():
    held = []
    while True:
        held.append(bytearray(os.urandom(1 << 20) * 16))
        time.sleep(0.01)

def defect():
    import json
    json.loads("{")

def leave():
    os._exit(3)

def broken_pipe():
    raise BrokenPipeError

def die(name):
    os.kill(os.getpid(), getattr(signal, name))
    time.sleep(600)

def sigsegv():
    die("SIGSEGV")

def sigkill():
    die("SIGKILL")

def sigabrt():
    die("SIGABRT")

def overflow():
    import ctypes
    ctypes.string_at(0)
"""


class Acts:
    """Asks a child process for what the functions above do."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.child = ChildProcess()

    def gate(self, **allowed: Any) -> GateInChild:
        folder = Path(tempfile.mkdtemp(dir=self.child.folder))
        return GateInChild(FakeEngine(), self.child, folder, Allowance(**allowed))

    def act(self, name: str, gate: GateInChild | None = None) -> Any:
        given = {"root": self.root, "reference": f"acts:{name}", "key": "data"}
        return (gate or self.gate()).ask("call", **given)
