"""The same drawing in fewer bytes: steps of curves written as strokes across and upright."""

from __future__ import annotations

import re

_PATH = re.compile(r' d="(M [^"]*)"')
_MOVES = re.compile(r"([MLZz])(?: (-?[\d.]+) (-?[\d.]+))?")
# Only what `to_svg` writes for straight lines; anything else stays as it is.
_STRAIGHT = re.compile(r"(?:[ML] -?[\d.]+ -?[\d.]+ ?|[Zz] ?)+")


def short_paths(svg: str) -> str:
    """Return a drawing whose straight paths are written with ``H`` and ``V`` where they can be.

    Parameters
    ----------
    svg : str
        From `to_svg`.

    Returns
    -------
    str
        With every point where it was.
    """
    return _PATH.sub(lambda match: f' d="{_short(match[1])}"', svg)


def _short(path: str) -> str:
    if not _STRAIGHT.fullmatch(path):
        return path
    out: list[str] = []
    x = y = ""
    for command, across, up in _MOVES.findall(path):
        if command in "Zz":
            out.append(command)
            # The point after it is the path's first again, whose place is not kept.
            x = y = ""
        elif command == "L" and up == y:
            out.append(f"H{across}")
        elif command == "L" and across == x:
            out.append(f"V{up}")
        else:
            out.append(f"{command}{across} {up}")
        if command not in "Zz":
            x, y = across, up
    return "".join(out)
