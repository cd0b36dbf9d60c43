"""Whom to randomise, from a finished selection."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from locoreg.core.errors import DataError, DesignError, did_you_mean
from locoreg.core.provenance import Provenance, sha256_of_bytes
from locoreg.planning.enrichment import (
    EnrichedTrial,
    Enrichment,
    EnrichmentDesign,
    GroupEffect,
    enrich,
)

MEASURE = "rmst_difference"


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionEnrichment:
    """A trial in everybody beside one in those whom a selection's rule treats.

    Attributes
    ----------
    title : str
        Of the selection.
    time_zero : str
        From when its restricted means count.
    horizon_months : float
        Up to when.
    shown : bool
        Whether the selection gives a rule.
    reading : str
        What it says of the rule.
    leaves : tuple of str
        Whom the rule treats, where it gives one.
    synthetic : bool
        Whether the patients are made up.
    found : Enrichment
    design : EnrichmentDesign
    provenance : Provenance
    """

    title: str
    time_zero: str
    horizon_months: float
    shown: bool
    reading: str
    leaves: tuple[str, ...]
    synthetic: bool
    found: Enrichment
    design: EnrichmentDesign
    provenance: Provenance

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-ready values."""
        return {
            "title": self.title,
            "time_zero": self.time_zero,
            "horizon_months": self.horizon_months,
            "follow_up_months": self.design.after_months,
            "shown": self.shown,
            "reading": self.reading,
            "leaves": list(self.leaves),
            "synthetic": self.synthetic,
            **self.found.to_dict(),
            "provenance": self.provenance.to_dict(),
        }

    def summary(self) -> str:
        """Return the result in plain lines."""
        lines = []
        if self.synthetic:
            lines.append("SYNTHETIC: the patients behind these numbers are made up.")
        lines.append(f"{self.title}: restricted means up to {self.horizon_months:g} months since "
                     f"{self.time_zero}.")  # fmt: skip
        if self.shown:
            lines.append("The selection gives a rule; it treats: " + " | ".join(self.leaves))
        else:
            lines.append(
                f"The selection gives no rule: {self.reading.splitlines()[0]} What follows shows "
                "what an enrichment by the rules of its folds would take."
            )
        for trial in (self.found.everybody, self.found.selected):
            lines += _trial_lines(trial)
        if self.found.needed_effect is not None and self.found.chance_needed is not None:
            lines.append(
                "For a trial in the selected to look at no more eligible patients than one in "
                f"everybody, their effect would have to be {self.found.needed_effect:.2f} months; "
                f"chance of that {100 * self.found.chance_needed:.0f}%."
            )
        design = self.design
        lines.append(
            "Effects of the selected are those of rules that did not see the patient, drawn back "
            f"to the average with a standard deviation of {design.between_groups_sd:g} months "
            "between groups: what was picked because it was large is smaller when it is looked at "
            "again."
        )
        lines.append(
            f"Assumed: {100 * design.power:g}% power, alpha {100 * design.alpha:g}%, "
            f"{design.sides}-sided; {design.eligible_per_month:g} eligible patients a month; "
            f"follow-up {design.after_months:g} months after the last entry; the comparator's "
            "curve is the same in both."
        )
        return "\n".join(lines)


def enrich_selection(
    selection: Mapping[str, Any], design: EnrichmentDesign, *, patients: Sequence[int]
) -> SelectionEnrichment:
    """Return the enrichment that a selection would give.

    Parameters
    ----------
    selection : mapping
        ``results.json`` of a selection.
    design : EnrichmentDesign
        The trial.
    patients : sequence of int
        Numbers at which the assurance is given.

    Returns
    -------
    SelectionEnrichment
        With everybody beside the selected.

    Raises
    ------
    DesignError
        If the selection is not of restricted means, or its horizon another.
    DataError
        If a group is missing.
    """
    question = selection["question"]
    if question["measure"] != MEASURE:
        raise DesignError(
            f"the selection is of {question['measure']}; a trial is planned here from a "
            "difference of restricted means.",
            hint="set measure: rmst_difference in the protocol's part selection.",
        )
    horizon = float(question["horizon_months"])
    if horizon != design.horizon_months:
        raise DesignError(
            f"the selection's horizon is {horizon:g} months and not {design.horizon_months:g}."
        )
    rule = selection.get("rule") or {}
    worth = rule.get("worth")
    if not worth:
        raise DataError("the selection has no rule that was judged on other folds.")
    selected = _selected(worth["sides"])
    average = selection["average"]
    everybody = GroupEffect(
        label="everybody", share=1.0, effect=float(average["estimate"]), se=float(average["se"])
    )
    return SelectionEnrichment(
        title=str(selection["title"]),
        time_zero=str(question["time_zero"]),
        horizon_months=horizon,
        shown=bool(rule["shown"]),
        reading=str(rule["reading"]),
        leaves=_leaves(rule),
        synthetic=bool(selection["synthetic"]),
        found=enrich(everybody, selected, design, patients=tuple(patients)),
        design=design,
        provenance=Provenance(
            input_sha256=sha256_of_bytes(json.dumps(selection, sort_keys=True).encode()),
            options={"patients": list(patients), "eligible_per_month": design.eligible_per_month,
                     "between_groups_sd": design.between_groups_sd, "power": design.power,
                     "alpha": design.alpha, "sides": design.sides},
        ),
    )  # fmt: skip


def read_selection(run: str | Path, name: str | None) -> dict[str, Any]:
    """Return the results of a selection in a finished run.

    Parameters
    ----------
    run : str or Path
        Folder of a run, or of a selection.
    name : str or None
        Which selection, where a run has several.

    Returns
    -------
    dict
        Its results.

    Raises
    ------
    DataError
        If there is none, or the name is not one of them.
    """
    root = Path(run)
    folders = {
        path.name.removeprefix("selection-"): path
        for path in sorted((root / "steps").glob("selection-*"))
        if (path / "results.json").exists()
    }
    if not folders and (root / "results.json").exists():
        folders = {root.name: root}
    if not folders:
        raise DataError(f"{root}: there is no finished selection.", hint="give a run's folder.")
    if name is None and len(folders) > 1:
        raise DataError(
            f"{root}: there are {len(folders)} selections.",
            hint=f"state one of {', '.join(folders)}.",
        )
    chosen = next(iter(folders)) if name is None else name
    if chosen not in folders:
        raise DataError(
            f"{root}: there is no selection {chosen!r}.", hint=did_you_mean(chosen, folders)
        )
    text = (folders[chosen] / "results.json").read_text(encoding="utf-8")
    found = json.loads(text)
    if not isinstance(found, dict) or "rule" not in found or "question" not in found:
        raise DataError(f"{folders[chosen]}: results.json is not of a selection.")
    return found


def _selected(sides: Mapping[str, Any]) -> GroupEffect:
    groups = sides["groups"]
    total = sum(int(one["n"]) for one in groups)
    chosen = next((one for one in groups if str(one["label"]).startswith("treated by")), None)
    if chosen is None or not total:
        raise DataError("the selection names no group that its rules treat.")
    effect = chosen["effect"]
    if effect["estimate"] is None or effect["se"] is None:
        raise DataError("the effect in those whom the rules treat could not be estimated.")
    return GroupEffect(
        label="those whom the rules select", share=int(chosen["n"]) / total,
        effect=float(effect["estimate"]), se=float(effect["se"]),
    )  # fmt: skip


def _leaves(rule: Mapping[str, Any]) -> tuple[str, ...]:
    found = (rule.get("rule") or {}).get("leaves") or ()
    return tuple(" and ".join(one["conditions"]) or "everybody" for one in found if one["treats"])


def _trial_lines(trial: EnrichedTrial) -> list[str]:
    group = trial.group
    head = (
        f"{group.label} ({100 * group.share:.0f}% of the eligible): estimated "
        f"{group.effect:.2f} months (standard error {group.se:.2f}), planned for "
        f"{trial.effect:.2f} (sd {trial.sd:.2f})"
    )
    lines = [head]
    if trial.size is not None and trial.screened is not None:
        lines.append(
            f"  {trial.size.patients:,} patients, {trial.screened:,} eligible looked at "
            f"({trial.screened_per_randomised:.1f} per patient), {trial.accrual_months:.0f} months "
            f"of accrual, result after {trial.months:.0f} months"
        )
    else:
        lines.append(f"  {trial.refused}")
    lines += [
        f"  {n:,} patients: significant benefit {100 * a:.0f}%, significant harm {100 * b:.0f}%"
        for n, (a, b) in trial.assurance.items()
    ]
    return lines
