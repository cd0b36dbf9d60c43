"""Numbers of days, months or years where a date belongs: what they may be counted from."""

from __future__ import annotations

from dataclasses import dataclass

from locoreg.registry.definitions import DAYS_PER_MONTH
from locoreg.registry.drafting.profile import ColumnProfile
from locoreg.registry.mapping.offsets import label_of

DAYS = {"days": 1.0, "weeks": 7.0, "months": DAYS_PER_MONTH, "years": 365.25}
DAYS_PER_YEAR = 365.25
# Ages of patients: the middle ones lie here, none is above the highest.
AGES = (30.0, 85.0)
YOUNGEST, OLDEST = 10.0, 112.0
# Above this many years a middle interval is none.
LONGEST_MIDDLE = 25.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetReading:
    """What numbers instead of dates look like.

    Attributes
    ----------
    unit : str or None
        Unit that the header names.
    looks_like : {"ages", "intervals", "neither"}
        What the values are as large as, in that unit.
    says : str or None
        ``birth`` or ``diagnosis``, if the header or its description names an origin.
    words : str
        What the values and the header say, in words.
    likely_unit : str or None
        The only unit in which the values could be ages, where the header names none.
    """

    unit: str | None
    looks_like: str
    says: str | None
    words: str
    likely_unit: str | None = None

    @property
    def contradicts(self) -> bool:
        """Whether the wording and the size of the values don't go together."""
        return self.says == "diagnosis" and self.looks_like == "ages"


def read_offsets(profile: ColumnProfile, unit: str | None) -> OffsetReading | None:
    """Return what the numbers of a column may be counted from.

    Parameters
    ----------
    profile : ColumnProfile
        The column.
    unit : str or None
        Unit that its header names.

    Returns
    -------
    OffsetReading or None
        None if the column is not numeric.
    """
    if not profile.numbers:
        return None
    said = label_of(f"{profile.header.replace('_', ' ')}. {profile.title} {profile.description}")
    if unit not in DAYS:
        fitting = [name for name in DAYS if _kind(profile, name) == "ages"]
        words = "the header names no unit"
        if fitting:
            words += f"; as ages they would be {' or '.join(fitting)}{_middle(profile, fitting[0])}"
        return OffsetReading(
            unit=None,
            looks_like="neither",
            says=said,
            words=words,
            likely_unit=fitting[0] if len(fitting) == 1 else None,
        )
    kind = _kind(profile, unit)
    size = f"as large as {kind}" if kind != "neither" else "as large as neither ages nor intervals"
    words = f"the numbers of {unit} are {size}{_middle(profile, unit)}"
    return OffsetReading(unit=unit, looks_like=kind, says=said, words=words)


def _middle(profile: ColumnProfile, unit: str) -> str:
    if profile.middle is None:
        return ""
    return f" (median {profile.middle * DAYS[unit] / DAYS_PER_YEAR:.1f} years)"


def _kind(profile: ColumnProfile, unit: str) -> str:
    def years(share: float) -> float:
        return profile.quantile(share) * DAYS[unit] / DAYS_PER_YEAR

    middle, low, high = years(0.5), years(0.02), years(0.98)
    if AGES[0] <= middle <= AGES[1] and low >= YOUNGEST and high <= OLDEST:
        return "ages"
    if low >= -1 and middle < LONGEST_MIDDLE and high <= OLDEST:
        return "intervals"
    return "neither"
