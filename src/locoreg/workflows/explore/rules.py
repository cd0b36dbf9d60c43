"""The audit's rules for readers: what must hold, why it matters, and an example in two lines."""

from __future__ import annotations

from dataclasses import dataclass

from locoreg.core.errors import DataError, did_you_mean
from locoreg.evidence.audit import CHECKS


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleNote:
    """One rule of the audit.

    Attributes
    ----------
    rule : str
        Its name in findings.
    holds : str
        What must hold: one sentence per check under this name.
    why : str
        What goes wrong in a pool or in a reader's mind where it does not hold.
    example : tuple of str
        Two lines with the arithmetic.
    """

    rule: str
    holds: str
    why: str
    example: tuple[str, str]

    def to_dict(self) -> dict[str, object]:
        """Return the note as JSON-ready values."""
        return {
            "rule": self.rule,
            "holds": self.holds,
            "why": self.why,
            "example": list(self.example),
        }


INVALID = "invalid-cell"
_NOTES: dict[str, tuple[str, str, str]] = {
    INVALID: (
        "A row with a cell that can't be read takes no part in any pool, and nobody would see it.",
        "A limit is entered as 1,33 instead of 1.33.",
        "The cell is no number: the row stays out until it is mended, and the finding names it.",
    ),
    "estimate-outside-interval": (
        "One of three numbers is wrong, and with it the weight or the place of the study.",
        "HR 0.66 with limits 0.72 to 0.98.",
        "0.66 lies below 0.72: no interval of any level leaves its own estimate outside.",
    ),
    "interval-asymmetry": (
        "A misprinted digit moves the estimate or the weight of a study without looking wrong.",
        "HR 0.60 (0.49 to 0.98): the middle on the log scale is the root of 0.49 × 0.98 = 0.69.",
        "0.60 lies 42% of the half-width from it, and rounding explains less than 5%.",
    ),
    "more-events-than-patients": (
        "The interval is narrower than any analysis of these patients could give: the study weighs "
        "too much.",
        "HR 0.90 (0.85 to 0.95) in 500 patients: SE = ln(0.95 / 0.85) / 3.92 = 0.0284.",
        "No fewer than 4 / SE² = 4,968 events give that SE, and there are 500 patients.",
    ),
    "level-against-events": (
        "A 90% interval read as a 95% one makes the study weigh 1.42 times what it is due.",
        "A 95% interval 0.66 to 1.12 beside 155 deaths: 4 / SE² = 220 events.",
        "Read as a 90% interval, SE = ln(1.12 / 0.66) / 3.29 = 0.161, and 4 / SE² = 155.",
    ),
    "p-against-interval": (
        "Interval and p-value tell readers different stories; one of them is of another analysis, "
        "level or side.",
        "HR 0.80 (0.65 to 0.98) with p = 0.20: z = ln(0.80) / 0.105 = −2.13.",
        "That z has p = 0.033: interval and p-value can't both be right.",
    ),
    "subgroup-information": (
        "A part that knows more than the whole was analysed otherwise, or its level is another.",
        "All: HR 0.80 (0.65 to 0.98), 1 / SE² = 91. A part: HR 0.70 (0.60 to 0.82), 1 / SE² = 157.",
        "The part would hold 1.73 times the information of the whole.",
    ),
    "direction": (
        "A ratio with the arms exchanged turns harm into benefit, in the study and in every pool.",
        "HR 0.691 (0.358 to 1.333) with medians of 34.6 months with surgery and 54.8 without.",
        "The medians imply 54.8 / 34.6 = 1.58; the reciprocal of 0.691 is 1.447: arms exchanged.",
    ),
    "route-disagreement": (
        "Two numbers on one comparison can't both weigh in; another endpoint or other patients may "
        "stand in one of them.",
        "HR 0.50 (0.46 to 0.54) with medians of 24 and 20 months.",
        "The medians imply 20 / 24 = 0.83: the same side, and another size.",
    ),
    "survival-against-median": (
        "Median or landmark belongs to another time, arm or outcome.",
        "Median survival 30 months; survival at 36 months 60%.",
        "After the median survival is below 50% by definition: 60% at 36 months can't be.",
    ),
    "survival-order": (
        "An arm's numbers are exchanged between times or arms.",
        "Survival 40% at 24 months and 55% at 60 months.",
        "Survival never rises: 55% after 40% means that one of them stands elsewhere.",
    ),
    "outcome-order": (
        "Numbers of two outcomes are exchanged.",
        "Median progression-free survival 20 months, median overall survival 18 months.",
        "Each death ends both: the first can't come later than the second, and 20 is above 18.",
    ),
    "landmark-label": (
        "Survival at another time than its label says enters a comparison with the wrong time.",
        "The header says two-year survival, the row 60 months.",
        "2 × 12 = 24 months: one of the two times is wrong.",
    ),
    "time-unit": (
        "Years read as months, or the reverse, shift survival twelvefold.",
        "Median follow-up 240 months in a trial that began in 2007 and was published in 2018.",
        "(2018 − 2007) × 12 = 132 months is the longest possible; 240 / 12 = 20.",
    ),
    "counts": (
        "Rates, odds and weights that are derived from such counts are wrong.",
        "Arms of 138 and 136 patients, 278 in all; 54 events among 48 patients.",
        "138 + 136 = 274, not 278; and 54 is more than 48.",
    ),
    "grim": (
        "A percentage that no whole number of patients gives was made from other patients than "
        "stated.",
        "47.3% of 20 patients.",
        "9 of 20 are 45.0% and 10 of 20 are 50.0%; nothing lies between.",
    ),
    "repeated-text": (
        "A sentence copied down a column says of several studies what is known of one.",
        "Three trials have the same sentence of 30 characters or more as their criterion.",
        "Protocols differ: two of the three cells may have been filled by a spreadsheet.",
    ),
    "table-against-text": (
        "Whoever reads one place pools another number than whoever reads the other.",
        "The table prints HR 0.66, the abstract HR 0.69.",
        "They are 0.03 apart, and rounding explains 0.01 at most.",
    ),
    "report-against-report": (
        "Reports of one study that differ more than follow-up explains can't both be used.",
        "First report: SE 0.20 from 100 patients. Later report: SE 0.14 from 80.",
        "The SE falls by 30% although patients are fewer.",
    ),
    "review-against-source": (
        "Pools are built from quotations: a slip in one travels into all of them.",
        "The review quotes HR 0.66 (0.49 to 0.98); the report prints 0.66 (0.49 to 0.88).",
        "SE becomes 0.177 instead of 0.149, and the weight falls to 71% of what it is due.",
    ),
    "measure-label": (
        "Odds, risk and hazard ratios are different numbers and can't stand in one pool.",
        "30 of 100 and 42 of 100 patients with an event; printed: OR 0.71.",
        "OR = (30 / 70) / (42 / 58) = 0.59; 0.71 is the risk ratio, 0.30 / 0.42.",
    ),
    "double-counting": (
        "Patients counted twice make a pool surer than its patients can.",
        "HR 0.66 with SE 0.15 enters a pool twice, under two names.",
        "The pooled SE becomes 0.15 / √2 = 0.106: the interval is 29% too narrow.",
    ),
    "se-or-variance": (
        "A variance read as a standard error changes a weight manifold.",
        "HR 0.66 (0.49 to 0.88) and a column SE that holds 0.022.",
        "SE = ln(0.88 / 0.49) / 3.92 = 0.149, and 0.149² = 0.022: the column holds the variance.",
    ),
    "impossible-value": (
        "A value outside what can be is a slip of typing, unit or column.",
        "Survival of 112% at 36 months.",
        "Percentages end at 100; the row stays visible and the value is not used.",
    ),
    "unknown-outcome": (
        "A row whose outcome has no known name is pooled nowhere, silently.",
        "The outcome is entered as “overal survival”.",
        "No id, label or alias matches: the finding names the nearest known outcome.",
    ),
    "no-precision": (
        "An effect without anything that gives its standard error has no weight.",
        "HR 0.70 with p < 0.05 and no interval.",
        "All that follows is an SE below |ln 0.70| / 1.96 = 0.182: no weight can be given.",
    ),
    "verification": (
        "A number that nobody saw in print may be one that nobody printed.",
        "A row is marked as from memory.",
        "It is shown and not pooled, unless it is asked for.",
    ),
    "pool-not-reproduced": (
        "A published pool that its own inputs don't give rests on other numbers than it says.",
        "Inputs HR 0.66 (0.49 to 0.88) and 1.04 (0.81 to 1.34); the review prints a pool of 0.75.",
        "Weighted by 1 / SE² of 44.8 and 60.6 they give 0.86.",
    ),
}


def rule_notes() -> tuple[RuleNote, ...]:
    """Return all rules in the order of the checks, cells that can't be read first."""
    holds: dict[str, list[str]] = {INVALID: ["A cell can be used, and agrees with its row."]}
    for check in CHECKS:
        holds.setdefault(check.rule, []).append(check.description)
    return tuple(
        RuleNote(
            rule=rule,
            holds=" ".join(dict.fromkeys(sentences)),
            why=_NOTES[rule][0],
            example=(_NOTES[rule][1], _NOTES[rule][2]),
        )
        for rule, sentences in holds.items()
    )


def rule_note(rule: str) -> RuleNote:
    """Return one rule; DataError if there is none of that name."""
    notes = {note.rule: note for note in rule_notes()}
    if rule not in notes:
        raise DataError(f"there is no rule {rule!r}.", hint=did_you_mean(rule, notes))
    return notes[rule]
