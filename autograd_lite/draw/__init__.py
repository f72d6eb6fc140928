"""Pictures of the tape."""

from .drawing import Drawing, draw
from .renderer import RendererNotFound

__all__ = ["Drawing", "RendererNotFound", "draw"]
