"""A case: an expression, and what is special about it."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import autograd_lite as ag

from .inputs import INPUTS

__all__ = ["Case"]


@dataclass(frozen=True)
class Case:
    """An expression in NumPy (np, ag, and with SciPy sp, ags) over the names of `INPUTS`.

    Parameters
    ----------
    text : str
        The expression, such as ``"np.sum(x, axis=1)"``.
    order : int
        The highest order of derivative that exists and is checked.
    """

    text: str
    order: int = 2

    @property
    def names(self) -> tuple[str, ...]:
        """The inputs it uses."""
        found = {node.id for node in ast.walk(ast.parse(self.text)) if isinstance(node, ast.Name)}
        return tuple(name for name in INPUTS if name in found)

    @property
    def function(self) -> Callable[..., Any]:
        """The expression as a function of its inputs."""
        code = f"lambda {', '.join(self.names)}: {self.text}"
        f: Callable[..., Any] = eval(code, _modules(self.text))
        return f

    @property
    def calls(self) -> set[Callable[..., Any]]:
        """The functions of NumPy and of this package that it names."""
        attributes = (n for n in ast.walk(ast.parse(self.text)) if isinstance(n, ast.Attribute))
        texts = {t for t in map(ast.unparse, attributes) if t.replace(".", "_").isidentifier()}
        modules = _modules(self.text)
        found = {eval(t, modules) for t in texts if t.split(".")[0] in modules}
        return {f for f in found if callable(f)}

    def inputs(self, single: bool = False) -> list[np.ndarray]:
        """Fresh copies of its inputs, in single precision if wanted."""
        arrays = [INPUTS[name] for name in self.names]
        return [a.astype(_SINGLE[a.dtype] if single else a.dtype) for a in arrays]


def _modules(text: str) -> dict[str, Any]:
    """The modules an expression may name; SciPy (sp) and its part here (ags) only if it does."""
    modules: dict[str, Any] = {"np": np, "ag": ag}
    if re.search(r"\b(sp|ags)\.", text):
        modules["sp"] = importlib.import_module("scipy")
        modules["ags"] = importlib.import_module("autograd_lite.scipy")
    return modules


_SINGLE = {np.dtype(float): np.float32, np.dtype(complex): np.complex64}
