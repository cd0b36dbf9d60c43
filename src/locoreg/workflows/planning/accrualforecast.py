"""Whether the next trial will have its patients, from the record of those before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from locoreg.core.errors import DataError, did_you_mean
from locoreg.core.provenance import Provenance
from locoreg.evidence.accrual import AccrualRecord, load_accrual
from locoreg.planning.accruing import (
    AccrualForecast,
    AccrualPrior,
    TrialAccrual,
    accrual_model,
    forecast,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedAccrual:
    """Forecast of a trial's accrual with the record it rests on.

    Attributes
    ----------
    found : AccrualForecast
    records : tuple of AccrualRecord
        Trials that were used, each fact with its source.
    left_out : tuple of (str, str)
        Trials that were not, and why.
    provenance : Provenance
    """

    found: AccrualForecast
    records: tuple[AccrualRecord, ...]
    left_out: tuple[tuple[str, str], ...]
    provenance: Provenance

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-ready values."""
        return {
            **self.found.to_dict(),
            "records": [one.to_dict() for one in self.records],
            "left_out": [{"study_id": name, "reason": why} for name, why in self.left_out],
            "provenance": self.provenance.to_dict(),
        }

    def summary(self) -> str:
        """Return the result in plain lines."""
        found = self.found
        unit = "month" if found.centres is None else "centre and month"
        lines = [
            f"{found.patients:,} patients in {found.months:g} months"
            + ("" if found.centres is None else f" at {found.centres} centres")
            + f": too slow {100 * found.too_slow:.0f}%; stopped for its accrual "
            f"{100 * found.stops:.0f}%; either, taken as independent, {100 * found.fails:.0f}%.",
            f"Patients by then: {found.count_median:,} ({found.count_low:,} to "
            f"{found.count_high:,}, 90%); months to {found.patients:,}: "
            f"{found.months_median:.0f} ({found.months_low:.0f} to {found.months_high:.0f}).",
        ]
        for record, trial in zip(self.records, found.model.trials, strict=True):
            off = f" (off by up to {record.months_off:.0f})" if record.months_off else ""
            words = f"{record.study_id}: {trial.patients} in {trial.months:.0f} months{off}, "
            words += f"{trial.patients / trial.exposure:.2f} per {unit}"
            if record.planned is not None:
                words += f"; planned {record.planned}"
            if record.stopped_early:
                words += f"; stopped early: {record.reason or 'reason not stated'}"
            lines.append(words)
        lines += [f"Left out: {name}: {why}." for name, why in self.left_out]
        prior = found.model.prior
        lines.append(
            f"Priors: mean rate {prior.rate:g} per {unit} (95% within a factor of "
            f"{prior.rate_factor:g}), coefficient of variation half-normal({prior.variation:g}), "
            f"{prior.stops:g} stops in {prior.stop_months:g} months. Stops and rates are taken as "
            "independent, which they are not: a trial stops because it is slow."
        )
        return "\n".join(lines)


def forecast_accrual(
    *,
    patients: int,
    months: float,
    centres: int | None,
    studies: Sequence[str],
    prior: AccrualPrior,
    tables: Sequence[str | Path],
) -> PlannedAccrual:
    """Return the forecast of a trial's accrual.

    Parameters
    ----------
    patients : int
        Planned.
    months : float
        Planned months of accrual.
    centres : int or None
        Planned centres: then rates are per centre and month, and trials without a number of
        centres are left out; None for rates per month.
    studies : sequence of str
        Trials to use; all of the table if empty.
    prior : AccrualPrior
        Stated.
    tables : sequence of str or Path
        ``shipped``, or folders with ``accrual.csv``.

    Returns
    -------
    PlannedAccrual
        The forecast.

    Raises
    ------
    DataError
        If a study is not in the table, or none can be used.
    """
    records, sha256 = load_accrual(tuple(tables))
    known = {one.study_id: one for one in records}
    for name in studies:
        if name not in known:
            raise DataError(f"there is no accrual of {name!r}.", hint=did_you_mean(name, known))
    asked = [known[name] for name in studies] if studies else list(records)
    used, left_out = [], []
    for one in asked:
        why = _why_not(one, centres)
        if why:
            left_out.append((one.study_id, why))
        else:
            used.append(one)
    if not used:
        raise DataError("no trial has what a forecast of accrual needs.")
    trials = [_trial(one, centres) for one in used]
    found = forecast(
        accrual_model(trials, prior), patients=patients, months=months, centres=centres
    )
    return PlannedAccrual(
        found=found,
        records=tuple(used),
        left_out=tuple(left_out),
        provenance=Provenance(
            input_sha256=sha256,
            options={
                "patients": patients, "months": months, "centres": centres,
                "studies": [one.study_id for one in used], "prior": prior.to_dict(),
            },
        ),
    )  # fmt: skip


def _why_not(record: AccrualRecord, centres: int | None) -> str:
    if record.randomised is None:
        return "the number randomised was not found"
    if record.months is None:
        return "begin or end of accrual was not found"
    if centres is not None and record.centres is None:
        return "the number of centres was not found"
    return ""


def _trial(record: AccrualRecord, centres: int | None) -> TrialAccrual:
    months = record.months or 0.0
    return TrialAccrual(
        study_id=record.study_id,
        patients=record.randomised or 0,
        exposure=months * (record.centres or 1 if centres is not None else 1),
        stopped=bool(record.stopped_early),
        months=months,
    )
