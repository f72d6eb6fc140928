"""Layers and losses against PyTorch's recorded numbers: values, and gradients by all inputs."""

from pathlib import Path

import numpy as np
import pytest
from record_pytorch_layers import (
    CLASSES,
    CONVOLUTIONS,
    LOGITS,
    LOSSES,
    NORMS,
    POOLS,
    TARGETS,
    numbers,
    predictions,
)

import autograd_lite as ag
from autograd_lite import nn

RECORDED = Path(__file__).with_name("pytorch_layers.npz")


@pytest.fixture(scope="module")
def pytorch():
    with np.load(RECORDED, allow_pickle=False) as arrays:
        return dict(arrays)


def assert_same(name, f, leaves, recorded):
    """The value of f, and the gradients of a sum of its entries, weighed differently each."""
    y, pullback = ag.vjp(lambda xs: f(*xs), leaves)
    for i, found in enumerate([y, *pullback(numbers(np.shape(y), 5.0))]):
        np.testing.assert_allclose(found, recorded[f"{name} {i}"], rtol=1e-12, atol=1e-13)
    assert f"{name} {len(leaves) + 1}" not in recorded


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_a_convolution_is_that_of_pytorch(name, pytorch):
    images, kernels, stride, padding, bias = CONVOLUTIONS[name]
    channels, size = kernels[1::-1], kernels[2:]
    layer = nn.Conv2d(*channels, size, stride=stride, padding=padding, bias=bias)
    leaves = [numbers(shape) for shape in [images, kernels, kernels[:1]][: 2 + bias]]

    def f(x, *parameters):
        return nn.functional_call(layer, dict(zip("Wb", parameters, strict=False)), x)

    assert_same(f"conv {name}", f, leaves, pytorch)


@pytest.mark.parametrize("name", POOLS)
def test_pooling_is_that_of_pytorch(name, pytorch):
    images, size, stride = POOLS[name]
    assert_same(f"pool {name}", nn.MaxPool2d(size, stride), [numbers(images)], pytorch)


@pytest.mark.parametrize("name", NORMS)
def test_layer_normalization_is_that_of_pytorch(name, pytorch):
    samples, shape = NORMS[name]
    layer = nn.LayerNorm(shape)

    def f(x, gamma, beta):
        return nn.functional_call(layer, {"gamma": gamma, "beta": beta}, x)

    assert_same(f"norm {name}", f, [numbers(s) for s in (samples, shape, shape)], pytorch)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_a_loss_is_that_of_pytorch_at_any_prediction(name, reduction, pytorch):
    def f(x):
        return getattr(nn, name)(x, TARGETS, reduction=reduction)

    assert_same(f"{name} {reduction}", f, [predictions(name)], pytorch)


def test_cross_entropy_is_that_of_pytorch_at_any_logits(pytorch):
    probabilities = numbers((4, 3)) ** 2
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    for kind, labels in (("classes", CLASSES), ("probabilities", probabilities)):

        def f(x, labels=labels):
            return nn.cross_entropy(x, labels)

        assert_same(f"cross_entropy {kind}", f, [LOGITS], pytorch)
