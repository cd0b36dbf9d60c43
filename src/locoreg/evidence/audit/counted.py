"""Look up patients and events of the arms that belong to a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from locoreg.evidence.audit.view import StudyView
from locoreg.evidence.records import Claim

N_STATISTICS = ("n_analysed", "n_randomised", "n_subgroup", "n", "patients", "n_matched")
EVENT_STATISTICS = ("events", "deaths", "n_events", "n_deaths")


@dataclass(frozen=True, slots=True)
class Cell:
    """A count and where it stands.

    Attributes
    ----------
    value : int
        The count.
    claim, column : Claim, str
        Its cell.
    """

    value: int
    claim: Claim
    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Patients and events that belong to an effect; None where no row gives them."""

    n: Cell | None
    n_intervention: Cell | None
    n_control: Cell | None
    events: Cell | None
    events_intervention: Cell | None
    events_control: Cell | None

    @property
    def patients(self) -> int | None:
        """Patients in both arms."""
        if self.n_intervention and self.n_control:
            both = self.n_intervention.value + self.n_control.value
            return max(both, self.n.value) if self.n else both
        return self.n.value if self.n else None

    @property
    def deaths(self) -> int | None:
        """Events in both arms."""
        if self.events:
            return self.events.value
        if self.events_intervention and self.events_control:
            return self.events_intervention.value + self.events_control.value
        return None

    @property
    def share(self) -> float:
        """Share of the intervention arm; one half if unknown."""
        if self.n_intervention and self.n_control:
            total = self.n_intervention.value + self.n_control.value
            if self.n_intervention.value and self.n_control.value:
                return self.n_intervention.value / total
        return 0.5

    def cells(self) -> tuple[tuple[Claim, str | None], ...]:
        """Return the cells that were used."""
        cells = (
            self.n,
            self.n_intervention,
            self.n_control,
            self.events,
            self.events_intervention,
            self.events_control,
        )
        return tuple((cell.claim, cell.column) for cell in cells if cell is not None)


def as_count(value: object) -> int | None:
    """Return a whole number; None for text and fractions."""
    if isinstance(value, (int, float)) and value >= 0 and value == int(value):
        return int(value)
    return None


def _from_row(claim: Claim, what: str, suffix: str) -> Cell | None:
    column = f"{what}{suffix}"
    value = getattr(claim, column)
    if value is not None:
        return Cell(int(value), claim, column)
    statistics = N_STATISTICS if what == "n" else EVENT_STATISTICS
    if claim.statistic in statistics and claim.unit != "percent":
        column = f"value{suffix}"
        count = as_count(getattr(claim, column))
        if count is not None:
            return Cell(count, claim, column)
    return None


def _first(rows: Iterable[Claim], what: str, suffix: str) -> Cell | None:
    for row in rows:
        cell = _from_row(row, what, suffix)
        if cell is not None:
            return cell
    return None


def _patient_rows(study: StudyView, claim: Claim) -> Iterator[Claim]:
    """Rows that may give the number of patients: this one, then nearer ones first."""
    yield from study.siblings(claim) if claim.n is None else (claim,)
    rows = [
        row for row in study.alike(claim) if row.kind not in ("proportion", "qol", "prognostic")
    ]
    same_report = [row for row in rows if study.report(row) == study.report(claim)]
    for group in (same_report, rows):
        yield from (row for row in group if row.statistic == "n_analysed")
        yield from group


def counts_for(study: StudyView, claim: Claim) -> Counts:
    """Return the patients and events that belong to a row.

    Patients come from the row itself, else from rows on the same patients
    (same report first). Events come from the row itself or from rows of the
    same report and outcome.

    Parameters
    ----------
    study : StudyView
        The study.
    claim : Claim
        The row, usually an effect.
    """
    own = (claim, *(row for row in study.siblings(claim) if row.claim_id != claim.claim_id))
    event_rows: tuple[Claim, ...] = own
    if claim.kind in ("proportion", "qol"):
        event_rows = (claim,)
    patients = (claim, *_patient_rows(study, claim))
    arms = _pair(patients, "n")
    event_arms = _pair(event_rows, "events")
    return Counts(
        n=_total(patients, "n", arms),
        n_intervention=arms[0],
        n_control=arms[1],
        events=_total(event_rows, "events", event_arms),
        events_intervention=event_arms[0],
        events_control=event_arms[1],
    )


def _pair(rows: Iterable[Claim], what: str) -> tuple[Cell | None, Cell | None]:
    """Both arms from one row, the nearest that has them."""
    for row in rows:
        first, second = _from_row(row, what, "_intervention"), _from_row(row, what, "_control")
        if first is not None and second is not None:
            return first, second
    return None, None


def _total(rows: Iterable[Claim], what: str, arms: tuple[Cell | None, Cell | None]) -> Cell | None:
    rows = tuple(rows)
    own = _from_row(rows[0], what, "")
    if own is not None:
        return own
    if arms[0] is not None and arms[0].claim.claim_id == rows[0].claim_id:
        return None
    return _first(rows, what, "")
