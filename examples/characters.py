"""Train a recurrent net on characters, unrolled; its shared weights gather a gradient a step.

Pictures need Graphviz and Matplotlib: pip install 'autograd-lite[draw,plot]'
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
        self.again = ag.nn.Linear(UNITS, UNITS, bias=False, rng=rng, name="V")
        self.out = ag.nn.Linear(UNITS, len(LETTERS), rng=rng, name="O")

    def states(self, X: Any, V: Any = None) -> list[Any]:
        """Unroll over X of shape (N, T, letters); `V` may be a matrix for each step."""
        h: Any = np.zeros((len(X), UNITS))
        states = []
        for t in range(X.shape[1]):
            W = self.again.W if V is None else V[t]
            h = ag.named(np.tanh(self.first(X[:, t]) + h @ W), f"h{t + 1}")
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
    """Compare the gradient of the shared matrix with those of a matrix for each step.

    Returns
    -------
    ndarray, shape (T, 2)
        For each step from the first, the norm of what it adds, and that of the sum so far. The
        backward sweep starts at the last step.
    """
    shared = model.again.W
    shared.grad = None
    loss_of(model(X), y).backward()
    copies = [ag.Tensor(shared.data, requires_grad=True) for _ in range(X.shape[1])]
    loss_of(model(X, copies), y).backward()
    total, norms = np.zeros(shared.shape), []
    print("step   adds to the gradient of V   sum so far")
    for t, V in reversed(list(enumerate(copies, start=1))):
        assert V.grad is not None
        total += V.grad
        norms.append((np.linalg.norm(V.grad), np.linalg.norm(total)))
        print(f"{t:4}   {norms[-1][0]:25.4f}   {norms[-1][1]:10.4f}")
    print(
        f"one matrix, used {len(copies)} times: its gradient is the sum of {len(norms)} gradients"
    )
    print(f"largest difference: {np.abs(total - shared.grad).max():.1e}")
    return np.array(norms[::-1])


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
    picture(options.out, norms, history.loss, model, X, y)


def picture(
    out: Path,
    norms: np.ndarray,
    losses: list[float],
    model: Recurrent,
    X: np.ndarray,
    y: np.ndarray,
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    steps = range(1, len(norms) + 1)
    left.bar(steps, norms[:, 0], label="added by this step")
    left.plot(steps, norms[:, 1], ".-", color="tab:orange", label="sum, from the last step back")
    left.set(xlabel="step", ylabel="norm", title="The gradient of V, which all steps share")
    left.legend()
    right.plot(losses)
    right.set(xlabel="epoch", title="Loss", ylim=(0, None))
    figure.savefig(out / "characters.svg")
    # The fourth letter by three others: the gradient of V is a sum of 3.
    last = model.states(ag.Tensor(X[:1, :3], name="X"))[-1]
    loss = ag.nn.cross_entropy(model.out(last), y[:1, 2])
    ag.draw(loss, loss=loss, title="Three steps, one V").save(out / "characters-tape.svg")
    for name in ("characters", "characters-tape"):
        print(f"wrote {out / name}.svg")


if __name__ == "__main__":
    main()
