"""The task: compare two runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from locoreg.core.errors import DataError
from locoreg.workflows.compare.headlines import headlines
from locoreg.workflows.compare.others import leaves, shown
from locoreg.workflows.compare.reasons import reasons
from locoreg.workflows.compare.result import Comparison, Moved
from locoreg.workflows.stored import StoredRun

SCHEMA = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One side of a comparison.

    Attributes
    ----------
    name : str
        The run.
    results : dict
        Its ``results.json``.
    records : mapping of str to mapping
        ``step.json`` by name of the step.
    """

    name: str
    results: dict[str, Any]
    records: Mapping[str, Mapping[str, Any]]


def compared(run: StoredRun) -> Compared:
    """Return a stored run as a side of a comparison."""
    return Compared(
        name=str(run.folder),
        results=run.results,
        records={step.name: step.record for step in run.steps},
    )


def compare_runs(a: StoredRun, b: StoredRun) -> Comparison:
    """Name every number that moved between two runs, and why.

    Parameters
    ----------
    a, b : StoredRun
        The earlier and the later run.

    Returns
    -------
    Comparison
        Headline numbers first.

    Raises
    ------
    DataError
        If a run is of another schema.
    """
    return compare_results(compared(a), compared(b))


def compare_results(a: Compared, b: Compared) -> Comparison:
    """Compare two runs as `compare_runs` does, wherever they lie.

    Parameters
    ----------
    a, b : Compared
        The earlier and the later run.

    Returns
    -------
    Comparison
        Headline numbers first.

    Raises
    ------
    DataError
        If a run is of another schema.
    """
    for one in (a, b):
        schema = one.results.get("schema")
        if schema != SCHEMA:
            raise DataError(
                f"{one.name} is of schema {schema}, and only runs of schema {SCHEMA} can be "
                "compared.",
                hint="run its study file again.",
            )
    return Comparison(
        before=a.name,
        after=b.name,
        moved=(*_headlines(a.results, b.results), *_others(a.results, b.results)),
        reasons=tuple(dict.fromkeys(reasons(a.results, b.results, a.records, b.records))),
    )


def _headlines(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Moved]:
    old, new = headlines(before), headlines(after)
    why = _studies_of(before, after)
    for key in dict.fromkeys((*new, *old)):
        was, now = old.get(key), new.get(key)
        if was is not None and now is not None and was.exact == now.exact:
            continue
        one = now or was
        assert one is not None
        first, second = was.text if was else None, now.text if now else None
        if was is not None and now is not None and first == second:
            first, second = _digits(was.exact), _digits(now.exact)
        yield Moved(
            key=key,
            label=one.label,
            before=first,
            after=second,
            headline=True,
            note=why.get(key, ""),
        )


def _digits(exact: tuple[Any, ...]) -> str:
    """Return numbers in the digits that tell them apart."""
    return ", ".join(f"{v:.10g}" if isinstance(v, float) else str(v) for v in exact)


def _studies_of(before: dict[str, Any], after: dict[str, Any]) -> dict[str, str]:
    """Return for each pool which of its studies changed."""
    found = {}
    old, new = (
        {p["key"]: p["pool"] for q in r.get("questions") or () for p in q["pools"]}
        for r in (before, after)
    )
    for key in (key for key in new if key in old):
        was, now = ({s["study_id"]: s for s in pool["studies"]} for pool in (old[key], new[key]))
        parts = [f"{s['label']} added" for name, s in now.items() if name not in was]
        parts += [f"{s['label']} left out" for name, s in was.items() if name not in now]
        parts += [
            f"{s['label']} read differently"
            for name, s in now.items()
            if name in was and (was[name]["yi"], was[name]["se"]) != (s["yi"], s["se"])
        ]
        found[f"evidence/{key}"] = "; ".join(parts) or "other method or interval"
    return found


def _others(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Moved]:
    old, new = dict(leaves(before)), dict(leaves(after))
    for path in dict.fromkeys((*new, *old)):
        if path in old and path in new and old[path] == new[path]:
            continue
        if _is_text(old.get(path)) and _is_text(new.get(path)):
            # Sentences are made of numbers that stand beside them.
            continue
        first = shown(old[path]) if path in old else None
        second = shown(new[path]) if path in new else None
        if first == second and isinstance(new.get(path), tuple):
            first, second = _series(old[path], new[path])
        elif first == second:
            first, second = repr(old[path]), repr(new[path])
        yield Moved(key=path, label=path, before=first, after=second, headline=False)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and " " in value


def _series(before: tuple[Any, ...], after: tuple[Any, ...]) -> tuple[str, str]:
    """Return where two series of the same length differ most."""
    pairs = [
        (abs(a - b), i) if a is not None and b is not None else (float("inf"), i)
        for i, (a, b) in enumerate(zip(before, after, strict=True))
        if a != b
    ]
    _, place = max(pairs)
    name = f"number {place + 1} of {len(after)}"
    return f"{name} {before[place]!r}", f"{name} {after[place]!r}"
