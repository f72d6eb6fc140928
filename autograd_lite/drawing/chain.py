"""The chain rule of one parameter in LaTeX: a product of Jacobians, a sum where paths part."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from ..derivation.symbols import symbol
from ..local import _between, _differentiated, _steps
from ..tensor import Tensor

__all__ = ["chain_rule"]

_BETWEEN = r" \; "
MANY = 6
"""So many paths, or factors of a path, are written out; of more, the whole derivative is."""


def chain_rule(output: Tensor, wrt: Tensor, name: Callable[[Any], str]) -> str:
    r"""Write the derivative of a value by one it was made from as a product along the way.

    Each factor is the Jacobian of one op by one of its inputs, all others held, and has under it
    its rows times its columns: the sizes of the two values. The product has ``output.size`` rows
    and ``wrt.size`` columns; a gradient is such a row in the shape of the parameter.

    Parameters
    ----------
    output, wrt : Tensor
    name : callable
        What a value is called.

    Returns
    -------
    str
        The two sides of an equation, with ``&=`` between them.

    Raises
    ------
    ValueError
        Where no derivative leads from `output` to `wrt`.

    References
    ----------
    Whitehill (2020), Feed-forward neural networks, section 3.
    """
    symbols: dict[int, str] = {}

    def of(x: Tensor) -> str:
        if x.birth not in symbols:
            symbols[x.birth] = symbol(name(x))
        return symbols[x.birth]

    try:
        steps = _steps(_between(output, wrt))[::-1]
    except ValueError:
        raise ValueError(
            f"explain: no derivative leads from {name(output)} to {name(wrt)}; wrt must require a "
            "gradient, and the output be made from it"
        ) from None
    left_out = len(steps) - 2 * MANY
    if left_out > 1:
        steps = steps[:MANY] + steps[-MANY:]
    factors = [_step(start, way, of) for start, *way in steps] or ["I"]
    if left_out > 1:
        factors.insert(MANY, f"\\underbrace{{\\cdots}}_{{\\text{{{left_out:,} factors}}}}")
    return f"{_fraction(of(output), of(wrt))} &= {_BETWEEN.join(factors)}"


def _step(start: Tensor, way: list[Tensor], of: Callable[[Tensor], str]) -> str:
    """Write one factor: a Jacobian, or the sum over the paths from one value to another."""
    end = way[-1]
    inside = {record.birth: record for record in (start, *way)}
    readers: dict[int, list[Tensor]] = {birth: [] for birth in inside}
    paths = dict.fromkeys(inside, 0)
    paths[start.birth] = 1
    for record in way:
        for x in _inputs(record, inside):
            readers[x.birth].append(record)
            paths[record.birth] += paths[x.birth]
    count = paths[end.birth]
    whole = _fraction(of(end), of(start))
    if count > 1 and (count > MANY or len(way) > 2 * MANY):
        return f"\\underbrace{{{whole}}}_{{{_shape(end, start)} \\text{{, {count:,} paths}}}}"
    found: list[list[Tensor]] = []
    pending = [[start]]
    while pending:
        path = pending.pop()
        if path[-1] is end:
            found.append(path)
        pending += [[*path, record] for record in readers[path[-1].birth]]
    terms = [
        _BETWEEN.join(_jacobian(y, x, inside, of) for x, y in reversed(list(pairwise(path))))
        for path in found
    ]
    return terms[0] if count == 1 else f"\\left( {' + '.join(terms)} \\right)"


def _jacobian(y: Tensor, x: Tensor, inside: dict[int, Tensor], of: Callable[[Tensor], str]) -> str:
    """Write the derivative of one op by one input; those that move with it are held."""
    moved = {x.birth}
    for birth, record in inside.items():
        if any(z.birth in moved for z in _inputs(record, inside)):
            moved.add(birth)
    fraction = _fraction(of(y), of(x))
    held = [of(z) for z in _inputs(y, inside) if z is not x and z.birth in moved]
    if held:
        fraction = f"\\left.{fraction}\\right|_{{{', '.join(held)}}}"
    return f"\\underbrace{{{fraction}}}_{{{_shape(y, x)}}}"


def _inputs(record: Tensor, inside: dict[int, Tensor]) -> list[Tensor]:
    """The inputs of a record on the way, each once, that it has a rule for."""
    births = {getattr(x, "birth", -1): x for x in _differentiated(record)}
    return [x for birth, x in births.items() if birth in inside]


def _fraction(above: str, below: str) -> str:
    return f"\\frac{{\\partial {above}}}{{\\partial {below}}}"


def _shape(y: Tensor, x: Tensor) -> str:
    """Write the shape of a Jacobian; sizes of several axes as products."""
    return f"{_size(y.shape)} \\times {_size(x.shape)}"


def _size(shape: tuple[int, ...]) -> str:
    axes = [str(n) for n in shape if n != 1]
    if len(axes) < 2:
        return "".join(axes) or "1"
    return "(" + r" \cdot ".join(axes) + ")"
