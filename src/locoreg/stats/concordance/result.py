"""The concordance of a score with censored times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from locoreg.core.estimate import Estimate
from locoreg.core.frames import frame
from locoreg.stats.survivaldata import FloatArray

if TYPE_CHECKING:
    import pandas as pd

TimeWeight = Literal["n", "S", "S/G", "n/G2", "I"]
TIME_WEIGHTS: tuple[TimeWeight, ...] = ("n", "S", "S/G", "n/G2", "I")
ConcordanceInterval = Literal["plain", "logit"]
CONCORDANCE_INTERVALS: tuple[ConcordanceInterval, ...] = ("plain", "logit")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Concordance:
    """Share of comparable pairs that the score puts in the right order.

    Attributes
    ----------
    concordance : Estimate
        ``(concordant + tied_score / 2) / (concordant + discordant + tied_score)`` with the
        infinitesimal-jackknife standard error.
    null_se : float
        Standard error if the score were unrelated to time, from the permutation of the score over
        each risk set: for a test of 0.5.
    concordant, discordant, tied_score : float
        Comparable pairs that the score orders rightly, wrongly, or not at all: products of both
        rows' weights times the time weight, summed.
    tied_time, tied_both : float
        Pairs of events at the same time, with different and with equal scores. They don't count.
    influence : ndarray of float, shape (n,)
        Influence of each row on the concordance, in the order of the rows given. They sum to 0;
        the squares, summed within clusters first, sum to the squared standard error.
    time_weight, interval : str
        The options that gave the numbers.
    higher_is_riskier : bool
        Whether a higher score is meant to go with a shorter time.
    horizon : float or None
        Last time at which an event opens pairs.
    n, events : int
        Rows, and events up to the horizon.
    strata : int
        Number of strata; pairs lie within one. 1 without strata.
    clusters : int or None
        Number of clusters behind the standard error; None if each row is its own.
    weighted, delayed_entry : bool
        Whether rows had weights, and starts of follow-up.
    merged_times : int
        Distinct times that differed from another by rounding only and were merged with it.
    """

    concordance: Estimate
    null_se: float
    concordant: float
    discordant: float
    tied_score: float
    tied_time: float
    tied_both: float
    influence: FloatArray
    time_weight: TimeWeight
    interval: ConcordanceInterval
    higher_is_riskier: bool
    horizon: float | None
    n: int
    events: int
    strata: int
    clusters: int | None
    weighted: bool
    delayed_entry: bool
    merged_times: int

    def to_dict(self) -> dict[str, Any]:
        """Return the result, without the influence of each row, as JSON-ready values."""
        names = [name for name in self.__slots__ if name not in ("concordance", "influence")]
        values = {name: getattr(self, name) for name in names}
        return {"concordance": self.concordance.to_dict(), **values}

    def to_frame(self) -> pd.DataFrame:
        """Return one row.

        Returns
        -------
        pandas.DataFrame
            Columns estimate, se, ci_low, ci_high, level, null_se, concordant, discordant, ...
        """
        values = self.to_dict()
        estimate = values.pop("concordance")
        del estimate["scale"]
        return frame({name: [value] for name, value in (estimate | values).items()})

    def summary(self) -> str:
        """Return a few lines of text."""
        ordered = "shorter" if self.higher_is_riskier else "longer"
        c = self.concordance
        return "\n".join(
            (
                f"Concordance {c.text()}, {c.level:g}% interval: {self.interval}; "
                f"time weight {self.time_weight}",
                f"A higher score is meant to go with a {ordered} time",
                f"{self.n} rows, {self.events} events",
                f"Pairs: {self.concordant:.6g} concordant, {self.discordant:.6g} discordant, "
                f"{self.tied_score:.6g} tied in the score",
            )
        )
