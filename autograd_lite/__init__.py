"""A tiny reverse-mode automatic differentiation engine for NumPy."""

from . import rules
from .declare import function, ufunc
from .derivatives import grad, value_and_grad, vjp
from .errors import DetachedError, GraphFreedError, NoRuleError, ShapeError
from .op import OPS, Op
from .rules.neural import (
    log_softmax,
    logsumexp,
    relu,
    sigmoid,
    softmax,
    softmax_cross_entropy,
    stop_gradient,
)
from .sweep import tape
from .tensor import Tensor, no_grad
