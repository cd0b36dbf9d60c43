"""The numbers of a stored selection's figures, for files of their own, with what failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from locoreg.workflows.emulation.exporting import FAILED, Rows, record_rows
from locoreg.workflows.selection.stepped import Results, selection_failures

_CURVE = ("share", "estimate", "se", "ci_low", "ci_high", "band_low", "band_high")


def selection_data(results: Results, name: str) -> dict[str, Any] | None:
    """Return the numbers that a figure of a selection shows, for JSON.

    Parameters
    ----------
    results : mapping
        ``results.json`` of a selection.
    name : str
        Name of the figure's file.

    Returns
    -------
    dict or None
        With what failed, and whether the patients are made up; None where the results hold no
        numbers for such a figure.
    """
    found = _parts(results, name)
    if found is None:
        return None
    return {
        "figure": name,
        "title": results["title"],
        "synthetic": results["synthetic"],
        FAILED: list(selection_failures(results).names),
        "notice": results["notice"],
        **found,
    }


def selection_rows(results: Results, name: str) -> Rows | None:
    """Return the same for CSV: one table, the header first, each row with what failed.

    Parameters
    ----------
    results, name
        As for `selection_data`.

    Returns
    -------
    list of tuple or None
        None where there is no such figure.
    """
    found = _parts(results, name)
    if found is None:
        return None
    failed = "; ".join(selection_failures(results).names)
    return record_rows(found, failed, synthetic=bool(results["synthetic"]))


def _parts(results: Results, name: str) -> dict[str, Any] | None:
    part, _, number = name.rpartition("_")
    if part in ("sensitivity", "strength") and number.isascii() and number.isdigit():
        return _bounds(results, part, int(number))
    assessment, rule = results["assessment"], results["rule"]
    calibration = assessment["calibration"]
    known: dict[str, Any] = {
        "attrition": results["data"]["attrition"]["steps"],
        "trials": _trials(results["doubts"].get("anchor")),
        "toc": _curve(assessment["curve"]),
        "groups": calibration["groups"],
        "benefit": [
            {"percent_below": i, "predicted": value}
            for i, value in enumerate(calibration["predicted"], 1)
        ],
        "subgroups": None if results["subgroups"] is None else results["subgroups"]["groups"],
        "rule": rule.get("leaves"),
        "leaves": rule.get("leaves"),
        "sides": rule.get("worth", {}).get("sides"),
        "value": assessment["values"],
    }
    if name == "calibration":
        slope = {"part": "slope", **calibration["slope"]}
        return {"groups": calibration["groups"], "slope": [slope]}
    found = known.get(name)
    return None if found is None else {name: found}


def _bounds(results: Results, part: str, number: int) -> dict[str, Any] | None:
    found = results["doubts"]["marginal" if part == "sensitivity" else "omitted"]
    if not 1 <= number <= len(found):
        return None
    one = found[number - 1]
    return {part: [{"group": one["label"], **bound} for bound in one["bounds"]]}


def _curve(curve: Mapping[str, Any]) -> list[dict[str, Any]]:
    lines = zip(*(curve[name] for name in _CURVE), strict=True)
    fixed = {"level": curve["level"], "unit": curve["unit"]}
    return [{**dict(zip(_CURVE, line, strict=True)), **fixed} for line in lines]


def _trials(anchor: Mapping[str, Any] | None) -> list[dict[str, Any]] | None:
    found = None if anchor is None else anchor.get("benchmark")
    if found is None:
        return None
    rows = [{"part": "trial", **row} for row in found["trials"]]
    if found["pooled"] is not None:
        rows.append({"part": "trials pooled", **found["pooled"]})
    emulated = {"label": found["label"], "estimate": found["emulated"]}
    return [*rows, {"part": "registry", "trial": emulated}]
