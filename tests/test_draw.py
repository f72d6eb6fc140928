"""`draw` shows what is on the tape, for any names, and leaves the tape alone."""

import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite.draw import Drawing, RendererNotFound, cards, draw, renderer
from autograd_lite.mode import scope

try:
    renderer.find()
    has_renderer = True
except RendererNotFound:
    has_renderer = False
renders = pytest.mark.skipif(not has_renderer, reason="there is no Graphviz here")

HOSTILE = ['"><script>', "a|b{c}", r"\N \l &amp;", "<b>", "&#65;", "\\", r"\\G", "--", "node", " "]


def parameter(data, name=None):
    return ag.Tensor(np.asarray(data, float), requires_grad=True, name=name)


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


def nodes(drawing):
    """Each node's id with its line of the DOT text."""
    return {m[1]: m[0] for m in re.finditer(r"^\t+([nc]\d+) \[.*$", drawing.source, re.MULTILINE)}


def words(label):
    """What a line of DOT shows, without its markup."""
    return unescape(re.sub(r"<[^<>]*>", " ", label)).replace("\\\\", "\\")


def edges(drawing):
    return re.findall(r"^\t(\w+) -> (\w+)$", drawing.source, re.MULTILINE)


def svg_text(drawing):
    texts = ET.fromstring(drawing.svg()).iter("{http://www.w3.org/2000/svg}text")
    return [(t.text or "").replace("\xa0", " ") for t in texts]


def test_every_record_is_one_node_and_every_input_one_arrow():
    drawing = draw(mlp())
    assert sorted(nodes(drawing)) == sorted(["c0", *(f"n{i}" for i in range(12))])
    expected = "n0-n5 n1-n5 n5-n6 n2-n6 n6-n7 n7-n8 n3-n8 n8-n9 n4-n9 n9-n10 n9-n11 c0-n11 n10-n11"
    assert " ".join("-".join(edge) for edge in edges(drawing)) == expected
    assert repr(drawing) == "Drawing(13 nodes)"


def test_a_card_says_name_shape_dtype_and_op():
    shown = nodes(draw(mlp()))
    for part in ("<B>W1</B>", "(3, 4) float64", "parameter"):
        assert part in shown["n1"]
    for part in ("<B>v5</B>", "(5, 4) float64", "= <B>matmul</B>(X, W1)"):
        assert part in shown["n5"]
    assert "(5,) int64" in shown["c0"]
    assert "scalar float64" in shown["n11"]
    assert "loss" in words(shown["n11"])


def test_an_output_that_is_no_single_number_is_not_called_a_loss():
    shown = words(nodes(draw(parameter([1.0, 2.0]) * 2))["n1"])
    assert "output" in shown
    assert "loss" not in shown


def test_roles_differ_in_shape_and_in_colour():
    shown = nodes(draw(mlp()))
    lines = [shown[i] for i in ("n0", "n1", "n5", "c0", "n11")]
    fills = [re.search(r'BGCOLOR="(#\w+)"', line)[1] for line in lines]
    frames = [line.rpartition("TABLE>>")[2] for line in lines]
    assert len(set(fills)) == len(set(frames)) == 5
    assert fills[:2] + fills[4:] == ["#56B4E9", "#E69F00", "#CC79A7"]
    for frame, part in zip(
        frames, ("shape=note", "peripheries=2", "rounded", "dashed", "penwidth"), strict=True
    ):
        assert part in frame


def luminance(colour):
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [
        0.2126,
        0.7152,
        0.0722,
    ]


@pytest.mark.parametrize(
    ("ink", "ground"),
    [(cards.QUIET, "#FFFFFF"), *((cards.INK, fill) for fill in cards._FILLS.values())],
)
def test_text_stands_out_from_its_ground(ink, ground):
    assert (luminance(ground) + 0.05) / (luminance(ink) + 0.05) >= 5


def test_the_background_is_opaque_and_the_legend_is_no_node():
    source = draw(mlp()).source
    head = source.splitlines()[1]
    assert "bgcolor=white" in head
    assert all(role in head for role in cards.FRAMES)
    assert "shape=record" not in source


def test_the_legend_names_only_the_roles_in_the_picture():
    head = draw(parameter(1.0) * 2).source.splitlines()[1]
    assert "parameter" in head
    assert "constant" not in head


@pytest.mark.parametrize(
    ("compute", "expression"),
    [
        (lambda x: x**2, "power (x, 2)"),
        (lambda x: x + 1.0, "add (x, 1.0)"),
        (lambda x: 1 / x, "divide (1, x)"),
        (lambda x: x * (1 / 3), "multiply (x, 0.3333)"),
        (lambda x: x * np.float32(0.1), "multiply (x, 0.1)"),
        (lambda x: x * np.array(-1.5e-30), "multiply (x, -1.5e-30)"),
        (lambda x: np.sum(x, axis=1, keepdims=True), "sum (x, axis=1, keepdims=True)"),
        (lambda x: np.sum(x, axis=(0, 1)), "sum (x, axis=(0, 1))"),
        (lambda x: x[:, 1:], "getitem (x, index=(:, 1:))"),
        (lambda x: x[..., ::2], "getitem (x, index=(..., ::2))"),
        (lambda x: x[np.array([0, 1, 0])], "getitem (x, index=int64 array (3,))"),
        (lambda x: x[[0, 1, 0, 1, 0]], "getitem (x, index=[0, 1, 0, 1, ...])"),
        (lambda x: x.reshape(4), "reshape (x, shape=4)"),
        (lambda x: x.reshape((4,)), "reshape (x, shape=(4,))"),
        (lambda x: x.astype("float32"), "astype (x, dtype=float32)"),
    ],
)
def test_numbers_and_keywords_stand_in_the_expression(compute, expression):
    drawing = draw(compute(parameter([[1.0, 2.0], [3.0, 4.0]], "x")))
    assert list(nodes(drawing)) == ["n0", "n1"]
    assert expression in words(nodes(drawing)["n1"])


def test_many_inputs_are_abbreviated():
    def total(*arrays):
        return sum(arrays)

    op = ag.function(total, *[lambda g, y, *xs: g] * 9)
    drawing = draw(op(*[parameter(1.0, "x")] * 9))
    assert "total (x, x, x, ..., x)" in words(nodes(drawing)["n1"])
    assert len(edges(drawing)) == 9


def test_an_object_among_the_keywords_shows_no_address():
    op = ag.function(lambda x, how: x, lambda g, y, x, how: g)
    drawing = draw(op(parameter(1.0), how=object()))
    assert "how=object" in words(nodes(drawing)["n1"])
    assert "0x" not in drawing.source


def test_a_repeated_input_has_two_arrows():
    x = parameter(3.0, "x")
    assert edges(draw(x * x)) == [("n0", "n1"), ("n0", "n1")]


def test_a_constant_array_used_twice_is_one_node():
    x, c = parameter([1.0, 2.0]), np.array([3.0, 4.0])
    assert edges(draw((x * c + c) * c.copy())) == [
        *(("n0", "n1"), ("c0", "n1"), ("n1", "n2"), ("c0", "n2")),
        *(("n2", "n3"), ("c1", "n3")),
    ]


def test_a_leaf_alone_can_be_drawn():
    assert "parameter" in words(nodes(draw(parameter(1.0)))["n0"])


def test_scopes_are_nested_boxes_that_hold_their_parameters():
    source = draw(mlp()).source
    model, first, second = (source.index(f"<<B>{s}</B>>") for s in ("model", "first", "second"))
    assert model < first < source.index("\tn1 [") < source.index("\tn5 [") < second
    assert second < source.index("\tn3 [") < source.index("\tn8 [")
    assert source.index("\tn0 [") < model  # the data come from outside
    assert source.count("subgraph") == 3


def test_a_scope_entered_again_is_the_same_box():
    x = parameter(1.0)
    with scope("f"):
        y = x * 2
    z = y + 1
    with scope("f"):
        z = z * y
    assert draw(z).source.count("subgraph") == 1


def test_a_title_is_written_above():
    assert "title &amp; &lt;b&gt; \\\\N" in draw(mlp(), title=r"title & <b> \N").source


@pytest.mark.parametrize("direction", ["LR", "TB", "RL", "BT"])
def test_the_direction_is_the_users(direction):
    assert f"rankdir={direction}" in draw(mlp(), direction=direction).source


def test_the_same_program_gives_the_same_bytes():
    first, second = draw(mlp(), title="t"), draw(mlp(), title="t")
    assert first.source == second.source


def test_drawing_records_nothing_and_touches_no_gradient():
    x = parameter([1.0, 2.0])
    np.sum(x * x).backward()
    loss = np.sum(x * x)
    grad, birth = x.grad, ag.Tensor(0).birth
    draw(loss)
    assert x.grad is grad
    assert ag.Tensor(0).birth == birth + 1
    loss.backward()
    assert np.array_equal(x.grad, [4.0, 8.0])


def test_a_deep_chain_is_text_within_a_second():
    x = parameter(1.0)
    for i in range(3000):
        with scope(f"s{i % 7}"):
            x = x * 1.001
    start = time.perf_counter()
    assert len(edges(draw(x))) == 3000
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize("thing", [3.0, np.ones(2), mlp, [1]])
def test_what_is_no_tensor_is_refused_with_what_to_write(thing):
    with pytest.raises(TypeError, match=rf"not a {type(thing).__name__}; write draw\(loss\)"):
        draw(thing)


def test_an_unknown_direction_is_refused_with_the_choices():
    with pytest.raises(ValueError, match="LR, TB, RL, BT"):
        draw(parameter(1.0), direction="left")


def test_a_released_graph_says_how_to_keep_it():
    loss = mlp()
    loss.backward()
    with pytest.raises(ag.GraphFreedError, match="retain_graph=True"):
        draw(loss)


def named(name, title=None):
    with scope(f"in {name}"):
        return draw(parameter(2.0, name) * ag.Tensor(1.0, name=name), title=title)


@renders
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_shown_as_they_are(name):
    shown = svg_text(named(name, title=name))
    assert shown.count(name) >= 3
    assert f"({name}, {name})" in shown
    assert f"in {name}".rpartition(".")[2] in shown


@renders
def test_line_ends_and_control_characters_are_spelled_out():
    shown = svg_text(named("a\nb\x00\x1b\u202e\ud800"))
    assert r"a\nb\x00\x1b\u202e\ud800" in shown


@renders
def test_letters_of_any_language_are_shown():
    assert "Größe θ 漢字" in svg_text(named("Größe θ 漢字"))


@renders
def test_a_very_long_name_is_abbreviated():
    drawing = named("very " * 100_000)
    assert len(drawing.source) < 5_000
    assert "very very very very v..." in svg_text(drawing)


@renders
@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(), max_size=24))
def test_any_name_gives_valid_svg_with_the_name_in_it(name):
    shown = svg_text(named(name))
    if name.isprintable() and name:
        assert name in shown


@pytest.mark.parametrize("name", [*HOSTILE, "", ".", "a..b", "\ud800"])
def test_dot_text_is_encodable_and_balanced_for_any_name(name):
    source = named(name, title=name).source
    assert source.encode()
    assert source.count("<") == source.count(">") - source.count("->")
    assert "<B></B>" not in source


@renders
@pytest.mark.parametrize("suffix", ["svg", "png", "pdf", "dot", "gv", "SVG"])
def test_the_suffix_says_what_is_saved(suffix, tmp_path):
    path = tmp_path / f"graph.{suffix}"
    if suffix == "pdf" and "graphviz-pure" in renderer.find():
        pytest.skip("graphviz-pure makes no pdf")
    draw(mlp()).save(path)
    start = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}.get(suffix.lower(), b"digraph")
    assert path.read_bytes().startswith(start)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["graph.jpg", "graph"])
def test_another_suffix_is_refused_with_the_choices(name, tmp_path):
    with pytest.raises(ValueError, match=re.escape(".svg, .png, .pdf, .dot, .gv")):
        draw(mlp()).save(tmp_path / name)
    assert not list(tmp_path.iterdir())


@renders
def test_more_dots_per_inch_make_a_larger_png():
    def width(png):
        return int.from_bytes(png[16:20], "big")

    drawing = draw(parameter(1.0) * 2)
    assert width(drawing.png(dpi=192)) == pytest.approx(2 * width(drawing.png(dpi=96)), rel=0.02)


def graphviz_that(tmp_path, monkeypatch, program):
    """Put a `dot` of one's own first on the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    script = tmp_path / "dot"
    script.write_text(f"#!{sys.executable}\nimport sys, time\n{program}\n")
    script.chmod(0o755)


posix = pytest.mark.skipif(sys.platform == "win32", reason="a script stands for Graphviz")


@posix
def test_a_failed_rendering_keeps_the_file_there_was(tmp_path, monkeypatch):
    graphviz_that(tmp_path, monkeypatch, "print('<svg half'); sys.exit('syntax error in line 1')")
    path = tmp_path / "graph.svg"
    path.write_text("before")
    with pytest.raises(RuntimeError, match=r"dot made no svg of this graph: syntax error"):
        draw(mlp()).save(path)
    assert path.read_text() == "before"
    assert {p.name for p in tmp_path.iterdir()} == {"dot", "graph.svg"}


def test_a_failed_write_leaves_nothing_half_done(tmp_path, monkeypatch):
    path = tmp_path / "graph.dot"
    path.write_text("before")

    def full(self, content):
        with self.open("wb") as file:
            file.write(content[:5])
        raise OSError("no space left")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="no space"):
        draw(mlp()).save(path)
    assert [p.name for p in tmp_path.iterdir()] == ["graph.dot"]
    assert path.read_text() == "before"


@posix
def test_a_whole_document_is_taken_whatever_the_exit_status(tmp_path, monkeypatch):
    graphviz_that(tmp_path, monkeypatch, "print('<svg ></svg>'); sys.exit('lost an edge')")
    assert draw(mlp()).svg().endswith("</svg>\n")


@posix
def test_a_layout_without_end_is_stopped(tmp_path, monkeypatch):
    graphviz_that(tmp_path, monkeypatch, "time.sleep(60)")
    monkeypatch.setattr(renderer, "TIME_LIMIT", 0.2)
    with pytest.raises(RuntimeError, match=r"0\.2 s.*\.save"):
        draw(mlp()).png()


@posix
def test_graphviz_pure_is_found_beside_this_python_without_a_path(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path / "nowhere"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    pure = tmp_path / "graphviz-pure"
    pure.touch(0o755)
    assert renderer.find() == str(pure)


@pytest.fixture
def no_renderer(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))


def test_without_a_renderer_the_message_is_one_command(no_renderer, tmp_path):
    drawing = draw(mlp())
    for make in (drawing.svg, drawing.png, lambda: drawing.save(tmp_path / "graph.png")):
        with pytest.raises(RendererNotFound, match=re.escape("pip install 'autograd-lite[draw]'")):
            make()
    drawing.save(tmp_path / "graph.dot")
    assert (tmp_path / "graph.dot").read_text(encoding="utf-8") == drawing.source


def test_without_a_renderer_a_notebook_shows_text(no_renderer):
    bundle = draw(mlp())._repr_mimebundle_()
    assert list(bundle) == ["text/plain"]
    assert "pip install" in bundle["text/plain"]
    assert "digraph" in bundle["text/plain"]


@renders
def test_a_notebook_shows_a_picture_no_wider_than_the_page():
    bundle = draw(mlp())._repr_mimebundle_(include=None, exclude=None)
    svg = ET.fromstring(bundle["image/svg+xml"])
    assert "max-width:100%" in svg.get("style")
    assert bundle["text/plain"] == "Drawing(13 nodes)"


def test_importing_the_package_does_not_import_graphviz():
    code = "import sys, autograd_lite, autograd_lite.draw; print('graphviz' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_the_graph_is_open_to_changes():
    drawing = draw(parameter(1.0) * 2)
    drawing.graph.edge("n0", "n1", label="mine")
    assert isinstance(drawing, Drawing)
    assert "mine" in drawing.source
