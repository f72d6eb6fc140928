"""`draw`: the tape of a tensor as a graph, read and never changed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

from ..tensor import Tensor, tape
from . import cards, renderer

__all__ = ["Drawing", "draw"]

_FONT = {"fontname": "Arial", "fontsize": "13", "fontcolor": cards.INK}
_GRAPH = _FONT | {"bgcolor": "white", "nodesep": "0.25", "ranksep": "0.5", "pad": "0.2"}
_NODE = _FONT | {
    "shape": "box",
    "style": "filled",
    "fillcolor": "white",
    "color": cards.QUIET,
}
_EDGE = {"color": "#0072B2", "penwidth": "1.3", "arrowsize": "0.7"}
_PAGE = {"labelloc": "t", "fontsize": "18", "pencolor": "none"}
_BOX = {"labelloc": "t", "labeljust": "l", "fontsize": "13", "style": "rounded"}
_BOX |= {"bgcolor": "#F6F8FA", "pencolor": "#AEB7C2"}
_DIRECTIONS = ("LR", "TB", "RL", "BT")


def draw(t: Tensor, *, direction: str = "LR", title: str | None = None) -> Drawing:
    """Draw how a tensor was computed.

    Parameters
    ----------
    t : Tensor
        The end of the computation; the loss, most often.
    direction : {"LR", "TB", "RL", "BT"}
        Where the arrows go: from left to right, from top to bottom, or backwards.
    title : str, optional
        Written above.

    Returns
    -------
    Drawing
        Shows itself in a notebook; `Drawing.save` writes it to a file.

    Raises
    ------
    TypeError
        For anything but a Tensor.
    ValueError
        For another direction.
    GraphFreedError
        If an earlier `Tensor.backward` released the graph.

    Examples
    --------
    >>> x = Tensor(3.0, requires_grad=True, name="x")
    >>> draw(x * x)
    Drawing(2 nodes)
    """
    if not isinstance(t, Tensor):
        raise TypeError(
            f"draw takes the Tensor a computation ended in, not a {type(t).__name__}; "
            "write draw(loss), or draw(f(x)) with x = Tensor(data, requires_grad=True)"
        )
    if direction not in _DIRECTIONS:
        raise ValueError(f"direction={direction!r} is none of {', '.join(_DIRECTIONS)}")
    picture = _Picture(t, direction, title)
    return Drawing(picture.graph, len(picture.tape) + len(picture.constants))


class Drawing:
    """A picture of a tape.

    Attributes
    ----------
    graph : graphviz.Digraph
        The picture, for changes of one's own.
    """

    def __init__(self, graph: Any, nodes: int) -> None:
        self.graph = graph
        self._nodes = nodes

    @property
    def source(self) -> str:
        """The picture as DOT text; the same program gives the same text."""
        return str(self.graph.source)

    def svg(self) -> str:
        """Render as SVG, no wider than the page that shows it."""
        document = renderer.render(self.source, "svg").decode()
        return document.replace("<svg ", '<svg style="max-width:100%;height:auto" ', 1)

    def png(self, dpi: float = 144) -> bytes:
        """Render as PNG, at `dpi` dots per inch."""
        return renderer.render(self.source, "png", f"-Gdpi={dpi:g}")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write to a file, as a whole or not at all.

        Parameters
        ----------
        path : str or path
            Its suffix says what: .svg, .png, .pdf, or .dot and .gv for the text.

        Raises
        ------
        ValueError
            For another suffix.
        RendererNotFound
            If a picture is asked for and there is no Graphviz.
        """
        path = Path(path)
        makers: dict[str, Callable[[], bytes]] = {
            ".svg": lambda: self.svg().encode(),
            ".png": self.png,
            ".pdf": lambda: renderer.render(self.source, "pdf"),
            ".dot": self.source.encode,
            ".gv": self.source.encode,
        }
        if path.suffix.lower() not in makers:
            raise ValueError(f"{path.name!r} must end in one of {', '.join(makers)}")
        content = makers[path.suffix.lower()]()
        unfinished = path.with_name(f".{uuid4().hex}.tmp")
        try:
            unfinished.write_bytes(content)
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        try:
            return {"text/plain": repr(self), "image/svg+xml": self.svg()}
        except RuntimeError as error:
            return {"text/plain": f"{self!r}: {error}\n\n{self.source}"}

    def __repr__(self) -> str:
        return f"Drawing({self._nodes} node{'s' * (self._nodes != 1)})"


class _Picture:
    """The graph of one tape, put together record by record."""

    def __init__(self, output: Tensor, direction: str, title: str | None) -> None:
        import graphviz  # here, so that `import autograd_lite` does not wait for it

        self.output = output
        self.tape: list[Tensor] = tape(output)
        self.ids = {record.birth: i for i, record in enumerate(self.tape)}
        self.constants: dict[int, str] = {}
        self.roles: set[str] = set()
        self.new = graphviz.Digraph
        self.graph = page = self.new("tape", graph_attr=_GRAPH, node_attr=_NODE, edge_attr=_EDGE)
        if title:
            # A graph has one label, which is the legend: the title is that of a box around all.
            page = self.new("cluster_page", graph_attr=_PAGE | {"label": cards.title(title)})
        self.boxes = {"": page}
        self._add_nodes()
        for path in sorted(self.boxes, key=lambda path: path.count("."), reverse=True):
            if path:
                self.boxes[path.rpartition(".")[0]].subgraph(self.boxes[path])
        if title:
            self.graph.subgraph(page)
        for record in self.tape:
            for x in record.inputs:
                if not cards.is_number(x):
                    self.graph.edge(self._id(x), self._id(record))
        legend = cards.legend(role for role in cards.FRAMES if role in self.roles)
        self.graph.graph_attr.update(rankdir=direction, label=legend)

    def _add_nodes(self) -> None:
        users: dict[int, Tensor] = {}
        for record in self.tape:
            for x in record.inputs:
                users.setdefault(getattr(x, "birth", -1), record)
        for record in self.tape:
            name, made, role, place = self._name(record), "", "input", record.scope
            if record.op is not None:
                role = "loss" if record is self.output else "computed"
                names = [self._name(x) for x in record.inputs]
                made = cards.expression(record.op.name, names, record.params.items())
            elif record.requires_grad:
                # A parameter stands in the module that uses it; data come from outside.
                role, place = "parameter", users.get(record.birth, record).scope
            self._add_node(place, self._id(record), role, cards.card(role, name, record, made))

    def _add_node(self, place: str, node: str, role: str, label: str) -> None:
        self.roles.add(role)
        self._box(place).node(node, label, _attributes=cards.FRAMES[role])

    def _name(self, x: Any) -> str:
        """What an input or a record is called, drawing a constant array at its first use."""
        if cards.is_number(x):
            return cards.text(cards.number(x))
        if isinstance(x, Tensor):
            return cards.text(x.name) if x.name else f"v{self.ids[x.birth]}"
        if id(x) not in self.constants:
            name = self.constants[id(x)] = f"c{len(self.constants)}"
            self._add_node("", name, "constant", cards.card("constant", name, x, ""))
        return self.constants[id(x)]

    def _id(self, x: Any) -> str:
        return f"n{self.ids[x.birth]}" if isinstance(x, Tensor) else self.constants[id(x)]

    def _box(self, path: str) -> Any:
        """Return the box of a scope, made with those around it."""
        missing = []
        while path not in self.boxes:
            missing.append(path)
            path = path.rpartition(".")[0]
        for inner in reversed(missing):
            label = {"label": cards.title(inner.rpartition(".")[2])}
            name = f"cluster_{len(self.boxes)}"
            self.boxes[inner] = self.new(name, graph_attr=_BOX | label)
            path = inner
        return self.boxes[path]
