"""The numbers of a stored emulation's figures, for files of their own, with what failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from locoreg.workflows.emulation.stepped import Results, failures_of

Rows = list[tuple[Any, ...]]
FAILED = "failed_diagnostics"


def figure_data(results: Results, name: str) -> dict[str, Any] | None:
    """Return the numbers that a figure of an emulation shows, for JSON.

    Parameters
    ----------
    results : mapping
        ``results.json`` of an emulation.
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
        FAILED: list(failures_of(results).names),
        "notice": results["notice"],
        **found,
    }


def figure_rows(results: Results, name: str) -> Rows | None:
    """Return the same for CSV: one table, the header first, each row with what failed.

    Parameters
    ----------
    results, name
        As for `figure_data`.

    Returns
    -------
    list of tuple or None
        None where there is no such figure.
    """
    found = _parts(results, name)
    if found is None:
        return None
    failed = "; ".join(failures_of(results).names)
    return record_rows(found, failed, synthetic=bool(results["synthetic"]))


def record_rows(parts: Mapping[str, Any], failed: str, *, synthetic: bool) -> Rows:
    """Return parts of JSON-ready results as one table, each row with what failed.

    Parameters
    ----------
    parts : mapping
        Lists of records, records, or records that hold such lists.
    failed : str
        What failed; empty for nothing.
    synthetic : bool
        Whether the patients are made up.

    Returns
    -------
    list of tuple
        The header first; a record inside a record has its names joined by an underscore.
    """
    records = [dict(_flat(one)) for part in parts.values() for one in _records(part)]
    heads = list(dict.fromkeys(key for one in records for key in one))
    mark = "yes" if synthetic else "no"
    rows: Rows = [(*heads, FAILED, "synthetic")]
    rows += [(*(one.get(key) for key in heads), failed, mark) for one in records]
    return rows


def _parts(results: Results, name: str) -> dict[str, Any] | None:
    extras, primary = results["sensitivity"], results["primary"]
    known: dict[str, dict[str, Any]] = {
        "attrition": {"attrition": results["attrition"]["steps"]},
        "flow": {"flow": primary["flow"]},
        "balance": {"balance": primary["balance"]},
        "weights": {"weights": primary["weights"]},
        "curves": _curves(primary),
        "specifications": {"specifications": _listed(extras["specifications"])},
        "ladder": {"ladder": _listed(extras["bias_ladder"])},
        "ladder_hazard_ratio": {"ladder": _listed(extras["bias_ladder"])},
        "subgroups": {"subgroups": extras["subgroups"], "interactions": extras["interactions"]},
        "benchmark": _benchmark(extras["benchmark"]),
    }
    if name in known:
        return known[name]
    return _alternative(results, name)


def _curves(effect: Mapping[str, Any]) -> dict[str, Any]:
    lines = [
        {"part": "curve", "arm": label, **point}
        for label, curve in (
            *((arm["label"], arm) for arm in effect["arms"]),
            ("difference", effect["difference"]),
        )
        for point in _points(curve)
    ]
    at_risk = [
        {"part": "at risk", "arm": arm["label"], **row}
        for arm in effect["arms"]
        for row in arm["at_risk"]
    ]
    contrasts = [{"part": "contrast", **one} for one in effect["contrasts"]]
    return {"curves": lines, "at_risk": at_risk, "contrasts": contrasts}


def _points(curve: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    names = ("time", "estimate", "ci_low", "ci_high")
    for values in zip(*(curve[name] for name in names), strict=True):
        yield dict(zip(("month", *names[1:]), values, strict=True))


def _benchmark(comparison: Mapping[str, Any] | None) -> dict[str, Any]:
    found = None if comparison is None else comparison["benchmark"]
    if comparison is None or found is None:
        return {"benchmark": []}
    rows = [{"part": "trial", **row} for row in found["trials"]]
    if found["pooled"] is not None:
        rows.append({"part": "trials pooled", **found["pooled"]})
    emulated = {"label": found["label"], "estimate": found["emulated"]}
    rows.append({"part": "emulation", "trial": emulated})
    return {"benchmark": rows, "left_out": found["left_out"], "note": comparison["note"]}


def _alternative(results: Results, name: str) -> dict[str, Any] | None:
    """Return the curves of another method: ``curves_NUMBER_METHOD``, counted from 1."""
    own = results["primary"]["method"]
    effects = [one["effect"] for one in results["sensitivity"]["alternatives"]]
    others = [one for one in effects if one is not None and one["method"] != own]
    for number, effect in enumerate(others, 1):
        if name == f"curves_{number}_{effect['method']}":
            return _curves(effect)
    return None


def _listed(found: Mapping[str, Any] | None) -> Any:
    return [] if found is None else found


def _records(part: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the records of a part: those of a list, or of the lists in a mapping."""
    if isinstance(part, Mapping):
        lists = {key: one for key, one in part.items() if isinstance(one, list)}
        for key, one in lists.items():
            yield from ({"part": key, **row} for row in one if isinstance(row, Mapping))
        if not lists:
            yield part
        return
    if isinstance(part, list):
        yield from (row for row in part if isinstance(row, Mapping))


def _flat(record: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, one in record.items():
        if isinstance(one, Mapping):
            yield from _flat(one, f"{before}{key}_")
        elif isinstance(one, list):
            yield f"{before}{key}", "; ".join(str(value) for value in one)
        else:
            yield f"{before}{key}", one
