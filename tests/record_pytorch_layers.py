"""Write pytorch_layers.npz: what PyTorch's layers and losses do, for test_pytorch_layers.py.

Run by hand where PyTorch is installed: ``python tests/record_pytorch_layers.py``. The tests read
the file only. Recorded with PyTorch 2.14.1 (CPU), float64.
"""

from pathlib import Path

import numpy as np

CONVOLUTIONS = {  # shapes of images and kernels, stride, padding, and whether there is a bias
    "plain": ((2, 3, 7, 6), (4, 3, 3, 3), 1, 0, True),
    "same": ((2, 2, 5, 5), (3, 2, 3, 3), 1, 1, True),
    "strided": ((1, 2, 8, 9), (2, 2, 3, 2), 2, 0, False),
    "uneven": ((3, 1, 7, 8), (2, 1, 2, 4), (2, 3), (1, 2), True),
    "one pixel": ((2, 3, 4, 4), (5, 3, 1, 1), 1, 0, True),
}
POOLS = {  # the shape of images, size and stride
    "halves": ((2, 3, 6, 8), 2, None),
    "border left over": ((1, 2, 7, 5), 2, None),
    "overlapping": ((2, 1, 7, 7), 3, 2),
    "uneven": ((2, 2, 6, 9), (3, 2), (1, 3)),
}
NORMS = {"rows": ((5, 8), (8,)), "images": ((3, 2, 4), (2, 4))}  # shapes of samples, and of gamma
LOGITS = np.array([[-1e4, 1e4, 0.3], [2.0, -30.0, 30.0], [1e4, -1e4, 1e4], [0.0, -0.7, 1.5]])
TARGETS = np.array([[0.0, 1.0, 0.25], [0.5, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 0.0, 0.6]])
CLASSES = np.array([1, 2, 0, 1])
LOSSES = {
    "mse": "mse_loss",
    "huber": "huber_loss",
    "binary_cross_entropy_with_logits": "binary_cross_entropy_with_logits",
    "binary_cross_entropy": "binary_cross_entropy",
}


def numbers(shape, seed=1.0):
    """Make numbers that look random and are all different."""
    return np.sin(np.arange(1.0, np.prod(shape) + 1) * (1.7 + seed)).reshape(shape) * 2


def predictions(name):
    """What a loss is given; only probabilities must be from 0 to 1."""
    return np.clip(LOGITS, 1e-3, 1 - 1e-3) if name == "binary_cross_entropy" else LOGITS


def main():
    """Run PyTorch and write the file."""
    import torch
    from torch.nn import functional

    recorded = {}

    def leaf(x):
        return torch.tensor(x, requires_grad=True)

    def record(name, y, leaves):
        (y * torch.tensor(numbers(tuple(y.shape), 5.0))).sum().backward()
        for i, array in enumerate([y.detach(), *(x.grad for x in leaves)]):
            recorded[f"{name} {i}"] = array.numpy()

    for name, (images, kernels, stride, padding, bias) in CONVOLUTIONS.items():
        leaves = [leaf(numbers(shape)) for shape in [images, kernels, kernels[:1]][: 2 + bias]]
        record(f"conv {name}", functional.conv2d(*leaves, stride=stride, padding=padding), leaves)
    for name, (images, size, stride) in POOLS.items():
        x = leaf(numbers(images))
        record(f"pool {name}", functional.max_pool2d(x, size, stride), [x])
    for name, (samples, shape) in NORMS.items():
        leaves = [leaf(numbers(s)) for s in (samples, shape, shape)]
        record(f"norm {name}", functional.layer_norm(leaves[0], shape, *leaves[1:]), leaves)
    for name, function in LOSSES.items():
        for reduction in ("mean", "sum", "none"):
            x = leaf(predictions(name))
            y = getattr(functional, function)(x, torch.tensor(TARGETS), reduction=reduction)
            record(f"{name} {reduction}", y, [x])
    for kind, labels in (("classes", CLASSES), ("probabilities", numbers((4, 3)) ** 2)):
        labels = labels if kind == "classes" else labels / labels.sum(axis=1, keepdims=True)
        x = leaf(LOGITS)
        record(f"cross_entropy {kind}", functional.cross_entropy(x, torch.tensor(labels)), [x])
    np.savez_compressed(Path(__file__).with_name("pytorch_layers.npz"), **recorded)


if __name__ == "__main__":
    main()
