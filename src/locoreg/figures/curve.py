"""What a specification curve shows, before anything is drawn."""

from __future__ import annotations

from dataclasses import dataclass

from locoreg.core.errors import DesignError
from locoreg.core.numbertext import interval_text
from locoreg.evidence.multiverse import Doubt, Multiverse, Option, Universe

MOST_SHOWN = 64
PRINTED = "printed"
BLOCKED = "blocked"
BARRED = " (barred by the audit)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One universe that is drawn.

    Attributes
    ----------
    universe : Universe
        Its pool and readings.
    rank : int
        Place by estimate among all universes, from 1.
    is_printed : bool
        Whether every study is read as printed.
    """

    universe: Universe
    rank: int
    is_printed: bool


def shown_universes(multiverse: Multiverse, most: int = MOST_SHOWN) -> tuple[Shown, ...]:
    """Return the universes to draw, smallest estimate first.

    Parameters
    ----------
    multiverse : Multiverse
        All of them.
    most : int
        Above this number, ranks at even distances are picked, with the
        smallest and the largest estimate, the main universe and the one as
        printed.

    Returns
    -------
    tuple of Shown
        At most ``most``.

    Raises
    ------
    DesignError
        If there is no universe, or ``most`` is under 4.
    """
    if not multiverse.universes:
        raise DesignError("there is no universe to draw.")
    if most < 4:
        raise DesignError(f"{most} universes are too few to show a multiverse.", hint="4 or more.")
    printed = printed_choices(multiverse)
    ordered = sorted(multiverse.universes, key=lambda u: (u.mu.estimate, u.departures, u.choices))
    everything = [
        Shown(universe=u, rank=i + 1, is_printed=u.choices == printed)
        for i, u in enumerate(ordered)
    ]
    if len(everything) <= most:
        return tuple(everything)
    kept = {i for i, s in enumerate(everything) if s.universe.is_main or s.is_printed}
    free = most - len(kept)
    kept |= {round(i * (len(everything) - 1) / (free - 1)) for i in range(free)}
    return tuple(everything[i] for i in sorted(kept))


def printed_choices(multiverse: Multiverse) -> tuple[str, ...]:
    """Return the readings of the universe in which every study is read as printed.

    Where no other reading is the printed one, the main reading is.
    """
    choices = list(multiverse.main.choices)
    for doubt in multiverse.doubts:
        for effect in doubt.options:
            if effect.option.kind == PRINTED:
                choices[multiverse.studies.index(doubt.label)] = effect.option.label
    return tuple(choices)


def option_label(option: Option) -> str:
    """Return a reading in words, marked where the audit bars it."""
    barred = option.kind == BLOCKED and "barred" not in option.label
    return option.label + (BARRED if barred else "")


def reading_label(multiverse: Multiverse, study: str, choice: str) -> str:
    """Return in words the reading that a universe takes of the study of that label."""
    for doubt in multiverse.doubts:
        if doubt.label == study:
            for effect in doubt.options:
                if effect.option.label == choice:
                    return option_label(effect.option)
    return choice


def reading_in(multiverse: Multiverse, universe: Universe, doubt: Doubt) -> int:
    """Return the index of the option of a doubt that a universe takes."""
    choice = universe.choices[multiverse.studies.index(doubt.label)]
    return [effect.option.label for effect in doubt.options].index(choice)


def universe_sentence(multiverse: Multiverse, shown: Shown, measure: str) -> str:
    """Return one universe in words."""
    mu = shown.universe.counted
    text = interval_text(*mu.natural).replace("(", f"({mu.level:g}% CI ", 1)
    readings = "; ".join(
        f"{doubt.label}: "
        f"{option_label(doubt.options[reading_in(multiverse, shown.universe, doubt)].option)}"
        for doubt in multiverse.doubts
    )
    also = "".join(
        words
        for words, applies in (
            (", the main result", shown.universe.is_main),
            (", as printed", shown.is_printed),
        )
        if applies
    )
    name = f"Universe {shown.rank} of {len(multiverse.universes)}{also}"
    return f"{name}: {measure} {text}" + (f"; {readings}" if readings else "")


def curve_summary(multiverse: Multiverse) -> str:
    """Return in how many universes the interval excludes no effect, and the range."""
    n = len(multiverse.universes)
    null = "1" if multiverse.scale == "log" else "0"
    low, high = (interval_text(*u.counted.natural) for u in multiverse.range)
    main = interval_text(*multiverse.main.counted.natural)
    if n == 1:
        return f"No input is doubtful: one result, {main}."
    excluded = round(multiverse.share_significant * n)
    return (
        f"{n} combinations of readings; main result {main}; estimates from {low} to {high}; "
        f"the {multiverse.level:g}% interval excludes {null} in {excluded} of {n}."
    )
