"""Find a Graphviz on this machine, and have it render a graph."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

__all__ = ["RendererNotFound", "find", "render"]

TIME_LIMIT = 30.0  # seconds
_ENDS = {"svg": b"</svg>", "png": b"IEND\xaeB`\x82", "pdf": b"%%EOF"}


class RendererNotFound(RuntimeError):  # noqa: N818
    """There is no Graphviz on this machine to make a picture with."""


def find() -> str:
    """Find the program that renders: Graphviz's ``dot``, else that of ``graphviz-pure``."""
    folders = (sysconfig.get_path("scripts"), str(Path(sys.executable).parent), None)
    pure = (shutil.which("graphviz-pure", path=folder) for folder in folders)
    found = shutil.which("dot") or next(filter(None, pure), None)
    if found is None:
        raise RendererNotFound(
            "no Graphviz to make the picture with: run  pip install 'autograd-lite[draw]'  "
            '(.source and .save("graph.dot") work without it)'
        )
    return found


def render(source: str, suffix: str, *options: str) -> bytes:
    """Have a graph laid out and drawn; `options` go on the command line, as ``-Gdpi=200``."""
    command = [find(), "-Kdot", f"-T{suffix}", *options]
    try:
        done = subprocess.run(
            command, input=source.encode(), capture_output=True, timeout=TIME_LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(
            f"Graphviz did not finish this graph in {TIME_LIMIT:g} s; draw a tensor nearer to the "
            'inputs, or keep the text with .save("graph.dot")'
        ) from None
    # The exit status does not decide: it is 1 for an edge that was lost from a good picture.
    if not done.stdout.rstrip().endswith(_ENDS[suffix]):
        said = done.stderr.decode(errors="replace").strip()
        if "not recognized" in said:
            said = "it cannot; Graphviz itself, from graphviz.org, can once it is installed"
        raise RuntimeError(f"{Path(command[0]).name} made no {suffix} of this graph: {said}")
    return done.stdout
