"""What can go wrong, by name."""

__all__ = ["DataDependentError", "DetachedError", "GraphFreedError", "NoRuleError", "ShapeError"]


class DataDependentError(RuntimeError):
    """A program was to be derived from a function whose course depends on its data."""


class NoRuleError(NotImplementedError):
    """An operation, or a keyword of one, has no derivative rule here."""


class DetachedError(RuntimeError):
    """A Tensor was about to leave the tape without a word."""


class ShapeError(ValueError):
    """Shapes that do not fit the operation they were given to."""


class GraphFreedError(RuntimeError):
    """The records were released by an earlier ``backward()``."""
