"""The claims of each paper: a module is one paper, read from its beginning to its end."""

from . import matrix_form, menon, park, rao, whitehill

__all__ = ["PAPERS"]

PAPERS = tuple(module.PAPER for module in (rao, park, matrix_form, whitehill, menon))
