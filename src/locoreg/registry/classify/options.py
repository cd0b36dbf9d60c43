"""What the derivations need to be told."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any, Literal, get_args

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.registry.tables import TABLES

PrimaryChoice = Literal["first", "latest"]
UndatedAssays = Literal["leave_out", "use"]
Origin = Literal["primary_diagnosis", "primary_surgery"]
DiseaseFreeEvent = Literal["distant_metastasis", "any_recurrence"]
Treatability = Literal["assumed", "all_sites_treated", "judgements"]
REGIONS = ("brain", "neck", "chest", "abdomen", "pelvis", "skeleton")


@dataclass(frozen=True, slots=True, kw_only=True)
class SubtypeOptions:
    """Receptors and subtype.

    Attributes
    ----------
    undated_assays : {"leave_out", "use"}
        Whether assays without a sampling date count. If they do, they count from the beginning,
        and before any dated assay.
    receptor_positive_percent : float
        ER and PR are positive from this share of cells on (ASCO/CAP 2020: 1).
    er_low_percent : float
        Positive up to and with this share is low (ASCO/CAP 2020: 10).
    her2_ish_ratio : float
        A ratio from here on is amplified, where the laboratory gives no interpretation
        (ASCO/CAP 2018: 2.0).
    """

    undated_assays: UndatedAssays
    receptor_positive_percent: float = 1.0
    er_low_percent: float = 10.0
    her2_ish_ratio: float = 2.0

    def __post_init__(self) -> None:
        _one_of(self, "undated_assays", get_args(UndatedAssays))
        _number(self, "receptor_positive_percent", above=0.0, most=100.0)
        _number(self, "er_low_percent", above=0.0, most=100.0)
        _number(self, "her2_ish_ratio", above=0.0)
        if self.er_low_percent < self.receptor_positive_percent:
            raise DesignError("er_low_percent is below receptor_positive_percent.")


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalOptions:
    """Disease-free and metastasis-free interval.

    Attributes
    ----------
    origin : {"primary_diagnosis", "primary_surgery"}
        Where the intervals begin.
    disease_free_event : {"distant_metastasis", "any_recurrence"}
        What ends the disease-free interval; the metastasis-free interval always ends with the
        first distant metastasis.
    """

    origin: Origin
    disease_free_event: DiseaseFreeEvent

    def __post_init__(self) -> None:
        _one_of(self, "origin", get_args(Origin))
        _one_of(self, "disease_free_event", get_args(DiseaseFreeEvent))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeNovoOptions:
    """De novo metastatic disease.

    Attributes
    ----------
    window_days : int
        Metastasis at most this many days before or after the primary diagnosis is de novo.
        Sources use 0, 90 or 180.
    """

    window_days: int

    def __post_init__(self) -> None:
        _whole(self, "window_days", least=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LesionOptions:
    """Which imaging counts as current and complete.

    Attributes
    ----------
    imaging_window_days : int
        Imaging of the last so many days up to the date belongs to the diagnosis made then. What
        is older is history.
    required_regions : tuple of str
        Regions that must have been imaged for a count to be complete, the brain apart: any of
        neck, chest, abdomen, pelvis, skeleton. Empty: coverage is not asked for.
    whole_body_modalities : tuple of str
        Modalities that cover neck, chest, abdomen, pelvis and skeleton where no regions are
        recorded, such as FDG_PET_CT. Empty: only recorded regions count.
    brain_imaging_required : bool
        Without imaging of the brain no count of lesions is complete.
    """

    imaging_window_days: int
    required_regions: tuple[str, ...]
    whole_body_modalities: tuple[str, ...]
    brain_imaging_required: bool = True

    def __post_init__(self) -> None:
        _whole(self, "imaging_window_days", least=0)
        body = tuple(region for region in REGIONS if region != "brain")
        _all_of(self, "required_regions", body)
        known = TABLES["imaging_assessment"].column("modality").allowed
        _all_of(self, "whole_body_modalities", known)
        _flag(self, "brain_imaging_required")


@dataclass(frozen=True, slots=True, kw_only=True)
class OligometastaticOptions:
    """Oligometastatic states.

    Attributes
    ----------
    treatability : {"assumed", "all_sites_treated", "judgements"}
        How it is known that all lesions can be treated locally with the aim of complete
        remission: taken for granted; known of those whose sites were all treated up to the date;
        or from a table of judgements given with the call.
    systemic_lines_complete : bool
        Whether the registry holds every line of systemic therapy, so that a patient without an
        active line had none. If not, such patients are undetermined.
    max_lesions : int
        Most lesions of an oligometastatic state (ABC5, ESTRO-ASTRO: 5).
    largest_lesion_mm : float or None
        Largest lesion that ABC5's "limited size" allows; its text has no number (None: none).
    synchronous_months : int
        Calendar months from the primary diagnosis up to and with which a first metastasis is
        synchronous (EORTC/ESTRO: 6).
    adjuvant_endocrine_is_active : bool
        Whether adjuvant endocrine therapy is active systemic therapy. It decides between
        recurrence and progression for most hormone-receptor-positive patients: the number of
        patients whose state hangs on it is always reported.
    """

    treatability: Treatability
    systemic_lines_complete: bool
    max_lesions: int = 5
    largest_lesion_mm: float | None = None
    synchronous_months: int = 6
    adjuvant_endocrine_is_active: bool = True

    def __post_init__(self) -> None:
        _one_of(self, "treatability", get_args(Treatability))
        _flag(self, "systemic_lines_complete")
        _whole(self, "max_lesions", least=1)
        if self.largest_lesion_mm is not None:
            _number(self, "largest_lesion_mm", above=0.0)
        _whole(self, "synchronous_months", least=0)
        _flag(self, "adjuvant_endocrine_is_active")


@dataclass(frozen=True, slots=True, kw_only=True)
class SabrOptions:
    """Stereotactic ablative radiotherapy where no code says so.

    Attributes
    ----------
    least_gy_per_fraction : float
        Least dose per fraction.
    most_fractions : int
        Most fractions.
    least_bed_gy : float
        Least biologically effective dose.
    alpha_beta_gy : float
        Alpha/beta of the dose formula n d (1 + d / alpha_beta).
    """

    least_gy_per_fraction: float = 5.0
    most_fractions: int = 8
    least_bed_gy: float = 45.0
    alpha_beta_gy: float = 10.0

    def __post_init__(self) -> None:
        _number(self, "least_gy_per_fraction", above=0.0)
        _whole(self, "most_fractions", least=1)
        _number(self, "least_bed_gy", above=0.0)
        _number(self, "alpha_beta_gy", above=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CtdnaOptions:
    """ctDNA over time.

    Attributes
    ----------
    rising_ratio : float
        A positive result is rising if its value is at least so many times the one before, of the
        same analyte, gene, unit and assay.
    """

    rising_ratio: float

    def __post_init__(self) -> None:
        _number(self, "rising_ratio", above=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifyOptions:
    """Options of all derivations.

    Attributes
    ----------
    primary : {"first", "latest"}
        Which primary tumour counts where a patient has several: the first or the latest one
        diagnosed up to the date.
    subtype, intervals, de_novo, lesions, oligometastatic, ctdna, sabr
        Options of each derivation.
    """

    primary: PrimaryChoice
    subtype: SubtypeOptions
    intervals: IntervalOptions
    de_novo: DeNovoOptions
    lesions: LesionOptions
    oligometastatic: OligometastaticOptions
    ctdna: CtdnaOptions
    sabr: SabrOptions = field(default_factory=SabrOptions)

    def __post_init__(self) -> None:
        check_primary(self.primary)

    def to_dict(self) -> dict[str, Any]:
        """Return all options as JSON-ready values; ``from_dict`` takes them back."""
        return {key: _plain(value) for key, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ClassifyOptions:
        """Return options from nested mappings, such as those of a YAML file.

        Parameters
        ----------
        values : mapping
            Options by name; those of a derivation in a mapping of their own.

        Returns
        -------
        ClassifyOptions
            The options, checked.

        Raises
        ------
        DesignError
            If an option is missing, unknown or out of range.
        """
        parts = {
            "subtype": SubtypeOptions,
            "intervals": IntervalOptions,
            "de_novo": DeNovoOptions,
            "lesions": LesionOptions,
            "oligometastatic": OligometastaticOptions,
            "ctdna": CtdnaOptions,
            "sabr": SabrOptions,
        }
        ready = dict(_mapping("options", values))
        for name, kind in parts.items():
            if name in ready:
                ready[name] = _made(kind, name, ready[name])
        made: ClassifyOptions = _made(cls, "options", ready)
        return made


def check_primary(primary: PrimaryChoice) -> PrimaryChoice:
    """Return the choice of the primary, or raise DesignError if it is none."""
    if primary not in get_args(PrimaryChoice):
        raise DesignError(
            f"primary can't be {primary!r}.",
            hint=f"allowed are {', '.join(get_args(PrimaryChoice))}.",
        )
    return primary


def _mapping(where: str, values: Any) -> Mapping[str, Any]:
    if not isinstance(values, Mapping):
        raise DesignError(f"{where} must be names with values.", hint="see the documentation.")
    return values


def _made(kind: type[Any], where: str, values: Any) -> Any:
    given = dict(_mapping(where, values))
    known = [f.name for f in fields(kind)]
    for name in given:
        if name not in known:
            raise DesignError(
                f"{where} has no option {name!r}.", hint=did_you_mean(str(name), known)
            )
    needed = [f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING]
    if lacking := [name for name in needed if name not in given]:
        raise DesignError(
            f"{where} lacks {', '.join(lacking)}.",
            hint="what defines an analysis has no default: state it.",
        )
    lists = {k: tuple(v) for k, v in given.items() if isinstance(v, list)}
    return kind(**{**given, **lists})


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return list(value) if isinstance(value, tuple) else value


def _one_of(options: Any, name: str, allowed: tuple[str, ...]) -> None:
    value = getattr(options, name)
    if value not in allowed:
        raise DesignError(f"{name} can't be {value!r}.", hint=f"allowed are {', '.join(allowed)}.")


def _all_of(options: Any, name: str, allowed: tuple[str, ...]) -> None:
    values = getattr(options, name)
    if not isinstance(values, tuple):
        raise DesignError(f"{name} must be a tuple of words.", hint="it may be empty.")
    for value in values:
        if value not in allowed:
            raise DesignError(
                f"{name} can't hold {value!r}.", hint=f"allowed are {', '.join(allowed)}."
            )


def _flag(options: Any, name: str) -> None:
    if not isinstance(getattr(options, name), bool):
        raise DesignError(f"{name} must be true or false, not {getattr(options, name)!r}.")


def _number(options: Any, name: str, *, above: float, most: float = math.inf) -> None:
    value = getattr(options, name)
    fine = isinstance(value, int | float) and not isinstance(value, bool)
    if not (fine and math.isfinite(value) and above < value <= most):
        top = "" if math.isinf(most) else f" and at most {most:g}"
        raise DesignError(f"{name} must be a number above {above:g}{top}, not {value!r}.")


def _whole(options: Any, name: str, *, least: int) -> None:
    value = getattr(options, name)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise DesignError(f"{name} must be a whole number of at least {least}, not {value!r}.")
