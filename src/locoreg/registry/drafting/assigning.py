"""Which tables a file feeds, and from which of its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from locoreg.registry.drafting.assays import assay_entries
from locoreg.registry.drafting.fitting import Fit, fit
from locoreg.registry.drafting.flags import event_entries, lesion_entries, therapy_entries
from locoreg.registry.drafting.folding import words
from locoreg.registry.drafting.matching import match_header
from locoreg.registry.drafting.model import Cell, Entry, FileDraft, FileProfile, Looked
from locoreg.registry.drafting.profile import ColumnProfile
from locoreg.registry.drafting.questionnaires import questionnaire_entries
from locoreg.registry.drafting.repeats import repeat_entries
from locoreg.registry.drafting.survival import add_survival
from locoreg.registry.tables import PROVENANCE, TABLES

PATIENT_ID = "patient_id"
# What the name of a file says about the table that it feeds.
_HINTS = {
    "patient": ("patient", "patients", "demographics", "demography", "demographic", "patienten"),
    "primary_tumour": ("tumour", "tumor", "tumours", "tumors", "primary", "diagnosis", "primaries"),
    "receptor_assay": ("receptor", "receptors", "pathology", "assay", "assays", "biopsy"),
    "lesion": ("lesion", "lesions", "metastases", "metastasis", "mets"),
    "imaging_assessment": ("imaging", "scans", "scan", "staging", "assessments"),
    "lesion_measurement": ("measurements", "measurement"),
    "disease_event": ("event", "events", "recurrence", "recurrences", "progression", "relapse"),
    "systemic_line": ("line", "lines", "systemic", "therapies", "regimens"),
    "systemic_drug": ("drug", "drugs", "medication", "medications"),
    "local_therapy": ("local", "surgery", "surgeries", "radiotherapy", "rt", "operations", "sabr"),
    "biomarker": ("biomarker", "biomarkers", "ctdna", "labs", "laboratory", "mirna"),
    "performance": ("performance", "ecog", "visit", "visits"),
    "comorbidity": ("comorbidity", "comorbidities"),
    "adverse_event": ("adverse", "toxicity", "ae", "aes", "toxicities"),
    "qol_response": ("qol", "questionnaire", "questionnaires", "qlq"),
    "observation_window": ("observation", "window", "windows"),
}
_HINT_WEIGHT = 1.5
# What a row must name to be one of these tables; more gaps than this, and it is a row of another.
_NAMED_BY = {
    "lesion": ("organ", "first_seen_date"),
    "imaging_assessment": ("date", "response"),
    "systemic_line": ("regimen", "start_date"),
    "systemic_drug": ("drug", "start_date"),
    "local_therapy": ("start_date",),
    "performance": ("ecog", "karnofsky"),
}
_MANY = 0.2
# Rows that came first would keep fuller ones of another file out.
_ONLY_IDS = (
    "patients of whom nothing but the id is known here: only if no other file describes them"
)
# A header whose values need a decision still says something.
_DOUBT_WEIGHT = 0.5


def look_at(profiles: Sequence[ColumnProfile]) -> list[Looked]:
    """Return what headers and values of columns say."""
    out = []
    for profile in profiles:
        match = match_header(profile)
        fits = {
            (table, column): fit(profile, table, column, match.unit)
            for table, column in match.exact
        }
        out.append(Looked(profile=profile, match=match, fits=fits))
    return out


def assign(profile: FileProfile) -> FileDraft:
    """Return which tables a file feeds.

    Parameters
    ----------
    profile : FileProfile
        The file.

    Returns
    -------
    FileDraft
        Entries with facts and questions; dates are not yet decided.
    """
    columns = look_at(profile.columns)
    patient, other = _patient_id(profile, columns)
    scores = _scores(profile, columns)
    entries = questionnaire_entries(columns)
    entries += repeat_entries(columns, scores)
    if not _is_tidy_assay(columns):
        entries += assay_entries(columns)
    entries += lesion_entries(columns)
    wide = {entry.table for entry in entries if entry.table == "receptor_assay"}
    tidy = _tidy_entries(columns, scores, wide)
    tidy, events = event_entries(therapy_entries(tidy))
    order = {name: place for place, name in enumerate(TABLES)}
    entries = sorted([*tidy, *events, *entries], key=lambda entry: order[entry.table])
    add_survival(entries, columns)
    for entry in entries:
        _only_known(entry)
        _add_patient(entry, patient)
    draft = FileDraft(profile=profile, entries=entries, patient=patient)
    if other is not None:
        profile.remarks.append(other)
    draft.unused = [(looked.profile, _candidates(looked)) for looked in columns if not looked.used]
    return draft


def _patient_id(
    profile: FileProfile, columns: Sequence[Looked]
) -> tuple[Looked | None, str | None]:
    """Return the column of the patient's id, and what is unclear about it."""
    if profile.patient_id is not None:
        found = next((c for c in columns if c.profile.header == profile.patient_id), None)
    else:
        named = [c for c in columns if ("patient", PATIENT_ID) in c.match.exact]
        found = next((c for c in named if not c.profile.private), None)
    if found is not None:
        found.used = True
        return found, None
    keys = [c.profile.header for c in columns if c.profile.is_key or "id" in c.profile.words]
    listed = f" (perhaps {', '.join(_plain(key) for key in keys[:4])})" if keys else ""
    return None, f"no column is named as the patient's id{listed}: every entry needs patient_id"


def _plain(text: str) -> str:
    return " ".join(text.split())[:60]


def _scores(profile: FileProfile, columns: Sequence[Looked]) -> dict[str, float]:
    """Return how much the file speaks for each table: its name, and its columns' headers."""
    scores = dict.fromkeys(TABLES, 0.0)
    stem = set(words(profile.name.rpartition(".")[0] or profile.name))
    for table, hints in _HINTS.items():
        if stem.intersection(hints):
            scores[table] += _HINT_WEIGHT
    for looked in columns:
        good = {table for table, column in looked.good if column != PATIENT_ID}
        tables = good or {table for table, column in looked.fits if column != PATIENT_ID}
        for table in tables:
            scores[table] += (1.0 if good else _DOUBT_WEIGHT) / len(tables)
    return scores


def _is_tidy_assay(columns: Sequence[Looked]) -> bool:
    return any(("receptor_assay", "marker") in c.good for c in columns)


def _tidy_entries(
    columns: Sequence[Looked], scores: Mapping[str, float], wide: set[str]
) -> list[Entry]:
    """Give every column to the best of the tables that its header names, wide ones left out."""
    own = {
        table
        for looked in columns
        if not looked.used
        for table, column in looked.good
        if column != PATIENT_ID and len({t for t, _ in looked.good}) == 1
    }
    if not own:
        best = max(scores, key=lambda table: scores[table])
        # One date alone may belong anywhere.
        own = {best} if scores[best] >= 1 else set()
    own -= wide
    entries: dict[str, Entry] = {}
    for looked in columns:
        if looked.used:
            continue
        places = [p for p in (looked.good or looked.fits) if p[0] in own and p[1] != PATIENT_ID]
        if not places:
            continue
        place = max(places, key=lambda p: scores[p[0]])
        same = [p for p in places if p[0] == place[0]]
        entry = entries.setdefault(place[0], Entry(table=place[0]))
        _place(entry, place[1], looked, [column for _, column in same])
    return list(entries.values())


def _place(entry: Entry, column: str, looked: Looked, names: Sequence[str]) -> None:
    found = looked.fits[entry.table, column]
    doubt = found.problem
    if len(names) > 1:
        doubt = f"{' or '.join(names)}: the header does not say which"
    taken = entry.columns.get(column)
    if taken is not None and taken.doubt is None:
        doubt = doubt or f"{taken.header} is taken for {column} already"
    cell = Cell(
        header=looked.profile.header,
        spec=dict(found.spec),
        remarks=list(found.remarks),
        fit=found,
        looked=looked,
        doubt=doubt,
    )
    looked.used = True
    if doubt is None and taken is not None:
        # What was a question before stays one beside the fact.
        entry.questions.append(f"{column} may also be {_plain(taken.header)}: {taken.doubt}")
    if doubt is not None and taken is not None:
        entry.questions.append(f"{column} may also be {_plain(cell.header)}: {doubt}")
        return
    entry.columns[column] = cell


def _only_known(entry: Entry) -> None:
    """Take only the rows that name what the table is about, where many don't."""
    named = _NAMED_BY.get(entry.table, ())
    keys = {c.name for c in TABLES[entry.table].columns if c.key}
    if entry.when is not None or entry.repeat or keys & set(entry.columns):
        return
    cells = [cell for name in named if (cell := entry.columns.get(name)) and cell.doubt is None]
    cell = min(cells, key=lambda cell: _lacking(cell.looked.profile), default=None)
    if cell is None or _lacking(cell.looked.profile) < _MANY:
        return
    entry.when = {"column": cell.header, "known": True}
    entry.questions.append(f"only the rows that have {_plain(cell.header)}: is that right?")


def _lacking(profile: ColumnProfile) -> float:
    """Return the share of rows without a value."""
    lacking = profile.n_blank + sum(profile.missing_words.values())
    return lacking / max(1, profile.n_rows)


def add_patients(drafts: Sequence[FileDraft]) -> None:
    """Propose rows of the table of patients from the file with most of them, if no file has any.

    Parameters
    ----------
    drafts : sequence of FileDraft
        Changed in place.
    """
    if any(entry.table == "patient" for draft in drafts for entry in draft.entries):
        return
    found = [draft for draft in drafts if draft.patient is not None]
    most = max(found, key=lambda d: d.patient.profile.n_distinct if d.patient else 0, default=None)
    if most is None or most.patient is None or not most.patient.profile.n_distinct:
        return
    entry = Entry(table="patient", doubt=_ONLY_IDS)
    _add_patient(entry, most.patient)
    most.entries.append(entry)


def _add_patient(entry: Entry, patient: Looked | None) -> None:
    if patient is None:
        entry.doubt = "there is no patient_id"
        return
    header = patient.profile.header
    cell = Cell(header=header, spec={}, remarks=[], fit=Fit(), looked=patient)
    entry.columns = {PATIENT_ID: cell, **entry.columns}
    if entry.table == "patient" and 0 < patient.profile.n_distinct < _filled(patient.profile):
        entry.questions.append(
            "several rows per patient: the registry keeps one, check that they agree"
        )


def settle(entry: Entry) -> None:
    """Say what an entry lacks, once it is known which of its columns are certain."""
    facts = {name for name, cell in entry.columns.items() if cell.doubt is None}
    again = [{n for n, cell in part.items() if cell.doubt is None} for part in entry.repeat]
    everywhere = facts | set(entry.constants) | (set.intersection(*again) if again else set())
    lacking = [
        c.name
        for c in TABLES[entry.table].columns
        if c.required
        and not (c.key and entry.table != "patient")
        and c.name not in PROVENANCE
        and c.name not in everywhere
    ]
    if entry.doubt is not None:
        return
    if lacking:
        entry.doubt = f"the table needs {', '.join(lacking)}: map a column or state a constant"
    elif not (facts - {PATIENT_ID}) and not any(again) and entry.when is None:
        entry.doubt = "no column is certain"


def _filled(profile: ColumnProfile) -> int:
    return profile.n_rows - profile.n_blank


def _candidates(looked: Looked) -> str:
    places = [f"{table}.{column}" for table, column in (looked.match.exact or looked.match.near)]
    problem = next((f.problem for f in looked.fits.values() if f.problem), None)
    told = f"perhaps {', '.join(places[:4])}" if places else ""
    return f"{told}: {problem}" if told and problem else told


_NO_FIT = Fit()
