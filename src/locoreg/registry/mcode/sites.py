"""Organs and sides: of codes of metastases, of body sites, of body structures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from locoreg.registry.mcode.codes import (
    BY_WORDS,
    VERSION,
    Reading,
    first_code,
    icd10,
    organ_by_words,
    read_code,
    side_by_words,
    words_of,
)
from locoreg.registry.mcode.datatypes import Concept, Extension, Site
from locoreg.registry.mcode.diseasewords import place_words, states_breast_cancer

# ICD-10 and ICD-10-CM (C77-C79, C7B), longest codes first: organ and whether it is distant.
# C77.3 (axilla) and C79.81 (breast) are no distant metastasis; of C77.0 (neck and supraclavicular),
# C77.1 (which holds the internal mammary nodes) and unspecified nodes the code can't tell.
_ICD = {
    "C770": ("supraclavicular_ln", "unclear"),
    "C771": ("distant_ln", "unclear"),
    "C772": ("distant_ln", "distant"),
    "C773": ("regional_ln", "regional"),
    "C774": ("distant_ln", "distant"),
    "C775": ("distant_ln", "distant"),
    "C77": ("node", "unclear"),
    "C780": ("lung", "distant"),
    "C782": ("pleura", "distant"),
    "C786": ("peritoneum", "distant"),
    "C787": ("liver", "distant"),
    "C78": ("other", "distant"),
    "C792": ("skin_soft_tissue", "distant"),
    "C7932": ("leptomeninges", "distant"),
    "C793": ("brain", "distant"),
    "C795": ("bone", "distant"),
    "C796": ("ovary", "distant"),
    "C797": ("adrenal", "distant"),
    "C7981": ("breast", "regional"),
    "C799": ("", "unclear"),
    "C79": ("other", "distant"),
    "C7B01": ("distant_ln", "distant"),
    "C7B02": ("liver", "distant"),
    "C7B03": ("bone", "distant"),
    "C7B04": ("peritoneum", "distant"),
    "C7B00": ("", "unclear"),
    "C7B": ("other", "distant"),
    "C800": ("", "unclear"),
}
_LONGEST = 5
_REGIONS = {
    "regional_ln": "regional",
    "breast": "regional",
    "node": "unclear",
    "supraclavicular_ln": "unclear",
    "": "unclear",
}
# What the table ``lesion`` calls the organs that are kept apart here.
_CANONICAL = {
    "node": None,
    "supraclavicular_ln": "distant_ln",
    "chest_wall": "skin_soft_tissue",
    "": None,
}


class Place(NamedTuple):
    """Where something is.

    Attributes
    ----------
    organ : str
        Organ; besides those of the table ``lesion`` also node (of an unknown region),
        supraclavicular_ln and chest_wall; empty if unknown.
    side : str
        left, right, bilateral or empty.
    region : str
        distant, regional or unclear.
    reading : Reading or None
        The code that was read.
    """

    organ: str
    side: str
    region: str
    reading: Reading | None

    @property
    def canonical(self) -> str | None:
        """The organ as the table ``lesion`` names it."""
        return _CANONICAL.get(self.organ, self.organ)


NOWHERE = Place("", "", "unclear", None)


def metastasis_place(concept: Concept | None) -> Place:
    """Return where a metastasis is by its code."""
    found = icd10(concept)
    if found is not None:
        code = found.plain
        for length in range(min(_LONGEST, len(code)), 2, -1):
            if code[:length] in _ICD:
                organ, region = _ICD[code[:length]]
                reading = Reading(organ, "", found.system, found.written, found.display, VERSION)
                return Place(organ, _icd_side(code), region, reading)
    known = read_code("secondary", concept)
    if known is not None and known.value:
        return Place(known.value, known.extra or _side(concept), _region(known.value), known)
    # The words of a metastasis may name where it came from, too.
    words = organ_by_words(place_words(concept))
    if words is not None:
        vocabulary, written, display = first_code(concept)
        named = words._replace(system=vocabulary, code=written, display=display)
        return Place(words.value, words.extra, _region(words.value), named)
    side = "" if states_breast_cancer(concept) else _side(concept)
    return Place("", side, "unclear", known)


def words_disagree(place: Place) -> str | None:
    """Return the organ that the words beside a code name, if it is another one."""
    reading = place.reading
    if reading is None or reading.version == BY_WORDS or not place.organ or not reading.display:
        return None
    words = organ_by_words(Concept(text=reading.display))
    if words is None or place.organ == "other" or words.value == "other":
        return None
    nodes = {"node", "distant_ln", "supraclavicular_ln", "regional_ln"}
    same = words.value == place.organ or {words.value, place.organ} <= nodes
    # "Brain and cerebral meninges", "female breast and skin": any word of the organ is enough.
    alone = [organ_by_words(Concept(text=part)) for part in reading.display.lower().split()]
    return None if same or any(w and w.value == place.organ for w in alone) else words.value


def site_place(site: Concept | None, extensions: Sequence[Extension] = ()) -> Place:
    """Return where a body site is; the side may stand in an extension."""
    if site is None:
        return NOWHERE
    found = read_code("site", site) or organ_by_words(site)
    own = site.extension if isinstance(site, Site) else ()
    side = _qualified((*own, *extensions))
    if found is None:
        return Place("", side or _side(site), "unclear", None)
    return Place(found.value, side or found.extra or _side(site), _region(found.value), found)


def qualifier_side(qualifiers: Sequence[Concept]) -> str:
    """Return the side that qualifiers of a location name."""
    sides = {r.value for q in qualifiers if (r := read_code("laterality", q)) and r.value}
    if len(sides) == 2 or "bilateral" in sides:
        return "bilateral"
    return sides.pop() if sides else ""


def breast_side(concept: Concept | None) -> str:
    """Return the side of a breast cancer by its code: ICD-10-CM, SNOMED CT, or words."""
    found = icd10(concept)
    if found is not None and found.plain.startswith("C50") and found.system == "ICD-10-CM":
        return {"1": "right", "2": "left"}.get(found.plain[5:6], "")
    known = read_code("breast", concept)
    return (known.extra if known else "") or _side(concept)


def _icd_side(code: str) -> str:
    """Return the side of C78.0x, C79.0x, C79.6x and C79.7x of ICD-10-CM."""
    if code[:4] not in {"C780", "C790", "C796", "C797"}:
        return ""
    return {"1": "right", "2": "left", "3": "bilateral"}.get(code[4:5], "")


def _qualified(extensions: Sequence[Extension]) -> str:
    found = [
        part.value_codeable_concept
        for part in extensions
        if part.url.endswith("mcode-laterality-qualifier") and part.value_codeable_concept
    ]
    return qualifier_side(found)


def _region(organ: str) -> str:
    return _REGIONS.get(organ, "distant")


def _side(concept: Concept | None) -> str:
    sides = {side for words in words_of(concept) if (side := side_by_words(words))}
    return sides.pop() if len(sides) == 1 else ""
