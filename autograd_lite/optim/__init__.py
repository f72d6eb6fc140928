"""Optimizers, clipping, schedules of the learning rate, and L-BFGS; PyTorch's, by its names."""

from .gradients import clip_grad_norm_, clip_grad_value_
from .lbfgs import minimize
from .optimizers import SGD, Adam, AdamW, Optimizer, RMSprop
from .schedules import CosineAnnealingLR, LambdaLR, LinearLR, SequentialLR, StepLR

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "CosineAnnealingLR",
    "LambdaLR",
    "LinearLR",
    "Optimizer",
    "RMSprop",
    "SequentialLR",
    "StepLR",
    "clip_grad_norm_",
    "clip_grad_value_",
    "minimize",
]
