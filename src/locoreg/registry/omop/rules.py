"""Which concepts mean what: the shipped defaults and a site's own file."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from locoreg.core.errors import DataError, did_you_mean

# Ids from here on are a site's own.
FIRST_LOCAL = 2_000_000_000
# Roles that only a site's file can fill.
OWN_ROLES = ("event", "procedure_set", "not_used")
# Role, value, concept, whether its descendants mean the same, place in the order of the rules.
Row = tuple[str, str, int, bool, int]
EVENTS = ("local_recurrence", "regional_recurrence", "distant_recurrence", "progression")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConceptRule:
    """A concept and what it means.

    Attributes
    ----------
    role : str
        What it is used for.
    concept_id : int
        Its id.
    expect : str
        Regular expression that its name must match.
    value : str
        What it stands for within its role.
    descendants : bool
        Whether its descendants mean the same.
    required : bool
        Whether an import without it would silently find nothing.
    extra : bool
        Whether it only adds to what others find: without it the import goes on with an issue.
    disputed : bool
        Whether public sources contradict each other: the name at the site decides.
    source, read : str
        Where it was seen, and when.
    own : bool
        Whether it comes from the site's file.
    """

    role: str
    concept_id: int
    expect: str
    value: str
    descendants: bool
    required: bool
    extra: bool
    disputed: bool
    source: str
    read: str
    own: bool = False


class OwnConcept(BaseModel):
    """A concept in a site's file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: int = Field(ge=1)
    value: str = ""
    descendants: bool = False


class ConceptFile(BaseModel):
    """A site's file.

    Attributes
    ----------
    concepts : dict
        Concepts by role, in place of the shipped ones of that role.
    also : dict
        Concepts by role, besides the shipped ones.
    absent : tuple of str
        Roles that the site's CDM does not use.
    source_icd10 : bool
        Whether diagnoses without a standard concept are read by the ICD-10 code of their source.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    concepts: dict[str, tuple[OwnConcept, ...]] = {}
    also: dict[str, tuple[OwnConcept, ...]] = {}
    absent: tuple[str, ...] = ()
    source_icd10: bool = False


def default_rules() -> tuple[ConceptRule, ...]:
    """Return the shipped concepts."""
    return tuple(
        ConceptRule(
            role=row["role"],
            concept_id=int(row["concept_id"]),
            expect=row["expect"],
            value=row["value"],
            descendants=row["descendants"] == "yes",
            required=row["required"] == "yes",
            extra=row["required"] == "extra",
            disputed=row["disputed"] == "yes",
            source=row["source"],
            read=row["read"],
        )
        for row in read_data("concepts.csv")
    )


def read_data(name: str) -> list[dict[str, str]]:
    """Return the rows of a data file of this package."""
    text = files("locoreg.registry.omop").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def reads_source_codes(path: Path | None) -> bool:
    """Return whether a site's file says that ICD-10 codes of the source are read."""
    return path is not None and _read_file(path).source_icd10


def load_rules(path: Path | None) -> tuple[ConceptRule, ...]:
    """Return the concepts to use: the shipped ones as a site's file changes them.

    Parameters
    ----------
    path : Path or None
        The site's file (YAML).

    Raises
    ------
    DataError
        If the file can't be read or names a role that does not exist.
    """
    shipped = default_rules()
    if path is None:
        return shipped
    own = _read_file(path)
    known = {rule.role for rule in shipped} | set(OWN_ROLES)
    for role in (*own.concepts, *own.also, *own.absent):
        if role not in known:
            raise DataError(f"{path} names the role {role!r}.", hint=did_you_mean(role, known))
    gone = set(own.concepts) | set(own.absent)
    kept = [rule for rule in shipped if rule.role not in gone]
    for mapping in (own.concepts, own.also):
        for role, concepts in mapping.items():
            kept += [_own_rule(path, role, concept, shipped) for concept in concepts]
    taken = {(rule.role, rule.concept_id) for rule in kept if rule.own}
    return tuple(r for r in kept if r.own or (r.role, r.concept_id) not in taken)


def _own_rule(
    path: Path, role: str, concept: OwnConcept, shipped: tuple[ConceptRule, ...]
) -> ConceptRule:
    values = {rule.value for rule in shipped if rule.role == role}
    allowed = set(EVENTS) if role == "event" else values
    if allowed and concept.value not in allowed:
        raise DataError(
            f"{path}: {role} {concept.id} can't mean {concept.value!r}.",
            hint=did_you_mean(concept.value, {value or "(empty)" for value in allowed}),
        )
    return ConceptRule(
        role=role,
        concept_id=concept.id,
        expect=".",
        value=concept.value,
        descendants=concept.descendants,
        required=any(rule.required for rule in shipped if rule.role == role),
        extra=False,
        disputed=False,
        source=path.name,
        read="",
        own=True,
    )


def _read_file(path: Path) -> ConceptFile:
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as exc:
        raise DataError(f"{path} can't be read as YAML: {str(exc).splitlines()[0]}") from exc
    try:
        return ConceptFile.model_validate(raw or {})
    except ValidationError as exc:
        first = exc.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise DataError(f"{path}, {place or 'top'}: {first['msg']}.") from exc


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganRule:
    """A word in the name of a concept and the organ that it means."""

    organ: str
    pattern: str


def organ_rules() -> tuple[OrganRule, ...]:
    """Return the patterns in the order in which they are tried."""
    return tuple(OrganRule(organ=r["organ"], pattern=r["pattern"]) for r in read_data("organs.csv"))


def concept_table() -> str:
    """Return the shipped concepts as a Markdown table, for the reference page."""
    lines = [
        "| role | concept id | means | descendants | source |",
        "| --- | --- | --- | --- | --- |",
    ]
    for rule in default_rules():
        marks = [
            word
            for word, on in (
                ("required", rule.required),
                ("extra", rule.extra),
                ("disputed", rule.disputed),
            )
            if on
        ]
        role = rule.role + (f" ({', '.join(marks)})" if marks else "")
        source = rule.source.replace("|", "\\|")
        lines.append(
            f"| {role} | {rule.concept_id} | {rule.value} | "
            f"{'yes' if rule.descendants else ''} | {source} |"
        )
    lines += [
        "",
        "Concepts that are found by the code of their vocabulary, beside those above "
        "(`source_C50`: what an ICD-10 code of the source means, where a concept file says that it "
        "is read):",
        "",
        "| role | vocabulary | code | means |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row['role']} | {row['vocabulary']} | {row['code']} | {row['value']} |"
        for row in read_data("codes.csv")
    ]
    return "\n".join(lines) + "\n"
