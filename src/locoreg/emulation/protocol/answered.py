"""Parts that say how it is answered: confounders, intervals, methods, sensitivity, benchmark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from pydantic import Field

from locoreg.core.errors import did_you_mean
from locoreg.emulation.protocol.asked import Criterion
from locoreg.emulation.protocol.base import Count, Number, Part, Text
from locoreg.emulation.protocol.faults import Fault, Path

UNMEASURED = ("prevalence_treated", "prevalence_comparator", "hazard_ratio")


class Confounder(Part):
    """A variable that is adjusted for, and how it is coded.

    Attributes
    ----------
    variable : str
        Its name.
    spline : int, optional
        Degrees of freedom of a natural cubic spline, for numbers; linear if not given.
    """

    variable: Text
    spline: Count | None = Field(default=None, ge=2, le=6)


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
    imputations: Count | None = Field(default=None, ge=2)
    seed: Count | None = Field(default=None, ge=0)

    def faults(self) -> Iterator[Fault]:
        """Return what multiple imputation needs and lacks, or others have."""
        multiple = self.method == "multiple_imputation"
        for key in ("imputations", "seed"):
            given = getattr(self, key) is not None
            if multiple and not given:
                yield Fault(path=(key,), message="is missing: multiple_imputation needs it")
            if given and not multiple:
                yield Fault(
                    path=(key,),
                    message=f"belongs to multiple_imputation, not to {self.method}",
                    hint="take it out.",
                )


class Confounders(Part):
    """Variables that are adjusted for.

    Attributes
    ----------
    baseline : tuple of Confounder
        As of time zero.
    time_varying : tuple of str
        Variables whose last value before each decision counts.
    missing : MissingValues
        What is done where they are unknown.
    """

    baseline: tuple[Confounder, ...]
    time_varying: tuple[Text, ...] = ()
    missing: MissingValues

    def faults(self) -> Iterator[Fault]:
        """Return variables that are named twice."""
        yield from _twice((c.variable for c in self.baseline), ("baseline",), ("variable",))
        yield from _twice(self.time_varying, ("time_varying",))


class Intervals(Part):
    """How intervals are made: see ``Inference``.

    Attributes
    ----------
    kind : {"auto", "influence", "bootstrap", "none"}
        ``auto``: influence functions where the method has them, else the bootstrap.
    replicates, seed : int, optional
        Of the bootstrap.
    bootstrap : {"multinomial", "bayesian"}
        Weights of the bootstrap.
    cluster : bool
        Whether hospitals, not persons, are independent.
    """

    kind: Literal["auto", "influence", "bootstrap", "none"]
    replicates: Count | None = Field(default=None, ge=2)
    seed: Count | None = Field(default=None, ge=0)
    bootstrap: Literal["multinomial", "bayesian"] = "multinomial"
    cluster: bool = False

    def faults(self) -> Iterator[Fault]:
        """Return what a bootstrap needs and lacks."""
        if self.kind == "bootstrap":
            for key, example in (("replicates", "500"), ("seed", "1")):
                if getattr(self, key) is None:
                    yield Fault(
                        path=(key,),
                        message="is missing: a bootstrap needs it",
                        hint=f"write for example {key}: {example}.",
                    )
        elif self.kind == "auto" and (self.replicates is None) != (self.seed is None):
            key = "replicates" if self.replicates is None else "seed"
            yield Fault(
                path=(key,),
                message="is missing: a bootstrap needs both replicates and seed",
                hint="give both; auto does a bootstrap where a method has no influence functions.",
            )


class MethodChoice(Part):
    """A method by name with its options.

    Attributes
    ----------
    method : str
        Its name.
    options : dict
        Its options by name.
    """

    method: Text
    options: dict[str, Any] = Field(default_factory=dict)


class Analysis(MethodChoice):
    """The primary analysis.

    Attributes
    ----------
    intervals : Intervals
        How intervals are made.
    """

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

    grace_months: tuple[Number, ...] = ()
    truncation: tuple[Number, ...] = ()
    methods: tuple[MethodChoice, ...] = ()
    unmeasured: dict[str, tuple[Number, Number]] | None = None
    missing_shift: tuple[Number, ...] = ()

    def faults(self) -> Iterator[Fault]:
        """Return percentiles and ranges that can't be."""
        yield from _twice((f"{g:g}" for g in self.grace_months), ("grace_months",))
        yield from _twice((f"{p:g}" for p in self.truncation), ("truncation",))
        for position, percentile in enumerate(self.truncation):
            if not 50 < percentile < 100:
                yield Fault(
                    path=("truncation", position),
                    message=f"{percentile:g} is no percentile above 50 and below 100",
                    hint="write 99 for the 99th percentile.",
                )
        if self.unmeasured is not None:
            yield from _unmeasured_faults(self.unmeasured)


def _unmeasured_faults(ranges: dict[str, tuple[float, float]]) -> Iterator[Fault]:
    for name in UNMEASURED:
        if name not in ranges:
            yield Fault(path=("unmeasured", name), message="is missing: three ranges are needed")
    for name, (low, high) in ranges.items():
        path: Path = ("unmeasured", name)
        if name not in UNMEASURED:
            yield Fault(path=path, message="is unknown", hint=did_you_mean(name, UNMEASURED))
        elif low > high:
            yield Fault(path=path, message=f"{low:g} is above {high:g}", hint="exchange them.")
        elif name == "hazard_ratio" and low <= 0:
            yield Fault(path=path, message=f"{low:g} is no hazard ratio", hint="give more than 0.")
        elif name != "hazard_ratio" and not 0 <= low <= high <= 1:
            yield Fault(path=path, message="is no range between 0 and 1", hint="write 0.2 for 20%.")


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

    def faults(self) -> Iterator[Fault]:
        """Return whether it is neither an event nor two columns, or both."""
        columns = (self.time is not None) + (self.status is not None)
        if (columns, self.event is not None) not in ((0, True), (2, False)):
            yield Fault(
                path=(),
                message="must have either an event or the columns time and status",
                hint="event is for a registry; time and status are for a table.",
            )


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
    margin: Number | None = Field(default=None, gt=0)

    def faults(self) -> Iterator[Fault]:
        """Return whether no study is named, or one twice."""
        if not self.studies:
            yield Fault(
                path=("studies",),
                message="is empty",
                hint="name trials of the catalogue, or leave benchmark out.",
            )
        yield from _twice(self.studies, ("studies",))


def _twice(names: Iterable[str], path: Path, after: Path = ()) -> Iterator[Fault]:
    seen: set[str] = set()
    for position, name in enumerate(names):
        if name in seen:
            yield Fault(path=(*path, position, *after), message=f"{name} stands there twice")
        seen.add(name)
