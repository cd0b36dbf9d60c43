"""Choices of a clone-censor-weight analysis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from locoreg.core.errors import DesignError
from locoreg.stats.glm.result import Penalty
from locoreg.stats.studies import check_option

InitiationModel = Literal["pooled_logistic", "cox"]
LossModel = Literal["none", "pooled_logistic"]
INITIATION_MODELS: tuple[InitiationModel, ...] = get_args(InitiationModel)
LOSS_MODELS: tuple[LossModel, ...] = get_args(LossModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """How weights are estimated; the method of the same name explains each.

    Attributes
    ----------
    initiation_model : {"pooled_logistic", "cox"}
        Model of the start of treatment.
    natural_censoring : {"none", "pooled_logistic"}
        Model of loss to follow-up.
    penalty : {"firth"} or None
        Penalty of the logistic regressions of treatment.
    truncate : float or None
        Percentile of the persons' largest weights in an arm at which weights are cut.
    stabilised : bool
        Whether weights of the hazard ratio have a numerator.
    """

    initiation_model: InitiationModel = "pooled_logistic"
    natural_censoring: LossModel = "none"
    penalty: Penalty | None = None
    truncate: float | None = None
    stabilised: bool = False

    def __post_init__(self) -> None:
        check_option("initiation_model", self.initiation_model, INITIATION_MODELS)
        check_option("natural_censoring", self.natural_censoring, LOSS_MODELS)
        if self.penalty is not None:
            check_option("penalty", self.penalty, ("firth",))
        if self.truncate is not None and not 50.0 < self.truncate < 100.0:
            raise DesignError(
                f"truncate is {self.truncate}.",
                hint="give a percentile above 50 and below 100, such as 99, or leave it out.",
            )
