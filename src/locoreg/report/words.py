"""Numbers and coded words as a reader sees them; formatting only, no arithmetic."""

from __future__ import annotations

import math
import re
from typing import Protocol
from urllib.parse import quote

from locoreg.core.numbertext import decimal_text, interval_text
from locoreg.figures.wording import NARROW
from locoreg.report.blocks import Badge, Inline, Link, Text, Tone

NOT_ESTIMABLE = "not estimable"
NONE = "–"
DISCLAIMER = "For research. Not a medical device."

SEVERITY_SIGNS: dict[str, str] = {"blocking": "■", "serious": "▲", "minor": "◆", "note": "○"}
SEVERITY_MEANS = {
    "blocking": "the number can't be right as read",
    "serious": "probably wrong or misleading",
    "minor": "a discrepancy that changes little",
    "note": "something that a reader must know",
}
_SEVERITY_TONES: dict[str, Tone] = {
    "blocking": "blocking",
    "serious": "serious",
    "minor": "minor",
    "note": "note",
}
VERDICT_SIGNS = {"proven": "●", "consistent": "◐", "not reproduced": "○"}
VERDICT_MEANS = {
    "proven": (
        "settings give all printed digits, all of them rest on the same doubtful readings, and "
        "made-up pools are seldom explained as simply"
    ),
    "consistent": (
        "settings give all printed digits, but without any doubtful reading, or also without the "
        "ones named"
    ),
    "not reproduced": "no setting that was tried gives all printed digits",
}
VERIFICATION = {
    "seen": "source read",
    "partly": "partly from memory",
    "secondary": "secondary source",
    "existence": "existence only",
    "memory": "from memory",
}
METHODS = {
    "CE": "common effect, inverse variance",
    "DL": "random effects, DerSimonian-Laird",
    "HE": "random effects, Hedges",
    "HS": "random effects, Hunter-Schmidt",
    "SJ": "random effects, Sidik-Jonkman",
    "ML": "random effects, maximum likelihood",
    "REML": "random effects, restricted maximum likelihood",
    "EB": "random effects, empirical Bayes",
    "PM": "random effects, Paule-Mandel",
    "HSk": "random effects, Hunter-Schmidt corrected for few studies",
    "PMM": "random effects, Paule-Mandel median-unbiased",
    "GENQ": "random effects, Q with given weights",
}
INTERVALS = {
    "normal": "normal interval",
    "t": "t interval",
    "hartung-knapp": "Hartung-Knapp interval",
    "hartung-knapp-floor": "Hartung-Knapp interval, never narrower than the normal one",
}
DESIGNS = {
    "rct": "Randomised trials",
    "observational": "Registry and matched comparisons",
    "registry": "Prospective registry comparisons",
    "matched": "Matched comparisons",
    "cohort": "Unmatched comparisons",
    "pooled": "Published pools",
}
_DOI = re.compile(r"10\.\d{4,9}/\S+\Z")
_NCT = re.compile(r"NCT\d{8}\Z")


class NaturalEstimate(Protocol):
    """What is asked of an estimate: its three numbers on the natural scale."""

    @property
    def natural(self) -> tuple[float, float, float]:
        """Estimate, lower and upper limit."""


def number(value: float | None, digits: int = 2) -> str:
    """Return a number with so many decimals; a dash where there is none."""
    return NONE if value is None else decimal_text(value, digits)


def general(value: float | str | None) -> str:
    """Return a value of unknown kind, numbers with four significant digits."""
    if value is None or isinstance(value, str):
        return value or NONE
    return f"{value:.4g}" if math.isfinite(value) else NOT_ESTIMABLE


def whole(value: int | None) -> str:
    """Return a count with thousands set apart; a dash where there is none."""
    return NONE if value is None else f"{value:,}"


def p_text(value: float | None) -> str:
    """Return a p-value: three decimals, or ``< 0.001``."""
    if value is None or not math.isfinite(value):
        return NONE
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def effect(estimate: NaturalEstimate) -> str:
    """Return ``0.94 (0.63 to 1.40)``, the digits of the figures."""
    mid, low, high = estimate.natural
    return NOT_ESTIMABLE if math.isnan(mid) else interval_text(mid, low, high)


def marked(estimate: NaturalEstimate, floor: NaturalEstimate | None) -> str:
    """Return an effect, marked where its Hartung-Knapp interval has a floored one beside it."""
    return effect(estimate) if floor is None else f"{effect(estimate)} {NARROW}"


def span(low: float, high: float, digits: int = 2) -> str:
    """Return ``0.63 to 1.40``."""
    if math.isnan(low) and math.isnan(high):
        return NOT_ESTIMABLE
    return f"{decimal_text(low, digits)} to {decimal_text(high, digits)}"


def pooled_name(k: int) -> str:
    """Return the name of a pool's own row; one study is not pooled."""
    return "Pooled" if k > 1 else "One study, nothing pooled"


def studies(k: int) -> str:
    """Return ``1 study`` or ``3 studies``."""
    return "1 study" if k == 1 else f"{k:,} studies"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return ``1 finding`` or ``3 findings``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def words(code: str | None) -> str:
    """Return a coded word for readers: ``overall_survival`` as ``overall survival``."""
    return (code or NONE).replace("_", " ")


def design_name(design: str) -> str:
    """Return the name of a design or a group of designs."""
    return DESIGNS.get(design, words(design))


def severity(name: str) -> Badge:
    """Return the mark of a severity: sign, word and colour."""
    return Badge(name, SEVERITY_SIGNS[name], _SEVERITY_TONES[name])


def verdict(name: str) -> Badge:
    """Return the mark of a verdict: sign, word and colour."""
    return Badge(name, VERDICT_SIGNS[name], "good" if name == "proven" else "plain")


def verification(code: str | None) -> Inline:
    """Return how a number was verified; from memory stands out."""
    if not code:
        return "not stated"
    if code in ("memory", "partly"):
        return Badge(VERIFICATION[code], "✱", "memory")
    return VERIFICATION.get(code, code)


def doi_link(doi: str | None) -> Text:
    """Return a DOI as a link, as plain text where it is not one."""
    if not doi:
        return ()
    bare = doi.strip()
    if not _DOI.match(bare):
        return (bare,)
    return (Link("https://doi.org/" + quote(bare, safe="/().;:_-"), f"doi:{bare}"),)


def registry_link(registry_id: str | None) -> Text:
    """Return a trial registration number, as a link where the registry is known."""
    if not registry_id:
        return ()
    bare = registry_id.strip()
    if not _NCT.match(bare):
        return (bare,)
    return (Link(f"https://clinicaltrials.gov/study/{bare}", bare),)


def share(value: float) -> str:
    """Return a proportion as percent without decimals."""
    return f"{value:.0%}" if math.isfinite(value) else NONE
