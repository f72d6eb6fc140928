"""Functions of this package as definitions that need NumPy alone."""

from __future__ import annotations

import ast
import inspect
import textwrap
import types
from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["definitions"]


def definitions(helpers: Iterable[tuple[str, Callable[..., Any]]]) -> list[str]:
    """Write functions of this package as definitions that need NumPy alone.

    Parameters
    ----------
    helpers : iterable of (name, function)
        What each is called, and the function; those that it uses are written before it.

    Returns
    -------
    list of str
    """
    written: dict[str, str] = {}
    for name, function in helpers:
        _define(name, function, written)
    return list(written.values())


def _define(name: str, function: Any, written: dict[str, str]) -> None:
    if name in written:
        return
    written[name] = ""  # its place, should it call itself
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    definition = tree.body[0]
    assert isinstance(definition, ast.FunctionDef), function
    definition.name = name
    definition.decorator_list = []
    _strip(definition)
    used = {node.id for node in ast.walk(definition) if isinstance(node, ast.Name)}
    for other in sorted(used & function.__globals__.keys()):
        value = function.__globals__[other]
        if isinstance(value, types.ModuleType):
            continue
        if inspect.isfunction(inspect.unwrap(value)) and _is_ours(value):
            _define(other, inspect.unwrap(value), written)
        elif not callable(value):
            written[other] = f"{other} = {value!r}"
    written[name] = written.pop(name) + ast.unparse(definition)


def _is_ours(value: Any) -> bool:
    return (getattr(value, "__module__", "") or "").startswith("autograd_lite")


def _strip(definition: ast.FunctionDef) -> None:
    """Leave out docstring, annotations, and what only refuses complex numbers."""
    if ast.get_docstring(definition) is not None:
        definition.body = definition.body[1:]
    definition.returns = None
    for arg in (*definition.args.posonlyargs, *definition.args.args, *definition.args.kwonlyargs):
        arg.annotation = None
    definition.body = [
        statement
        for statement in definition.body
        if not (isinstance(statement, ast.Expr) and "must_be_real" in ast.unparse(statement))
    ]
