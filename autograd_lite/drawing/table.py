"""`explain`: the tape and its backward sweep as text, for terminals and screen readers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from ..tensor import Tensor
from .backward import backward
from .chain import chain_rule
from .names import counted, printable
from .script import Script, one_line

__all__ = ["Explanation", "chain_rules", "explain", "tables"]

_FORMATS = ("text", "latex")
_RISKY = {ord(c): f"&#{ord(c)};" for c in "\\`*_[]<>&|$~#@"}


def explain(
    x: Tensor,
    *,
    format: str = "text",  # noqa: A002
    wrt: Tensor | str | None = None,
    rows: int = 100,
) -> Explanation:
    """Write down what was computed, and what the backward sweep does with it.

    Parameters
    ----------
    x : Tensor
        The end of the computation; the loss, most often. No `grad` is touched.
    format : {"text", "latex"}
        Tables of the tape, of the backward sweep and of the gradients; or the chain rule of each
        parameter as a product of Jacobians, with their shapes.
    wrt : Tensor or str, optional
        The parameter, or its name, whose chain rule is written.
    rows : int
        How much of a long tape is written: so many lines of each table.

    Returns
    -------
    Explanation
        A string that prints as it is, and shows itself as tables in a notebook.

    Raises
    ------
    TypeError
        For anything but a Tensor.
    ValueError
        For another format; for a `wrt` that `x` has no derivative by.
    GraphFreedError
        If an earlier `Tensor.backward` released the graph.

    Examples
    --------
    >>> a = Tensor(3.0, requires_grad=True, name="a")
    >>> explain(a * a + 1)
    Forward: 3 values
     no  name  op         expression  numbers        value
      0  a     parameter                             3.00
      1  v1    multiply   a * a       = 3.00 * 3.00  9.00
      2  v2    add        v1 + 1      = 9.00 + 1     10.0
    <BLANKLINE>
    Backward: 3 steps from v2, whose gradient is set to 1; g is the gradient of "from"
     step  from  to  rule   numbers        sent  sum so far
        1  v2    v1  g      = 1.00         1.00
        2  v1    a   g * a  = 1.00 * 3.00  3.00  3.00 (1 of 2)
        3  v1    a   g * a  = 1.00 * 3.00  3.00  6.00 (2 of 2)
    <BLANKLINE>
    Gradients
     name  gradient
     a     6.00
    """
    if not isinstance(x, Tensor):
        raise TypeError(
            f"explain takes the Tensor a computation ended in, not a {type(x).__name__}; "
            "write explain(loss)"
        )
    if format not in _FORMATS:
        raise ValueError(f"format={format!r} is none of {', '.join(_FORMATS)}")
    script = Script(backward(x))
    return chain_rules(script, wrt, rows) if format == "latex" else tables(script, rows)


def tables(script: Script, rows: int = 100) -> Explanation:
    """Write down a tape and a sweep over it."""
    found = [_forward(script, rows), _backward(script, rows), _gradients(script, rows)]
    found = [table for table in found if table.lines]
    return Explanation(
        "\n\n".join(table.text() for table in found),
        "\n\n".join(table.markdown() for table in found),
    )


def _forward(script: Script, rows: int) -> Table:
    """The tape: what each value is, and how it was made."""
    lines = [
        (
            str(script.numbers[record.birth]),
            script.name(record),
            str(record.shape) if record.ndim else "",
            script.role(record),
            printable(record.scope),
            script.made(record),
            f"= {script.made(record, numbers=True)}" if script.scalar and record.op else "",
            one_line(script.swept.value(record)),
        )
        for record in script.records[:rows]
    ]
    heads = ("no", "name", "shape", "op", "part", "expression", "numbers", "value")
    count = len(script.records)
    return Table(f"Forward: {counted(count, 'value')}", heads, lines, _rest(count, rows))


def _backward(script: Script, rows: int) -> Table:
    """The sweep: what each op sends to each input, and what it adds up to."""
    lines = [
        (
            str(step.step),
            script.name(step.made),
            script.name(step.to),
            script.rule(step),
            f"= {script.rule(step, numbers=True)}" if script.scalar else "",
            one_line(step.value),
            f"{one_line(total)} ({step.nth} of {step.of})" if step.of > 1 else "",
        )
        for step, total in islice(script.sums(), rows)
    ]
    count = len(script.swept.steps)
    title = (
        f"Backward: {counted(count, 'step')} from {script.name(script.output)}, whose gradient is "
        'set to 1; g is the gradient of "from"'
    )
    heads = ("step", "from", "to", "rule", "numbers", "sent", "sum so far")
    return Table(title, heads, lines, _rest(count, rows))


def _gradients(script: Script, rows: int) -> Table:
    """What arrives at the leaves."""
    leaves = [x for x in script.records if x.op is None and x.requires_grad]
    lines = [
        (script.name(leaf), str(leaf.shape) if leaf.ndim else "", *script.gradient(leaf))
        for leaf in leaves[:rows]
    ]
    heads = ("name", "shape", "gradient", "remark")
    return Table("Gradients", heads, lines, _rest(len(leaves), rows))


def chain_rules(script: Script, wrt: Tensor | str | None = None, rows: int = 100) -> Explanation:
    """The chain rule of one parameter, or of each."""
    leaves = [x for x in script.records if x.birth in script.swept.gradients and x.op is None]
    if wrt is not None:
        by_name = isinstance(wrt, str)
        found = [x for x in script.records if (x.name == wrt if by_name else x is wrt)]
        if not found:
            raise ValueError(f"explain: {script.name(script.output)} was not made from wrt={wrt!r}")
        leaves = found[:1]
    names = {script.output.birth: script.output.name or ("v" if script.output.ndim else "L")}
    equations = [
        chain_rule(script.output, leaf, lambda x: names.get(x.birth) or script.name(x))
        for leaf in leaves[:rows]
    ]
    body = " \\\\\n".join(equations)
    text = f"\\begin{{align*}}\n{body}\n\\end{{align*}}"
    return Explanation(text, f"$$\n{text}\n$$")


def _rest(count: int, rows: int) -> str:
    if count <= rows:
        return ""
    return f"... and {count - rows:,} more; explain(x, rows={count}) writes them all"


class Table:
    """Cells under heads, and a sentence above and below.

    Parameters
    ----------
    title : str
    heads : sequence of str
    lines : iterable of sequence of str
        Columns in which all cells are empty are left out.
    note : str
    """

    def __init__(
        self, title: str, heads: Sequence[str], lines: Iterable[Sequence[str]], note: str = ""
    ) -> None:
        self.title, self.note = title, note
        lines = [list(line) for line in lines]
        used = [i for i in range(len(heads)) if any(line[i] for line in lines)]
        self.heads = [heads[i] for i in used]
        self.lines = [[line[i] for i in used] for line in lines]

    def text(self) -> str:
        """Write the columns one beside the other."""
        cells = [self.heads, *self.lines]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        right = {i for i, head in enumerate(self.heads) if head in ("no", "step")}
        rows = [
            " "
            + "  ".join(
                cell.rjust(width) if i in right else cell.ljust(width)
                for i, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in cells
        ]
        return "\n".join([self.title, *rows, *[f" {self.note}"] * bool(self.note)])

    def markdown(self) -> str:
        """Write a table of Markdown in which every name is text."""
        cells = [self.heads, ["---"] * len(self.heads)]
        cells += [[cell.translate(_RISKY) for cell in line] for line in self.lines]
        rows = [f"| {' | '.join(row)} |" for row in cells]
        title, note = self.title.translate(_RISKY), self.note.translate(_RISKY)
        return "\n".join([f"**{title}**", "", *rows, *["", note] * bool(note)])


class Explanation(str):
    """Text that prints as it is, and shows itself as tables in a notebook."""

    _markdown: str

    def __new__(cls, text: str, markdown: str) -> Explanation:  # noqa: D102
        self = super().__new__(cls, text)
        self._markdown = markdown
        return self

    def __repr__(self) -> str:
        return str(self)

    def _repr_markdown_(self) -> str:
        return self._markdown
