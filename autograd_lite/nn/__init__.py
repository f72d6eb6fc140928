"""Layers, losses, initialisers and model files; parameters are Tensors in attributes."""

import numpy as np

from ..rules.activations import elu, gelu, leaky_relu, selu, silu, softplus
from ..rules.layers import augment
from ..rules.likelihoods import glm_nll
from ..rules.neural import log_softmax, relu, sigmoid, softmax
from . import init
from .layers import (
    ACTIVATIONS,
    MLP,
    Conv2d,
    Dropout,
    Flatten,
    Lambda,
    LayerNorm,
    Linear,
    MaxPool2d,
    Sequential,
)
from .losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    huber,
    l1_penalty,
    l2_penalty,
    mse,
    squared_error,
)
from .module import Module, functional_call
from .saving import load, read_metadata, save

tanh = np.tanh

__all__ = [
    "ACTIVATIONS",
    "MLP",
    "Conv2d",
    "Dropout",
    "Flatten",
    "Lambda",
    "LayerNorm",
    "Linear",
    "MaxPool2d",
    "Module",
    "Sequential",
    "augment",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "elu",
    "functional_call",
    "gelu",
    "glm_nll",
    "huber",
    "init",
    "l1_penalty",
    "l2_penalty",
    "leaky_relu",
    "load",
    "log_softmax",
    "mse",
    "read_metadata",
    "relu",
    "save",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "squared_error",
    "tanh",
]
