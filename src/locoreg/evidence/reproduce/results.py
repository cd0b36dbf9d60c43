"""What a reproduction returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from locoreg.evidence.reproduce.settings import Departure, Published, Setting

Verdict = Literal["proven", "consistent", "not reproduced"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingCount:
    """How many matching settings rest on a doubtful reading, and how many do without it."""

    departure: Departure
    matches_with: int
    matches_without: int
    in_minimal: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON-ready values."""
        return {
            "reading": self.departure.key,
            "kind": self.departure.kind,
            "text": self.departure.text,
            "with": self.matches_with,
            "without": self.matches_without,
            "in_minimal_explanation": self.in_minimal,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelCount:
    """What was searched with exactly so many departures, and what matched.

    Attributes
    ----------
    departures : int
        Simultaneous departures.
    inputs : int
        Distinct sets of inputs (readings, SE rule, rounding).
    settings : int
        Those times estimators and intervals.
    matches : int
        Settings that give all printed digits.
    matching_readings : int
        Distinct sets of departures among them.
    """

    departures: int
    inputs: int
    settings: int
    matches: int
    matching_readings: int

    def to_dict(self) -> dict[str, int]:
        """Return the counts as JSON-ready values."""
        return {
            "departures": self.departures,
            "inputs": self.inputs,
            "settings": self.settings,
            "matches": self.matches,
            "matching_readings": self.matching_readings,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What was searched, and what was not.

    Attributes
    ----------
    space : tuple of str
        Over what the search went, in words.
    levels : tuple of LevelCount
        By number of departures.
    slips : bool
        Whether typing slips were tried, because nothing else matched.
    stopped : str
        Why the search ended before its bound; empty if it did not.
    not_searched : tuple of str
        Inputs and variations that could not be tried.
    dismissed : str
        Matches that were dismissed as chance, in words; empty if none.
    without_further : int
        Settings that give estimate and limits but not the printed I2 or p-value.
    """

    space: tuple[str, ...]
    levels: tuple[LevelCount, ...]
    slips: bool
    stopped: str
    not_searched: tuple[str, ...]
    dismissed: str
    without_further: int

    @property
    def settings(self) -> int:
        """Settings of all levels."""
        return sum(level.settings for level in self.levels)

    @property
    def matches(self) -> int:
        """Matching settings of all levels."""
        return sum(level.matches for level in self.levels)

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON-ready values."""
        return {
            "settings": self.settings,
            "matches": self.matches,
            "share": self.matches / self.settings if self.settings else None,
            "space": list(self.space),
            "levels": [level.to_dict() for level in self.levels],
            "slips": self.slips,
            "stopped": self.stopped or None,
            "not_searched": list(self.not_searched),
            "dismissed": self.dismissed or None,
            "without_further_digits": self.without_further,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """How easily the same search explains made-up pools near the published one.

    Attributes
    ----------
    departures : int
        Departures allowed.
    common_only : bool
        Whether only settings with a method in common use count, because such
        a method explains the published pool.
    pools : int
        Made-up pools: the published one with its estimate moved by up to half
        of its half-width and its width changed by up to about a quarter,
        printed as precisely.
    share_explained : float
        Share of them that some setting matches.
    expected_matches : float
        Settings that match one of them, on average.
    """

    departures: int
    common_only: bool
    pools: int
    share_explained: float
    expected_matches: float

    def to_dict(self) -> dict[str, Any]:
        """Return the measures as JSON-ready values."""
        return {
            "departures": self.departures,
            "common_methods_only": self.common_only,
            "made_up_pools": self.pools,
            "share_explained": self.share_explained,
            "expected_matches": self.expected_matches,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """Which settings give a published pool.

    Attributes
    ----------
    pool_id, study_id, claim_id : str
        The pool, the publication and the row of its number.
    published : Published
        The printed numbers.
    verdict : {"proven", "consistent", "not reproduced"}
        proven: settings give all printed digits, all of them rest on the same
        doubtful readings, and made-up pools are seldom explained as simply.
        consistent: settings give all printed digits, but without any doubtful
        reading, or also without the ones named. not reproduced: none does.
    departures_needed : int or None
        Least number of departures that gives all digits; 0 if the inputs do
        as the evidence supports them, None if nothing does.
    minimal : Setting or None
        The minimal explanation in its most usual form.
    supported : Setting or None
        The same method on the inputs as the evidence supports them: the
        corrected pool.
    closest : Setting or None
        The nearest of the settings with the fewest departures, where nothing
        matches.
    matches : tuple of Setting
        Matching settings, the simplest first: at most `MOST_SHOWN`; all are
        counted in `searched`.
    readings : tuple of ReadingCount
        Counts for each doubtful reading.
    chance : Chance or None
        How discriminating the printed digits are.
    searched : Searched
        What was searched.
    rivals : int
        Settings that give estimate and limits without the readings of the
        minimal explanation, but not the printed I2 or p-value.
    further_digits : str
        What of the further printed quantities (I2, p) was not reproduced.
    headline : str
        What was printed and what gives it, in two or three sentences.
    explanation : str
        All of it in plain sentences.
    """

    pool_id: str
    study_id: str
    claim_id: str
    published: Published
    verdict: Verdict
    departures_needed: int | None
    minimal: Setting | None
    supported: Setting | None
    closest: Setting | None
    matches: tuple[Setting, ...]
    readings: tuple[ReadingCount, ...]
    chance: Chance | None
    searched: Searched
    rivals: int
    further_digits: str
    headline: str
    explanation: str

    @property
    def testable(self) -> bool:
        """Whether two inputs or more have a number, so that anything was searched."""
        return self.searched.settings > 0

    def summary(self) -> str:
        """Return the verdict and the explanation in plain lines."""
        untested = "" if self.testable else " (it can't be tested)"
        return f"{self.pool_id}: {self.verdict}{untested}.\n{self.explanation}"

    def to_dict(self) -> dict[str, Any]:
        """Return the reproduction as JSON-ready values."""
        return {
            "target": {
                "pool_id": self.pool_id,
                "study_id": self.study_id,
                "claim_id": self.claim_id,
            },
            "published": self.published.to_dict(),
            "verdict": self.verdict,
            "testable": self.testable,
            "departures_needed": self.departures_needed,
            "matches": [m.to_dict() for m in self.matches],
            "matches_shown": len(self.matches),
            "headline": self.headline,
            "explanation": self.explanation,
            "supported": None if self.supported is None else self.supported.to_dict(),
            "closest": None if self.closest is None else self.closest.to_dict(),
            "searched": self.searched.to_dict(),
            "readings": [r.to_dict() for r in self.readings],
            "chance": None if self.chance is None else self.chance.to_dict(),
            "rivals": self.rivals,
            "further_digits": self.further_digits or None,
        }
