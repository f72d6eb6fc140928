"""Optimizers, clipping, schedules of the learning rate, and L-BFGS; PyTorch's, by its names."""

from .lbfgs import minimize
from .optimizers import SGD, Adam, AdamW, Optimizer, RMSprop, clip_grad_norm_, clip_grad_value_
from .schedules import CosineAnnealingLR, LambdaLR, StepLR

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "RMSprop", "clip_grad_norm_", "clip_grad_value_"]
__all__ += ["CosineAnnealingLR", "LambdaLR", "StepLR", "minimize"]
