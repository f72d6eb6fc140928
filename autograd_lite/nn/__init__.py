"""Layers, losses, initialisers and model files; parameters are Tensors in attributes."""

import numpy as np

from ..rules.activations import elu, gelu, leaky_relu, selu, silu, softplus
from ..rules.layers import augment
from ..rules.likelihoods import glm_nll
from ..rules.neural import log_softmax, relu, sigmoid, softmax
from . import init, layers, losses, module, saving
from .layers import *
from .losses import *
from .module import *
from .saving import *

tanh = np.tanh

__all__ = ["augment", "glm_nll", "init"]
__all__ += ["elu", "gelu", "leaky_relu", "log_softmax", "relu", "selu", "sigmoid", "silu"]
__all__ += ["softmax", "softplus", "tanh"]
__all__ += layers.__all__
__all__ += losses.__all__
__all__ += module.__all__
__all__ += saving.__all__
