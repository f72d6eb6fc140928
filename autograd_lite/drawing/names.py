"""What each value of a picture is called: no two alike, or the rules would be false."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..tensor import Tensor

__all__ = ["counted", "free", "names_of", "printable"]


def names_of(records: Sequence[Tensor], given: Mapping[int, str]) -> dict[int, str]:
    """Name every record of a tape.

    Parameters
    ----------
    records : sequence of Tensor
        Oldest first.
    given : mapping of int to str
        By birth; these names go before those that the records have.

    Returns
    -------
    dict of int to str
        By birth. Of equal names the second one is ``W1_2``; a record without one is called by its
        place, ``v1``, unless something else is.
    """
    wished = {x.birth: given.get(x.birth) or x.name for x in records}
    reserved = {name for name in wished.values() if name}
    taken: set[str] = set()
    found = {}
    for i, x in enumerate(records):
        wish = wished[x.birth]
        if not wish:
            name = free(f"v{i}", reserved | taken if f"v{i}" in reserved else taken)
        else:
            name = wish if wish not in taken else free(wish, reserved | taken)
        found[x.birth] = name
        taken.add(name)
    return found


def free(name: str, taken: set[str]) -> str:
    """The name, or with a number after it where it is taken."""
    found, n = name, 2
    while found in taken:
        found, n = f"{name}_{n}", n + 1
    return found


def printable(words: object, longest: int = 40) -> str:
    """Spell what does not print, commands a terminal, or XML cannot hold, as Python does."""
    spelled = "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode()
        for c in str(words)[: longest + 1]
    )
    return spelled if len(spelled) <= longest else f"{spelled[: longest - 3]}..."


def counted(n: int, what: str) -> str:
    """Say how many there are of something."""
    return f"{n:,} {what}{'s' * (n != 1)}"
