"""The same sentence in each row of a column."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from locoreg.core.findings import Finding, Severity
from locoreg.evidence.audit.view import CatalogView, StudyView, found
from locoreg.evidence.records import Claim

Column = tuple[str, list[tuple[StudyView, Claim]]]
LONG = 30
STUDIES = 3
_NOTHING = re.compile(r"^(none|no|nil|not given|without)\b", re.IGNORECASE)


def _text(claim: Claim) -> str | None:
    text = claim.value_text if claim.value_text and len(claim.value_text) >= LONG else None
    return text or claim.verbatim


def text_columns(view: CatalogView) -> list[Column]:
    """Return the columns of criteria in one source, filled for three studies or more."""
    groups: dict[tuple[str, str], list[tuple[StudyView, Claim]]] = defaultdict(list)
    for study, claim in view.claims():
        name = claim.statistic or claim.column_header
        if claim.kind == "criterion" and name:
            source = claim.source_id or claim.location_text or ""
            groups[(source, name)].append((study, claim))
    return [
        (key[1], rows)
        for key, rows in groups.items()
        if len({study.study_id for study, _ in rows}) >= STUDIES
    ]


def repeated_text(view: CatalogView, thing: Column) -> Iterator[Finding]:
    """Find one long sentence repeated for each study of a column."""
    name, rows = thing
    texts: dict[str, list[tuple[StudyView, Claim]]] = defaultdict(list)
    for study, claim in rows:
        folded = " ".join((_text(claim) or "").casefold().split())
        if len(folded) >= LONG:
            texts[folded].append((study, claim))
    for same in texts.values():
        studies = list(dict.fromkeys(study.study_id for study, _ in same))
        if len(studies) < STUDIES:
            continue
        against = [text for study, claim in same for text in _contradiction(study, claim)]
        first = same[0][1]
        severity: Severity = "serious" if against else "minor"
        yield found(
            view,
            first,
            "value_text" if first.value_text else "verbatim",
            rule="repeated-text",
            severity=severity,
            message=(
                f"{name}: the sentence {(_text(first) or '')!r} stands word for word with "
                f"{len(studies)} studies ({', '.join(studies)}); it may have been copied down the "
                "column."
                + (f" Other columns contradict it: {'; '.join(against)}." if against else "")
            ),
            changes="The criterion can't be used to group these studies.",
            value=len(studies),
            limit=STUDIES - 1,
            also=tuple((claim, "value_text") for _, claim in same[1:]),
        )


def _contradiction(study: StudyView, claim: Claim) -> Iterator[str]:
    """Name what else is printed for the study that can't hold beside the sentence."""
    folded = (_text(claim) or "").casefold()
    timing = study.study.randomisation_timing
    if timing == "upfront" and re.search(r"\b(after|following)\b", folded):
        yield f"{study.study_id} randomised upfront"
    for other in study.claims:
        if other.kind != "criterion" or other.claim_id == claim.claim_id:
            continue
        text = (other.value_text or other.verbatim or "").strip()
        subject = (other.statistic or other.column_header or "").casefold()
        if _NOTHING.match(text) and "therapy" in subject and "therapy" in folded:
            yield f"{study.study_id} has {text!r} for {other.statistic or other.column_header}"
            return
