"""Files that are written as a whole or not at all, and refused before the work for them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

__all__ = ["check_writable", "replace_file"]


def replace_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file as a whole or not at all, even if the machine stops."""
    path = Path(path)
    unfinished = path.with_name(f".{uuid4().hex}.tmp")
    try:
        unfinished.write_bytes(content)
        with unfinished.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def check_writable(path: Path, suffixes: Sequence[str] = ()) -> None:
    """Refuse a file that could not be written, or ends in no suffix of these."""
    if suffixes and path.suffix not in suffixes:
        raise ValueError(f"cannot write to {path}: it must end in {' or '.join(suffixes)}")
    if path.is_dir():
        raise IsADirectoryError(f"cannot write to {path}: it is a folder")
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise OSError(f"cannot write to {path}: {error}") from error
