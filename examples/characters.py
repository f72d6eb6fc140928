"""Train a recurrent net on characters, unrolled; its shared weights gather a gradient a step.

Pictures need Matplotlib: pip install 'autograd-lite[plot]'
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import autograd_lite as ag

TEXT = "she sells sea shells by the sea shore; the shells she sells are sea shells for sure. "
LETTERS = sorted(set(TEXT))
UNITS = 32


class Recurrent(ag.nn.Module):
    """A layer that reads its own last output: ``h = tanh(x U + h V + b)``."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.first = ag.nn.Linear(len(LETTERS), UNITS, rng=rng, name="U")
        self.again = ag.nn.Linear(UNITS, UNITS, rng=rng, name="V")
        self.out = ag.nn.Linear(UNITS, len(LETTERS), rng=rng, name="O")

    def states(self, X: Any, V: Any = None) -> list[Any]:
        """Unroll over X of shape (N, T, letters); `V` may be a matrix for each step."""
        h: Any = np.zeros((len(X), UNITS))
        states = []
        for t in range(X.shape[1]):
            W = self.again.W if V is None else V[t]
            h = np.tanh(self.first(X[:, t]) + ag.linear(h, W, self.again.b))
            states.append(h)
        return states

    def forward(self, X: Any, V: Any = None) -> Any:
        """Map to logits of the next letters, shape (N * T, letters)."""
        return self.out(np.concatenate(self.states(X, V)))


def windows(length: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut the text, closed to a ring, into one-hot inputs and what follows them."""
    ids = np.array([LETTERS.index(c) for c in TEXT + TEXT[: length + 1]])
    at = np.arange(len(TEXT))[:, None] + np.arange(length)
    return np.eye(len(LETTERS))[ids[at]], ids[at + 1]


def loss_of(logits: Any, y: np.ndarray) -> Any:
    return ag.nn.cross_entropy(logits, y.T.reshape(-1))  # step by step, as the states are


def show_accumulation(model: Recurrent, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Compare the gradient of the shared matrix with those of a matrix for each step."""
    shared = model.again.W
    shared.grad = None
    loss_of(model(X), y).backward()
    copies = [ag.Tensor(shared.data, requires_grad=True) for _ in range(X.shape[1])]
    loss_of(model(X, copies), y).backward()
    parts = [V.grad for V in copies if V.grad is not None]
    assert shared.grad is not None
    print(f"one matrix, used {len(parts)} times: its gradient is the sum of {len(parts)} gradients")
    print(f"largest difference: {np.abs(sum(parts) - shared.grad).max():.1e}")
    return np.array([np.linalg.norm(part) for part in parts])


def write(model: Recurrent, start: str, n: int) -> str:
    """Go on with the likeliest letter."""
    text = start
    with ag.no_grad():
        for _ in range(n):
            X = np.eye(len(LETTERS))[[LETTERS.index(c) for c in text]][None]
            text += LETTERS[int(np.argmax(model.out(model.states(X)[-1]).data))]
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(), metavar="DIR")
    parser.add_argument("--epochs", type=int, default=40, metavar="N")
    parser.add_argument("--steps", type=int, default=12, metavar="N", help="letters of a window")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    model = Recurrent(rng)
    X, y = windows(options.steps)
    norms = show_accumulation(model, X, y)
    adam = ag.optim.Adam(model.parameters(), lr=0.01)
    history = ag.fit(
        model, loss_of, (X, y), optimizer=adam, epochs=options.epochs, batch_size=17, rng=rng
    )
    print(f"loss {history.loss[0]:.3f} -> {history.loss[-1]:.3f}; derived: {history.derived}")
    print(f"writes: {write(model, 'she sells ', 70)}")
    picture(options.out, norms, history.loss)


def picture(out: Path, norms: np.ndarray, losses: list[float]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.bar(range(1, len(norms) + 1), norms)
    left.set(xlabel="step", ylabel="norm", title="What each step adds to the gradient of V")
    right.plot(losses)
    right.set(xlabel="epoch", title="Loss")
    figure.savefig(out / "characters.svg")
    print(f"wrote {out / 'characters.svg'}")


if __name__ == "__main__":
    main()
