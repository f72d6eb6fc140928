from . import closed_form, data, nn, optim, rules
from .creation import array, named, zeros
from .custom import checkpoint, custom_vjp
from .declare import composed, function, ufunc
from .derivation import Step, derive
from .derivatives import grad, value_and_grad, vjp
from .differences import gradcheck
from .drawing import Drawing, draw, explain
from .errors import (
    DataDependentError,
    DetachedError,
    GraphFreedError,
    NoRuleError,
    ShapeError,
)
from .local import LocalJacobian, local_jacobians
from .mode import debug, no_grad
from .op import OPS, Op
from .operators import (
    deriv,
    elementwise_grad,
    ggnvp,
    hessian,
    hvp,
    jacobian,
    jvp,
    linearize,
)
from .plots import GradientNorms, draw_boundary, draw_gradient_norms, draw_training, draw_weights
from .referee import BackpropReport, check_backprop
from .rules.activations import (
    elu,
    gelu,
    leaky_relu,
    relu_eps,
    selu,
    sigmoid_cross_entropy,
    silu,
    softplus,
)
from .rules.images import avg_pool2d, conv2d, max_pool2d
from .rules.layers import batch_norm, dropout, embedding, layer_norm, linear
from .rules.neural import (
    log_softmax,
    logsumexp,
    relu,
    sigmoid,
    softmax,
    softmax_cross_entropy,
    stop_gradient,
)
from .tensor import Tensor, tape
from .training import History, accuracy, fit

__all__ = [
    "OPS",
    "BackpropReport",
    "DataDependentError",
    "DetachedError",
    "Drawing",
    "GradientNorms",
    "GraphFreedError",
    "History",
    "LocalJacobian",
    "NoRuleError",
    "Op",
    "ShapeError",
    "Step",
    "Tensor",
    "accuracy",
    "array",
    "avg_pool2d",
    "batch_norm",
    "check_backprop",
    "checkpoint",
    "closed_form",
    "composed",
    "conv2d",
    "custom_vjp",
    "data",
    "debug",
    "deriv",
    "derive",
    "draw",
    "draw_boundary",
    "draw_gradient_norms",
    "draw_training",
    "draw_weights",
    "dropout",
    "elementwise_grad",
    "elu",
    "embedding",
    "explain",
    "fit",
    "function",
    "gelu",
    "ggnvp",
    "grad",
    "gradcheck",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "layer_norm",
    "leaky_relu",
    "linear",
    "linearize",
    "local_jacobians",
    "log_softmax",
    "logsumexp",
    "max_pool2d",
    "named",
    "nn",
    "no_grad",
    "optim",
    "relu",
    "relu_eps",
    "rules",
    "selu",
    "sigmoid",
    "sigmoid_cross_entropy",
    "silu",
    "softmax",
    "softmax_cross_entropy",
    "softplus",
    "stop_gradient",
    "tape",
    "ufunc",
    "value_and_grad",
    "vjp",
    "zeros",
]
