"""How missing confounders are imputed."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from locoreg.core.errors import DesignError
from locoreg.stats.resample.weights import check_count
from locoreg.stats.studies import check_option

NumberModel = Literal["normal", "pmm"]
NUMBER_MODELS: tuple[NumberModel, ...] = get_args(NumberModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imputation:
    """How missing confounders are imputed.

    Attributes
    ----------
    imputations : int
        Completed cohorts, 2 or more.
    seed : int
        Seed of the imputations.
    rounds : int
        Rounds of the chained equations for each of them.
    number_model : {"normal", "pmm"}
        Numbers: draws from a normal linear regression, or predictive mean matching, which takes
        values of persons with similar predictions and so keeps within bounds. Where many persons
        have the same prediction, as those alive at the end of the study have, matching takes
        their values from few donors and is noisier.
    donors : int
        With ``pmm``: how many persons with the nearest predictions a value is drawn from.
    per_replicate : int
        Completed cohorts in each bootstrap replicate. With few of them the noise of imputation
        that is left makes percentile intervals slightly too wide, never too narrow.
    replicate_rounds : int
        Rounds in each bootstrap replicate; they start from an imputation of the whole cohort.
    shift : float
        Departure from missing at random: imputed numbers are raised by this many standard
        deviations, and imputed categories are drawn with log odds of each level against the one
        before it raised by it.
    shifted : tuple of str
        Variables that are shifted; empty: all that are imputed.
    """

    imputations: int
    seed: int
    rounds: int = 10
    number_model: NumberModel = "normal"
    donors: int = 5
    per_replicate: int = 2
    replicate_rounds: int = 3
    shift: float = 0.0
    shifted: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_option("number_model", self.number_model, NUMBER_MODELS)
        check_count("imputations", self.imputations, least=2)
        check_count("seed", self.seed, least=0)
        for name in ("rounds", "donors", "per_replicate", "replicate_rounds"):
            check_count(name, getattr(self, name), least=1)
        if not math.isfinite(self.shift):
            raise DesignError(f"shift is {self.shift}.", hint="give a finite number, 0 for none.")

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON-ready values."""
        return {**asdict(self), "shifted": list(self.shifted)}
