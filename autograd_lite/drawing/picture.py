"""The graph of one tape, put together node by node and arrow by arrow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..tensor import Tensor
from . import cards, circuit
from .backward import Backward, Contribution
from .figures import format_of, number
from .folding import Fold
from .names import counted, free, names_of
from .spell import made_code, rule_code
from .theme import ROLES, THEMES

__all__ = ["Look", "Picture"]

_FONT = {"fontname": "Arial", "fontsize": "13"}
_WIDEST, _WIDEST_CIRCUIT = 1100, 1600  # points, from left to right
_CARD_WIDTH, _CIRCUIT_WIDTH, _FOLD_WIDTH = 250, 250, 200  # about, with the arrow to it
_MANY = 60  # nodes, whose large arrays get no thumbnails
_LONG = 90  # characters of an expression
_MOST_INPUTS = 6  # of an expression


@dataclass(frozen=True)
class Look:
    """What is shown, and how; as in `draw`."""

    values: bool = True
    gradients: bool = True
    rules: bool = True
    view: str = "auto"
    direction: str = "auto"
    theme: str = "light"
    title: str | None = None


class Picture:
    """The graph of a tape.

    Parameters
    ----------
    swept : Backward
    folds : sequence of Fold
    look : Look
    names : mapping of int to str
        Names of records that have none of their own, by birth.

    Attributes
    ----------
    graph : graphviz.Digraph
    nodes : int
    said : dict of str to str
        What each node and arrow is, in words, by its id.
    """

    def __init__(
        self, swept: Backward, folds: Sequence[Fold], look: Look, names: Mapping[int, str]
    ) -> None:
        import graphviz  # here, so that `import autograd_lite` does not wait for it

        self.swept, self.look, self.theme = swept, look, THEMES[look.theme]
        self.records = swept.records
        self.output = self.records[-1]
        self.index = {record.birth: i for i, record in enumerate(self.records)}
        self.names = names_of(self.records, names)
        self._taken = set(self.names.values())
        self.folds = {record.birth: fold for fold in folds for record in fold.members}
        self._ids = {birth: f"n{i}" for birth, i in self.index.items()}
        for fold in folds:
            node = f"f{self.index[fold.members[0].birth]}"
            self._ids.update((record.birth, node) for record in fold.members)
        self.constants: dict[int, str] = {}
        self.said: dict[str, str] = {}
        self.arrows: dict[tuple[str, str], str] = {}
        self.roles: set[str] = set()
        self.steps_to: dict[int, list[Contribution]] = {}
        self.steps_from: dict[int, list[Contribution]] = {}
        for step in swept.steps:
            self.steps_to.setdefault(step.to.birth, []).append(step)
            self.steps_from.setdefault(step.made.birth, []).append(step)
        shown = [record for record in self.records if record.birth not in self.folds]
        self.is_circuit = look.view == "circuit" or (
            look.view == "auto" and all(map(_is_number, shown)) and len(shown) <= _MANY
        )
        self.compact = len(shown) > _MANY
        self.beside = self._direction() in ("TB", "BT")
        self.new = graphviz.Digraph
        self.graph = self.page = self._start()
        self.boxes = {"": self.page}
        self.around: dict[str, str] = {}
        self._add_nodes(shown, folds)
        self.nodes = len(shown) + len(folds) + len(self.constants)
        self._add_arrows()
        self._finish()

    def _direction(self) -> str:
        """From left to right, unless that is too wide: then from top to bottom."""
        if self.look.direction != "auto":
            return self.look.direction
        ends: dict[str, int] = {}
        ids, wide = self._ids, _CIRCUIT_WIDTH if self.is_circuit else _CARD_WIDTH
        for record in self.records:
            node = ids[record.birth]
            start = max(
                (ends[ids[x.birth]] for x in record.inputs if isinstance(x, Tensor)), default=0
            )
            folded = node[0] == "f"
            width = wide if not folded else 0 if node in ends else _FOLD_WIDTH
            ends[node] = max(ends.get(node, 0), start + width)
        limit = _WIDEST_CIRCUIT if self.is_circuit else _WIDEST
        return "TB" if max(ends.values()) > limit else "LR"

    def _start(self) -> Any:
        theme = self.theme
        font = _FONT | {"fontcolor": theme.ink}
        graph = font | {"bgcolor": theme.paper, "nodesep": "0.3", "pad": "0.2", "id": "picture"}
        graph["ranksep"] = "0.45"
        node = font | {"shape": "box", "style": "filled", "fillcolor": theme.card}
        node |= {"color": theme.line, "margin": "0.04"}
        edge = font | {"color": theme.forward, "penwidth": "1.3", "arrowsize": "0.7"}
        return self.new("tape", graph_attr=graph, node_attr=node, edge_attr=edge)

    def _finish(self) -> None:
        depth = {"": 0}
        for inner, outer in self.around.items():
            depth[inner] = depth[outer] + 1
        for inner in sorted(self.around, key=lambda inner: -depth[inner]):
            self.boxes[self.around[inner]].subgraph(self.boxes[inner])
        ways_back = self.look.gradients and bool(self.swept.steps)
        roles = [role for role in ROLES if role in self.roles]
        tinted = (self.look.values or ways_back) and not self.is_circuit
        label = cards.legend(self.look.title, roles, self.theme, ways_back, tinted)
        direction = "TB" if self.beside else "LR"
        if self.look.direction in ("RL", "BT"):
            direction = self.look.direction
        at = {"labelloc": "t"} if self.look.title else {}
        self.page.graph_attr.update(rankdir=direction, label=label, **at)

    # Nodes.

    def _add_nodes(self, shown: Sequence[Tensor], folds: Sequence[Fold]) -> None:
        users: dict[int, Tensor] = {}
        for record in shown:
            for x in record.inputs:
                users.setdefault(getattr(x, "birth", -1), record)
        by_first = {fold.members[0].birth: fold for fold in folds}
        for record in self.records:
            if fold := by_first.get(record.birth):
                self._add_fold(fold)
            if record.birth in self.folds:
                continue
            for x in record.inputs:
                if not isinstance(x, Tensor) and np.ndim(x):
                    self._add_constant(x)
            self._add_record(record, users)

    def _add_record(self, record: Tensor, users: Mapping[int, Tensor]) -> None:
        node, place, role = self.node(record), record.scope, "input"
        made = ""
        if record.op is not None:
            role = "computed"
            if record is self.output:
                role = "output" if record.ndim else "loss"
            made = self.made(record)
        elif record.requires_grad:
            # A parameter stands in the module that uses it; data come from outside.
            role, place = "parameter", users.get(record.birth, record).scope
        steps = self.steps_to.get(record.birth, [])
        gradient, is_seed = self._gradient(record), record is self.output and not steps
        said = cards.Card(
            node,
            role,
            self.name(record),
            str(record.shape) if record.ndim else "scalar",
            str(record.dtype),
            made,
            self.swept.value(record) if self.look.values else None,
            gradient,
            [_number(step.value) for step in steps],
            is_seed and not isinstance(gradient, str),
            self.compact,
        )
        seen = [step for step in steps if step.made.birth not in self.folds]
        classes = [role, *(f"step-{step.step}" for step in seen[:_MANY])]
        label = cards.card(said, self.theme, self.beside)
        self._node(place, node, role, label, " ".join(classes))
        equals = f" = {made}" if made else ""
        self.said[node] = f"{said.name}{equals}, {role} {said.shape}"
        if self.is_circuit and record.op is not None:
            circuit.add_op(self, record)

    def _gradient(self, record: Tensor) -> Any:
        if not self.look.gradients:
            return None
        if not record.requires_grad:
            return "none: constant"
        return self.swept.gradients.get(record.birth, "none arrives")

    def _add_constant(self, x: Any) -> None:
        if id(x) in self.constants:
            return
        node = self.constants[id(x)] = f"c{len(self.constants)}"
        gradient = "none: constant" if self.look.gradients else None
        value = x if self.look.values else None
        words = (self._called(node), str(x.shape), str(x.dtype), "")
        said = cards.Card(node, "constant", *words, value, gradient)
        said.compact = self.compact
        label = cards.card(said, self.theme, self.beside)
        self._node("", node, "constant", label, "constant")
        self.said[node] = f"{node}, constant {x.shape}"

    def _add_fold(self, fold: Fold) -> None:
        ops = [record for record in fold.members if record.op is not None]
        leaves = [record for record in fold.members if record.op is None]
        parameters = [leaf for leaf in leaves if leaf.requires_grad]
        lines = [fold.kind] if fold.kind and fold.kind != "module" else []
        names = list(dict.fromkeys(record.op.name for record in ops if record.op))
        if names:
            few = ", ".join(names[:4]) + ", ..." * (len(names) > 4)
            lines += [f"{counted(len(ops), 'op')}: {few}"]
        if parameters:
            size = sum(leaf.size for leaf in parameters)
            lines.append(
                f"{counted(len(parameters), 'parameter')}"
                + f" of {size:,} numbers" * (size > len(parameters))
            )
        if len(leaves) > len(parameters):
            lines.append(counted(len(leaves) - len(parameters), "input"))
        if self.look.gradients and (norm := self._norm(parameters)):
            lines.append(f"gradient norm {norm}")
        node = self.node(fold.members[0])
        label = cards.fold_card(fold.name, lines, self.theme)
        self._node(fold.scope, node, "folded", label, "folded")
        self.said[node] = "; ".join([fold.name, *lines])

    def _norm(self, parameters: Sequence[Tensor]) -> str:
        found = (self.swept.gradients.get(leaf.birth) for leaf in parameters)
        norms = [float(np.linalg.norm(np.ravel(g))) for g in found if g is not None]
        return _number(np.asarray(float(np.linalg.norm(norms)))) if norms else ""

    def _node(self, place: str, node: str, role: str, label: str, classes: str) -> None:
        self.roles.add(role)
        frame = dict(ROLES[role])
        if role in ("loss", "output"):
            frame["color"] = self.theme.fills[role][0]
        frame |= {"class": classes, "id": node}
        self.box(place).node(node, label, _attributes=frame)

    def box(self, path: str) -> Any:
        """Return the box of a scope, made with those around it."""
        missing = []
        while path not in self.boxes:
            missing.append(path)
            path = getattr(path, "outer", path.rpartition(".")[0])
        theme = self.theme
        for inner in reversed(missing):
            name, kind = inner[len(path) + bool(path) :], getattr(inner, "kind", "")
            label = cards.title(name, "" if kind == name else kind, theme.quiet)
            attributes = {"label": label, "labelloc": "t", "labeljust": "l", "style": "rounded"}
            attributes |= {"bgcolor": theme.box, "pencolor": theme.box_line, "margin": "14"}
            attributes |= {"id": f"box{len(self.boxes)}", "fontsize": "13"}
            self.boxes[inner] = self.new(f"cluster_{len(self.boxes)}", graph_attr=attributes)
            self.around[inner] = path
            path = inner
        return self.boxes[path]

    # Arrows.

    def _add_arrows(self) -> None:
        for record in self.records:
            for x in record.inputs:
                if isinstance(x, Tensor) or (np.ndim(x) and record.birth not in self.folds):
                    self.forward(self.node(x), self.node(record))
            if self.is_circuit and record.op is not None and record.birth not in self.folds:
                circuit.add_arrows(self, record)
        if not self.look.gradients:
            return
        between: dict[tuple[str, str], list[Contribution]] = {}
        for step in self.swept.steps:
            pair = self.node(step.to), self.node(step.made)
            if step.to.birth in self.folds or step.made.birth in self.folds:
                between.setdefault(pair, []).append(step)
            else:
                self.backward(step, *pair)
        for (to, made), steps in between.items():
            if to != made:
                self._backward_folded(steps, to, made)

    def forward(self, tail: str, head: str) -> None:
        """Draw where a value goes; between folds once."""
        if tail == head:
            return
        again = (tail, head) in self.arrows
        arrow, n = f"e{tail.lstrip('n')}-{head.lstrip('n')}", 1
        if again:
            if tail[0] == "f" or head[0] == "f":
                return
            while f"{arrow}-{n + 1}" in self.said:
                n += 1
            arrow = f"{arrow}-{n + 1}"
        self.arrows[tail, head] = self.said[arrow] = f"{self.said[tail]}, goes into {head}"
        if self.is_circuit and head[0] == "n":
            head = f"o{head[1:]}"
        touched = self.port(head, "v", "in")
        if again and head[0] == "n":  # or one arrow would lie on the other
            touched = touched[:-1] + ("ne" if self.beside else "sw")
        self.graph.edge(self.port(tail, "v", "out"), touched, id=arrow, _attributes=_FORWARD)

    def backward(self, step: Contribution, to: str, made: str) -> None:
        """Draw what a step sends."""
        theme = self.theme
        rule = self.rule(step)
        nth = f"{step.nth} of {step.of}" if step.of > 1 else ""
        shown = rule if self.look.rules else []
        label = cards.rule_label(str(step.step), shown, nth, theme)
        head = f"o{made[1:]}" if self.is_circuit else made
        attributes = self.dashed([step], label)
        self.graph.edge(
            self.port(to, "g", "out"), self.port(head, "g", "in"), _attributes=attributes
        )
        self.said[f"b{step.step}"] = (
            f"step {step.step}: the gradient of {self.name(step.to)} gets {' '.join(rule)}"
            + f", {nth}" * bool(nth)
        )

    def _backward_folded(self, steps: Sequence[Contribution], to: str, made: str) -> None:
        attributes = self.dashed(steps[:1], "")
        self.graph.edge(
            self.port(to, "g", "out"), self.port(made, "g", "in"), _attributes=attributes
        )
        self.said[f"b{steps[0].step}"] = f"{counted(len(steps), 'step')} from {steps[0].step}"

    def dashed(self, steps: Sequence[Contribution], label: str) -> dict[str, str]:
        """The look of a backward arrow, which is declared forward so that the order holds."""
        found = {"dir": "back", "style": "dashed", "color": self.theme.backward}
        found |= {"class": " ".join(["backward", *(f"step-{step.step}" for step in steps)])}
        if label:
            found["label"] = label
        if steps:
            found["id"] = f"b{steps[0].step}"
        return found

    def port(self, node: str, road: str, way: str) -> str:
        """Where an arrow touches a node: values and gradients have roads of their own."""
        if node[0] in "fo":
            return node
        if self.beside:
            return f"{node}:{road}{way[0]}:{'s' if way == 'out' else 'n'}"
        return f"{node}:{road}{way[0]}:{'e' if way == 'out' else 'w'}"

    # Words.

    def node(self, x: Any) -> str:
        """The id of what an input or a record is drawn as."""
        return self._ids[x.birth] if isinstance(x, Tensor) else self.constants[id(x)]

    def name(self, x: Any) -> str:
        """What an input or a record is called."""
        if isinstance(x, Tensor):
            return self.names[x.birth]
        return self._called(self.constants.get(id(x), "constant")) if np.ndim(x) else number(x)

    def _called(self, constant: str) -> str:
        return free(constant, self._taken)

    def made(self, record: Tensor) -> str:
        """Write how a record was made."""
        assert record.op is not None
        called = [_short(self.name(x)) for x in record.inputs]
        try:
            words = made_code(record).text(called)
        except ValueError:
            words = ""
        if not words or len(words) > _LONG or len(called) > _MOST_INPUTS:
            return cards.call(record.op.name, called, record.params.items())
        return words

    def rule(self, step: Contribution) -> list[str]:
        """Write what a step computes; with the numbers put in where all are numbers."""
        made = step.made
        assert made.op is not None
        called = ["g", _short(self.name(made)), *(_short(self.name(x)) for x in made.inputs)]
        try:
            code = rule_code(made, step.position)
        except ValueError:
            return [f"rule of {made.op.name}"]
        words = code.text(called)
        if len(words) > _LONG:
            return [f"rule of {made.op.name}"]
        if not self.is_circuit or code.code == "g":
            return [words]
        g = self.swept.gradients[made.birth]
        values = [self.swept.value(x) if isinstance(x, Tensor) else x for x in made.inputs]
        numbers = [
            _number(x) if np.ndim(x) or isinstance(y, Tensor) else number(x)
            for x, y in zip([g, made.data, *values], [made, made, *made.inputs], strict=True)
        ]
        return [words, f"= {code.text(numbers)} = {_number(step.value)}"]


_FORWARD = {"class": "forward"}


def _is_number(x: Tensor) -> bool:
    return x.size == 1 and not any(np.size(y) > 1 for y in x.inputs if not isinstance(y, Tensor))


def _number(x: Any) -> str:
    """Write a single number of a tape with three digits; nothing of an array."""
    x = np.asarray(x)
    return format_of(x)(x.reshape(-1)[0]) if x.size == 1 else ""


def _short(name: str) -> str:
    return name if len(name) <= 24 else f"{name[:21]}..."
