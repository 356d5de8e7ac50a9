"""What can go wrong by the user's input; each carries one line that says what to do."""

from __future__ import annotations

import errno
import os
import re

from pytest_paoding.records.text.escapes import printable

_LINE = 300
_ROOM = dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "make room there, or ")
_REMEDIES = {
    **_ROOM,
    errno.EFBIG: "allow larger files, or ",
    errno.ENXIO: "let somebody read it, or ",
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "allow it, or "),
}
_HEADLINE = re.compile(
    r"Exception encountered when calling|\d+ root error|A total of \d+ objects could not be loaded"
)
_UNLOADED = re.compile(r"A total of \d+ objects could not be loaded.* object <\w+ name=([^,>]+)")
_LISTED = "List of objects that could not be loaded:"
_UNFIT = re.compile(
    r".*variable\.shape=(\(.*?\)), Received: value\.shape=(\(.*?\))\. Target variable: "
    r"<(?:Keras)?Variable .*?path=([^,>]+)[,>].*"
)
_TRACED = "Graph execution error:"
_DECORATION = re.compile(
    r"\x1b\[\d*m|\{\{function_node [^}]*\}\}|\[Op:\w*\]( name: .*)?|"
    r"(?<= object) at 0x[0-9a-f]+(?=>)"
)


RAISED = (Exception, SystemExit)
"""What code of the project raises, for whoever runs it: what would end a process, as scripts and
argparse do by `sys.exit`, ends nothing but what it was run for. Ctrl-C is none of it, nor is what
skips or fails a test of pytest."""


class PaodingError(Exception):
    """Base of all errors of this package; `str()` is one line that names the cause and the remedy.

    A gate that meets one is UNJUDGED with that line as its reason. Anything else that is raised
    is a defect of this package or of the code it was given, and keeps its traceback. Names in the
    line are printable, whatever the file holds that they are from.
    """

    def __str__(self) -> str:
        return printable(super().__str__())


class ModelFileError(PaodingError):
    """A model file is missing, broken, unsafe, absurdly large or not one of Keras 3."""


class PruningError(PaodingError):
    """A model cannot be pruned as asked: bad arguments, or nothing in it may shrink."""


class RuleError(PruningError, ValueError):
    """A pruning rule says what cannot be: it is wrong, or its layer cannot be run at all."""


class SurgeryError(PaodingError):
    """A layer cannot be rebuilt or a plan does not fit the model it is applied to."""


class ExecutionError(PaodingError):
    """A layer refuses the inputs that it is run on, or gives what no strategy can learn from."""


class DataError(PaodingError):
    """The data for judging is empty, malformed, not finite, or does not fit the model."""


class EvaluationError(PaodingError):
    """A model's outputs cannot be judged: not finite, or not those of a classifier."""


class ExportError(PaodingError):
    """A model cannot be written in a format: a package is missing, or an operation has no match."""


class ConfigError(PaodingError):
    """Settings are unknown, ill-typed, ambiguous or missing; one line for every fault."""

    def __str__(self) -> str:
        return printable(Exception.__str__(self), keep="\n")


class ArtifactError(PaodingError):
    """A file cannot be staged or published: the folder is read-only, full, or no folder."""


class LimitError(PaodingError):
    """A gate has taken more time or memory than it is allowed."""


class ChildError(Exception):
    """The child process that a gate runs in ended on its own, or its code raised; one line."""


def cause_of(error: BaseException) -> str:
    """Return the telling line of the innermost error.

    Keras wraps it in whole configurations, in a headline that names a class only, and in colours;
    TensorFlow puts the device before it and the operation behind, and before all of it, where a
    function was traced from files that are not its own, every line that made the operation. An
    attribute that was looked for in vain before it, as TensorFlow does of variables, is no cause.
    Python names objects by addresses, which differ from run to run. What Keras could not load it
    names in the headline alone.
    """
    while error.__context__ is not None and not _is_probe(error, error.__context__):
        error = error.__context__
    text = str(error)
    if text.startswith(_TRACED):
        text = text.rstrip().rpartition("\n\n")[2]
    unloaded = _UNLOADED.match(text)
    if unloaded:
        text = text.partition(_LISTED)[0]
    lines = [_DECORATION.sub("", line).strip() for line in text.splitlines()]
    telling = (line for line in lines if line and not _HEADLINE.match(line))
    found = _UNFIT.sub(r"weight '\3' has the shape \1, the file stores \2", next(telling, ""))
    if isinstance(error, KeyError) and found == repr(error.args[0] if error.args else ""):
        found = f"there is no {found}"
    if unloaded and repr(unloaded[1]) not in found:
        found = f"layer {unloaded[1]!r}: {found or 'it could not be loaded'}"
    return shortened(found or type(error).__name__)


def _is_probe(error: BaseException, before: BaseException) -> bool:
    """Whether an error is of its own, though one of a missing attribute came before it."""
    return isinstance(before, AttributeError) and str(before) not in str(error)


def cannot_write(
    what: str | os.PathLike[str], error: OSError, *, instead: str = "name another file"
) -> str:
    """Return the line on what cannot be written: its path, why, and what to do.

    >>> cannot_write("a.json", OSError(28, "No space left on device"))
    'cannot write a.json: No space left on device; make room there, or name another file'
    """
    remedy = _REMEDIES.get(error.errno or 0, "")
    return f"cannot write {os.fspath(what)}: {error.strerror or error}; {remedy}{instead}"


def shortened(line: str) -> str:
    """Return a line that fits into a report."""
    return line if len(line) <= _LINE else f"{line[:_LINE]}..."
