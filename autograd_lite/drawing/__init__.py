"""Pictures of the tape."""

from .drawing import Drawing, draw
from .renderer import RendererNotFound
from .table import explain

__all__ = ["Drawing", "RendererNotFound", "draw", "explain"]
