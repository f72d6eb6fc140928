"""Whether what is computed goes on the tape, and for which part of a model.

The mode is that of the current context: each thread and each asyncio task has its own.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable
from contextvars import ContextVar
from types import FrameType
from typing import ParamSpec, TypeVar

import numpy as np

from .errors import DataDependentError

__all__ = [
    "debug",
    "is_own",
    "mode",
    "no_grad",
    "recorded",
    "recording",
    "refuse_while_tracing",
    "scope",
    "tracing",
    "users_line",
]


_RUN_LATER = (
    inspect.isgeneratorfunction,
    inspect.iscoroutinefunction,
    inspect.isasyncgenfunction,
)
P = ParamSpec("P")
R = TypeVar("R")


class Mode:
    """What holds for the code that is being run; never changed, but replaced by another."""

    __slots__ = ("debug", "recording", "scope", "tracing")

    def __init__(self, recording: bool, scope: str, debug: bool, tracing: bool) -> None:
        self.recording = recording
        self.scope = scope
        self.debug = debug
        self.tracing = tracing


_AT_FIRST = Mode(recording=True, scope="", debug=False, tracing=False)
_mode = ContextVar("mode", default=_AT_FIRST)
mode = _mode.get
_OWN = tuple(os.path.dirname(path) + os.sep for path in (__file__, np.__file__))


class Changed:
    """Give one part of the mode another value, as a context manager or a decorator."""

    def __init__(self, part: str, value: object) -> None:
        self.part = part
        self.value = value
        self.before: list[object] = []  # one for each time that this is entered

    def __enter__(self) -> None:
        self.before.append(self._put(self.value))

    def __exit__(self, *_: object) -> None:
        self._put(self.before.pop())

    def _put(self, value: object) -> object:
        now = mode()
        before: object = getattr(now, self.part)
        if before is not value:
            new = Mode(now.recording, now.scope, now.debug, now.tracing)
            setattr(new, self.part, value)
            _mode.set(new)
        return before

    def __call__(self, f: Callable[P, R]) -> Callable[P, R]:
        """Decorate a function that has ended when it returns.

        Raises
        ------
        TypeError
            For a generator or a coroutine, the body of which is run later.
        """
        if any(is_kind(f) for is_kind in _RUN_LATER):
            raise TypeError(
                f"{f.__name__} is run after it was called, and a decorator for the mode would not "
                "reach its body; write a `with` block inside of it"
            )

        @functools.wraps(f)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
            with Changed(self.part, self.value):
                return f(*args, **kwargs)

        return wrapped


def recording(on: bool) -> Changed:
    """Switch recording on or off."""
    return Changed("recording", on)


def recorded(f: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call `f` with recording on."""
    if mode().recording:
        return f(*args, **kwargs)
    with recording(True):
        return f(*args, **kwargs)


def no_grad() -> Changed:
    """Compute without recording, as a context manager or a decorator.

    Examples
    --------
    >>> from autograd_lite import Tensor
    >>> w = Tensor([1.0, 2.0], requires_grad=True)
    >>> with no_grad():
    ...     print((w * 2).requires_grad)
    False
    """
    refuse_while_tracing("what is computed without recording (ag.no_grad; use ag.stop_gradient)")
    return recording(False)


def debug() -> Changed:
    """Remember the line that recorded each op, for errors of the backward sweep and for readers.

    Costs about a microsecond for each op.
    """
    return Changed("debug", True)


def tracing() -> Changed:
    """Refuse to read numbers off Tensors: what is recorded shall be right for other data too."""
    return Changed("tracing", True)


def refuse_while_tracing(what: str) -> None:
    """Raise a DataDependentError that names the user's line, while a program is derived."""
    if mode().tracing:
        raise DataDependentError(
            f"{users_line()}: {what} was asked for while a program is derived, which "
            "would keep what the example gave; write np.where(condition, a, b) for a branch, a "
            "loop of fixed length, or pass the value in as a Python number, a static argument"
        )


def users_line() -> str:
    """Name the line outside of this package and of NumPy that is being run."""
    frame = sys._getframe(1)
    while frame.f_back and is_own(frame):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def is_own(frame: FrameType) -> bool:
    """Whether a frame runs code of this package or of NumPy."""
    return frame.f_code.co_filename.startswith(_OWN)


class Scope(str):
    """The path of a part of a model, with its kind, the path around it, and whose it is."""

    kind: str
    outer: str
    owner: object


def scope(name: str, kind: str = "", owner: object = None) -> Changed:
    """Mark what is recorded inside as belonging to the part `name` of a model.

    Parameters
    ----------
    name : str
    kind : str
        What a picture says of the part, beside its name.
    owner : object
        The part itself, for the names of the parts inside of it.
    """
    outer = mode().scope
    inside = Scope(f"{outer}.{name}" if outer else name)
    inside.kind, inside.outer, inside.owner = kind, outer, owner
    return Changed("scope", inside)
