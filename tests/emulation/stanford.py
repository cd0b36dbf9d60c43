"""The Stanford heart transplant data as a cohort."""

from __future__ import annotations

from datetime import date

import numpy as np
from survival import datasets

from locoreg.emulation.cohort import Column
from tests.emulation import designs

DAYS_PER_MONTH = 30.4375


def load():
    """Return 103 patients from acceptance on; a day is added, as one died on that day.

    Covariates are those of R's data set heart: age less 48 years, years since 1 October 1967, and
    whether there was surgery before.
    """
    data = datasets.load_jasa()
    accepted = [date.fromisoformat(day) for day in data["accept.dt"]]

    def months(name):
        days = [
            np.inf if day is None else (date.fromisoformat(day) - start).days + 1
            for day, start in zip(data[name], accepted, strict=True)
        ]
        return np.array(days) / DAYS_PER_MONTH

    columns = {
        "age": np.array(data["age"]) - 48.0,
        "year": np.array([(day - date(1967, 10, 1)).days / 365.25 for day in accepted]),
        "surgery": np.array(data["surgery"]),
    }
    return designs.cohort(
        time=months("fu.date"),
        event=np.array(data["fustat"]).astype(int),
        treatment_time=months("tx.date"),
        baseline=[Column(name=k, kind="number", values=v) for k, v in columns.items()],
    )


def question(**changes):
    values = {
        "treated_label": "transplant within 2 months",
        "comparator_label": "no transplant",
        "grace_months": 2.0,
        "interval_months": 0.25,
        "comparator": "never",
        "initiation": "all_initiators",
        "horizon_months": 24.0,
        "at_months": (12.0, 24.0),
    }
    return designs.question(**{**values, **changes})
