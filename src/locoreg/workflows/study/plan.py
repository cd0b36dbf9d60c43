"""The parts of a study file, each validated."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from locoreg.workflows.conclusion.nextplan import PlanningPlan
from locoreg.workflows.conclusion.plan import FindingsPlan
from locoreg.workflows.emulation.extras import ANALYSES as ANALYSES
from locoreg.workflows.emulation.extras import Analysis
from locoreg.workflows.sureness.sureplan import HowSurePlan

Slug = Annotated[
    str, Field(min_length=1, max_length=60, pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")
]
# Counts of real patients up to this many are hidden unless the study file says otherwise.
USUAL_SMALL_CELLS = 10


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _percent(value: float) -> float:
    if not 50 <= value < 100:
        raise ValueError(f"{value:g} is not a percentage of 50 or more; write 95 for 95%")
    return value


class QuestionPlan(_Strict):
    """What to pool for one question.

    Attributes
    ----------
    question : str
        Question id.
    outcomes : list of str
        Outcome ids, the main one first.
    designs : list of str
        rct, observational, or one design of the latter.
    method, interval : str
        As in ``locoreg evidence pool``.
    level : float
        Level of all intervals in percent.
    studies, reports : list of str
        Selection; empty for all studies and the rule's reports.
    subgroup : str
        Patients' subgroup as ``dimension=level``; empty for all patients.
    subgroups_by : str or None
        Column of the studies table.
    include_memory : bool
        Whether numbers from memory may be pooled.
    """

    question: str
    outcomes: tuple[str, ...] = Field(min_length=1)
    designs: tuple[str, ...] = Field(min_length=1)
    method: str
    interval: str
    level: float
    studies: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    subgroup: str = ""
    subgroups_by: str | None = None
    include_memory: bool = False

    _level_is_percent = field_validator("level")(_percent)


class EvidencePlan(_Strict):
    """The evidence part of a study.

    Attributes
    ----------
    tables : list of str
        ``shipped`` and folders, relative to the study file; later ones add studies.
    questions : list of QuestionPlan
    reproduce : "all" or list of str
        Published pools to rebuild.
    """

    tables: tuple[str, ...] = Field(min_length=1)
    questions: tuple[QuestionPlan, ...] = Field(min_length=1)
    reproduce: Literal["all"] | tuple[str, ...] = ()


class PicoPlan(_Strict):
    """The question in words, for the title block.

    Attributes
    ----------
    population, intervention, comparator : str
        Who, what, against what.
    outcomes : list of str
        The main one first.
    setting : str
        Where; empty for none.
    """

    population: str = Field(min_length=1)
    intervention: str = Field(min_length=1)
    comparator: str = Field(min_length=1)
    outcomes: tuple[str, ...] = Field(min_length=1)
    setting: str = ""


class SimulatePlan(_Strict):
    """A registry of made-up patients.

    Attributes
    ----------
    patients, seed : int
        Patients, and the seed that they come from.
    scenario : str
        What is true: see ``locoreg registry simulate``.
    """

    patients: int = Field(ge=1, le=10_000_000)
    seed: int = Field(ge=0)
    scenario: str


class DescribePlan(_Strict):
    """How the registry is described.

    Attributes
    ----------
    time_zero : {"first_metastasis", "primary_diagnosis", "entry"}
        What time zero is.
    level : float
        Level of the intervals in percent.
    at_months : list of float
        Months at which survival is given.
    by : str or None
        Variable that makes the groups.
    """

    time_zero: Literal["first_metastasis", "primary_diagnosis", "entry"]
    level: float
    at_months: tuple[Annotated[float, Field(ge=0)], ...] = ()
    by: str | None = None

    _level_is_percent = field_validator("level")(_percent)


class RegistryPlan(_Strict):
    """Where patients come from: a folder, or a simulation.

    Attributes
    ----------
    folder : str or None
        Folder of the registry, relative to the study file.
    simulate : SimulatePlan or None
        Instead of it: patients who are made up.
    describe : DescribePlan or None
        How it is described; not at all if left out.
    """

    folder: str | None = None
    simulate: SimulatePlan | None = None
    describe: DescribePlan | None = None

    @model_validator(mode="after")
    def _one_source(self) -> RegistryPlan:
        if (self.folder is None) == (self.simulate is None):
            raise ValueError("name a folder, or simulate: one of the two")
        return self


class _OnPatients(_Strict):
    name: Slug
    protocol: str = Field(min_length=1)
    table: str | None = None
    visits: str | None = None

    @model_validator(mode="after")
    def _visits_need_a_table(self) -> _OnPatients:
        if self.visits is not None and self.table is None:
            raise ValueError("visits belong to a table of persons; give table too")
        return self


class EmulationPlan(_OnPatients):
    """One trial to be emulated.

    Attributes
    ----------
    name : str
        Small letters, digits and dashes; the step is ``emulation-NAME``.
    protocol : str
        File, relative to the study file, or the name of a shipped example.
    analyses : "all", "primary" or list of str
        What is run beside the primary analysis.
    method : str or None
        Takes the place of the protocol's method.
    table, visits : str or None
        Instead of the study's registry: files with one row per person, and repeated measurements.
    """

    analyses: Literal["all", "primary"] | tuple[Analysis, ...]
    method: str | None = None

    @property
    def asked(self) -> tuple[Analysis, ...]:
        """The analyses by name, in the order in which they are run."""
        if self.analyses == "all":
            return ANALYSES
        return tuple(one for one in ANALYSES if one in self.analyses)


class SelectionEntry(_OnPatients):
    """One question who gains.

    Attributes
    ----------
    name : str
        Small letters, digits and dashes; the step is ``selection-NAME``.
    protocol : str
        File, relative to the study file, or the name of a shipped example.
    sensitivity : bool
        Whether the checks that take longest are made too.
    table, visits : str or None
        As for an emulation.
    """

    sensitivity: bool


class StudyPlan(_Strict):
    """A study file.

    Attributes
    ----------
    title : str
        Title of the report.
    search_date : str or None
        Date of the last search for studies, shown in the report; needed with ``evidence``.
    question : PicoPlan or None
        The question in words.
    evidence : EvidencePlan or None
        Published studies.
    registry : RegistryPlan or None
        Patients.
    emulation : list of EmulationPlan
        Trials to be emulated.
    selection : list of SelectionEntry
        Questions who gains.
    findings : list of FindingsPlan
        Rows of the summary of findings.
    how_sure : list of HowSurePlan
        How sure one can be of pools of the evidence part.
    planning : list of PlanningPlan
        Trials that would settle it.
    small_cells : int or None
        Counts of patients from 1 to this many are hidden; 0 shows all. Unless stated, 10 for real
        patients and none for synthetic ones.
    jobs : int or None
        Workers and threads.
    """

    title: str = Field(min_length=1)
    search_date: str | None = None
    question: PicoPlan | None = None
    evidence: EvidencePlan | None = None
    registry: RegistryPlan | None = None
    emulation: tuple[EmulationPlan, ...] = ()
    selection: tuple[SelectionEntry, ...] = ()
    findings: tuple[FindingsPlan, ...] = ()
    how_sure: tuple[HowSurePlan, ...] = ()
    planning: tuple[PlanningPlan, ...] = ()
    small_cells: int | None = Field(default=None, ge=0)
    jobs: int | None = Field(default=None, ge=1)

    @field_validator("search_date", mode="before")
    @classmethod
    def _date_as_text(cls, value: object) -> object:
        # YAML turns 2026-11-23 into a date.
        return value.isoformat() if isinstance(value, date) else value

    @field_validator("small_cells")
    @classmethod
    def _hides_something(cls, value: int | None) -> int | None:
        if value == 1:
            raise ValueError("hiding counts of 1 alone hides nothing; give 0, or 2 and more")
        return value

    @field_validator("emulation", "selection")
    @classmethod
    def _names_differ(
        cls, value: tuple[EmulationPlan | SelectionEntry, ...]
    ) -> tuple[EmulationPlan | SelectionEntry, ...]:
        twice = [name for name, n in Counter(one.name for one in value).items() if n > 1]
        if twice:
            raise ValueError(f"the name {twice[0]} stands there twice")
        return value

    @model_validator(mode="after")
    def _parts_fit(self) -> StudyPlan:
        if self.evidence is not None and self.search_date is None:
            raise ValueError("search_date is missing: the date of the last search for studies")
        asked = (*self.emulation, *self.selection)
        if self.evidence is None and self.registry is None and not asked:
            raise ValueError("there is no part to run; give evidence, registry or emulation")
        if self.evidence is None and (self.findings or self.how_sure or self.planning):
            raise ValueError("findings, how_sure and planning rest on evidence, which is missing")
        if self.registry is None:
            for one in asked:
                if one.table is None:
                    raise ValueError(f"{one.name} has no patients; give registry, or its table")
        return self

    def hidden(self, *, synthetic: bool) -> int | None:
        """Return up to which count patients are hidden; None shows all.

        Parameters
        ----------
        synthetic : bool
            Whether the patients are made up.
        """
        if self.small_cells is not None:
            return self.small_cells or None
        return None if synthetic else USUAL_SMALL_CELLS
