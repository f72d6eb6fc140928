"""The DOT text of known pictures, byte for byte.

After a change that is meant: ``python tests/test_draw_golden.py`` writes them anew; look at them.
"""

from pathlib import Path

import pytest
from drawings import mlp, neuron, reused

import autograd_lite as ag
from autograd_lite.mode import scope

FOLDER = Path(__file__).parent / "pictures"


def loop():
    x = ag.Tensor(1.0, requires_grad=True, name="x")
    y = x
    with scope("rounds"):
        for _ in range(100):
            y = y * 1.5 - x
    return y


PICTURES = {
    "neuron": lambda: ag.draw(neuron(), title="One neuron"),
    "neuron-cards-down": lambda: ag.draw(neuron(), view="cards", direction="TB"),
    "reused": lambda: ag.draw(reused, 3.0, theme="dark"),
    "mlp": lambda: ag.draw(mlp(), values=False),
    "loop": lambda: ag.draw(loop()),
}


@pytest.mark.parametrize("name", PICTURES)
def test_the_text_of_a_picture_is_what_it_was(name):
    assert PICTURES[name]().source == (FOLDER / f"{name}.dot").read_text(encoding="utf-8")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, picture in PICTURES.items():
        (FOLDER / f"{name}.dot").write_text(picture().source, encoding="utf-8")
