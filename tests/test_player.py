"""Frames keep one layout; the player steps in a real browser, and asks for nothing."""

import base64
import hashlib
import html
import json
import re
import shutil
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from drawings import reused

import autograd_lite as ag
from autograd_lite.drawing import RendererNotFound, draw, renderer
from autograd_lite.drawing.frames import frames
from autograd_lite.drawing.player import Player, page

try:
    renderer.find()
except RendererNotFound:
    pytest.skip("there is no Graphviz here", allow_module_level=True)

HOSTILE = [
    '"><script>alert(1)</script>',
    "{{data}}",
    "</script><img src=x onerror=alert(1)>",
    "a]b",
]


def parameter(data, name=None):
    return ag.Tensor(np.asarray(data, float), requires_grad=True, name=name)


def mlp(**options):
    rng = np.random.default_rng(0)
    model = ag.nn.MLP([2, 4, 1], "tanh", rng=rng)
    X = ag.Tensor(rng.standard_normal((3, 2)), name="X")
    y = ag.Tensor(rng.standard_normal((3, 1)), name="y")
    with ag.debug():
        loss = np.mean((model(X) - y) ** 2)
    loss.name = "loss"
    return draw(loss, title="A small network", **options)


def reuse(**options):
    x = parameter(3.0, "x")
    a = x * x
    a.name = "a"
    d = a * x + a
    d.name = "d"
    return draw(d, **options)


def tag(element):
    return element.tag.rpartition("}")[2]


def visible(svg):
    """The texts of a picture that are neither hidden nor faded."""
    found, pending = [], [ET.fromstring(svg)]
    while pending:
        element = pending.pop()
        if element.get("opacity", "1") == "1":
            found += [(element.text or "").replace("\xa0", " ")] * (tag(element) == "text")
            pending += reversed(element)
    return found


def places(svg):
    """Where everything is."""
    return [
        (tag(x), x.get("points"), x.get("d"), x.get("x"), x.get("y"), x.get("viewBox"))
        for x in ET.fromstring(svg).iter()
        if x.get("font-size") is None or x.get("font-family", "").startswith("Arial,")
    ][:-1]  # the last one is the caption


@pytest.mark.parametrize("options", [{}, {"view": "circuit"}, {"direction": "TB"}])
def test_the_layout_is_the_same_in_every_frame(options):
    first, *rest = [
        places(frame.svg())
        for frame in frames(reuse(view="cards") if not options else reuse(**options))
    ]
    assert len(first) > 20
    assert all(other == first for other in rest)


def test_there_is_a_frame_for_each_value_and_each_step():
    pictures = frames(mlp())
    assert [frame.moment.phase for frame in pictures] == (
        ["start"] + 6 * ["forward"] + 10 * ["backward"]
    )
    assert pictures[4].moment.caption == "Forward 4 of 6: v9 = Z2 - y"
    assert pictures[11].moment.caption == "Backward 4 of 9: Z2 sends g @ W2.T to A1"
    assert repr(pictures[-1]) == "Frame(16, Backward 9 of 9: Z1 sends g.sum(0) to b1)"
    assert len(pictures[2:4]) == 2


def test_a_value_is_there_from_its_step_on():
    for frame in frames(mlp()):
        assert ("= np.tanh(Z1)" in visible(frame.svg())) == (frame.number >= 2)
        assert ("g * (1 - A1**2)" in visible(frame.svg())) == (frame.number >= 14)


def test_a_gradient_grows_with_each_contribution():
    seen = []
    for frame in frames(reuse()):
        texts = visible(frame.svg())
        card = texts[texts.index("x") :]
        seen.append(next(t for t in card if re.search(r"not yet|\d of 3|sum of 3", t)))
    assert seen == ["not yet"] * 8 + ["1 of 3", "2 of 3", "sum of 3"]
    last = [visible(frame.svg()) for frame in frames(reuse())[-3:]]
    for texts, amount in zip(last, ("9.00", "21.0", "33.0"), strict=True):
        assert amount in texts


def test_a_card_without_gradient_says_why_in_every_frame():
    for frame in frames(mlp()):
        assert visible(frame.svg()).count("none: constant") == 2


def test_the_numbers_stand_in_the_captions_of_a_circuit():
    captions = [frame.moment.caption for frame in frames(reuse())]
    assert "Forward 2 of 3: v2 = a * x = 9.00 * 3.00 = 27.0" in captions
    assert "Backward 3 of 6: v2 sends g * x = 1.00 * 3.00 = 3.00 to a" in captions


@pytest.mark.parametrize(
    "options", [{"gradients": False}, {"values": False}, {"rules": False}, {"theme": "dark"}]
)
def test_frames_of_every_kind_of_drawing(options):
    pictures = frames(mlp(**options))
    assert len(pictures) == (17 if options.get("gradients", True) else 7)
    assert ET.fromstring(pictures[-1].svg()) is not None
    assert ET.fromstring(pictures.animated()) is not None
    assert page(mlp(**options))


def test_what_is_folded_is_one_moment():
    y = parameter(1.0, "x")
    for _ in range(300):
        y = np.sin(y) * 1.001
    drawing = draw(y, max_nodes=20)
    pictures = frames(drawing)
    assert len(pictures) < 60
    assert any("more" in frame.moment.caption for frame in pictures)
    assert "0.0" in " ".join(visible(pictures[-1].svg()))
    assert page(drawing)


def test_a_drawing_without_derivatives_has_a_forward_sweep_only():
    pictures = frames(draw(ag.Tensor(2.0, name="x") * 3))
    assert [frame.moment.phase for frame in pictures] == ["start", "forward"]


def test_frames_are_saved_in_order(tmp_path):
    paths = frames(reuse()).save(tmp_path / "new" / "folder")
    assert [path.name for path in paths][:2] == ["frame-00.svg", "frame-01.svg"]
    assert len(paths) == 11
    assert all(ET.parse(path) for path in paths)


def test_a_frame_is_saved_by_its_suffix(tmp_path):
    frame = frames(reuse())[-1]
    with pytest.raises(ValueError, match=re.escape(".svg, .png")):
        frame.save(tmp_path / "frame.gif")
    pytest.importorskip("resvg_py")
    frame.save(tmp_path / "frame.png")
    assert (tmp_path / "frame.png").read_bytes().startswith(b"\x89PNG")


def test_without_a_painter_the_message_is_one_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(ModuleNotFoundError, match="pip install resvg-py"):
        frames(reuse())[0].png()


def test_the_animated_picture_moves_by_style_alone_and_ends_complete():
    pictures = frames(reuse())
    svg = pictures.animated()
    assert "@keyframes" in svg
    assert "prefers-reduced-motion" in svg
    assert "<script" not in svg
    assert sorted(visible(svg)) == sorted(visible(pictures[-1].svg()))
    assert len(svg) < 2 * len(pictures[-1].svg())


def test_a_strip_has_each_id_once():
    svg = frames(reuse()).strip([0, 3, 10], columns=3)
    ids = [x.get("id") for x in ET.fromstring(svg).iter() if x.get("id")]
    assert len(ids) == len(set(ids)) > 30
    assert "f2-n0" in ids


@pytest.mark.parametrize("make", [mlp, reuse])
def test_a_strip_has_the_shape_of_a_slide(make):
    _, _, width, height = map(float, ET.fromstring(frames(make()).strip()).get("viewBox").split())
    assert 1.0 < width / height < 2.7


def headings(picture):
    """How far right of a card's heading, and below it, "not yet" stands, and how it is aligned."""
    for card in ET.fromstring(picture.svg()).iter("{http://www.w3.org/2000/svg}g"):
        heading = [x for x in card if tag(x) == "text" and x.text == "gradient"]
        words = [x for g in card for x in g if x.text == "not yet"]
        if card.get("class", "").startswith("node") and words:
            across, down = (float(words[0].get(key)) - float(heading[-1].get(key)) for key in "xy")
            yield round(across, 1), round(down, 1), words[0].get("text-anchor")


def test_not_yet_stands_in_the_middle_under_its_heading():
    found = list(headings(frames(mlp())[0]))
    assert len(found) == 10
    for across, down, anchor in found:
        assert (across, anchor) == (19.7, "middle")
        assert down > 8


def test_not_yet_stands_beside_a_heading_that_has_its_number_there():
    below, beside = [], []
    for across, down, _ in headings(frames(draw(reused, 3.0))[0]):
        (below if down > 8 else beside).append(across)
    assert below == [19.7] * 3
    assert len(beside) == 1
    assert beside[0] > 39.4  # the width of the heading


def test_the_same_program_gives_the_same_bytes():
    assert page(mlp()) == page(mlp())
    assert frames(mlp()).animated() == frames(mlp()).animated()
    assert frames(mlp()).strip() == frames(mlp()).strip()


def test_making_frames_changes_no_frame():
    pictures = frames(reuse())
    before = pictures[3].svg()
    pictures.animated(), pictures.strip(), pictures[7].svg()
    assert pictures[3].svg() == before


# The page, as text.


def test_the_page_of_a_small_network_is_small_and_alone():
    written = page(mlp())
    assert len(written.encode()) <= 200_000
    assert "http" not in written.replace("http-equiv", "")
    assert not re.search(r"url\(|@import|\bsrc=|href=|<link", written)


def test_the_policy_of_the_page_lets_its_own_script_run_and_nothing_else():
    written = page(mlp())
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', written)[1]
    script = re.search(r"<script>(.*)</script>", written, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; script-src 'sha256-{digest}';")
    assert "on" not in {name[:2] for name in re.findall(r" (on\w+)=", written)}


def test_in_a_notebook_the_page_is_shut_into_a_frame():
    player = Player(page(reuse()))
    shown = player._repr_html_()
    assert shown.startswith("<iframe srcdoc=")
    assert 'sandbox="allow-scripts"' in shown
    assert html.unescape(re.search(r'srcdoc="([^"]*)"', shown)[1]) == player.page
    assert "<script" not in shown


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_data(name):
    y = parameter(2.0, name) * ag.Tensor(3.0, name=name)
    written = page(draw(y, title=name))
    assert written.count("<script") == 2
    assert "<img" not in written
    data = re.search(r'id="data">(.*?)</script>', written, re.DOTALL)[1]
    assert any(card["name"] == name for card in json.loads(data)["cards"].values())


# The page, in a browser.


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A headless browser, with a function that opens a page in it."""
    webdriver = pytest.importorskip("selenium.webdriver")
    binary = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
    driver = shutil.which("chromedriver")
    if not binary or not driver:
        pytest.skip("there is no browser here")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for argument in ("headless=new", "no-sandbox", "disable-gpu", "force-prefers-reduced-motion"):
        options.add_argument(f"--{argument}")
    options.add_argument("--window-size=1400,900")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(driver)
    found = webdriver.Chrome(options=options, service=service)
    folder = tmp_path_factory.mktemp("pages")

    def show(text, name="page.html"):
        (folder / name).write_text(text, encoding="utf-8")
        found.get((folder / name).as_uri())
        return found

    yield show
    found.quit()


@pytest.fixture
def player(browser):
    found = browser(page(mlp()))
    yield found
    assert found.get_log("browser") == []
    assert asked(found) <= {"file", "data"}


def asked(driver):
    """The schemes of all addresses that were asked for."""
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    urls = [
        m["params"]["request"]["url"]
        for m in messages
        if m["method"] == "Network.requestWillBeSent"
    ]
    return {url.partition(":")[0] for url in urls}


def opacity(driver, name):
    script = "return getComputedStyle(document.getElementById(arguments[0])).opacity"
    return float(driver.execute_script(script, name))


def text(driver, name):
    return driver.execute_script("return document.getElementById(arguments[0]).textContent", name)


def press(driver, *keys):
    from selenium.webdriver.common.keys import Keys

    body = driver.find_element("tag name", "body")
    for key in keys:
        body.send_keys(getattr(Keys, key))


def test_keys_step_through_what_is_shown(player):
    assert text(player, "heading") == "What is given"
    assert opacity(player, "n6") < 0.2
    press(player, "ARROW_RIGHT")
    assert text(player, "heading") == "Forward 1 of 6"
    assert opacity(player, "n6") == 1
    assert opacity(player, "n7") < 0.2
    press(player, "ARROW_LEFT")
    assert opacity(player, "n6") < 0.2
    press(player, "END")
    assert text(player, "where") == "16 of 16: backward"
    assert opacity(player, "b9") == opacity(player, "n0-sum") == 1
    press(player, "HOME")
    assert text(player, "where") == "0 of 16: start"
    assert opacity(player, "b9") == opacity(player, "n0-sum") == 0
    assert opacity(player, "n0-sum-0") == 1  # not yet


def test_each_backward_step_lights_its_arrow_and_reads_its_rule(player):
    press(player, *["ARROW_RIGHT"] * 11)
    lit = player.execute_script("return [...document.querySelectorAll('.lit')].map(x => x.id)")
    assert sorted(lit) == ["b4", "n7"]
    assert text(player, "now").startswith("Z2 sends to A1g @ W2.T")
    assert text(player, "said") == (
        "Backward 4 of 9: Z2 sends g matrix times W2 transposed to A1, of shape 3 by 4."
    )
    assert player.find_element("id", "said").get_attribute("aria-live") == "polite"


def test_buttons_and_slider_step_too(player):
    for name, where in (("next", 1), ("next", 2), ("back", 1), ("last", 16), ("first", 0)):
        player.find_element("id", name).click()
        assert text(player, "where").startswith(f"{where} of 16")
    player.execute_script(
        "const slider = document.getElementById('slider'); slider.value = 7;"
        "slider.dispatchEvent(new Event('input'))"
    )
    assert text(player, "heading") == "Backward starts"


def test_space_plays_and_pauses(player):
    press(player, "END", "SPACE")
    assert text(player, "play") == "Pause"
    assert text(player, "where").startswith("0 of 16")  # played again from the start
    player.execute_async_script("setTimeout(arguments[0], 1700)")
    assert text(player, "where").startswith("1 of 16")
    press(player, "SPACE")
    assert text(player, "play") == "Play"


def test_a_card_in_focus_is_described(player):
    player.execute_script("document.getElementById('n7').focus()")
    assert text(player, "name") == "A1"
    described = text(player, "card")
    for part in (
        *("shape (3, 4)", "np.tanh(Z1)", "-0.123", "gradient", "0.050", "MLP"),
        *("contribution, step 4: g @ W2.T", "test_player.py:"),
    ):
        assert part in described
    assert "np.mean((model(X) - y) ** 2)" in described  # the line that recorded it
    label = player.find_element("id", "n7").get_attribute("aria-label")
    assert label.startswith("A1: A1 = np.tanh(Z1), computed (3, 4)")


def test_a_card_under_the_pointer_is_described(player):
    from selenium.webdriver import ActionChains

    ActionChains(player).move_to_element(player.find_element("id", "n4")).perform()
    assert text(player, "name") == "X"
    assert "none: constant" in text(player, "card")


def test_what_is_off_the_path_of_a_parameter_fades(player):
    press(player, "END")
    player.execute_script("document.getElementById('n2').focus()")
    player.switch_to.active_element.send_keys("\ue007")  # Enter
    assert player.find_element("id", "path").get_property("value") == "n2"
    for on in ("n2", "n8", "n11", "b5", "e2-8"):
        assert opacity(player, on) == 1
    for off in ("n0", "n6", "n7", "b4", "e7-8"):
        assert opacity(player, off) < 0.2
    player.switch_to.active_element.send_keys("\ue007")
    assert opacity(player, "n0") == 1


def test_steps_off_the_chosen_path_are_skipped(player):
    press(player, "END")
    player.find_element("css selector", "#path option[value=n2]").click()
    assert text(player, "where").startswith("12 of 16")  # the last step that is on it
    walked = []
    for keys in (["HOME"], *[["ARROW_RIGHT"]] * 11):
        player.execute_script("document.activeElement.blur()")
        press(player, *keys)
        walked.append(int(text(player, "where").partition(" ")[0]))
        lit = player.execute_script("return [...document.querySelectorAll('.node.lit.off')].length")
        assert lit == 0
    assert walked == [0, 3, 4, 5, 6, 7, 8, 9, 10, 12, 12, 12]
    player.execute_script(
        "const slider = document.getElementById('slider'); slider.value = 1;"
        "slider.dispatchEvent(new Event('input'))"
    )
    assert text(player, "where").startswith("0 of 16")
    player.find_element("css selector", "#path option").click()
    player.find_element("id", "next").click()
    assert text(player, "where").startswith("1 of 16")


def test_a_large_picture_opens_legibly_and_follows_the_sweep(player):
    scale = (
        "const svg = document.querySelector('#stage svg');"
        "return svg.getBoundingClientRect().width / svg.viewBox.baseVal.width"
    )
    in_view = (
        "const view = document.getElementById('stage').getBoundingClientRect();"
        "return [...document.querySelectorAll('.node.lit')].every(x => {"
        "const b = x.getBoundingClientRect(); return b.left >= view.left && b.right <= view.right"
        " && b.top >= view.top && b.bottom <= view.bottom })"
    )
    assert player.execute_script(scale) == pytest.approx(0.9, rel=0.01)
    for _ in range(16):
        press(player, "ARROW_RIGHT")
        assert player.execute_script(in_view)
    player.find_element("id", "fit").click()
    assert player.execute_script(scale) < 0.9


def test_light_and_dark(player):
    def ground():
        colour = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
        return (
            player.execute_script(colour, "body", "backgroundColor"),
            player.execute_script(colour, "#picture > polygon", "fill"),
        )

    before = ground()
    player.find_element("id", "theme").click()
    after = ground()
    assert before[0] == before[1] == "rgb(255, 255, 255)"
    assert after[0] == after[1] == "rgb(20, 24, 31)"


def test_larger_smaller_and_fit(player):
    def width():
        return player.find_element("css selector", "#stage svg").rect["width"]

    player.find_element("id", "fit").click()
    fit = width()
    player.find_element("id", "larger").click()
    assert width() == pytest.approx(1.25 * fit, rel=0.01)
    player.find_element("id", "fit").click()
    assert width() == pytest.approx(fit, rel=0.01)


@pytest.mark.parametrize("name", HOSTILE)
def test_in_the_browser_a_hostile_name_is_text(browser, name):
    with ag.debug():
        y = parameter(2.0, name) * ag.Tensor(3.0, name=name)
    driver = browser(page(draw(y, title=name)))
    press(driver, "END")
    driver.execute_script("document.getElementById('n0').focus()")
    assert text(driver, "name") == name
    assert driver.execute_script("return document.querySelectorAll('script').length") == 2
    assert not driver.find_elements("tag name", "img")
    assert driver.get_log("browser") == []


def test_a_circuit_plays_as_well(browser):
    driver = browser(page(reuse()))
    press(driver, *["ARROW_RIGHT"] * 8)
    assert opacity(driver, "o2") == 1
    assert "sum so far, 1 of 39.00" in text(driver, "now")
    driver.find_element("css selector", "#path option:nth-child(2)").click()
    assert opacity(driver, "o1") == 1
    assert driver.get_log("browser") == []


def test_the_frame_of_a_notebook_runs(browser):
    shown = Player(page(reuse()))._repr_html_()
    driver = browser(f"<!doctype html><meta charset=utf-8>{shown}", "notebook.html")
    driver.switch_to.frame(0)
    assert text(driver, "heading") == "What is given"
    driver.find_element("id", "next").click()
    assert text(driver, "heading") == "Forward 1 of 3"
    driver.switch_to.default_content()
    assert driver.get_log("browser") == []


def test_the_animated_picture_shows_one_moment_at_a_time(browser):
    driver = browser(frames(reuse()).animated(), "animated.svg")
    script = (
        "return [...document.querySelectorAll('svg > text')]"
        ".filter(x => getComputedStyle(x).opacity === '1').map(x => x.textContent)"
    )
    assert driver.execute_script(script) == [
        "Backward 6 of 6: a sends g * x = 4.00 * 3.00 = 12.0 to x"
    ]
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-reduced-motion", "value": "no-preference"}]},
    )
    (shown,) = driver.execute_script(script)
    assert shown in {frame.moment.caption for frame in frames(reuse())[:2]}  # it has started
