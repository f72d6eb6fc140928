"""Write pytorch.npz: what PyTorch's optimizers and schedules do, for test_optim.py.

Run by hand where PyTorch is installed: ``python tests/record_pytorch.py``. The tests read the
file only. Recorded with PyTorch 2.13.0 (CPU), float64.
"""

from functools import partial
from pathlib import Path

import numpy as np

STEPS = 50
OPTIMIZERS = {
    "sgd": ("SGD", {"lr": 0.1}),
    "sgd_momentum": ("SGD", {"lr": 0.05, "momentum": 0.9}),
    "sgd_nesterov": ("SGD", {"lr": 0.05, "momentum": 0.8, "nesterov": True, "weight_decay": 0.01}),
    "adam": ("Adam", {}),
    "adam_decay": ("Adam", {"lr": 0.02, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.1}),
    "adamw": ("AdamW", {}),
    "adamw_decay": ("AdamW", {"lr": 0.02, "betas": (0.8, 0.95), "weight_decay": 0.2}),
    "rmsprop": ("RMSprop", {}),
    "rmsprop_momentum": ("RMSprop", {"lr": 0.01, "alpha": 0.9, "momentum": 0.8, "eps": 1e-4}),
    "rmsprop_decay": ("RMSprop", {"weight_decay": 0.1, "momentum": 0.5}),
}
SCHEDULES = {
    "step": ("StepLR", {"step_size": 7, "gamma": 0.3}, 0),
    "cosine": ("CosineAnnealingLR", {"T_max": 20, "eta_min": 0.01}, 0),
    "lambda": ("LambdaLR", {"lr_lambda": lambda t: 1 / (1 + t)}, 0),
    "warm_step": ("StepLR", {"step_size": 8, "gamma": 0.5}, 4),
    "warm_cosine": ("CosineAnnealingLR", {"T_max": 30, "eta_min": 0.005}, 9),
}
"""By name: a kind, its settings, and how many steps of warm-up come before."""
CLIPS = {"norm": 0.5, "value": 0.1}


def problem():
    """Rows, targets, and where the weights and biases of one tanh layer start."""
    i = np.arange(1.0, 9.0)
    X, Y = np.sin(np.outer(i, [1.0, 2.0])), np.cos(np.outer(i, [1.0]))
    return X, Y, np.array([[0.2], [0.9]]), np.array([-0.5])


def main():
    """Run PyTorch and write the file."""
    import torch

    X, Y, *start = (torch.tensor(x) for x in problem())

    def leaves():
        return [x.clone().requires_grad_() for x in start]

    def backward(W, b):
        W.grad = b.grad = None
        ((torch.tanh(X @ W + b) - Y) ** 2).sum().backward()

    def flat(leaves):
        return torch.cat([p.detach().reshape(-1) for p in leaves]).numpy()

    recorded = {}

    def record(name, optimizer, leaves, before_step=lambda: None, schedule=None):
        path, rates = [], []
        for _ in range(STEPS):
            backward(*leaves)
            before_step()
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if schedule:
                schedule.step()
            path.append(flat(leaves))
        recorded[name] = np.array(path)
        if schedule:
            recorded[f"{name}_lr"] = np.array(rates)

    for name, (kind, settings) in OPTIMIZERS.items():
        ps = leaves()
        record(name, getattr(torch.optim, kind)(ps, **settings), ps)
    for name, (kind, settings, n) in SCHEDULES.items():
        ps = leaves()
        sgd = torch.optim.SGD(ps, lr=0.1, momentum=0.5)
        parts, library = [], torch.optim.lr_scheduler
        if n:
            parts.append(library.LinearLR(sgd, 1 / (n + 1), total_iters=n))
        parts.append(getattr(library, kind)(sgd, **settings))
        record(name, sgd, ps, schedule=library.SequentialLR(sgd, parts, [n] if n else []))
    for name, limit in CLIPS.items():
        ps = leaves()
        clip = getattr(torch.nn.utils, f"clip_grad_{name}_")
        record(f"clip_{name}", torch.optim.SGD(ps, lr=0.1), ps, partial(clip, ps, limit))
    np.savez_compressed(Path(__file__).with_name("pytorch.npz"), **recorded)


if __name__ == "__main__":
    main()
