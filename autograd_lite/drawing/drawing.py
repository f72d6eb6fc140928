"""`draw`: the tape of a tensor as a picture, read and never changed.

Every part of the SVG can be addressed. Places on the tape, from 0, are i and j; steps of the
backward sweep, from 1, are k:

==================  ==================  =======================================================
id                  classes             what
==================  ==================  =======================================================
``n{i}``            role, ``step-{k}``  a value, with each step that sends to it
``n{i}-value``      ``value``           the numbers in it
``n{i}-gradient``   ``gradient``        the numbers of its gradient
``c{m}``            ``constant``        the m-th constant array
``o{i}``            ``op``              in a circuit, the op that makes value i
``f{i}``            ``folded``          a fold whose first record is i
``e{i}-{j}``        ``forward``         value i goes into the op of j; ``e{i}-{j}-2`` once more
``e{i}``            ``forward``         in a circuit, from the op to value i
``b{k}``            ``backward step-k`` what step k sends
``g{i}``            ``backward step-k`` in a circuit, the gradient of i arrives at its op
==================  ==================  =======================================================

Roles are input, parameter, computed, constant, loss and output. `Drawing.svg` puts a prefix
before every id where asked to, for several pictures on one page.
"""

from __future__ import annotations

import html
import itertools
import os
import re
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..derivation import Step
from ..files import replace_file
from ..tensor import Tensor
from . import renderer
from .backward import Backward, backward
from .folding import fold
from .names import printable
from .picture import Look, Picture
from .subject import subject
from .theme import THEMES

if TYPE_CHECKING:
    from .frames import Frames
    from .player import Player
    from .script import Script

__all__ = ["Drawing", "draw"]

_CHOICES = {
    "view": ("auto", "cards", "circuit"),
    "direction": ("auto", "LR", "TB", "RL", "BT"),
    "theme": tuple(THEMES),
}
_SLOW = 2000  # nodes
_SAID = 200  # characters
_PROLOG = '<?xml version="1.0" encoding="UTF-8"?>\n'
_prefixes = itertools.count(1)


def draw(
    x: Any,
    /,
    *args: Any,
    values: bool = True,
    gradients: bool = True,
    rules: bool = True,
    view: str = "auto",
    direction: str = "auto",
    theme: str = "light",
    max_nodes: int | None = 150,
    depth: int | None = None,
    expand: Iterable[str] = (),
    title: str | None = None,
    **named: Any,
) -> Drawing:
    """Draw how a tensor was computed, and what the backward sweep does.

    Parameters
    ----------
    x : Tensor, Module, function or Step
        The end of the computation, the loss most often; or what computes it from `args`; or a
        derived program, whose backward lines are drawn as lines like the others. No
        `grad` is touched: the picture's gradients are computed for it.
    *args : array_like, Tensor, or nested structures of them
        An example to call a function or a module with. The arrays that a function is given are
        parameters of the picture, Tensors are what they are.
    values, gradients, rules : bool
        Show the numbers, the way back with its gradients, and the rule of each of its steps.
    view : {"auto", "cards", "circuit"}
        A card for each value; or a circle for each op too, with the numbers put into the rules,
        which is how a graph of single numbers is shown by itself.
    direction : {"auto", "LR", "TB", "RL", "BT"}
        Where values go: from left to right, or from top to bottom where that would be wide.
    theme : {"light", "dark"}
    max_nodes : int or None
        Of a larger graph, repeated modules and loops are folded, then whole modules, then its
        middle.
    depth : int, optional
        Fold all modules that are deeper than so many levels.
    expand : iterable of str
        Modules that are not folded, by name.
    title : str, optional
        Written above.
    **named : Tensor, or array_like
        Tensors that the picture shall call so; or further arguments of a function.

    Returns
    -------
    Drawing
        Shows itself in a notebook; `Drawing.save` writes it to a file.

    Raises
    ------
    TypeError
        For what is no Tensor and does not compute one; for an option that there is not.
    ValueError
        For a choice that there is not.
    GraphFreedError
        If an earlier `Tensor.backward` released the graph.

    Warns
    -----
    UserWarning
        For a picture of more than 2,000 nodes, which takes long and cannot be read.

    Examples
    --------
    >>> x = Tensor(3.0, requires_grad=True, name="x")
    >>> draw(x * x)
    Drawing(2 nodes)
    """
    for name, given in (("view", view), ("direction", direction), ("theme", theme)):
        if given not in _CHOICES[name]:
            raise ValueError(f"{name}={given!r} is none of {', '.join(_CHOICES[name])}")
    if depth is not None and depth < 0:
        raise ValueError(f"depth={depth}: levels are counted from 0")
    if max_nodes is not None and max_nodes < 1:
        raise ValueError(f"max_nodes={max_nodes}: a picture has a node at least")
    output, names = subject(x, args, named)
    if isinstance(x, Step):  # its gradients are lines, and without data there are no numbers
        gradients, values = False, values and bool(args)
    with np.errstate(all="ignore"):  # what comes of it is flagged in the picture
        swept = backward(output)
    folds = fold(swept.records, max_nodes, depth, expand)
    nodes = len(swept.records) - sum(len(part.members) - 1 for part in folds)
    if nodes > _SLOW:
        warnings.warn(
            f"a picture of {nodes:,} nodes takes minutes and is too large to read; leave max_nodes "
            "at 150, or draw a tensor nearer to the inputs",
            stacklevel=2,
        )
    look = Look(values, gradients, rules, view, direction, theme, title)
    return Drawing(Picture(swept, folds, look, names))


class Drawing:
    """A picture of a tape.

    Attributes
    ----------
    graph : graphviz.Digraph
        The picture, for changes of one's own.
    output : Tensor
        What was drawn.
    swept : Backward
        Its tape, and what each step of the backward sweep sends.
    said : dict of str to str
        What each node and arrow is, in words, by its id.
    """

    graph: Any
    output: Tensor
    swept: Backward

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.graph = picture.graph
        self.output = picture.output
        self.swept = picture.swept
        self.said = picture.said

    @property
    def source(self) -> str:
        """The picture as DOT text; the same program gives the same text."""
        return str(self.graph.source)

    def svg(self, prefix: str = "") -> str:
        """Render as SVG, no wider than the page that shows it.

        Parameters
        ----------
        prefix : str
            Put before every id, so that those of two pictures on a page differ.
        """
        # Graphviz gives an id to a part of a label only if that is a link.
        source = self.source.replace('<TABLE ID="', '<TABLE HREF="#" ID="')
        document = renderer.render(source, "svg").decode()
        return _addressed(document, self.said, prefix)

    def png(self, dpi: float = 144) -> bytes:
        """Render as PNG, at `dpi` dots per inch."""
        return renderer.render(self.source, "png", f"-Gdpi={dpi:g}")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write to a file, as a whole or not at all.

        Parameters
        ----------
        path : str or path
            Its suffix says what: .svg, .png, .pdf, .html for a page that plays, or .dot and .gv
            for the text.

        Raises
        ------
        ValueError
            For another suffix.
        RendererNotFound
            If a picture is asked for and there is no Graphviz.
        """
        path = Path(path)
        makers: dict[str, Callable[[], bytes]] = {
            ".svg": lambda: (_PROLOG + self.svg()).encode(),
            ".png": self.png,
            ".pdf": lambda: renderer.render(self.source, "pdf"),
            ".html": self._page,
            ".dot": self.source.encode,
            ".gv": self.source.encode,
        }
        if path.suffix.lower() not in makers:
            raise ValueError(f"{path.name!r} must end in one of {', '.join(makers)}")
        replace_file(path, makers[path.suffix.lower()]())

    def table(self) -> str:
        """Write the tape and its backward sweep as text."""
        from .table import tables

        return str(tables(self._script()))

    def latex(self, wrt: Tensor | str | None = None) -> str:
        """Write the chain rule of each parameter, or of one, as a product of Jacobians.

        Parameters
        ----------
        wrt : Tensor or str, optional
            The parameter, or its name.
        """
        from .table import chain_rules

        return str(chain_rules(self._script(), wrt))

    def _script(self) -> Script:
        from .script import Script

        return Script(self.swept, self.picture.names, self.picture.constants)

    def frames(self) -> Frames:
        """Show both sweeps step by step, in one layout."""
        from .frames import frames

        return frames(self)

    def play(self) -> Player:
        """Show both sweeps in a notebook, to be stepped through."""
        from .player import Player, page

        return Player(page(self))

    def _page(self) -> bytes:
        from .player import page

        return page(self).encode()

    def _repr_svg_(self) -> str | None:
        try:
            return self.svg(f"d{next(_prefixes)}-")
        except RuntimeError:
            return None

    def _mime_(self) -> tuple[str, str]:
        """What marimo shows."""
        shown = self._repr_svg_()
        return ("image/svg+xml", shown) if shown else ("text/plain", self._without_picture())

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        shown = self._repr_svg_()
        if shown is None:
            return {"text/plain": self._without_picture()}
        return {"text/plain": repr(self), "image/svg+xml": shown}

    def _without_picture(self) -> str:
        try:
            self.svg()
        except RuntimeError as error:
            return f"{self!r}: {error}\n\n{self.table()}"
        return repr(self)

    def __repr__(self) -> str:
        return f"Drawing({self.picture.nodes} node{'s' * (self.picture.nodes != 1)})"


_FONTS = {
    "Arial": "Arial, Helvetica, sans-serif",
    "Courier New": "'Courier New', 'Liberation Mono', monospace",
}


def _addressed(document: str, said: dict[str, str], prefix: str) -> str:
    """Make the SVG of a page: ids with a prefix, parts that can be found, words for readers."""
    document = document[document.index("<svg ") :]
    document = re.sub(r"<!--.*?-->\n?", "", document, flags=re.DOTALL)
    document = re.sub(r'<g id="a_([^"]+)"><a [^>]*>', _part, document)
    document = document.replace("</a>\n", "")

    def named(match: re.Match[str]) -> str:
        node = match[1].replace("&#45;", "-")
        words = said.get(node)
        tip = (
            f"<title>{html.escape(printable(words, _SAID), quote=False)}</title>\n" if words else ""
        )
        return f'<g id="{prefix}{node}"{match[2]}>\n{tip}'

    document = re.sub(r'<g id="([^"]+)"([^>]*)>\n?(?:<title>.*?</title>\n)?', named, document)
    for font, family in _FONTS.items():
        document = document.replace(f'font-family="{font}"', f'font-family="{family}"')
    style = 'style="max-width:100%;height:auto" role="img" '
    return document.replace("<svg ", f"<svg {style}", 1)


def _part(match: re.Match[str]) -> str:
    node = match[1].replace("&#45;", "-")
    return f'<g id="{node}" class="{node.rpartition("-")[2]}">'
