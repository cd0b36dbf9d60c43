"""Colour and dash of each arm, keyed by the arm itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from locoreg.core.errors import DesignError
from locoreg.figures.layouts import PAPER, contrast

BANDS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
LINES = ("#0072B2", "#B34E00", "#007A5A", "#A8497F")
# Lengths of dashes and gaps in points.
DASHES: tuple[tuple[float, ...] | None, ...] = (
    None,
    (7.0, 2.5),
    (7.0, 2.2, 1.6, 2.2),
    (3.6, 2.0),
)
MOST_ARMS = len(LINES) * len(DASHES)
# What a mark needs against the paper; the faded part of a line goes no further.
FAINTEST = 3.05


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmStyle:
    """How an arm is drawn.

    Attributes
    ----------
    band, line, faded : str
        Colours of the band, of line and text, and of the line where few are at risk.
    dashes : tuple of float, or None
        Lengths of dashes and gaps; None for a solid line.
    """

    band: str
    line: str
    faded: str
    dashes: tuple[float, ...] | None


def style_of_slot(slot: int) -> ArmStyle:
    """Return one of the 16 pairs of colour and dash; the first four differ in both."""
    colour = slot % len(LINES)
    dash = (slot + slot // len(LINES)) % len(DASHES)
    return ArmStyle(
        band=BANDS[colour],
        line=LINES[colour],
        faded=_faded(LINES[colour]),
        dashes=DASHES[dash],
    )


def arm_styles(present: Sequence[str], arms: Sequence[str] | None) -> Mapping[str, ArmStyle]:
    """Give each arm its style.

    Parameters
    ----------
    present : sequence of str
        Arms of the figure.
    arms : sequence of str, optional
        All arms of the project in a fixed order: an arm has the style of its place, whichever
        others are present. Without it the name of an arm chooses the style (a name alone in a
        figure always has the same one; names that choose the same one share out what is left).

    Returns
    -------
    mapping
        From arm to style.

    Raises
    ------
    DesignError
        If there are too many arms to be told apart, or one is not among ``arms``.
    """
    if len(present) > MOST_ARMS:
        raise DesignError(
            f"{len(present)} groups can't be told apart in one figure; at most {MOST_ARMS} can.",
            hint="draw fewer groups, or several figures.",
        )
    slots = _slots_by_name(present) if arms is None else _slots_by_place(present, arms)
    return {arm: style_of_slot(slot) for arm, slot in slots.items()}


def _slots_by_place(present: Sequence[str], arms: Sequence[str]) -> dict[str, int]:
    known = {arm: i for i, arm in enumerate(arms)}
    for arm in present:
        if arm not in known:
            raise DesignError(
                f"the group {arm!r} is not among the arms given.",
                hint=f"name all groups: {', '.join(present)}.",
            )
    if len(known) < len(arms) or len(arms) > MOST_ARMS:
        raise DesignError(
            f"arms must be at most {MOST_ARMS} different names.", hint="name each group once."
        )
    return {arm: known[arm] for arm in present}


def _slots_by_name(present: Sequence[str]) -> dict[str, int]:
    if len(present) == 1 and present[0] == "all":
        return {"all": 0}
    chosen: dict[str, int] = {}
    for arm in sorted(present, key=_fingerprint):
        wanted = _fingerprint(arm) % len(LINES)
        free = (s for s in range(MOST_ARMS) if s not in chosen.values())
        # Another colour comes before another dash.
        chosen[arm] = min(free, key=lambda s: (s // len(LINES), (s - wanted) % len(LINES)))
    return {arm: chosen[arm] for arm in present}


def _fingerprint(arm: str) -> int:
    digest = hashlib.sha256(arm.strip().casefold().encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big")


def _faded(colour: str) -> str:
    """Return the lightest mix with white that still stands out from the paper."""
    for part in range(60, 0, -2):
        mixed = mix(colour, part / 100)
        if contrast(mixed) >= FAINTEST:
            return mixed
    return colour


def mix(colour: str, part: float) -> str:
    """Return a colour with a part of paper mixed in."""
    pairs = ((int(colour[i : i + 2], 16), int(PAPER[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(own + part * (paper - own)):02X}" for own, paper in pairs)
