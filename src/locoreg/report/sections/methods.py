"""Limits, methods in short, and how to reproduce the report."""

from __future__ import annotations

from locoreg.report.blocks import (
    Block,
    Code,
    Facts,
    Items,
    Listing,
    Paragraph,
    Section,
    Text,
    joined,
    text,
)
from locoreg.report.context import Context
from locoreg.report.words import INTERVALS, METHODS, doi_link, words

_LIMITS = (
    (
        "No assessment of risk of bias. Certainty is shown as somebody judged it in the study "
        "file; the software judges none."
    ),
    "No test for small-study effects and no adjustment for publication bias: the pools are too "
    "small for either.",
    "No systematic search is part of the software: the tables hold what their curators found up "
    "to the date of search.",
    "Registry and matched comparisons are pooled as published. Immortal time, selection of "
    "patients who are fit for local therapy, and other confounding are not corrected.",
    "The audit finds what is inconsistent within and between printed numbers. A number that is "
    "wrong and consistent with all others is not found.",
    "A reading that the audit supports is an inference from printed numbers; only the authors' "
    "data could confirm it.",
    "Hazard ratios are pooled as printed, also where hazards are not proportional.",
)
_OPTIONS = {"tables": "Tables"}
_METHODS: tuple[tuple[str, str], ...] = (
    (
        "Effects and standard errors from printed intervals, p-values, log-rank statistics, "
        "counts and survival proportions: Parmar 1998; Tierney 2007",
        "10.1186/1745-6215-8-16",
    ),
    (
        "Random-effects model: DerSimonian and Laird 1986; restricted maximum likelihood: "
        "Viechtbauer 2005",
        "10.3102/10769986030003261",
    ),
    ("Hartung-Knapp interval: Hartung and Knapp 2001", "10.1002/sim.791"),
    ("I² and H²: Higgins and Thompson 2002", "10.1002/sim.1186"),
    (
        "Interval of the between-study variance by the Q-profile: Viechtbauer 2007",
        "10.1002/sim.2514",
    ),
    ("Prediction interval: Higgins 2009; Riley 2011", "10.1136/bmj.d549"),
    (
        "Pools under each admissible reading of doubtful inputs (multiverse): Steegen 2016",
        "10.1177/1745691616658637",
    ),
)


def limits(context: Context) -> Section:
    """Return what the report does not do."""
    return Section("limits", "Limits", (Items(tuple(text(one) for one in _LIMITS)),))


def methods(context: Context) -> Section:
    """Return the methods in short, those used first."""
    used: dict[str, None] = {}
    for question in context.result.questions:
        for item in question.pools:
            meta = item.pool.meta
            level = f"{meta.mu.level:g}% intervals"
            used[f"{METHODS[meta.method]}; {INTERVALS[meta.interval]}; {level}"] = None
    blocks: list[Block] = [
        Paragraph(
            text(
                "One number per study: the latest report whose number the audit does not bar; of "
                "reports that agree within rounding, the one with more digits; a printed effect "
                "before one derived from the arms; a matched sample before the unmatched one."
            )
        ),
        Paragraph(
            text(
                "Intervals of another level than the one shown are re-expressed from the standard "
                "error. Corrections and the readings that the audit supports are applied, and the "
                "result as printed stands beside each main result."
            )
        ),
    ]
    if used:
        blocks.append(Paragraph(text("Pooled with: ", " | ".join(used), ".")))
    blocks.append(
        Items(tuple(joined(((words_ + ".",), doi_link(doi)), " ") for words_, doi in _METHODS))
    )
    return Section("methods", "Methods in short", tuple(blocks))


def reproduce(context: Context) -> Section:
    """Return commands, Python lines, hashes and versions."""
    result = context.result
    options = result.provenance.options
    facts: list[tuple[str, Text]] = [
        ("locoreg", text(result.provenance.version)),
        ("Tables, SHA-256", text(Code(result.provenance.input_sha256))),
        ("results.json, SHA-256", text(Code(context.results_sha256))),
    ]
    facts += [
        (_OPTIONS.get(name, words(name)), text(Code(_option(value))))
        for name, value in sorted(options.items())
    ]
    name = result.study_file
    blocks: list[Block] = [
        Paragraph(
            text(
                "The same study file, tables and version give this page and every file beside it "
                "again, byte for byte."
            )
        ),
        Listing("Commands", "\n".join([f"locoreg run {name} --out report", *_commands(context)])),
        Listing(
            "Python",
            "\n".join(
                (
                    "import locoreg as lr",
                    "",
                    f'run = lr.run({name!r}, "report")',
                )
            ),
        ),
        Facts(tuple(facts)),
    ]
    return Section("reproduce", "How to reproduce", tuple(blocks))


def _option(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    return str(value)


def _commands(context: Context) -> list[str]:
    tables = context.result.evidence.tables
    given = "" if tables == ("shipped",) else "".join(f" --tables {_quoted(t)}" for t in tables)
    lines = []
    for question in context.result.questions:
        for item in question.pools:
            pool = item.pool
            selection = pool.selection
            parts = [
                f"locoreg evidence pool {selection.question}",
                f"--design {selection.design}",
                f"--outcome {selection.outcome}",
                f"--method {pool.meta.method}",
                f"--interval {pool.meta.interval}",
                f"--level {pool.meta.mu.level:g}",
            ]
            parts += [f"--studies {_quoted(','.join(selection.studies))}"] * bool(selection.studies)
            parts += [f"--report {_quoted(','.join(selection.reports))}"] * bool(selection.reports)
            parts += [f"--subgroup {_quoted(selection.subgroup)}"] * bool(selection.subgroup)
            parts += ["--include-memory"] * selection.include_memory
            lines.append(" ".join(parts) + given)
    lines += [
        f"locoreg evidence reproduce {r.pool_id}{given}" for r in context.result.reproductions
    ]
    return lines


def _quoted(word: str) -> str:
    plain = all(c.isalnum() or c in "-_./=,:" for c in word)
    return word if plain and word else "'" + word.replace("'", "'\\''") + "'"
