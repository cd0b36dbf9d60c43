"""Harms and burden, at the same size as benefit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from locoreg.evidence.harms import TREATMENTS, Harm
from locoreg.evidence.records import Catalog
from locoreg.workflows.patient.sentences import NOT_KNOWN
from locoreg.workflows.patient.wording import share_text, whole

QUALITY = "quality_of_life"


@dataclass(frozen=True, slots=True, kw_only=True)
class HarmView:
    """One harm of a treatment, in people of 100.

    Attributes
    ----------
    harm : Harm or None
        The row; None where nothing is known.
    treatment : str
        The treatment.
    share : str
        ``about 2 of 100``, or that it is not known.
    sentence : str
        With time and reference group.
    printed : str
        The number as printed.
    """

    harm: Harm | None
    treatment: str
    share: str
    sentence: str
    printed: str

    def to_dict(self) -> dict[str, Any]:
        """Return the harm as JSON-ready values."""
        one = self.harm
        row = {} if one is None else {name: getattr(one, name) for name in one.__slots__}
        return {"treatment": self.treatment, "share": self.share, "sentence": self.sentence, **row}


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityView:
    """What a trial says of quality of life.

    Attributes
    ----------
    claim_id, label, words, source : str
        Row, trial, result in words, where it is printed.
    """

    claim_id: str
    label: str
    words: str
    source: str

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-ready values."""
        return {name: getattr(self, name) for name in self.__slots__}


def harm_views(harms: Sequence[Harm]) -> tuple[HarmView, ...]:
    """Return the harms by treatment; a treatment without a number says so.

    Parameters
    ----------
    harms : sequence of Harm
        Rows.

    Returns
    -------
    tuple of HarmView
        In the order of the treatments.
    """
    out: list[HarmView] = []
    for treatment in TREATMENTS:
        mine = [one for one in harms if one.treatment == treatment]
        out += [_view(one) for one in mine] or [
            HarmView(
                harm=None,
                treatment=treatment,
                share=NOT_KNOWN,
                sentence=f"No number with a source is on record here for {treatment}.",
                printed="",
            )
        ]
    return tuple(out)


def _view(harm: Harm) -> HarmView:
    share = share_text(harm.value)
    beside = ""
    if harm.comparison is not None and harm.comparison_value is not None:
        beside = f" With {harm.comparison}: {share_text(harm.comparison_value)}."
    interval = (
        f" ({harm.low:g} to {harm.high:g}; {harm.level:g}% interval)"
        if harm.low is not None and harm.high is not None and harm.level is not None
        else ""
    )
    counts = f", {harm.events} of {harm.n}" if harm.events is not None else ""
    low_high = (
        f" (range {whole(harm.low)} to {whole(harm.high)})"
        if harm.low is not None and harm.high is not None
        else ""
    )
    return HarmView(
        harm=harm,
        treatment=harm.treatment,
        share=share,
        sentence=(
            f"After {harm.treatment}: {harm.harm} in {share} people{low_high}, "
            f"{harm.measured}.{beside}"
        ),
        printed=f"{harm.value:g}%{interval}{counts}",
    )


def quality_views(catalog: Catalog) -> tuple[QualityView, ...]:
    """Return what trials say of quality of life; one row per trial and instrument."""
    seen: dict[tuple[str, str, str], QualityView] = {}
    for claim in catalog.claims.values():
        study = catalog.studies[claim.study_id]
        if claim.outcome != QUALITY or not claim.value_text or study.design != "rct":
            continue
        words = f"{claim.outcome_printed or 'Quality of life'}: {claim.value_text}."
        place = (
            f"{claim.source_id or claim.report_id}, {claim.location_text or 'place not recorded'}"
        )
        view = QualityView(claim_id=claim.claim_id, label=study.label, words=words, source=place)
        seen.setdefault((claim.study_id, claim.outcome_printed or "", claim.value_text), view)
    return tuple(seen.values())
