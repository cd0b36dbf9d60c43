"""Risk-of-bias marks beside a forest plot: a sign per domain, sign and letter for the whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from locoreg.evidence.biastools import CONCERNS, Tool
from locoreg.evidence.riskofbias import Assessment, assessment_of
from locoreg.figures.canvas import Pen
from locoreg.figures.layouts import FAINT_INK
from locoreg.figures.textfit import text_width

SIGN_SIZE = 8.5
HEAD_SIZE = 7.0
SLOT = 8.5
WHOLE = "All"
NO_RECORD = "not assessed"
# A dash would pass for the sign of high risk.
NOT_JUDGED = "·"
HEAD = "Risk of bias"
# Word of an instrument: sign, letter and colour, so that colour is never alone.
SIGNS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "low": ("+", "L", "#1B6E3C"),
        "some concerns": ("!", "S", "#7A5200"),
        "moderate": ("!", "M", "#7A5200"),
        "unclear": ("?", "U", "#7A5200"),
        "high": ("−", "H", "#9E1B1B"),
        "serious": ("−", "S", "#9E1B1B"),
        "critical": ("✖", "C", "#6B0F3A"),
        "no information": ("?", "N", FAINT_INK),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BiasMarks:
    """The marks of one study.

    Attributes
    ----------
    tool : Tool
        Instrument.
    domains : tuple of str or None
        Judgement of each domain in the instrument's order; None where there is none.
    overall : str or None
        Of the whole.
    assessor : str
        Who judged.
    others : int
        Further assessments on record.
    """

    tool: Tool
    domains: tuple[str | None, ...]
    overall: str | None
    assessor: str
    others: int

    @property
    def sentence(self) -> str:
        """The marks in words."""
        parts = [
            f"{domain} {word or 'not judged'}"
            for domain, word in zip(self.tool.domains, self.domains, strict=True)
        ]
        return (
            f"risk of bias ({self.tool.label}): {self.overall or 'no overall judgement'}; "
            + ", ".join(parts)
        )


def bias_marks(found: Sequence[Assessment], study_id: str, outcome: str) -> BiasMarks | None:
    """Return the marks of a study; None where no assessment is on record.

    Parameters
    ----------
    found : sequence of Assessment
        All that are on record.
    study_id, outcome : str
        Study and outcome.

    Returns
    -------
    BiasMarks or None
        Of the assessment that counts for the outcome.
    """
    chosen, others = assessment_of(found, study_id, outcome)
    if chosen is None:
        return None
    judged = [chosen.domains.get(domain) for domain in chosen.tool.domains]
    return BiasMarks(
        tool=chosen.tool,
        domains=tuple(None if one is None else one.judgement for one in judged),
        overall=chosen.overall,
        assessor=chosen.assessor,
        others=len(others),
    )


def bias_rank(marks: BiasMarks | None) -> int:
    """Return the place of a study in an order by risk of bias, the greatest first."""
    if marks is None or marks.overall is None:
        return len(CONCERNS)
    concern = marks.tool.judgements[marks.overall]
    if concern == "unknown":
        return len(CONCERNS)
    return len(CONCERNS) - 1 - CONCERNS.index(concern)


def bias_slots(marks: Iterable[BiasMarks | None]) -> int:
    """Return how many domains need room: those of the longest instrument; 0 without marks."""
    return max((len(one.domains) for one in marks if one is not None), default=0)


def bias_width(slots: int) -> float:
    """Return the width of the column in points."""
    whole = max(text_width("✖ M", SIGN_SIZE), text_width(WHOLE, HEAD_SIZE, "bold"))
    return max(SLOT * slots + 4 + whole, text_width(NO_RECORD, HEAD_SIZE))


def draw_bias(pen: Pen, left: float, slots: int, marks: BiasMarks | None, y: float) -> None:
    """Draw the marks of one study.

    Parameters
    ----------
    pen : Pen
        Of the row.
    left : float
        Left edge of the column in points.
    slots : int
        Domains that have room.
    marks : BiasMarks or None
        None says that there is no assessment.
    y : float
        Middle of the row.
    """
    if marks is None:
        pen.text(left, y, NO_RECORD, role="bias", size=HEAD_SIZE, colour=FAINT_INK)
        return
    for i, word in enumerate(marks.domains):
        sign, _, colour = (NOT_JUDGED, "", FAINT_INK) if word is None else SIGNS[word]
        pen.text(
            left + SLOT * (i + 0.5), y, sign, role="bias", size=SIGN_SIZE, align="center",
            bold=True, colour=colour,
        )  # fmt: skip
    text, colour = NOT_JUDGED, FAINT_INK
    if marks.overall is not None:
        sign, letter, colour = SIGNS[marks.overall]
        text = f"{sign} {letter}"
    pen.text(
        left + SLOT * slots + 4, y, text, role="bias-overall", size=SIGN_SIZE, bold=True,
        colour=colour,
    )  # fmt: skip


def draw_bias_heads(pen: Pen, left: float, slots: int, y: float, colour: str) -> None:
    """Draw the numbers of the domains above the marks.

    Parameters
    ----------
    pen : Pen
        Of the heads.
    left : float
        Left edge of the column in points.
    slots : int
        Domains that have room.
    y : float
        Middle of the line.
    colour : str
        Of headings.
    """
    for i in range(slots):
        pen.text(
            left + SLOT * (i + 0.5), y, str(i + 1), role="bias-domain", size=HEAD_SIZE,
            align="center", bold=True, colour=colour,
        )  # fmt: skip
    pen.text(
        left + SLOT * slots + 4, y, WHOLE, role="bias-domain", size=HEAD_SIZE, bold=True,
        colour=colour,
    )  # fmt: skip


def bias_notes(marks: Iterable[BiasMarks | None], words: Callable[[str], str]) -> list[str]:
    """Return the notes below the figure: signs, domains by number, and who judged.

    Parameters
    ----------
    marks : iterable of BiasMarks or None
        Of the studies shown.
    words : callable
        The layout's spelling.

    Returns
    -------
    list of str
        One per instrument, and one for studies without a record.
    """
    shown = list(marks)
    known = [one for one in shown if one is not None]
    if not known:
        return []
    notes = []
    for tool in {one.tool.name: one.tool for one in known}.values():
        signs = ", ".join(f"{SIGNS[word][0]} {SIGNS[word][1]} {word}" for word in tool.judgements)
        domains = ", ".join(f"{i} {domain}" for i, domain in enumerate(tool.domains, 1))
        who = "; ".join(dict.fromkeys(one.assessor for one in known if one.tool is tool))
        open_ = any(None in one.domains for one in known if one.tool is tool)
        signs += f", {NOT_JUDGED} not judged" if open_ else ""
        notes.append(
            f"{words(f'Risk of bias, {tool.label} ({signs}): {domains}')}. Judged by {who}."
        )
    if any(one is None for one in shown):
        notes.append(f"{NO_RECORD.capitalize()}: no assessment of risk of bias is on record.")
    if any(one.others for one in known):
        notes.append(
            "Where several assessments are on record, the one of the outcome itself is shown, else "
            "the one with the greatest concern."
        )
    return notes
