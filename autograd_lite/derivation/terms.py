"""Expressions in LaTeX, and how they are put together with no more brackets than needed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import IntEnum
from typing import Any, NamedTuple

from .symbols import symbol, word

__all__ = [
    "Binds", "Term", "bracketed", "called", "complex_number", "named", "negated", "number", "power",
    "quotient", "raised", "times", "within",
]  # fmt: skip


class Binds(IntEnum):
    """How tightly an expression holds together, the loosest first."""

    CASES = 0
    SUM = 1
    BIG = 2  # a sum sign reaches over the product to its right, and not further
    OPEN = 3  # a product whose last factor is a function without brackets
    PRODUCT = 4
    FUNCTION = 5
    CLOSED = 6  # a factor, but in brackets where something stands above or below it on the right
    POWER = 7
    SUBSCRIPT = 8
    SYMBOL = 9


class Term(NamedTuple):
    """An expression.

    Attributes
    ----------
    text : str
    binds : Binds
    sign : str
        Of a product that between its factors; ``-`` of what has one in front, ``[`` of what
        stands in such brackets, ``(`` of a function that may have brackets.
    inside : Term or None
        What stands behind that minus, or in those brackets; the function with its brackets.
    """

    text: str
    binds: Binds = Binds.SYMBOL
    sign: str = ""
    inside: Term | None = None


_TALL = (r"\frac", r"\sum", r"\prod", r"\begin", r"\left")


def bracketed(text: str) -> str:
    """Write round brackets, as high as what is inside."""
    return rf"\left({text}\right)" if any(mark in text for mark in _TALL) else f"({text})"


def within(x: Term, binds: Binds) -> str:
    """Write an operand; in brackets, unless it holds together as tightly as this."""
    if x.sign == "(" and x.inside is not None and x.binds < binds <= x.inside.binds:
        return x.inside.text
    return x.text if x.binds >= binds else bracketed(x.text)


def named(name: str) -> Term:
    """Typeset the name of a variable."""
    text = symbol(name)
    if text.startswith(r"\log "):
        return Term(text, Binds.FUNCTION)
    return Term(text, Binds.SUBSCRIPT if "_" in text else Binds.SYMBOL)


def number(value: Any) -> Term:
    """Write a real number, as short as its dtype allows."""
    if not math.isfinite(value):
        text = "nan" if value != value else "-inf" if value < 0 else "inf"
    else:
        text = str(value).removesuffix(".0")
    term = _unsigned(text.removeprefix("-"))
    return negated(term) if text.startswith("-") else term


def _unsigned(text: str) -> Term:
    if text in ("inf", "nan"):
        return Term(r"\infty" if text == "inf" else word("nan"))
    digits, _, exponent = text.partition("e")
    if not exponent:
        return Term(digits)
    ten = Term(f"10^{{{int(exponent)}}}", Binds.POWER)
    return ten if digits == "1" else times(Term(digits), ten, r"\cdot")


def complex_number(value: Any) -> Term:
    """Write a complex number; its real part, if there is one."""
    i = Term(r"\mathrm{i}")
    imaginary = i if value.imag == 1 else times(number(value.imag), i)
    if value.real == 0:
        return imaginary
    sign = " " if imaginary.sign == "-" else " + "
    return Term(f"{number(value.real).text}{sign}{imaginary.text}", Binds.SUM)


def negated(x: Term) -> Term:
    """Put a minus in front."""
    return Term(f"-{within(x, Binds.BIG)}", Binds.SUM, "-", x)


def called(function: str, args: Sequence[Term], plain: bool = True) -> Term:
    """Write a function of something; of one symbol without brackets, if that is `plain`."""
    term = Term(function + bracketed(", ".join(x.text for x in args)), Binds.CLOSED)
    if plain and len(args) == 1 and args[0].binds >= Binds.POWER:
        return Term(f"{function} {args[0].text}", Binds.FUNCTION, "(", term)
    return term


def times(a: Term, b: Term, sign: str = "", associative: bool = True) -> Term:
    """Write a product; what reaches to its right is in brackets, unless it is the last factor."""
    if a.sign == "-" and a.inside is not None:
        return negated(times(a.inside, b, sign, associative))
    alike = associative and a.binds == Binds.PRODUCT and a.sign == sign
    left = a.text if alike else within(a, Binds.CLOSED)
    binds = {Binds.BIG: Binds.BIG, Binds.FUNCTION: Binds.OPEN}.get(b.binds, Binds.PRODUCT)
    right = within(b, Binds.CLOSED) if binds == Binds.PRODUCT else b.text
    between = sign or (r"\cdot" if _run_together(left, right) else "")
    return Term(f"{left} {between} {right}" if between else f"{left} {right}", binds, sign)


def _run_together(left: str, right: str) -> bool:
    """Whether two factors side by side read as one number: 2 3, or 3 1/2."""
    last = left.rpartition(" ")[2]
    return right[:1].isdigit() or (last[:1].isdigit() and right.startswith(r"\frac"))


def quotient(a: Term, b: Term) -> Term:
    """Write a fraction, with a minus and a sum sign beside it."""
    if b.text == "1":
        return a
    if a.sign == "-" and a.inside is not None:
        return negated(quotient(a.inside, b))
    if a.binds == Binds.BIG or a.text.startswith(r"\frac"):
        return times(Term(rf"\frac{{1}}{{{b.text}}}", Binds.CLOSED), a)
    return Term(rf"\frac{{{a.text}}}{{{b.text}}}", Binds.CLOSED)


def power(x: Term, exponent: str, ndim: int) -> Term:
    """Write a power; of an array, entry by entry."""
    return raised(x, rf"\odot {exponent}" if ndim else exponent)


def raised(x: Term, above: str) -> Term:
    """Write something above an expression, on its right."""
    return Term(f"{within(x, Binds.SUBSCRIPT)}^{{{above}}}", Binds.POWER)
