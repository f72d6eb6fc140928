"""A long tape is folded: into few nodes, in little time, without cycles."""

import re
import warnings

import numpy as np
import pytest
from counting import calls
from drawings import arrows, edges, nodes, parameter, renders, said

import autograd_lite as ag
from autograd_lite.drawing import draw
from autograd_lite.mode import scope


class Block(ag.nn.Module):
    def __init__(self, n, name):
        self.name = name
        self.inner, self.outer = (ag.nn.Linear(n, n, rng=0, name=i) for i in "12")

    def forward(self, x):
        return x + self.outer(np.tanh(self.inner(x)))


class Net(ag.nn.Module):
    def __init__(self, blocks):
        self.blocks = [Block(4, f"block{i}") for i in range(blocks)]
        self.head = ag.nn.Linear(4, 1, rng=0, name="head")

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return np.sum(self.head(x) ** 2)


def loop(rounds):
    x = parameter(1.0, "x")
    y = x
    for _ in range(rounds):
        y = y * 1.0001 + x
    return y


def random_graph(ops):
    rng = np.random.default_rng(0)
    made = [parameter(x) for x in rng.uniform(0.5, 1, 100)]
    kinds = [np.add, np.multiply, np.maximum, np.subtract, lambda a, b: np.tanh(a)]
    for kind, (i, j) in zip(
        rng.integers(len(kinds), size=ops), rng.integers(1, 60, size=(ops, 2)), strict=True
    ):
        made.append(kinds[kind](made[-i], made[-j]) * 0.5)
    return sum(made[-40:])


def is_acyclic(drawing):
    """Whether values never come back to where they were."""
    after = {}
    for tail, head in edges(drawing):
        after.setdefault(tail, set()).add(head)
    waiting = dict.fromkeys([*after, *(x for heads in after.values() for x in heads)], 0)
    for heads in after.values():
        for head in heads:
            waiting[head] += 1
    ready = [x for x, n in waiting.items() if not n]
    for x in ready:
        for head in after.get(x, ()):
            waiting[head] -= 1
            if not waiting[head]:
                ready.append(head)
    return len(ready) == len(waiting)


def test_what_fits_is_not_folded():
    assert not any(name.startswith("f") for name in nodes(draw(loop(20))))


def test_modules_that_repeat_are_folded_after_the_first():
    drawing = draw(Net(30), np.ones((2, 4)))
    shown = said(drawing)
    (fold,) = (text for name, text in shown.items() if name.startswith("f"))
    assert fold.startswith("29 more x Block block1 ... block29 116 ops: linear, tanh, add")
    assert "116 parameters of 1,160 numbers" in fold
    assert re.search(r"gradient norm \d", fold)
    assert len(shown) < 20
    assert is_acyclic(drawing)


def test_the_middle_of_a_loop_is_folded():
    shown = said(draw(loop(500)))
    assert [name for name in shown if name[0] in "nf"] == ["n0", "n1", "n2", "f3", "n999", "n1000"]
    assert shown["f3"] == "498 more rounds 996 ops: multiply, add"


def test_a_shallow_picture_has_whole_modules_as_boxes():
    shown = said(draw(Net(3), np.ones((2, 4)), depth=1))
    folds = [text for name, text in shown.items() if name.startswith("f")]
    assert [text.split()[0] for text in folds] == ["block0", "block1", "block2"]
    assert "Whead parameter" in " ".join(shown.values())  # a single op is no smaller as a box


def test_a_module_can_be_seen_inside_of_what_is_folded():
    closed = draw(Net(30), np.ones((2, 4)), max_nodes=40)
    opened = draw(Net(30), np.ones((2, 4)), max_nodes=40, expand=["block7"])
    assert "block7" not in "".join(closed.source.split("<<B>")[1:])
    assert "<<B>block7</B>" in opened.source
    assert is_acyclic(opened)
    by_path = draw(Net(30), np.ones((2, 4)), max_nodes=40, expand="Net.block7")
    assert by_path.source == opened.source


def test_many_leaves_of_one_op_are_folded():
    parts = [parameter(float(i), f"w{i}") for i in range(1000)]
    drawing = draw(np.sum(np.stack(parts)))
    assert len(nodes(drawing)) < 20
    assert "997 more 997 parameters gradient norm 31.6" in said(drawing).values()


def test_what_goes_around_a_fold_is_drawn_once():
    drawing = draw(loop(500))
    assert edges(drawing).count(("n0", "f3")) == 1
    back = [pair for *pair, _ in arrows(drawing, "backward")]
    assert back.count(["n0", "f3"]) == 1


@pytest.mark.parametrize("make", [loop, random_graph])
def test_twice_as_many_ops_are_drawn_with_twice_the_work(make):
    few, many = make(2_000), make(4_000)
    assert calls(lambda: draw(many)) <= 2.2 * calls(lambda: draw(few))


@pytest.mark.parametrize("make", [loop, random_graph])
def test_a_hundred_thousand_ops_are_drawn_with_few_nodes(make):
    drawing = draw(make(50_000))
    assert len([name for name in nodes(drawing) if name[0] != "o"]) <= 150
    assert is_acyclic(drawing)
    assert len(drawing.source) < 1_000_000


@renders
def test_a_folded_picture_is_rendered():
    assert "498 more rounds" in draw(loop(500)).svg()
    assert draw(random_graph(3000), max_nodes=40).svg().endswith("</svg>\n")


@pytest.mark.parametrize("max_nodes", [1, 8, 20, 60, 100])
@pytest.mark.parametrize("make", [loop, random_graph, lambda n: Net(n // 8)(np.ones((2, 4)))])
def test_a_picture_has_no_more_nodes_than_were_asked_for(make, max_nodes):
    drawing = draw(make(800), max_nodes=max_nodes)
    assert drawing.picture.nodes <= max(max_nodes, 40)
    assert is_acyclic(drawing)


def test_a_picture_too_large_to_read_warns_with_a_way_out():
    with pytest.warns(UserWarning, match="4,001 nodes.*leave max_nodes at 150"):
        drawing = draw(loop(2000), max_nodes=None, rules=False)
    assert drawing.picture.nodes == 4001
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw(loop(2000))


def test_scopes_within_scopes_without_end_are_no_trouble():
    def picture(n):
        x = parameter(1.0, "x")
        for i in range(n):
            with scope(f"s{i % 7}"):
                x = x * 1.001
        return lambda: draw(x).picture.nodes

    assert picture(3000)() <= 150
    assert calls(picture(2000)) <= 2.2 * calls(picture(1000))


def test_the_same_program_folds_the_same():
    assert draw(random_graph(500)).source == draw(random_graph(500)).source
