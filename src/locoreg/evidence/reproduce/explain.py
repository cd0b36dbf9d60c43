"""Verdict and explanation from what a search found."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from locoreg.evidence.records import Claim, Pool
from locoreg.evidence.reproduce.results import Chance, ReadingCount, Reproduction, Searched, Verdict
from locoreg.evidence.reproduce.search import (
    ESTIMATORS,
    INTERVALS,
    Block,
    Place,
    departures_at,
    is_common,
    setting,
)
from locoreg.evidence.reproduce.settings import Departure, Published, Setting

MOST_SHOWN = 100
MOST_TOLD = 4
# An explanation that more than one made-up pool in a hundred would get as well proves nothing.
MOST_CHANCE = 0.01
# Nor do three things that must all have gone wrong.
MOST_PROVABLE = 2
UNPROVABLE = ("absent", "slip", "rounding")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a search found.

    Attributes
    ----------
    pool, claim, published
        The pool, its row and the printed numbers.
    places : tuple of Place
        The settings that match.
    weaker : tuple of Place
        Settings that give estimate and limits, but not the other printed quantities.
    full : bool
        Whether they also give the printed I2 and p-value.
    closest : Place or None
        The nearest setting.
    searched : Searched
    chance : Chance or None
    minimal : int or None
        Least number of departures that matches.
    """

    pool: Pool
    claim: Claim
    published: Published
    places: tuple[Place, ...]
    weaker: tuple[Place, ...]
    full: bool
    closest: Place | None
    searched: Searched
    chance: Chance | None
    minimal: int | None


def conclude(outcome: Outcome) -> Reproduction:
    """Return the verdict, the counts and the explanation of a search."""
    published = outcome.published
    ordered = sorted(outcome.places, key=_simplest)
    matches = tuple(setting(place, published) for place in ordered[:MOST_SHOWN])
    minimal = matches[0] if matches else None
    readings = _reading_counts(outcome, minimal)
    reproduction = Reproduction(
        pool_id=outcome.pool.pool_id,
        study_id=outcome.claim.study_id,
        claim_id=outcome.claim.claim_id,
        published=published,
        verdict=_verdict(outcome, minimal, readings),
        departures_needed=outcome.minimal,
        minimal=minimal,
        supported=_supported(ordered[0] if ordered else outcome.closest, published),
        closest=None if minimal or outcome.closest is None else setting(outcome.closest, published),
        matches=matches,
        readings=readings,
        chance=outcome.chance,
        searched=outcome.searched,
        rivals=_rivals(outcome, minimal),
        further_digits=_further(outcome, minimal),
        headline="",
        explanation="",
    )
    headline = " ".join(_headline(reproduction))
    details = " ".join(_counted(reproduction))
    return replace(reproduction, headline=headline, explanation=f"{headline} {details}")


def _simplest(place: Place) -> tuple[int, ...]:
    kinds = [d.kind for d in departures_at(place)]
    unusual = sum(kind in UNPROVABLE for kind in kinds)
    rare = not is_common(ESTIMATORS[place.estimator], INTERVALS[place.interval])
    return (len(kinds), unusual, rare, place.variant, place.interval, place.estimator, place.row)


def _reading_counts(outcome: Outcome, minimal: Setting | None) -> tuple[ReadingCount, ...]:
    """Count matches with and without each departure of a simplest explanation."""
    all_departures = [departures_at(place) for place in outcome.places]
    own = {d.key for d in minimal.departures} if minimal else set()
    candidates: dict[str, Departure] = {}
    for departures in all_departures:
        for departure in departures:
            if len(departures) == outcome.minimal or "as its row prints it" in departure.text:
                candidates.setdefault(departure.key, departure)
    counts = []
    for key, departure in candidates.items():
        with_it = sum(any(d.key == key for d in ds) for ds in all_departures)
        counts.append(
            ReadingCount(
                departure=departure,
                matches_with=with_it,
                matches_without=len(all_departures) - with_it,
                in_minimal=key in own,
            )
        )
    return tuple(sorted(counts, key=lambda c: (not c.in_minimal, -c.matches_with)))


def _verdict(
    outcome: Outcome, minimal: Setting | None, readings: tuple[ReadingCount, ...]
) -> Verdict:
    if minimal is None:
        return "not reproduced"
    needed = [r for r in readings if r.in_minimal]
    certain = (
        outcome.full
        and 0 < len(minimal.departures) <= MOST_PROVABLE
        and all(r.matches_without == 0 for r in needed)
        and not any(d.kind in UNPROVABLE for d in minimal.departures)
        and not outcome.searched.stopped
        and outcome.chance is not None
        and outcome.chance.share_explained <= MOST_CHANCE
    )
    return "proven" if certain else "consistent"


def _rivals(outcome: Outcome, minimal: Setting | None) -> int:
    if minimal is None:
        return 0
    needed = {d.key for d in minimal.departures}
    return sum(not needed <= {d.key for d in departures_at(p)} for p in outcome.weaker)


def _supported(place: Place | None, published: Published) -> Setting | None:
    """Return the same method on the inputs as the evidence supports them."""
    if place is None or not departures_at(place):
        return None
    family, variant = place.block.family, place.block.variant
    if family.variants[variant].departures:
        variant = 0
    chosen = []
    for options, used in zip(family.inputs, place.block.chosen[place.row], strict=True):
        same = [
            i
            for i, o in enumerate(options)
            if o.claim_id == options[used].claim_id and not o.departures
        ]
        usable = [i for i, o in enumerate(options) if np.isfinite(o.se[variant])]
        plain = [i for i in usable if not options[i].departures]
        chosen.append(([i for i in same if i in usable] or plain or [len(options) - 1])[0])
    yi = np.array([o[c].yi[variant] for o, c in zip(family.inputs, chosen, strict=True)])
    se = np.array([o[c].se[variant] for o, c in zip(family.inputs, chosen, strict=True)])
    if np.isfinite(se).sum() < 2:
        return None
    block = Block(
        family=family,
        variant=variant,
        chosen=np.array([chosen]),
        yi=yi[None],
        se=se[None],
    )
    return setting(Place(block, 0, place.estimator, place.interval), published)


def _further(outcome: Outcome, minimal: Setting | None) -> str:
    if minimal is None or outcome.full:
        return ""
    parts = []
    published = outcome.published
    if published.i2 is not None:
        parts.append(f"I2 {published.i2:g}% is printed and {minimal.i2:.1f}% follows")
    if published.p_value is not None:
        parts.append(
            f"p {published.p_op} {published.p_value:g} is printed and {minimal.p_value:.3g} follows"
        )
    return "; ".join(parts)


def _headline(found: Reproduction) -> list[str]:
    """Say what was printed and what gives it, without the counts."""
    out = [f"Printed: {found.published.text}."]
    if found.minimal is None:
        out += _failure(found)
    elif not found.minimal.departures:
        out.append(
            f"Reproduced from its inputs as the evidence supports them: {found.minimal.method} "
            f"gives {found.minimal.text(_decimals(found))}. No doubtful reading is needed."
        )
    else:
        out += _explained(found)
    return out


def _decimals(found: Reproduction) -> int:
    return round(-math.log10(2 * min(found.published.half_units))) + 1


def _failure(found: Reproduction) -> list[str]:
    if not found.testable:
        lacking = "; ".join(found.searched.not_searched) or "fewer than two inputs are usable"
        return [f"It can't be tested: {lacking}."]
    out = ["No setting gives all printed digits."]
    if found.closest is not None:
        near = found.closest
        miss = (
            "it gives them but not the other printed quantities"
            if near.distance <= 1
            else f"it misses by up to {near.distance:.1f} half units of the last printed digit "
            "(1 is the most that rounding explains)"
        )
        out.append(
            f"The nearest{_unless(near.departures)} is {near.text(_decimals(found))}, from "
            f"{near.method}{_with(near.departures)}; {miss}."
        )
    return out


def _explained(found: Reproduction) -> list[str]:
    out: list[str] = []
    if found.minimal is None:
        return out
    if found.supported is not None:
        out.append(
            "With its inputs as the evidence supports them no setting gives these digits; "
            f"{found.supported.method} gives {found.supported.text(_decimals(found))}."
        )
    n = len(found.minimal.departures)
    out.append(
        f"{_number(n).capitalize()} departure{'s' if n > 1 else ''} from them "
        f"give{'' if n > 1 else 's'} all of them: {_listed(found.minimal.departures)}. "
        f"Then {found.minimal.method} gives {found.minimal.text(_decimals(found))}."
    )
    return out


def _counted(found: Reproduction) -> list[str]:
    searched = found.searched
    if not found.testable:
        return [f"Verdict: {found.verdict}, untested."]
    levels = "; ".join(
        f"{level.departures} departure{'' if level.departures == 1 else 's'}: {level.matches:,} "
        f"of {level.settings:,} settings match"
        for level in searched.levels
    )
    out = [f"Searched: {levels}."]
    if searched.slips:
        out.append("Typing slips were tried last, because nothing else matched.")
    if searched.dismissed:
        out.append(f"Dismissed: {searched.dismissed}.")
    if searched.without_further and not found.further_digits:
        out.append(_without_further(found))
    if searched.stopped:
        out.append(f"Not searched further: {searched.stopped}.")
    if searched.not_searched:
        out.append(f"Not searched: {'; '.join(searched.not_searched)}.")
    out += _readings(found.readings)
    if found.further_digits:
        out.append(f"Not reproduced: {found.further_digits}.")
    if found.chance is not None:
        method = " by a method in common use" if found.chance.common_only else ""
        out.append(
            f"Of {found.chance.pools:,} made-up pools near this one, printed as precisely, "
            f"{_percent(found.chance)} find a matching setting "
            f"with at most {_number(found.chance.departures)} "
            f"departure{'' if found.chance.departures == 1 else 's'}{method} "
            f"({found.chance.expected_matches:.2g} settings each)."
        )
    out.append(f"Verdict: {found.verdict}{_why(found)}.")
    return out


def _percent(chance: Chance) -> str:
    if chance.share_explained == 0:
        return "none"
    return f"{100 * chance.share_explained:.2g}%"


def _readings(counts: tuple[ReadingCount, ...]) -> list[str]:
    shown = [c for i, c in enumerate(counts) if c.in_minimal or i < MOST_TOLD]
    out = [_reading(count) for count in shown]
    if len(shown) < len(counts):
        more = len(counts) - len(shown)
        out.append(f"{more} more reading{'s' if more > 1 else ''} can take their place.")
    return out


def _reading(count: ReadingCount) -> str:
    rest = "setting rests" if count.matches_with == 1 else "settings rest"
    does = "does" if count.matches_without == 1 else "do"
    return (
        f"{count.matches_with:,} matching {rest} on this reading and "
        f"{count.matches_without:,} {does} without it: {count.departure.text}."
    )


def _without_further(found: Reproduction) -> str:
    return (
        f"{_many(found.searched.without_further)} estimate and limits, but not the other "
        f"printed quantities (I2 or p){_of_rivals(found)}."
    )


def _of_rivals(found: Reproduction) -> str:
    if found.minimal is None or not found.minimal.departures:
        return ""
    return f"; {found.rivals:,} of them without the {_reading_word(found)} named"


def _reading_word(found: Reproduction) -> str:
    one = found.minimal is not None and len(found.minimal.departures) == 1
    return "reading" if one else "readings"


def _many(n: int) -> str:
    return "1 more setting gives" if n == 1 else f"{n:,} more settings give"


def _why(found: Reproduction) -> str:
    minimal, chance = found.minimal, found.chance
    if minimal is None or not minimal.departures:
        return ""
    if found.verdict == "proven":
        return ", every match rests on it and chance rarely gives one"
    if any(r.in_minimal and r.matches_without for r in found.readings):
        return ", other readings give the same digits"
    if any(d.kind in UNPROVABLE for d in minimal.departures):
        return ", the explanation is of a kind that numbers alone can't prove"
    if chance is not None and chance.share_explained > MOST_CHANCE:
        return ", every match rests on it, but the printed digits are too few to exclude chance"
    if found.further_digits:
        return ", not everything printed is reproduced"
    return ""


def _unless(departures: tuple[Departure, ...]) -> str:
    return "" if departures else " with the inputs as the evidence supports them"


def _with(departures: tuple[Departure, ...]) -> str:
    return f" with {_listed(departures)}" if departures else ""


def _listed(departures: tuple[Departure, ...]) -> str:
    return "; and ".join(d.text for d in departures)


def _number(n: int) -> str:
    return ("no", "one", "two", "three", "four")[n] if n < 5 else str(n)
