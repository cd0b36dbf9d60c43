"""Footnote marks behind a study's name, and the notes that explain them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from locoreg.core.findings import SEVERITIES, Severity
from locoreg.evidence.lines import PooledStudy

RESCALED, READ_OTHERWISE, APPROXIMATE, FROM_MEMORY = "†", "‡", "≈", "m"


def label_with_year(label: str, year: int | None) -> str:
    """Return the study's label with the year of the report used, once."""
    return label if year is None or str(year) in label else f"{label} {year}"


def marks_of(study: PooledStudy, level: float) -> str:
    """Return the marks of one study.

    Parameters
    ----------
    study : PooledStudy
        A line of a pool.
    level : float
        Level of the intervals shown, in percent.

    Returns
    -------
    str
        Any of † (printed at another level), ‡ (read otherwise than printed),
        ≈ (approximate route) and m (from memory).
    """
    return "".join(
        mark
        for mark, applies in (
            (RESCALED, is_rescaled(study, level)),
            (READ_OTHERWISE, bool(study.applied)),
            (APPROXIMATE, study.effect.approximate),
            (FROM_MEMORY, study.verification == "memory"),
        )
        if applies
    )


def is_rescaled(study: PooledStudy, level: float) -> bool:
    """Return whether the interval shown has another level than the printed one."""
    return study.printed_level is not None and abs(study.printed_level - level) > 1e-9


def mark_notes(studies: Sequence[PooledStudy], level: float) -> tuple[str, ...]:
    """Return one note per kind of mark that occurs, naming studies and readings."""
    notes = list(_rescaled_notes(studies, level))
    notes += _note(
        f"{READ_OTHERWISE} Read otherwise than printed: ",
        ((_name(s), "; ".join(s.applied)) for s in studies if s.applied),
    )
    notes += _note(
        f"{APPROXIMATE} Approximate, not from a printed effect: ",
        ((_name(s), _route(s)) for s in studies if s.effect.approximate),
    )
    remembered = [_name(s) for s in studies if s.verification == "memory"]
    if remembered:
        notes.append(f"{FROM_MEMORY} Number from memory, not verified: {', '.join(remembered)}.")
    return tuple(notes)


def _rescaled_notes(studies: Sequence[PooledStudy], level: float) -> Iterable[str]:
    by_level: dict[float, list[str]] = {}
    for study in studies:
        if study.printed_level is not None and is_rescaled(study, level):
            by_level.setdefault(study.printed_level, []).append(_name(study))
    for printed, names in sorted(by_level.items()):
        article = "an" if f"{printed:g}".startswith("8") else "a"
        yield (
            f"{RESCALED} Printed as {article} {printed:g}% interval; "
            f"shown re-expressed at {level:g}%: {', '.join(names)}."
        )


def _note(head: str, items: Iterable[tuple[str, str]]) -> list[str]:
    texts = [f"{name} ({words.rstrip('.')})" for name, words in items]
    return [head + "; ".join(texts) + "."] if texts else []


def _name(study: PooledStudy) -> str:
    return label_with_year(study.label, study.year)


def _route(study: PooledStudy) -> str:
    note = study.effect.note
    return f"from {study.effect.route}: {note}" if note else f"from {study.effect.route}"


def worst(study: PooledStudy) -> tuple[Severity, int] | None:
    """Return the worst severity and the number of findings, None without findings."""
    if not study.findings:
        return None
    severity = min((f.severity for f in study.findings), key=SEVERITIES.index)
    return severity, len(study.findings)


def severity_rank(found: tuple[Severity, int] | None) -> tuple[int, int]:
    """Return a key that puts the worst first, more findings before fewer, none last."""
    if found is None:
        return (len(SEVERITIES), 0)
    return (SEVERITIES.index(found[0]), -found[1])
