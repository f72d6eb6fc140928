"""The view of a graph of single numbers: each op is a circle between the numbers it joins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..tensor import Tensor
from . import cards
from .figures import number

if TYPE_CHECKING:
    from .picture import Picture

__all__ = ["add_arrows", "add_op"]

_SIGNS = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "power": "**",
    "matmul": "@",
    "negative": "-",
    "square": "**2",
}


def add_op(picture: Picture, record: Tensor) -> None:
    """Draw the circle of an op."""
    i, theme = picture.index[record.birth], picture.theme
    label = f'<<FONT COLOR="{theme.paper}"><B>{cards.text(_sign(record))}</B></FONT>>'
    attributes = {"shape": "circle", "fillcolor": theme.line, "margin": "0.02", "class": "op"}
    attributes |= {"id": f"o{i}", "width": "0.45"}
    picture.box(record.scope).node(f"o{i}", label, _attributes=attributes)
    picture.said[f"o{i}"] = f"{_sign(record)}, which makes {picture.name(record)}"


def add_arrows(picture: Picture, record: Tensor) -> None:
    """Join the circle of an op to what it makes."""
    i = picture.index[record.birth]
    head = picture.port(f"n{i}", "v", "in")
    picture.graph.edge(f"o{i}", head, _attributes={"class": "forward", "id": f"e{i}"})
    if picture.look.gradients and record.birth in picture.swept.gradients:
        steps = picture.steps_from.get(record.birth, [])
        attributes = picture.dashed(steps, "") | {"id": f"g{i}"}
        picture.graph.edge(f"o{i}", picture.port(f"n{i}", "g", "in"), _attributes=attributes)


def _sign(record: Tensor) -> str:
    """What stands in the circle: the op's sign, with a constant number beside it."""
    assert record.op is not None
    sign = _SIGNS.get(record.op.name, record.op.name)
    if record.op.name in _SIGNS and len(record.inputs) == 2:
        words = ["" if isinstance(x, Tensor) else number(x) for x in record.inputs]
        if not any(np.ndim(x) for x in record.inputs):
            return f"{words[0]} {sign} {words[1]}".replace("** ", "**").strip()
    return sign
