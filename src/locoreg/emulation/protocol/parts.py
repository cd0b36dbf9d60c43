"""Parts of a protocol: criteria, variables, treatment, outcome, time zero."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1)]
Scalar = bool | int | float | str


class Part(BaseModel):
    """A part of a protocol: unknown keys are refused, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class Criterion(Part):
    """One criterion of eligibility, as of time zero; exactly one comparison.

    Attributes
    ----------
    name : str
        In words, for the flow.
    variable : str
        Variable of the protocol, of the shipped list, or column of the table.
    equals, one_of, at_least, at_most
        The comparison; ``at_least`` and ``at_most`` may stand together.
    unknown : {"exclude", "include"}
        What is done with persons whose value is unknown.
    """

    name: Text
    variable: Text
    equals: Scalar | None = None
    one_of: tuple[Scalar, ...] | None = None
    at_least: float | None = None
    at_most: float | None = None
    unknown: Literal["exclude", "include"]


class Variable(Part):
    """A variable of one's own, read from a table of the registry.

    Attributes
    ----------
    table, column : str
        Where the value stands.
    where : dict
        Values that other columns of the row must have (one value or several).
    window_months : (float, float)
        Months about time zero in which the row's date lies; at a baseline variable the second is
        not after 0.
    take : {"last", "first", "max", "min", "count", "any"}
        Which of several rows counts.
    date : str, optional
        Column with the date of the row; the table's own date if there is one only.
    """

    table: Text
    column: Text | None = None
    where: dict[str, Scalar | tuple[Scalar, ...]] = Field(default_factory=dict)
    window_months: tuple[float, float]
    take: Literal["last", "first", "max", "min", "count", "any"]
    date: Text | None = None


class Treatment(Part):
    """Which local therapy counts: each list names the codes that are accepted; none: all."""

    target: tuple[Text, ...] | None = None
    modality: tuple[Text, ...] | None = None
    organ: tuple[Text, ...] | None = None
    intent: tuple[Text, ...] | None = None
    margin: tuple[Text, ...] | None = None
    approach: tuple[Text, ...] | None = None
    all_sites_treated: bool | None = None


class Treated(Part):
    """The treated strategy.

    Attributes
    ----------
    label : str
        In words.
    treatment : Treatment, optional
        Which local therapy; needed with a registry.
    grace_months : float
        Treatment up to and including this time adheres.
    initiation : {"all_initiators", "deadline", "uniform"}
        What is meant for those not treated at the end of the grace period.
    """

    label: Text
    treatment: Treatment | None = None
    grace_months: float = Field(ge=0)
    initiation: Literal["all_initiators", "deadline", "uniform"]


class ComparatorStrategy(Part):
    """The comparator strategy: its words and what it asks for."""

    label: Text
    rule: Literal["never", "none_within_grace"]


class Strategies(Part):
    """Both strategies."""

    treated: Treated
    comparator: ComparatorStrategy


class TimeZero(Part):
    """When eligibility, assignment and follow-up begin.

    Attributes
    ----------
    event : str
        ``first_metastasis``; ``diagnosis`` of the primary; ``systemic_line``: start of the
        metastatic line ``number``; ``response``: first imaging assessment with one of
        ``responses`` between ``window_months`` after the first metastasis; or ``date``: a column
        of the patient table.
    number : int, optional
        With ``systemic_line``.
    responses : tuple of str, optional
        With ``response``.
    window_months : (float, float), optional
        With ``response``.
    column : str, optional
        With ``date``.
    """

    event: Literal["first_metastasis", "diagnosis", "systemic_line", "response", "date"]
    number: int | None = Field(default=None, ge=1)
    responses: tuple[Literal["CR", "PR", "SD", "PD", "NE"], ...] | None = None
    window_months: tuple[float, float] | None = None
    column: Text | None = None


class Outcome(Part):
    """What is counted.

    Attributes
    ----------
    event : str
        ``death``; ``progression`` (or death, whichever is first); ``breast_cancer_death`` (other
        deaths compete); ``locoregional_progression`` (death competes); ``qol_deterioration``
        (death competes).
    instrument, scale : str, optional
        With ``qol_deterioration``.
    points : float, optional
        With ``qol_deterioration``: smallest change from baseline that counts as worse.
    """

    event: Literal[
        "death",
        "progression",
        "breast_cancer_death",
        "locoregional_progression",
        "qol_deterioration",
    ]
    instrument: Text | None = None
    scale: Text | None = None
    points: float | None = Field(default=None, gt=0)


class FollowUp(Part):
    """When follow-up ends without the outcome.

    Attributes
    ----------
    until : str
        ``last_contact`` of each patient, or a date such as ``2020-12-31`` at which the study
        ended; a patient whose last contact lies before it is lost to follow-up.
    day_of_treatment_deaths : {"treated"}
        A person who dies on the day of treatment was treated.
    """

    until: Text
    day_of_treatment_deaths: Literal["treated"] = "treated"


class Confounder(Part):
    """A variable that is adjusted for, and how it is coded."""

    variable: Text
    spline: int | None = Field(default=None, ge=2, le=6)


class MissingValues(Part):
    """What is done with confounders that are unknown.

    Attributes
    ----------
    method : {"refuse", "complete_cases", "category", "multiple_imputation"}
        Refuse; leave persons out (counted in the flow); make unknown a level of its own (numbers
        get an indicator); or impute by chained equations.
    imputations, seed : int, optional
        With ``multiple_imputation``.
    """

    method: Literal["refuse", "complete_cases", "category", "multiple_imputation"]
    imputations: int | None = Field(default=None, ge=2)
    seed: int | None = Field(default=None, ge=0)


class Confounders(Part):
    """Variables that are adjusted for."""

    baseline: tuple[Confounder, ...]
    time_varying: tuple[Text, ...] = ()
    missing: MissingValues


class Intervals(Part):
    """How intervals are made: see ``Inference``."""

    kind: Literal["auto", "influence", "bootstrap", "none"]
    replicates: int | None = Field(default=None, ge=2)
    seed: int | None = Field(default=None, ge=0)
    bootstrap: Literal["multinomial", "bayesian"] = "multinomial"
    cluster: bool = False


class MethodChoice(Part):
    """A method by name with its options."""

    method: Text
    options: dict[str, Any] = Field(default_factory=dict)


class Analysis(MethodChoice):
    """The primary analysis."""

    intervals: Intervals


class Sensitivity(Part):
    """What is varied; each list may be empty.

    Attributes
    ----------
    grace_months : tuple of float
        Other grace periods.
    truncation : tuple of float
        Percentiles at which weights are cut.
    methods : tuple of MethodChoice
        Other methods.
    unmeasured : dict, optional
        Ranges of an unmeasured confounder: ``prevalence_treated``, ``prevalence_comparator`` and
        ``hazard_ratio``, each (lowest, highest).
    missing_shift : tuple of float
        Shifts (in standard deviations) of imputed values.
    """

    grace_months: tuple[float, ...] = ()
    truncation: tuple[float, ...] = ()
    methods: tuple[MethodChoice, ...] = ()
    unmeasured: dict[str, tuple[float, float]] | None = None
    missing_shift: tuple[float, ...] = ()


class NegativeControl(Part):
    """An outcome that the treatment can't change: an event of a registry's table, or columns.

    Attributes
    ----------
    name : str
        In words.
    event : str, optional
        ``second_primary`` or ``other_death``, in a registry.
    time, status : str, optional
        Columns of a table: months and 0 or 1.
    """

    name: Text
    event: Literal["second_primary", "other_death"] | None = None
    time: Text | None = None
    status: Text | None = None


class Benchmark(Part):
    """Randomised trials that the result is laid beside.

    Attributes
    ----------
    studies : tuple of str
        Studies of the catalogue.
    eligibility : tuple of Criterion
        What more makes a patient eligible for the trials.
    margin : float, optional
        Hazard ratio within which agreement on significance is partial.
    """

    studies: tuple[Text, ...]
    eligibility: tuple[Criterion, ...] = ()
    margin: float | None = Field(default=None, gt=0)


class TableColumns(Part):
    """Where things stand in a table of one's own, one row per person.

    Attributes
    ----------
    person, time, event, treatment_time : str
        Columns. ``treatment_time`` is empty for persons never treated.
    entry, lost, cluster : str, optional
        Columns: start of observation; 1 where censoring is loss to follow-up; hospital.
    unit : {"months", "days"}
        Unit of all times.
    events : dict
        Words for the codes of ``event``, the outcome first; 0 is censored.
    visit_person, visit_time : str, optional
        Columns of the table of repeated measurements, one row per person and time.
    """

    person: Text
    time: Text
    event: Text
    treatment_time: Text
    entry: Text | None = None
    lost: Text | None = None
    cluster: Text | None = None
    unit: Literal["months", "days"]
    events: dict[int, Text]
    visit_person: Text | None = None
    visit_time: Text | None = None
