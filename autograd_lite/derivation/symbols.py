"""How names are typeset: ``W1`` as W_1, ``theta`` as a Greek letter."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["escaped", "is_letter", "symbol", "word"]

_GREEK = {
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "mu",
    "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma",
    "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega",
}  # fmt: skip
_OTHERWISE = {"eps": "varepsilon", "lam": "lambda", "lamda": "lambda", "lmbda": "lambda"}
_ACCENTS = {"hat": r"\hat", "bar": r"\bar", "tilde": r"\tilde", "dot": r"\dot"}
_ESCAPES = {
    **{character: f"\\{character}" for character in "_{}#$%&"},
    "\\": r"\backslash ",
    "^": r"\wedge ",
    "~": r"\sim ",
    " ": r"\ ",
    '"': "''",
    "`": "'",
}


def escaped(text: str) -> str:
    r"""Write any text so that LaTeX, in mathematics, prints it: ``a%b`` as ``a\%b``."""
    return "".join(
        _ESCAPES.get(character, character) for character in text if character.isprintable()
    )


def word(text: str) -> str:
    """Write a word, upright."""
    return rf"\mathrm{{{escaped(text)}}}"


def symbol(name: str) -> str:
    r"""Typeset the name of a variable.

    Parameters
    ----------
    name : str
        Any text; of an identifier its parts are told apart.

    Returns
    -------
    str
        LaTeX, for use in mathematics.

    Examples
    --------
    >>> for name in ("W1", "hidden_W", "theta_0", "y_hat", "log_P", "momentum"):
    ...     print(symbol(name))
    W_1
    W_{\mathrm{hidden}}
    \theta_0
    \hat{y}
    \log P
    \mathrm{momentum}
    """
    first, _, rest = name.partition("_")
    if first == "log" and rest.strip("_"):
        return rf"\log {symbol(rest)}"
    parts = [part for part in name.split("_") if part]
    if len(parts) > 1 and parts[-1] in _ACCENTS and is_letter("_".join(parts[:-1])):
        return f"{_ACCENTS[parts[-1]]}{{{symbol('_'.join(parts[:-1]))}}}"
    letters = [part for part in parts if is_letter(part)]
    if not letters:
        stem, digits = _stem(name)
        return word(stem) + (_subscript([digits]) if digits else "")
    stem, digits = _stem(letters[0])
    others = list(parts)
    others.remove(letters[0])
    below = [digits] * bool(digits) + [_below(part) for part in others]
    return _letter(stem) + (_subscript(below) if below else "")


def is_letter(name: str) -> bool:
    """Whether a name is one letter, Latin or Greek, and perhaps a number."""
    stem, _ = _stem(name)
    return (len(stem) == 1 and stem.isalpha()) or stem in _GREEK or stem in _OTHERWISE


def _stem(name: str) -> tuple[str, str]:
    found = re.fullmatch(r"(.*?[^0-9_])_?([0-9]*)", name, re.DOTALL)
    return (found[1], found[2]) if found else (name, "")


def _letter(stem: str) -> str:
    if stem in _GREEK:
        return f"\\{stem}"
    if stem in _OTHERWISE:
        return f"\\{_OTHERWISE[stem]}"
    kind = unicodedata.name(stem, "").split()
    if kind[:1] == ["GREEK"] and kind[2:3] == ["LETTER"] and len(kind) == 4:
        found = kind[3].replace("LAMDA", "LAMBDA")
        found = found.capitalize() if kind[1] == "CAPITAL" else found.lower()
        if found in _GREEK or found == "lambda":
            return f"\\{found}"
    return stem if stem.isascii() else word(stem)


def _below(part: str) -> str:
    if part.isdigit():
        return part
    return _letter(part) if is_letter(part) and not part[-1].isdigit() else word(part)


def _subscript(parts: list[str]) -> str:
    text = ",".join(parts)
    return f"_{text}" if len(text) == 1 else f"_{{{text}}}"
