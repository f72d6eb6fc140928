"""Whether what is computed goes on the tape, and for which part of a model."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import ParamSpec, TypeVar

import numpy as np

from .errors import DataDependentError

__all__ = [
    "debug",
    "is_own",
    "mode",
    "no_grad",
    "recording",
    "refuse_while_tracing",
    "scope",
    "tracing",
    "users_line",
]


P = ParamSpec("P")
R = TypeVar("R")


class _Mode(threading.local):
    """Of the current thread."""

    recording = True
    scope = ""
    debug = False
    tracing = False


mode = _Mode()
_OWN = tuple(os.path.dirname(path) + os.sep for path in (__file__, np.__file__))


class recording:  # noqa: N801
    """Switch recording on or off, as a context manager or a decorator."""

    def __init__(self, on: bool) -> None:
        self.on = on
        self.before: list[bool] = []  # one for each time that this is entered

    def __enter__(self) -> None:
        self.before.append(mode.recording)
        mode.recording = self.on

    def __exit__(self, *_: object) -> None:
        mode.recording = self.before.pop()

    def __call__(self, f: Callable[P, R]) -> Callable[P, R]:
        """Decorate a function."""

        @functools.wraps(f)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
            with recording(self.on):
                return f(*args, **kwargs)

        return wrapped


def no_grad() -> recording:
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


@contextlib.contextmanager
def debug() -> Iterator[None]:
    """Remember the line that recorded each op, for errors of the backward sweep and for readers.

    Costs about a microsecond for each op.
    """
    before = mode.debug
    mode.debug = True
    try:
        yield
    finally:
        mode.debug = before


@contextlib.contextmanager
def tracing() -> Iterator[None]:
    """Refuse to read numbers off Tensors: what is recorded shall be right for other data too."""
    before = mode.tracing
    mode.tracing = True
    try:
        yield
    finally:
        mode.tracing = before


def refuse_while_tracing(what: str) -> None:
    """Raise a DataDependentError that names the user's line, while a program is derived."""
    if mode.tracing:
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
    """The path of a part of a model, with what kind of part it is and the one around it."""

    kind: str
    outer: str


@contextlib.contextmanager
def scope(name: str, kind: str = "") -> Iterator[None]:
    """Mark what is recorded inside as belonging to the part `name` of a model.

    Parameters
    ----------
    name : str
    kind : str
        What a picture says of the part, beside its name.
    """
    before = mode.scope
    mode.scope = inside = Scope(f"{before}.{name}" if before else name)
    inside.kind, inside.outer = kind, before
    try:
        yield
    finally:
        mode.scope = before
