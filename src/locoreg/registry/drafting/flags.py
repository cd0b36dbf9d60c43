"""Columns that are rows elsewhere: ``bone_mets: yes``, ``date of recurrence``."""

from __future__ import annotations

from collections.abc import Sequence

from locoreg.registry.drafting.fitting import Fit, fit
from locoreg.registry.drafting.folding import words
from locoreg.registry.drafting.model import Cell, Entry, Looked
from locoreg.registry.drafting.vocabulary import canonical_word
from locoreg.registry.tables import TABLES

_METASTASIS = frozenset(
    ("met", "mets", "metastasis", "metastases", "metastatic", "metastase", "metastasen")
)
_AROUND = frozenset(("site", "sites", "of", "at", "location", "organ", "choice", "to", "in"))
_MODALITIES = (
    (
        frozenset(("surgery", "surgical", "op", "operation", "resection", "margin", "margins")),
        "surgery",
    ),
    (
        frozenset(
            ("rt", "radiotherapy", "radiation", "xrt", "gy", "fractions", "fraction", "dose")
        ),
        "rt_unspecified",
    ),
)
FEWEST_ORGANS = 2
_EVENTS = (
    (_METASTASIS | {"distant"}, "distant_recurrence"),
    (frozenset(("regional",)), "regional_recurrence"),
    (frozenset(("local", "lokal", "locoregional")), "local_recurrence"),
    (frozenset(("progression", "progress")), "progression"),
)


def lesion_entries(columns: Sequence[Looked]) -> list[Entry]:
    """Return an entry for each column that says whether an organ has metastases.

    Parameters
    ----------
    columns : sequence of Looked
        Columns of a file; those that are used are marked.

    Returns
    -------
    list of Entry
        Of ``lesion``, for the rows where the answer is yes.
    """
    entries = []
    for looked in columns:
        if looked.used or looked.good:
            continue
        organ = _organ(looked)
        if organ is None:
            continue
        found = fit(looked.profile, "lesion", "biopsied", None)
        if found.problem is not None:
            continue
        yes = _yes(looked, found)
        if not yes:
            continue
        looked.used = True
        entry = Entry(table="lesion", constants={"organ": organ})
        entry.when = {"column": looked.profile.header, "in": yes}
        entry.questions.append("first_seen_date: which column holds the day?")
        entries.append(entry)
    return entries + _bare_organs(columns)


def _bare_organs(columns: Sequence[Looked]) -> list[Entry]:
    """Return questions on columns that are called ``Bone``, ``Liver``, if there are several."""
    organ = TABLES["lesion"].column("organ")
    found = []
    for looked in columns:
        name = canonical_word("lesion", organ, " ".join(looked.profile.words))
        if looked.used or looked.good or name is None:
            continue
        read = fit(looked.profile, "lesion", "biopsied", None)
        yes = _yes(looked, read) if read.problem is None else []
        if yes:
            entry = Entry(table="lesion", constants={"organ": name})
            entry.when = {"column": looked.profile.header, "in": yes}
            entry.doubt = f"does {yes[0]} mean a metastasis there?"
            found.append((looked, entry))
    if len(found) < FEWEST_ORGANS:
        return []
    for looked, _ in found:
        looked.used = True
    return [entry for _, entry in found]


def _organ(looked: Looked) -> str | None:
    all_words = (
        *(word for name in looked.profile.names for word in name),
        *words(looked.profile.description),
    )
    if not _METASTASIS.intersection(all_words):
        return None
    organ = TABLES["lesion"].column("organ")
    for name in (*looked.profile.names, words(looked.profile.description)):
        left = [w for w in name if w not in _METASTASIS and w not in _AROUND]
        found = canonical_word("lesion", organ, " ".join(left)) if left else None
        # The choice of a checkbox stands behind the label of its field.
        found = found or (canonical_word("lesion", organ, left[-1]) if left else None)
        if found is not None:
            return found
    return None


def _yes(looked: Looked, found: Fit) -> list[str]:
    column = TABLES["lesion"].column("biopsied")
    labels = looked.profile.labels
    return [
        value
        for value in looked.profile.values
        if canonical_word("lesion", column, labels.get(value, value)) == "true"
    ]


def event_entries(entries: Sequence[Entry]) -> tuple[list[Entry], list[Entry]]:
    """Make events of dates whose header says what happened.

    Parameters
    ----------
    entries : sequence of Entry
        Entries of one file.

    Returns
    -------
    kept : list of Entry
        Entries without such dates.
    events : list of Entry
        Entries of ``disease_event``, one per date, for the rows where it is known.
    """
    kept, events = [], []
    for entry in entries:
        lone = entry.table == "lesion" and set(entry.columns) == {"first_seen_date"}
        typeless = entry.table == "disease_event" and "type" not in entry.columns
        if not (lone or typeless):
            kept.append(entry)
            continue
        name = "first_seen_date" if lone else "date"
        cell = entry.columns.pop(name, None)
        if cell is not None:
            events.append(_event(cell))
        if entry.columns:
            kept.append(entry)
    return kept, events


def _event(cell: Cell) -> Entry:
    profile = cell.looked.profile
    said = {word for name in profile.names for word in name} | set(words(profile.description))
    kind = next((kind for marks, kind in _EVENTS if said & marks), None)
    entry = Entry(table="disease_event", columns={"date": cell})
    if kind is None:
        entry.questions.append("type: which event is this the date of?")
    else:
        entry.constants["type"] = kind
    entry.when = {"column": cell.header, "known": True}
    return entry


def therapy_entries(entries: Sequence[Entry]) -> list[Entry]:
    """Part the columns of surgery and of radiotherapy that stand in one row of a wide file.

    Parameters
    ----------
    entries : sequence of Entry
        Entries of one file.

    Returns
    -------
    list of Entry
        Local therapies without a column of the modality are one entry for each modality that the
        headers name, for the rows where something of it is known.
    """
    out: list[Entry] = []
    for entry in entries:
        if entry.table != "local_therapy" or "modality" in entry.columns:
            out.append(entry)
            continue
        groups: dict[str | None, Entry] = {}
        for name, cell in entry.columns.items():
            modality = _modality(cell)
            part = groups.setdefault(modality, Entry(table="local_therapy"))
            part.columns[name] = cell
        common = groups.pop(None, None)
        if not groups:
            entry.questions.append("modality: surgery, sabr, conventional_rt or another?")
            out.append(entry)
            continue
        for modality, part in groups.items():
            out.append(_treated(part, str(modality), common))
        for part in list(groups.values())[:1]:
            part.questions += entry.questions
    return out


def _treated(part: Entry, modality: str, common: Entry | None) -> Entry:
    part.constants["modality"] = modality
    header = next(iter(part.columns.values())).header
    part.when = {"column": header, "known": True}
    part.questions.append("target: primary, regional_nodes or lesion?")
    if common is not None:
        headers = ", ".join(" ".join(c.header.split()) for c in common.columns.values())
        part.questions.append(f"{headers}: of this treatment or of another?")
    return part


def _modality(cell: Cell) -> str | None:
    said = {word for name in cell.looked.profile.names for word in name}
    return next((modality for marks, modality in _MODALITIES if said & marks), None)
