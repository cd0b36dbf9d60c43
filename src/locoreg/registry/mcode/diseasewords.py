"""What the words of a condition say it is, where no code of it is known."""

from __future__ import annotations

import re
from functools import lru_cache

from locoreg.registry.mcode.codes import organ_by_words, system_of, words_of
from locoreg.registry.mcode.datatypes import Concept

_NOT_NOW = re.compile(
    r"history of|family|screening|suspect|risk of|fear of|no evidence|benign|exclud|ruled out"
    r"|hereditary|syndrome|carrier|susceptib"
)
# Consequences of a cancer and of its treatment are no cancer.
_BESIDE = re.compile(
    r"(cancer|tumou?r|neoplas\w*|malignan\w*)[- ](related|associated|induced)"
    r"|(due to|following|caused by|because of|in remission from) .*"
    r"(cancer|carcinom|malignan|neoplas|chemother|radiother)"
    r"|\b(pain|fatigue|an(a)?emia|anxiety|cachexia|counsel\w*|education|effusion|ascites)\b"
)
_CANCER = re.compile(
    r"malignan|carcinoma|cancer|leuk|lymphoma|melanoma|sarcoma|myeloma|glioma|blastoma"
)
_METASTASIS = re.compile(r"metasta|carcinomatosis|carcinomatosa|lymphangitic carcinoma")
# Hypertension can be secondary and a zoster disseminated: only a neoplasm that is so has spread.
_SPREAD = re.compile(r"\b(secondary(?! to)|secondaries|disseminated|stage (iv|4)[a-d]?)\b")
_NEOPLASM = re.compile(rf"{_CANCER.pattern}|neoplas|tumou?r|nodes")
_BLOOD = re.compile(r"leuk|lymphoma|myeloma")
_BREAST = re.compile(r"\bbreasts?\b|\bmammary (gland|carcinoma|cancer)")
# Tumours in the breast that are no breast cancer.
_IN_BREAST = re.compile(r"skin of|of skin|melanoma|\bbone, connective")
_ORIGIN = re.compile(r"\bfrom\b(.*)")
_BREAST_SPREAD = re.compile(
    # "Metastatic malignant neoplasm of breast" is a metastasis in the breast (SNOMED CT).
    r"(metasta\w*|stage (iv|4)[a-d]?) .*\b(cancer|carcinoma|adenocarcinoma|tumou?r|disease)\b"
    r"|\b(cancer|carcinoma|adenocarcinoma|neoplasm|tumou?r)\b.*\b(metasta\w*|stage (iv|4)[a-d]?\b)"
)
_MET_TO_BREAST = re.compile(
    r"metasta\w* (to|in|of) (the )?(left |right |both )?breasts?\b"
    r"(?! (cancer|carcinoma|adenocarcinoma|tumou?r|neoplasm))"
)
# From "Secondary malignant neoplasm of abdominal esophagus" on, in the order of the sites.
_BLOCK = range(94152006, 94683010)


def kind_by_words(concept: Concept) -> str:
    """Return what the words of a concept call it: breast, secondary, other, cancer or none."""
    for words in words_of(concept):
        kind = _kind(words)
        if kind:
            return _by_organ(concept) if kind == "cancer" else kind
    return "none"


@lru_cache(maxsize=8192)
def _kind(words: str) -> str:
    """Return breast, secondary, other, none, or cancer (of an organ to be looked up)."""
    folded = words.lower()
    if _NOT_NOW.search(folded):
        return "none"
    if _METASTASIS.search(folded) or (_SPREAD.search(folded) and _NEOPLASM.search(folded)):
        return "secondary"
    if not _CANCER.search(folded):
        return ""
    if _BESIDE.search(folded):
        return "none"
    if _BLOOD.search(folded) or (_BREAST.search(folded) and _IN_BREAST.search(folded)):
        return "other"
    return "breast" if _BREAST.search(folded) else "cancer"


def _by_organ(concept: Concept) -> str:
    organ = organ_by_words(concept)
    if organ is None:
        return "cancer"
    return "breast" if organ.value == "breast" else "other"


def kind_by_number(concept: Concept) -> str:
    """Read codes without words: SNOMED CT numbered its secondary neoplasms in one block."""
    codes = [c.code for c in concept.coding if c.code and system_of(c.system) == "SNOMED"]
    block = any(code.isascii() and code.isdigit() and int(code) in _BLOCK for code in codes)
    return "secondary" if block else "none"


def origin_by_words(concept: Concept | None) -> str:
    """Return where the words of a metastasis say that it came from: breast, other, or nothing."""
    for words in words_of(concept):
        found = _origin(words)
        if found:
            return found
    return ""


@lru_cache(maxsize=8192)
def _origin(words: str) -> str:
    folded = words.lower()
    named = _ORIGIN.search(folded)
    if named is not None:
        if _BREAST.search(named.group(1)):
            return "breast"
        known = organ_by_words(Concept(text=named.group(1)))
        return "other" if known is not None and known.value != "breast" else ""
    if _BREAST.search(folded) and _metastatic_breast(folded):
        return "breast"
    return ""


def _metastatic_breast(folded: str) -> bool:
    """Whether words mean a breast cancer that spread, not a metastasis in the breast."""
    if _MET_TO_BREAST.search(folded) or folded.startswith("secondary"):
        return False
    return _BREAST_SPREAD.search(folded) is not None


def states_breast_cancer(concept: Concept | None) -> bool:
    """Whether a metastasis is said to be of a breast cancer, which was there then."""
    return origin_by_words(concept) == "breast"


def place_words(concept: Concept | None) -> Concept | None:
    """Return the words that name the place of a metastasis: not where it came from."""
    shown = []
    for words in words_of(concept):
        folded = words.lower()
        named = _ORIGIN.search(folded)
        if named is not None:
            folded = folded[: named.start()]
        if _BREAST.search(folded) and _metastatic_breast(folded):
            folded = _where_to(folded)
        shown.append(folded)
    return Concept(text="; ".join(shown)) if shown else None


def _where_to(folded: str) -> str:
    """Return what "breast cancer metastatic to bone" or "with bone metastases" names."""
    with_what = re.search(r"\bwith (.*)metasta", folded)
    return with_what.group(1) if with_what else folded.partition(" to ")[2]
