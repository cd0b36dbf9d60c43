"""Where things stand in a table of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from locoreg.emulation.protocol.base import Part, Text
from locoreg.emulation.protocol.faults import Fault

# Columns of follow-up and treatment.
KEYS = ("person", "time", "event", "treatment_time", "treated", "entry", "lost")


class TableColumns(Part):
    """Where things stand in a table of one's own, one row per person.

    Attributes
    ----------
    person, time, event : str
        Columns.
    treatment_time : str, optional
        Column with the time of treatment, empty for persons never treated.
    treated : str, optional
        Instead of it: column with 1 for persons treated at time zero, 0 for those who are not.
    measured : dict of str to str
        Columns with the time at which a variable was measured; none is after time zero.
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
    treatment_time: Text | None = None
    treated: Text | None = None
    measured: dict[str, Text] = Field(default_factory=dict)
    entry: Text | None = None
    lost: Text | None = None
    cluster: Text | None = None
    unit: Literal["months", "days"]
    events: dict[int, Text]
    visit_person: Text | None = None
    visit_time: Text | None = None

    def faults(self) -> Iterator[Fault]:
        """Return columns that serve twice and codes of events that leave a gap."""
        seen: dict[str, str] = {}
        for key in KEYS:
            name = getattr(self, key)
            if name is not None and name in seen:
                yield Fault(path=(key,), message=f"the column {name!r} is {seen[name]} already")
            elif name is not None:
                seen[name] = key
        if sorted(self.events) != list(range(1, len(self.events) + 1)) or not self.events:
            yield Fault(
                path=("events",),
                message=f"its codes are {sorted(self.events)}",
                hint="number them 1, 2, ...: 1 is the outcome, the others compete, 0 is censored.",
            )
        if (self.treatment_time is None) == (self.treated is None):
            both = self.treated is not None
            yield Fault(
                path=("treated" if both else "treatment_time",),
                message="stands beside treatment_time" if both else "is missing",
                hint="name the column with the time of treatment, or as treated a column with 1 "
                "for persons treated at time zero.",
            )
        if (self.visit_person is None) != (self.visit_time is None):
            key = "visit_person" if self.visit_person is None else "visit_time"
            yield Fault(path=(key,), message="is missing beside the other key of visits")

    def times(self) -> dict[str, str]:
        """Return the columns that hold follow-up and treatment, with the key of each."""
        return {name: key for key in KEYS if (name := getattr(self, key)) is not None}
