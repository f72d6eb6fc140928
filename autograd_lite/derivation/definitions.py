"""Functions of this package as definitions that need NumPy alone."""

from __future__ import annotations

import ast
import inspect
import operator
import textwrap
import types
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..rules.activations import check_targets
from ..rules.assignment import last, last_named
from ..rules.indexing import scatter
from ..rules.neural import check_labels, log_softmax, must_be_real
from .literals import literal

__all__ = ["definitions"]


def _scatter(g: Any, shape: Any, index: Any) -> Any:
    out = np.zeros(shape, g.dtype)
    np.add.at(out, index, g)
    return out


def _setitem(x: Any, value: Any, index: Any) -> Any:
    out = x.copy()
    out[index] = value
    return out


def _add_at(x: Any, value: Any, index: Any) -> Any:
    out = x.copy()
    np.add.at(out, index, value)
    return out


def _log_softmax(x: Any, axis: int = -1) -> Any:
    z = x - x.max(axis=axis, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))


_PLAINER: dict[Callable[..., Any], Callable[..., Any]] = {
    inspect.unwrap(scatter): _scatter,
    inspect.unwrap(last): last_named,
    operator.setitem: _setitem,
    np.add.at: _add_at,
    inspect.unwrap(log_softmax): _log_softmax,
}
"""Short forms of functions that are longer here, for speed or for indices with holes."""


_CHECKS = (check_labels, check_targets, must_be_real)
"""Functions that do nothing but refuse."""


def definitions(
    helpers: Mapping[str, tuple[Callable[..., Any], Callable[..., Any]]],
) -> tuple[set[str], list[str]]:
    """Write what programs call that is not NumPy's.

    Parameters
    ----------
    helpers : dict of str to (function, function)
        By the name it is called by: what the user calls, and what computes it.

    Returns
    -------
    imports : set of str
        The modules that they use.
    texts : list of str
        A definition each; those that it uses stand before it.

    Raises
    ------
    NotImplementedError
        For a function that cannot be written alone.
    """
    imports: set[str] = set()
    written: dict[str, str] = {}
    whose: dict[str, Any] = {}  # what each name stands for
    for name, (fn, forward) in helpers.items():
        _define(name, _PLAINER.get(fn, forward), written, whose, imports)
    return imports, list(written.values())


def _define(
    name: str, function: Any, written: dict[str, str], whose: dict[str, Any], imports: set[str]
) -> None:
    function = _PLAINER.get(function, function)
    if _taken(name, function, whose):
        return
    written[name] = ""  # its place, should it call itself
    try:
        definition = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, TypeError, SyntaxError):
        definition = ast.Pass()
    if not isinstance(definition, ast.FunctionDef) or function.__code__.co_freevars:
        raise NotImplementedError(
            f"derive: {name} cannot be written in NumPy alone; call the step, or write that part "
            "in other functions"
        )
    definition.name = name
    definition.decorator_list = []
    _strip(definition, function.__globals__)
    names = [node for node in ast.walk(definition) if isinstance(node, ast.Name)]
    own = {node.arg for node in ast.walk(definition) if isinstance(node, ast.arg)}
    own |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
    used = {node.id for node in names} - own
    for other in sorted(used & function.__globals__.keys()):
        value = function.__globals__[other]
        constant = literal(value)
        if isinstance(value, types.ModuleType):
            imports.add(value.__name__)
        elif constant is not None:
            if not _taken(other, ast.unparse(constant), whose):
                written[other] = f"{other} = {ast.unparse(constant)}"
        elif not _is_type_of_python(value):
            _define(other, inspect.unwrap(value), written, whose, imports)
    written[name] = written.pop(name) + ast.unparse(definition)


def _taken(name: str, value: Any, whose: dict[str, Any]) -> bool:
    """Whether a name stands for this already."""
    if name not in whose:
        whose[name] = value
        return False
    if whose[name] != value:
        raise NotImplementedError(
            f"derive: two different things are called {name}, and the source has one place for "
            "them; rename one, or call the step"
        )
    return True


def _is_type_of_python(value: Any) -> bool:
    """What only annotations name."""
    return getattr(value, "__module__", "") in ("typing", "collections.abc")


def _strip(definition: ast.FunctionDef, scope: Mapping[str, Any]) -> None:
    """Leave out docstring, annotations, and checks."""
    if ast.get_docstring(definition) is not None:
        definition.body = definition.body[1:]
    definition.returns = None
    arguments = definition.args
    for arg in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        arg.annotation = None
    definition.body = [s for s in definition.body if not _only_refuses(s, scope)]


def _only_refuses(statement: ast.stmt, scope: Mapping[str, Any]) -> bool:
    """Whether a statement does nothing but raise for arguments that the program does not get."""
    if isinstance(statement, ast.If):
        return all(isinstance(s, ast.Raise) for s in statement.body) and not statement.orelse
    call = statement.value if isinstance(statement, ast.Expr) else None
    called = call.func if isinstance(call, ast.Call) else None
    return isinstance(called, ast.Name) and scope.get(called.id) in _CHECKS
