"""What the tests of pictures draw, and how they read a picture."""

import re
import xml.etree.ElementTree as ET
from html import unescape

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.drawing import RendererNotFound, renderer
from autograd_lite.mode import scope

try:
    renderer.find()
    has_renderer = True
except RendererNotFound:
    has_renderer = False
renders = pytest.mark.skipif(not has_renderer, reason="there is no Graphviz here")


def parameter(data, name=None):
    return ag.Tensor(np.asarray(data), requires_grad=True, name=name)


def mlp():
    rng = np.random.default_rng(0)
    X = ag.Tensor(rng.standard_normal((5, 3)), name="X")
    W1, b1 = parameter(rng.standard_normal((3, 4)), "W1"), parameter(np.zeros(4), "b1")
    W2, b2 = parameter(rng.standard_normal((4, 2)), "W2"), parameter(np.zeros(2), "b2")
    with scope("model"):
        with scope("first"):
            h = ag.relu(X @ W1 + b1)
        with scope("second"):
            z = h @ W2 + b2
    return ag.softmax_cross_entropy(z, np.array([0, 1, 1, 0, 1]))


def neuron():
    """One neuron; the second input's weight is an input too."""
    x1, x2 = ag.Tensor(1.0, name="x1"), ag.Tensor(-2.0, name="x2")
    w1, w2, b = parameter(-0.44, "w1"), parameter(0.51, "w2"), parameter(0.3, "b")
    o = np.tanh(w1 * x1 + w2 * x2 + b)
    o.name = "o"
    return o


def reused(x):
    a = x * x
    c = a * x
    return c + a


def lines(drawing):
    """The lines of the DOT text that are nodes and arrows, without what they look like."""
    found = re.finditer(r"^\t+(.*?) \[(.*)\]$", drawing.source, re.MULTILINE)
    return [(m[1], m[2]) for m in found if m[1] not in ("graph", "node", "edge")]


def nodes(drawing):
    """The attributes of each node, by its id."""
    return {name: about for name, about in lines(drawing) if "->" not in name}


def words(label):
    """What a label shows, without its markup."""
    label = re.sub(r"([^<]*label=)?<(<.*>)>.*", r"\2", label)
    shown = unescape(re.sub(r"<[^<>]*>", " ", label)).replace("\\\\", "\\")
    return re.sub(r"\s+", " ", shown).strip()


def said(drawing):
    """What each node shows, by its id."""
    return {name: words(about) for name, about in nodes(drawing).items()}


def arrows(drawing, kind):
    """The arrows of a kind: their ends, and their attributes."""
    found = []
    for name, about in lines(drawing):
        if "->" in name and re.search(rf'class="?{kind}', about):
            tail, head = (end.partition(":")[0] for end in name.split(" -> "))
            found.append((tail, head, about))
    return found


def edges(drawing):
    return [(tail, head) for tail, head, _ in arrows(drawing, "forward")]


def rules(drawing):
    """What the backward arrows say, by their step."""
    found = {}
    for _, _, about in arrows(drawing, "backward"):
        if match := re.search(r" id=b(\d+)", about):
            found[int(match[1])] = words(about).removeprefix(f"{match[1]} ")
    return dict(sorted(found.items()))


def svg_text(drawing):
    texts = ET.fromstring(drawing.svg()).iter("{http://www.w3.org/2000/svg}text")
    return [(t.text or "").replace("\xa0", " ") for t in texts]
