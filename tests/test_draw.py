"""A picture is saved and shown as it is, for any names, and leaves the tape alone."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from drawings import mlp, parameter, renders, svg_text
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite.drawing import RendererNotFound, draw, renderer
from autograd_lite.mode import scope

HOSTILE = ['"><script>', "a|b{c}", r"\N \l &amp;", "<b>", "&#65;", "\\", r"\\G", "--", "node", " "]


def test_the_same_program_gives_the_same_bytes():
    first, second = draw(mlp(), title="t"), draw(mlp(), title="t")
    assert first.source == second.source


def named(name, title=None):
    with scope(f"in {name}"):
        return draw(parameter(2.0, name) * ag.Tensor(1.0, name=name), title=title)


@renders
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_shown_as_they_are(name):
    shown = svg_text(named(name, title=name))
    assert shown.count(name) >= 2
    assert f"= {name} * {name}_2".split() in [line.split() for line in shown]
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
    assert len(drawing.source) < 6_000
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
@pytest.mark.parametrize("suffix", ["svg", "png", "pdf", "html", "dot", "gv", "SVG"])
def test_the_suffix_says_what_is_saved(suffix, tmp_path):
    path = tmp_path / f"graph.{suffix}"
    if suffix == "pdf" and "graphviz-pure" in renderer.find():
        pytest.skip("graphviz-pure makes no pdf")
    draw(mlp()).save(path)
    start = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF", "html": b"<!"}.get(
        suffix.lower(), b"digraph"
    )
    assert path.read_bytes().startswith(start)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["graph.jpg", "graph"])
def test_another_suffix_is_refused_with_the_choices(name, tmp_path):
    with pytest.raises(ValueError, match=re.escape(".svg, .png, .pdf, .html, .dot, .gv")):
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
    assert "g @ W2.T" in bundle["text/plain"]
    assert draw(mlp())._mime_() == ("text/plain", bundle["text/plain"])


@renders
def test_a_notebook_shows_a_picture_no_wider_than_the_page():
    bundle = draw(mlp())._repr_mimebundle_(include=None, exclude=None)
    svg = ET.fromstring(bundle["image/svg+xml"])
    assert "max-width:100%" in svg.get("style")
    assert bundle["text/plain"] == "Drawing(13 nodes)"


@renders
def test_two_pictures_on_a_page_share_no_id():
    drawing = draw(mlp())
    first, second = drawing._repr_svg_(), drawing._repr_svg_()
    ids = [set(re.findall(r' id="([^"]+)"', svg)) for svg in (first, second)]
    assert ids[0]
    assert not ids[0] & ids[1]
    assert drawing.svg() == drawing.svg()
    assert drawing._mime_()[0] == "image/svg+xml"


def test_a_drawing_is_text_too():
    assert "g @ W2.T" in draw(mlp()).table()


@renders
def test_a_drawing_has_frames_and_plays():
    drawing = draw(mlp())
    assert len(drawing.frames()) > 10
    assert "iframe" in drawing.play()._repr_html_()


def test_importing_the_package_does_not_import_graphviz():
    code = "import sys, autograd_lite, autograd_lite.drawing; print('graphviz' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_program_of_constants_alone_is_drawn():
    step = ag.derive(lambda x: np.sum(np.ones(2)), np.ones(2))
    assert "return" in ag.draw(step).source
