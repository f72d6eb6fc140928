"""Whether what is computed goes on the tape, and for which part of a model."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

__all__ = ["mode", "no_grad", "recording", "scope"]


class _Mode(threading.local):
    """Of the current thread."""

    recording = True
    scope = ""


mode = _Mode()


@contextlib.contextmanager
def recording(on: bool) -> Iterator[None]:
    """Switch recording on or off, as a context manager or a decorator."""
    before = mode.recording
    mode.recording = on
    try:
        yield
    finally:
        mode.recording = before


def no_grad() -> contextlib._GeneratorContextManager[None]:
    """Compute without recording, as a context manager or a decorator.

    Examples
    --------
    >>> from autograd_lite import Tensor
    >>> w = Tensor([1.0, 2.0], requires_grad=True)
    >>> with no_grad():
    ...     print((w * 2).requires_grad)
    False
    """
    return recording(False)


@contextlib.contextmanager
def scope(name: str) -> Iterator[None]:
    """Mark what is recorded inside as belonging to the part `name` of a model."""
    before = mode.scope
    mode.scope = f"{before}.{name}" if before else name
    try:
        yield
    finally:
        mode.scope = before
