"""What an observation is by its words, where no code of it is known."""

from __future__ import annotations

import re
from functools import lru_cache

_STAIN = re.compile(r"\bihc\b|immun|stain")
_GENE = re.compile(r"\bc?f?ish\b|in situ hyb|amplif|duplicat|copy number")
_NO_MARKER = re.compile(
    r"serum|plasma|blood|intensity|antibod|mutation|variant|sequenc|mrna|control|report|\besr1\b"
)
_MARKERS = (
    ("ER", re.compile(r"\bo?estrogen receptors?\b|\ber (status|result|expression|ihc)\b|^er$")),
    (
        "PR",
        re.compile(
            r"\bprogesterone receptors?\b|\b(pr|pgr) (status|result|expression|ihc)\b|^pg?r$"
        ),
    ),
    ("HER2", re.compile(r"\bher-?2\b|\bc?-?erbb-?2\b|human epidermal growth factor receptor 2")),
    ("KI67", re.compile(r"\bki-?67\b")),
)
_STAGE = re.compile(
    r"\b(ajcc|tnm|cancer|tumou?r|breast|anatomic|prognostic)\b.*\b(stage|staging)\b|\bstage group"
)
_M = re.compile(r"\b[cp]?m category\b|distant metastas[ei]s.*\b(category|class)|\bm stage\b")
_BASES = (("p", re.compile(r"patholog|\bp(tnm|m)\b")), ("c", re.compile(r"clinical|\bc(tnm|m)\b")))


@lru_cache(maxsize=8192)
def role_by_words(words: str) -> tuple[str, str, str] | None:
    """Return kind, meaning and a second part of the meaning, as in the table of codes.

    Parameters
    ----------
    words : str
        Display of a code, or the text of a concept.
    """
    folded = " ".join(words.lower().replace("_", " ").split())
    named = [name for name, pattern in _MARKERS if pattern.search(folded)]
    # One result for two receptors is the result of neither.
    if "estrogen" in folded and "progest" in folded:
        return None
    if len(named) == 1 and not _NO_MARKER.search(folded):
        return _marker(named[0], folded)
    if named:
        return None
    if _M.search(folded):
        return "m_code", _basis(folded), ""
    if _STAGE.search(folded):
        return "group_code", _basis(folded), ""
    return None


def _marker(name: str, folded: str) -> tuple[str, str, str]:
    percent = "percent" in folded or "%" in folded or "/100 cells" in folded
    if name != "HER2":
        return "marker", name, "percent" if percent else "interpretation"
    if _GENE.search(folded):
        ratio = "ratio" in folded or "copy number" in folded
        return "marker", "HER2_ISH", "ratio" if ratio else "presence"
    return "marker", "HER2_IHC" if _STAIN.search(folded) else "HER2", "interpretation"


def _basis(folded: str) -> str:
    return next((basis for basis, pattern in _BASES if pattern.search(folded)), "")
