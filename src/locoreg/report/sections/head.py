"""Title block: questions, data, hashes."""

from __future__ import annotations

from locoreg.report.blocks import Block, Break, Code, Facts, Link, Text, joined, text
from locoreg.report.context import Context
from locoreg.report.words import plural


def head(context: Context) -> tuple[Block, ...]:
    """Return the title block."""
    result = context.result
    catalog = result.catalog
    questions = tuple(
        (Link(f"#question-{q.question.question_id}", q.question.title),) for q in result.questions
    )
    pairs: list[tuple[str, Text]] = [
        ("Questions", joined(questions, Break())),
        ("Date of search, as stated in the study file", text(result.plan.search_date or "")),
        ("Tables", _tables(context)),
        (
            "In them",
            text(
                f"{plural(len(catalog.studies), 'study', 'studies')}, "
                f"{plural(len(catalog.claims), 'row')} of printed numbers, "
                f"{plural(len(catalog.references), 'publication')}"
            ),
        ),
        ("Data version", text("SHA-256 ", Code(catalog.sha256))),
        ("Run", text("SHA-256 of results.json ", Code(context.results_sha256))),
        ("Software", text(f"locoreg {result.provenance.version}")),
        ("Study file", text(Code(result.study_file))),
    ]
    return (Facts(tuple(pairs)),)


def _tables(context: Context) -> Text:
    given = context.result.evidence.tables
    names = ("the curated tables shipped with locoreg" if t == "shipped" else t for t in given)
    return text(", then ".join(names))
