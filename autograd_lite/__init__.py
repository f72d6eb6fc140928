"""A tiny reverse-mode automatic differentiation engine for NumPy."""

from importlib import import_module
from typing import Any

from . import rules  # an op has its rules before anybody can make a Tensor

_PARTS = "closed_form data nn optim"
_HOMES = {
    "creation": "array named zeros",
    "custom": "checkpoint custom_vjp",
    "declare": "composed function ufunc",
    "derivatives": "grad value_and_grad vjp",
    "derivation": "Step derive",
    "drawing": "Drawing draw explain",
    "errors": "DataDependentError DetachedError GraphFreedError NoRuleError ShapeError",
    "differences": "gradcheck",
    "local": "LocalJacobian local_jacobians",
    "mode": "debug no_grad",
    "op": "OPS Op",
    "operators": "deriv elementwise_grad ggnvp hessian hvp jacobian jvp linearize",
    "plots": "GradientNorms draw_boundary draw_gradient_norms draw_training draw_weights",
    "referee": "BackpropReport check_backprop",
    "rules.activations": "elu gelu leaky_relu relu_eps selu sigmoid_cross_entropy silu softplus",
    "rules.images": "avg_pool2d conv2d max_pool2d",
    "rules.layers": "batch_norm dropout embedding layer_norm linear",
    "rules.neural": (
        "log_softmax logsumexp relu sigmoid softmax softmax_cross_entropy stop_gradient"
    ),
    "tensor": "Tensor tape",
    "training": "History accuracy fit",
}
"""Where each name is from. What the engine does not need is imported when it is asked for."""

_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = ["rules", *_PARTS.split(), *_HOME_OF]


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        value = getattr(import_module(f".{_HOME_OF[name]}", __name__), name)
    elif name in _PARTS.split():
        value = import_module(f".{name}", __name__)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
