"""What a procedure is by its words, where neither its profile nor a code says it."""

from __future__ import annotations

import re
from functools import lru_cache

_SURGERY = re.compile(r"\w{3,}ectomy\b|\bexcision\b|\bresection\b|\bdissection\b|\blumpectom")
_RADIOTHERAPY = re.compile(
    r"radiotherap|radiation therap|brachytherap|teletherap|\birradiation\b|radiosurg"
)
# Part of many names, and no treatment of a tumour by themselves.
_NO_TREATMENT = re.compile(
    r"biopsy|reconstruct|prosthe|implant|catheter|\bport\b|plann?ing|simulation|consult|history"
    r"|education|prophyla|risk[- ]reducing|suture|drain|dressing|referral|follow-up|declin|refus"
    r"|assessment|evaluation|imaging|counsel"
)
_BREAST_SURGERY = re.compile(r"mastectom|lumpectom|\bbreast|tylectom|quadrantectom")
_NODE_SURGERY = re.compile(r"(axilla|sentinel|lymph).*(node|dissect|excis)|lymphadenectom")


@lru_cache(maxsize=4096)
def treatment_by_words(words: str) -> str:
    """Return surgery or rt_unspecified; empty if the words name no such treatment.

    Parameters
    ----------
    words : str
        Words of the code, in lower case.
    """
    if _RADIOTHERAPY.search(words):
        return "" if _NO_TREATMENT.search(words) else "rt_unspecified"
    if _NO_TREATMENT.search(words):
        return ""
    return "surgery" if _SURGERY.search(words) or "ablation" in words else ""


@lru_cache(maxsize=4096)
def is_breast_surgery(words: str) -> bool:
    """Whether words name an operation on the breast or its nodes, in lower case."""
    return bool(_BREAST_SURGERY.search(words) or _NODE_SURGERY.search(words))
