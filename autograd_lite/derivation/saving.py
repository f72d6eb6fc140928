"""A derived program as a Python file that needs NumPy alone, and its captured arrays beside it."""

from __future__ import annotations

import ast
import builtins
import hashlib
import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..files import replace_file

__all__ = ["save"]


def save(
    source: str,
    arrays: Mapping[str, Any],
    path: str | os.PathLike[str],
    *,
    of: str = "",
    shapes: Mapping[str, str] | None = None,
) -> None:
    """Write a program to a file that runs alone.

    Parameters
    ----------
    source : str
        Functions of NumPy, the last of which is ``step``; where there are captured arrays, its
        last parameter is ``constants``.
    arrays : mapping of str to array
        What the program captured, in the order of ``constants``. They go into a file of the same
        name that ends in ``.npz``.
    path : str or path
        Ends in ``.py``.
    of : str
        The function it was derived from, for the docstring.
    shapes : mapping of str to str
        What each argument is, for the docstring.

    Raises
    ------
    ValueError
        For another suffix, and for a program that would not run alone.
    TypeError
        For a captured value that is no array of numbers or text, such as a generator.

    Notes
    -----
    Each file is written as a whole or not at all. They are two: the program carries the checksum
    of its arrays, and refuses those of another one.
    """
    path = Path(path)
    if path.suffix != ".py":
        raise ValueError(f"{path.name!r} must end in .py")
    head = f'"""{_docstring(of, shapes or {})}\n"""\n\n'
    if arrays:
        packed = _packed(arrays)
        imports, body = _split(_with_default(source))
        checksum = hashlib.sha256(packed).hexdigest()
        text = head + _LOADED.format(imports=imports, names=list(arrays), checksum=checksum)
        text += f"\n\n{body}\n"
    else:
        imports, body = _split(source)
        text = f"{head}{imports}\n\n\n{body}\n"
    _check_runs_alone(text)
    if arrays:
        replace_file(path.with_suffix(".npz"), packed)
    replace_file(path, text.encode())


_LOADED = '''\
import hashlib
import io
from pathlib import Path

{imports}

CHECKSUM = "{checksum}"


def _load():
    """Read the arrays that the program captured, from the file beside it."""
    path = Path(__file__).with_suffix(".npz")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != CHECKSUM:
        raise RuntimeError(f"{{path.name}} was not saved together with this program")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return tuple(arrays[name] for name in {names})


CONSTANTS = _load()
'''


def _docstring(of: str, shapes: Mapping[str, str]) -> str:
    """Say what the file is; nothing in it ends the docstring, or is read as an escape."""
    lines = ["Value and gradient as plain NumPy, written by autograd_lite, which it does not need."]
    if of:
        lines += ["", f"Derived from {of}."]
    if shapes:
        lines += ["", "For arguments", ""]
        lines += [f"    {name} : {kind}" for name, kind in shapes.items()]
    shown = ("".join(c if c.isprintable() else "?" for c in line) for line in lines)
    return "\n".join(shown).replace("\\", "\\\\").replace('"', '\\"')


def _split(source: str) -> tuple[str, str]:
    """Tell the imports of a program from its functions."""
    lines = source.strip().split("\n")
    n = next(i for i, line in enumerate(lines) if not line.startswith("import "))
    imports = lines[:n]
    if "import numpy as np" not in imports:
        imports.insert(0, "import numpy as np")
    return "\n".join(imports), "\n".join(lines[n:]).strip()


def _with_default(source: str) -> str:
    """Let ``constants``, the last parameter of ``step``, be those of the file."""
    functions = [x for x in ast.parse(source).body if isinstance(x, ast.FunctionDef)]
    if not functions or not functions[-1].args.args or functions[-1].name != "step":
        raise ValueError("the program has captured arrays, and no parameter for them")
    last = functions[-1].args.args[-1]
    assert last.end_lineno is not None
    assert last.end_col_offset is not None
    lines = source.split("\n")
    line = lines[last.end_lineno - 1].encode()
    line = line[: last.end_col_offset] + b"=CONSTANTS" + line[last.end_col_offset :]
    lines[last.end_lineno - 1] = line.decode()
    return "\n".join(lines)


def _check_runs_alone(text: str) -> None:
    """Refuse a program that reads names which it does not define."""
    tree = ast.parse(text)
    known = {*dir(builtins), "__file__"}
    read: set[str] = set()
    for x in ast.walk(tree):
        if isinstance(x, ast.Name):
            (read if isinstance(x.ctx, ast.Load) else known).add(x.id)
        elif isinstance(x, ast.arg):
            known.add(x.arg)
        elif isinstance(x, ast.FunctionDef | ast.ClassDef | ast.ExceptHandler):
            known.add(x.name or "")
        elif isinstance(x, ast.Import | ast.ImportFrom):
            known |= {(alias.asname or alias.name).partition(".")[0] for alias in x.names}
    if unknown := sorted(read - known):
        raise ValueError(f"the program would not run alone: it needs {', '.join(unknown)}")


def _packed(arrays: Mapping[str, Any]) -> bytes:
    """Write arrays in the format of ``.npz``: the same bytes for the same arrays."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, value in arrays.items():
            x = np.asarray(value)
            if x.dtype.hasobject:
                raise TypeError(
                    f"the captured {name} is of type {type(value).__name__}, not an array of "
                    "numbers; it cannot be saved"
                )
            content = io.BytesIO()
            np.lib.format.write_array(content, x, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), content.getvalue())
    return file.getvalue()
