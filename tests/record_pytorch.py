"""Write pytorch.npz: what PyTorch's optimizers and schedules do, for test_optim.py.

Run by hand where PyTorch is installed: ``python tests/record_pytorch.py``. The tests read the
file only. Recorded with PyTorch 2.13.0 (CPU), float64.
"""

from pathlib import Path

import numpy as np

STEPS = 50
OPTIMIZERS = {
    "sgd": ("SGD", {"lr": 0.1}),
    "sgd_momentum": ("SGD", {"lr": 0.05, "momentum": 0.9}),
    "sgd_nesterov": ("SGD", {"lr": 0.05, "momentum": 0.8, "nesterov": True, "weight_decay": 0.01}),
    "sgd_dampening": ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1}),
    "adam": ("Adam", {}),
    "adam_decay": ("Adam", {"lr": 0.02, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.1}),
    "adamw": ("AdamW", {}),
    "adamw_decay": ("AdamW", {"lr": 0.02, "betas": (0.8, 0.95), "weight_decay": 0.2}),
    "rmsprop": ("RMSprop", {}),
    "rmsprop_momentum": ("RMSprop", {"lr": 0.01, "alpha": 0.9, "momentum": 0.8, "eps": 1e-4}),
    "rmsprop_centered": ("RMSprop", {"centered": True, "weight_decay": 0.1, "momentum": 0.5}),
}
SCHEDULES = {
    "step": lambda optim, o: optim.StepLR(o, step_size=7, gamma=0.3),
    "cosine": lambda optim, o: optim.CosineAnnealingLR(o, T_max=20, eta_min=0.01),
    "linear": lambda optim, o: optim.LinearLR(o, start_factor=0.1, total_iters=9),
    "warm": lambda optim, o: optim.SequentialLR(
        o,
        [optim.LinearLR(o, 0.2, total_iters=10), optim.CosineAnnealingLR(o, T_max=30)],
        milestones=[10],
    ),
    "lambda": lambda optim, o: optim.LambdaLR(o, lambda t: 1 / (1 + t)),
}
CLIPS = {"norm": 0.5, "norm_inf": 0.2, "norm_1": 1.0, "value": 0.1}


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
    for name, make in SCHEDULES.items():
        ps = leaves()
        sgd = torch.optim.SGD(ps, lr=0.1, momentum=0.5)
        record(name, sgd, ps, schedule=make(torch.optim.lr_scheduler, sgd))
    for name, limit in CLIPS.items():
        ps = leaves()
        norm = float({"norm_inf": "inf", "norm_1": 1}.get(name, 2))

        def clip(ps=ps, limit=limit, name=name, norm=norm):
            if name == "value":
                torch.nn.utils.clip_grad_value_(ps, limit)
            else:
                torch.nn.utils.clip_grad_norm_(ps, limit, norm)

        record(f"clip_{name}", torch.optim.SGD(ps, lr=0.1), ps, clip)
    np.savez_compressed(Path(__file__).with_name("pytorch.npz"), **recorded)


if __name__ == "__main__":
    main()
