"""A picture shows values, gradients, the rule of each step, and what to look at."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from drawings import (
    arrows,
    edges,
    lines,
    mlp,
    neuron,
    nodes,
    parameter,
    renders,
    reused,
    rules,
    said,
    svg_text,
    words,
)

import autograd_lite as ag
from autograd_lite.drawing import Drawing, draw
from autograd_lite.drawing.figures import format_of, is_small, number, summary, thumbnail
from autograd_lite.drawing.theme import ROLES, THEMES
from autograd_lite.mode import scope


def test_every_record_is_one_node_and_every_input_one_arrow():
    drawing = draw(mlp())
    assert sorted(nodes(drawing)) == sorted(["c0", *(f"n{i}" for i in range(12))])
    expected = "n0-n5 n1-n5 n5-n6 n2-n6 n6-n7 n7-n8 n3-n8 n8-n9 n4-n9 n9-n10 n9-n11 c0-n11 n10-n11"
    assert " ".join("-".join(edge) for edge in edges(drawing)) == expected
    assert repr(drawing) == "Drawing(13 nodes)"


def test_a_card_says_name_role_shape_expression_value_and_gradient():
    shown = said(draw(mlp()))
    assert shown["n2"].startswith("b1 parameter (4,) value 0.00 0.00 0.00 0.00 gradient ")
    assert shown["n5"].startswith("v5 (5, 4) = X @ W1 value max ")
    assert shown["c0"] == "c0 constant (5,) int64 value 0 1 1 0 1 gradient none: constant"
    assert shown["n10"].endswith("gradient none arrives")
    assert shown["n11"].startswith("v11 loss scalar = -v10[")
    assert shown["n11"].endswith("gradient seed 1.00")


def test_the_way_back_has_numbered_steps_with_the_rule_as_code():
    drawing = draw(mlp())
    assert rules(drawing) == {
        1: "g / 5 * (np.exp(v10) - (c0[..., None] == np.arange(2)))",
        2: "g",
        3: "g.sum(0)",
        4: "g @ W2.T",
        5: "v7.T @ g",
        6: "g * (v6 > 0)",
        7: "g",
        8: "g.sum(0)",
        9: "X.T @ g",
    }
    back = [(tail, head) for tail, head, _ in arrows(drawing, "backward")]
    assert ("n3", "n8") in back
    assert all("dir=back" in about for *_, about in arrows(drawing, "backward"))


def test_values_and_gradients_have_roads_of_their_own():
    drawn = [name for name, _ in lines(draw(mlp(), direction="LR")) if "->" in name]
    assert "n1:vo:e -> n5:vi:w" in drawn
    assert "n1:go:e -> n5:gi:w" in drawn
    drawn = [name for name, _ in lines(draw(mlp(), direction="TB")) if "->" in name]
    assert "n1:vo:s -> n5:vi:n" in drawn
    assert "n1:go:s -> n5:gi:n" in drawn


def test_what_is_used_twice_shows_each_part_and_the_sum():
    drawing = draw(reused, 3.0)
    assert rules(drawing) == {
        1: "g",
        2: "g 1 of 2",
        3: "g * x = 1.00 * 3.00 = 3.00 2 of 2",
        4: "g * a = 1.00 * 9.00 = 9.00 1 of 3",
        5: "g * x = 4.00 * 3.00 = 12.0 2 of 3",
        6: "g * x = 4.00 * 3.00 = 12.0 3 of 3",
    }
    shown = said(drawing)
    assert shown["n0"].endswith("gradient sum of 3 33.0 = 9.00 + 12.0 + 12.0")
    assert shown["n1"].endswith("gradient sum of 2 4.00 = 1.00 + 3.00")
    x = parameter([[1.0, 2.0]], "x")
    assert "gradient sum of 2 2.00 4.00" in said(draw(np.sum(x * x)))["n0"]


def test_negative_terms_of_a_sum_stand_in_parentheses():
    x = parameter(2.0)
    assert said(draw(x * 3.0 - x))["n0"].endswith("2.00 = -1.00 + 3.00")
    assert said(draw(3.0 * x + (-x)))["n0"].endswith("2.00 = -1.00 + 3.00")


def test_single_numbers_are_a_circuit_with_the_numbers_in_the_rules():
    drawing = draw(neuron())
    shown = said(drawing)
    assert [shown[f"o{i}"] for i in (5, 6, 7, 8, 9)] == ["*", "*", "+", "+", "tanh"]
    assert rules(drawing)[1] == "g * (1 - o**2) = 1.00 * (1 - (-0.821)**2) = 0.326"
    assert "g * x2 = 0.326 * (-2.00) = -0.652" in rules(drawing).values()
    assert ("o9", "n9") in edges(drawing)
    assert "o9" not in said(draw(neuron(), view="cards"))
    assert "o11" in said(draw(mlp(), view="circuit"))


def test_a_number_in_a_circle_stands_beside_its_sign():
    x = parameter(3.0, "x")
    assert said(draw(2.5 - x**2))["o1"] == "**2"
    assert said(draw(2.5 - x**2))["o2"] == "2.5 -"


def test_values_gradients_and_rules_can_be_left_out():
    drawing = draw(neuron(), values=False)
    assert "-0.440" not in said(drawing)["n2"]
    drawing = draw(neuron(), gradients=False)
    assert not arrows(drawing, "backward")
    assert "gradient" not in "".join(said(drawing).values())
    drawing = draw(neuron(), rules=False)
    assert all(shown == str(step) for step, shown in rules(drawing).items())


def test_not_reached_constant_and_zero_are_three_things():
    x, c = parameter([-1.0, -2.0], "x"), ag.Tensor([1.0, 1.0], name="c")
    shown = said(draw(np.sum(ag.relu(x) * c)))
    assert shown["n0"].endswith("0.00 0.00 ! zero everywhere")
    assert shown["n1"].endswith("gradient none: constant")
    y = parameter(1.0, "y")
    assert said(draw(np.sum(x) + ag.stop_gradient(y)))["n1"].endswith("none arrives")


def test_a_gradient_that_is_not_finite_is_flagged():
    x = parameter([0.0, 1.0, np.nan], "x")
    with np.errstate(all="ignore"):
        loss = np.sum(np.sqrt(x))
    shown = said(draw(loss))
    assert "! 1 of 3 NaN" in shown["n0"]
    assert "! 1 of 3 infinite" in shown["n0"]
    assert "nan" in shown["n2"]


def test_roles_differ_in_frame_in_colour_and_in_word():
    drawing = draw(mlp())
    chosen = [nodes(drawing)[i] for i in ("n0", "n1", "n5", "c0", "n11")]
    fills = [re.search(r'BGCOLOR="(#\w+)"', about)[1] for about in chosen]
    frames = [re.sub(r"label=<.*>>|\bid=\w+|class=\S+( [^\"]*\")?", "", about) for about in chosen]
    assert len(set(fills)) == len({frame.strip() for frame in frames}) == 5
    assert fills[:2] + fills[4:] == ["#56B4E9", "#E69F00", "#CC79A7"]
    shown = said(drawing)
    for node, word in zip(("n0", "n1", "c0", "n11"), ROLES, strict=False):
        del word
        assert re.search("input|parameter|constant|loss", shown[node])


def test_an_output_of_several_numbers_is_not_called_a_loss():
    shown = said(draw(parameter([1.0, 2.0]) * 2))["n1"]
    assert "output" in shown
    assert "loss" not in shown
    assert "seed 1.00 1.00" in shown


def luminance(colour):
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrasts(theme):
    grounds = theme.paper, theme.card, theme.box
    yield from ((ink, ground) for ink in (theme.ink, theme.quiet) for ground in grounds)
    yield from ((ink, theme.card) for ink in (theme.forward, theme.rule))
    yield from ((ink, theme.paper) for ink in (theme.forward, theme.rule, theme.line))
    yield theme.on_plate, theme.plate
    yield theme.on_alarm, theme.alarm
    yield from ((theme.ink, theme.tint(share)) for share in (-1, -0.5, 0, 0.5, 1))
    yield from ((ink, fill) for fill, ink in theme.fills.values())


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
def test_text_stands_out_from_its_ground(theme):
    for pair in contrasts(theme):
        dark, light = sorted(map(luminance, pair))
        assert (light + 0.05) / (dark + 0.05) >= 5, pair


DEUTERANOPIA = np.array(  # Machado, Oliveira and Fernandes (2009), severity 1
    [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]
)


def seen_without_green(colour):
    """A colour in CIE Lab, as it is seen in deuteranopia."""
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(DEUTERANOPIA @ linear, 0, 1)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(to_xyz @ seen / [0.9505, 1, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
def test_the_two_roads_and_the_two_signs_differ_for_the_colour_blind(theme):
    fills = {role: fill for role, (fill, _) in theme.fills.items()}
    for a, b, least in (
        (theme.forward, theme.backward, 60),
        (theme.negative, theme.positive, 25),
        (fills["input"], fills["parameter"], 60),
        (fills["parameter"], fills["loss"], 40),
    ):
        assert np.linalg.norm(seen_without_green(a) - seen_without_green(b)) > least


def test_a_theme_colours_everything():
    source = draw(mlp(), theme="dark").source
    used = set(re.findall(r"#[0-9A-F]{6}", source))
    assert THEMES["light"].paper not in used
    assert f'bgcolor="{THEMES["dark"].paper}"' in source


def test_the_legend_is_no_node_and_names_only_what_is_there():
    head = words(draw(mlp()).source.splitlines()[1])
    assert head.startswith("input parameter computed constant loss → values <- - gradients")
    head = words(draw(parameter(1.0) * 2, gradients=False).source.splitlines()[1])
    assert head == "parameter loss → values"


@pytest.mark.parametrize(
    ("compute", "expression"),
    [
        (lambda x: x**2, "x**2"),
        (lambda x: x + 1.0, "x + 1.0"),
        (lambda x: 1 / x, "1 / x"),
        (lambda x: x * np.array(-1.5e-30), "x * -1.5e-30"),
        (lambda x: np.sum(x, axis=1, keepdims=True), "x.sum(1, keepdims=True)"),
        (lambda x: np.sum(x, axis=(0, 1)), "x.sum((0, 1))"),
        (lambda x: x[:, 1:], "x[:, 1:]"),
        (lambda x: x[..., ::2], "x[..., ::2]"),
        (lambda x: x[np.array([1, 1, 0])], "x[np.array([1, 1, 0])]"),
        (lambda x: x.reshape(4), "x.reshape(4)"),
        (lambda x: x.astype("float32"), "x.astype(np.float32)"),
        (lambda x: ag.relu(x), "np.maximum(x, 0)"),
        (lambda x: ag.nn.Linear(2, 2, rng=0)(x), "x @ W + b"),
    ],
)
def test_numbers_and_keywords_stand_in_the_expression(compute, expression):
    drawing = draw(compute(parameter([[1.0, 2.0], [3.0, 4.0]], "x")))
    assert f"= {expression} value" in list(said(drawing).values())[-1]


def test_many_inputs_are_abbreviated():
    def total(*arrays):
        return sum(arrays)

    op = ag.function(total, *[lambda g, y, *xs: g] * 9)
    drawing = draw(op(*[parameter(1.0, "x")] * 9), view="cards")
    assert "= total(x, x, x, ..., x) value" in said(drawing)["n1"]
    assert len(edges(drawing)) == 9
    assert len(set(re.findall(r'id="e0-1(?:-\d)?"', drawing.source))) == 9


def test_an_object_among_the_keywords_shows_no_address():
    op = ag.function(lambda x, how: x, lambda g, y, x, how: g)
    drawing = draw(op(parameter(1.0), how=object()))
    assert "0x" not in drawing.source


def test_a_repeated_input_has_two_arrows_each_way():
    x = parameter([3.0, 1.0], "x")
    drawing = draw(x * x)
    assert edges(drawing) == [("n0", "n1"), ("n0", "n1")]
    assert len(arrows(drawing, "backward")) == 2


def test_a_constant_array_used_twice_is_one_node():
    x, c = parameter([1.0, 2.0]), np.array([3.0, 4.0])
    assert edges(draw((x * c + c) * c.copy())) == [
        *(("n0", "n1"), ("c0", "n1"), ("n1", "n2"), ("c0", "n2")),
        *(("n2", "n3"), ("c1", "n3")),
    ]


def test_a_leaf_alone_can_be_drawn():
    assert "parameter" in said(draw(parameter(1.0)))["n0"]


def test_scopes_are_nested_boxes_that_hold_their_parameters():
    source = draw(mlp()).source
    model, first, second = (source.index(f"<<B>{s}</B>>") for s in ("model", "first", "second"))
    assert model < first < source.index("\tn1 [") < source.index("\tn5 [") < second
    assert second < source.index("\tn3 [") < source.index("\tn8 [")
    assert source.index("\tn0 [") < model  # the data come from outside
    assert source.count("subgraph") == 3


def test_boxes_say_name_and_type_of_a_module():
    model = ag.nn.MLP([3, 4, 2], rng=0)
    source = words(re.sub(r"label=", " ", draw(model, np.ones((2, 3))).source))
    assert "linear1 Linear(3, 4)" in source
    assert "MLP MLP" not in source


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


def test_what_would_be_wide_goes_down():
    assert "rankdir=LR" in draw(np.tanh(parameter([1.0, 2.0]))).source
    assert "rankdir=TB" in draw(mlp()).source


# Numbers.


@pytest.mark.parametrize(
    ("array", "shown"),
    [
        ([1.0, -0.25], ["1.00", "-0.25"]),
        ([123.4, 0.001], ["123", "0"]),
        ([-0.0001, 9.996], ["0.0", "10.0"]),
        ([0.0, -0.0], ["0.00", "0.00"]),
        ([1.5e-9, -2e-12], ["1.50e-09", "-2.00e-12"]),
        ([2.0e300], ["2.00e+300"]),
        ([np.inf, -np.inf, np.nan, 1.0], ["inf", "-inf", "nan", "1.00"]),
        ([True, False], ["1", "0"]),
        ([10**9, -3], ["1.00e+09", "-3"]),
        ([1 - 2j, -0.001 - 0.001j], ["1.00-2.00j", "0.00+0.00j"]),
    ],
)
def test_an_array_has_one_format_of_three_digits_and_no_minus_zero(array, shown):
    array = np.array(array)
    assert [format_of(array)(x) for x in array] == shown


def test_constants_are_written_as_they_are_while_short():
    assert [number(x) for x in (2, 0.5, 1 / 3, True, -1.5e-30)] == [
        *("2", "0.5", "0.333", "True", "-1.5e-30")
    ]


def test_small_arrays_are_written_out_and_others_are_thumbnails():
    small = [(3, 4), (6,), (1, 1), ()]
    large = [(5, 2), (7,), (2, 2, 2), (0, 3)]
    assert all(is_small(np.zeros(shape)) for shape in small)
    assert not any(is_small(np.zeros(shape)) for shape in large)
    assert thumbnail(np.ones((100, 3, 20))).shape == (8, 8)
    assert thumbnail(np.ones(5)).shape == (1, 5)


def test_a_thumbnail_is_of_means_and_keeps_what_is_not_finite():
    assert thumbnail(np.repeat([1.0, -2.0], 8)).tolist() == [[0.5] * 4 + [-1.0] * 4]
    spoiled = np.ones((16, 16))
    spoiled[0, 0] = np.nan
    assert np.isnan(thumbnail(spoiled)).sum() == 1


def test_a_summary_is_of_finite_numbers_and_does_not_overflow():
    assert summary(np.array([1.0, 3.0, np.nan, np.inf])) == [
        *(("max", "3.00"), ("mean", "2.00"), ("min", "1.00"))
    ]
    assert summary(np.full(9, 1e308))[1] == ("mean", "1.00e+308")
    assert summary(np.full(9, np.nan)) == summary(np.zeros(0)) == []


@pytest.mark.parametrize(
    "array",
    [
        *(np.zeros((0, 3)), np.ones((2, 3, 1, 2, 5)), np.array([[1 + 2j, -1j]])),
        *(np.full(30, np.nan), np.array([np.inf, 1.0]), np.ones((1, 50))),
        *(np.float32([1.5]), np.ones((30, 30)) * 1e-300),
    ],
    ids=["empty", "5-d", "complex", "nan", "inf", "wide", "float32", "tiny"],
)
@pytest.mark.parametrize("theme", ["light", "dark"])
@renders
def test_arrays_of_every_kind_are_drawn(array, theme):
    with np.errstate(all="ignore"):
        loss = np.sum(np.abs(parameter(array, "x") * 2))
    assert "x" in svg_text(draw(loss, theme=theme))


@renders
@pytest.mark.parametrize("array", [np.array([True, False]), np.arange(20), np.uint8(3)])
def test_constants_of_every_kind_are_drawn(array):
    loss = np.sum(ag.Tensor(array, name="c") * parameter(2.0, "x"))
    assert "c" in svg_text(draw(loss))


# What can be drawn.


def test_a_function_is_drawn_on_an_example_with_the_names_it_uses():
    def f(W, data, scale=1.0):
        hidden = np.tanh(data["X"] @ W)
        return np.sum(hidden * scale)

    X = ag.Tensor(np.ones((2, 3)))
    shown = said(draw(f, np.ones((3, 2)), {"X": X}, scale=2.0))
    assert shown["n1"].startswith("W parameter (3, 2)") or shown["n0"].startswith("X input")
    text = " ".join(shown.values())
    for words_ in ("W parameter", "X input", "= X @ W", "scale parameter", "hidden (2, 2)"):
        assert words_ in text


def test_a_module_is_drawn_with_its_parameters_and_its_inputs_as_data():
    shown = " ".join(said(draw(ag.nn.MLP([3, 2], rng=0), np.ones((2, 3)))).values())
    assert "x input (2, 3)" in shown
    assert "W1 parameter" in shown


def test_unnamed_parameters_are_called_what_the_module_calls_them():
    class Scale(ag.nn.Module):
        def __init__(self):
            self.factors = [parameter(2.0), parameter(3.0)]

        def forward(self, x):
            return x * self.factors[0] * self.factors[1]

    shown = " ".join(said(draw(Scale(), ag.Tensor(1.0))).values())
    assert "factors.1 parameter" in shown


def test_tensors_can_be_named_for_a_picture_alone():
    w, x = parameter(2.0), ag.Tensor(3.0)
    assert "= weight * x" in said(draw(w * x, weight=w, x=x))["n2"]
    assert w.name is None
    with pytest.raises(TypeError, match="titel= is none of its options"):
        draw(w * x, titel="weights")


@pytest.mark.parametrize("thing", [3.0, np.ones(2), [1]])
def test_what_is_no_tensor_is_refused_with_what_to_write(thing):
    with pytest.raises(TypeError, match=rf"not a {type(thing).__name__}; write draw\(loss\)"):
        draw(thing)


def test_a_function_without_an_example_is_refused():
    with pytest.raises(TypeError, match=r"draw\(mlp, \*args\)"):
        draw(mlp)
    with pytest.raises(TypeError, match="returned a tuple, not a Tensor"):
        draw(lambda x: (x, x), 1.0)


@pytest.mark.parametrize(
    ("option", "choices"),
    [
        ({"direction": "left"}, "auto, LR, TB, RL, BT"),
        ({"view": "tree"}, "auto, cards, circuit"),
        ({"theme": "blue"}, "light, dark"),
    ],
)
def test_an_unknown_choice_is_refused_with_the_choices(option, choices):
    with pytest.raises(ValueError, match=choices):
        draw(parameter(1.0), **option)


def test_drawing_records_nothing_and_touches_no_gradient():
    x = parameter([1.0, 2.0])
    np.sum(x * x).backward()
    loss = np.sum(x * x)
    grad = x.grad
    draw(loss)
    assert x.grad is grad
    assert x.name is None
    loss.backward(retain_graph=True)
    draw(loss)
    assert np.array_equal(x.grad, [4.0, 8.0])


def test_a_released_graph_says_how_to_keep_it():
    loss = mlp()
    loss.backward()
    with pytest.raises(ag.GraphFreedError, match="retain_graph=True"):
        draw(loss)


def test_what_requires_no_gradient_has_no_way_back():
    drawing = draw(ag.Tensor([1.0, 2.0]) * 2)
    assert not arrows(drawing, "backward")
    assert "none: constant" in said(drawing)["n1"]


def test_the_graph_is_open_to_changes():
    drawing = draw(parameter(1.0) * 2)
    drawing.graph.edge("n0", "n1", label="mine")
    assert isinstance(drawing, Drawing)
    assert "mine" in drawing.source


# What a page can address.


@renders
@pytest.mark.parametrize("make", [mlp, neuron])
def test_every_id_is_there_once_and_takes_a_prefix(make):
    root = ET.fromstring(draw(make()).svg("p-"))
    ids = [x.get("id") for x in root.iter() if x.get("id")]
    assert len(ids) == len(set(ids))
    assert all(name.startswith("p-") for name in ids)
    assert {"p-n0", "p-n0-value", "p-e0-5", "p-b1", "p-n5-gradient"} <= set(ids)


@renders
def test_classes_say_which_way_and_which_step():
    root = ET.fromstring(draw(neuron()).svg())
    classes = {x.get("id"): x.get("class", "").split() for x in root.iter() if x.get("id")}
    assert "forward" in classes["e0-5"]
    assert {"backward", "step-1"} <= set(classes["b1"])
    assert {"computed", "step-1"} <= set(classes["n8"])
    assert "value" in classes["n0-value"]
    assert {"backward", "step-1"} <= set(classes["g9"])


@renders
def test_a_picture_has_words_for_those_who_do_not_see_it():
    root = ET.fromstring(draw(neuron()).svg())
    assert root.get("role") == "img"
    tips = {x.get("id"): x.findtext("{*}title") for x in root.iter() if x.get("id")}
    assert tips["n9"] == "o = np.tanh(v8), loss scalar"
    assert tips["b1"].startswith("step 1: the gradient of v8 gets g * (1 - o**2)")
    assert "->" not in "".join(filter(None, tips.values()))


def test_a_summary_says_how_many_numbers_it_leaves_out():
    v = np.r_[np.nan, np.inf, np.ones(20)]
    assert "not finite 2" in words(draw(parameter(v) * 2.0).source)
    assert "not finite" not in words(draw(parameter(np.ones(22)) * 2.0).source)


def test_a_title_is_above_all_that_is_drawn():
    source = draw(parameter(3.0) * 2.0, title="A <product>").source
    assert "labelloc=t" in source.splitlines()[1]
    assert "A &lt;product&gt;" in source.splitlines()[1]
