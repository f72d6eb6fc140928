"""A tiny reverse-mode automatic differentiation engine for NumPy."""

from . import closed_form, data, nn, optim, rules
from .creation import array, named, zeros
from .custom import checkpoint, custom_vjp
from .declare import composed, function, ufunc
from .derivatives import grad, value_and_grad, vjp
from .draw import Drawing, draw
from .errors import DetachedError, GraphFreedError, NoRuleError, ShapeError
from .gradcheck import gradcheck
from .mode import no_grad
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
    "DetachedError",
    "Drawing",
    "GraphFreedError",
    "History",
    "NoRuleError",
    "Op",
    "ShapeError",
    "Tensor",
    "accuracy",
    "array",
    "checkpoint",
    "closed_form",
    "composed",
    "custom_vjp",
    "data",
    "deriv",
    "draw",
    "elementwise_grad",
    "fit",
    "function",
    "ggnvp",
    "grad",
    "gradcheck",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "linearize",
    "log_softmax",
    "logsumexp",
    "named",
    "nn",
    "no_grad",
    "optim",
    "relu",
    "rules",
    "sigmoid",
    "softmax",
    "softmax_cross_entropy",
    "stop_gradient",
    "tape",
    "ufunc",
    "value_and_grad",
    "vjp",
    "zeros",
]
