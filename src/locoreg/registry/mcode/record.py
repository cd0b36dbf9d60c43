"""All resources of one patient: parsed, each once, with references that can be followed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from locoreg.registry.mcode.codes import (
    VERSION,
    Reading,
    first_code,
    read_code,
    roles_of,
    system_of,
)
from locoreg.registry.mcode.datatypes import Concept, Extension, Reference
from locoreg.registry.mcode.intake import tail_of
from locoreg.registry.mcode.jsontext import BadJsonError, decode, encode
from locoreg.registry.mcode.output import Origin, Output
from locoreg.registry.mcode.privacy import keepable
from locoreg.registry.mcode.resources import (
    KNOWN_TYPES,
    BodyStructure,
    Condition,
    MedicationAdministration,
    MedicationRequest,
    Observation,
    Patient,
    Procedure,
    QuestionnaireResponse,
    Resource,
    Specimen,
    parse,
)

R = TypeVar("R", bound=Resource)
_VERIFICATIONS = (
    "confirmed",
    "unconfirmed",
    "provisional",
    "differential",
    "refuted",
    "entered-in-error",
)
_PLACES = {
    "Condition": "conditions",
    "Observation": "observations",
    "Procedure": "procedures",
    "MedicationRequest": "requests",
    "MedicationAdministration": "administrations",
    "BodyStructure": "structures",
    "Specimen": "specimens",
    "QuestionnaireResponse": "responses",
}
_PROFILE = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-"


@dataclass(slots=True, eq=False)
class Item(Generic[R]):
    """One resource of the patient.

    Attributes
    ----------
    kind, key : str
        Type, and ``Type/id``.
    resource : Resource
        What was read of it.
    raw : bytes
        As received.
    full_url : str
        Address in its bundle.
    origin : Origin
        Where it stands.
    used : bool
        Whether a row came of it.
    why : str
        Why none did.
    """

    kind: str
    key: str
    resource: R
    raw: bytes
    full_url: str
    origin: Origin
    used: bool = False
    why: str = ""


@dataclass(slots=True, eq=False)
class Record:
    """One patient.

    Attributes
    ----------
    patient : Item of Patient
        The patient.
    output : Output
        Where rows and problems go.
    medications : dict
        Medication resources of the whole import.
    withdrawn : dict
        Why resources are not used, by their key.
    aliases : dict
        Resources that mean the same as another one, by their key.
    """

    patient: Item[Patient]
    output: Output
    medications: dict[str, bytes]
    conditions: list[Item[Condition]] = field(default_factory=list)
    observations: list[Item[Observation]] = field(default_factory=list)
    procedures: list[Item[Procedure]] = field(default_factory=list)
    requests: list[Item[MedicationRequest]] = field(default_factory=list)
    administrations: list[Item[MedicationAdministration]] = field(default_factory=list)
    structures: list[Item[BodyStructure]] = field(default_factory=list)
    specimens: list[Item[Specimen]] = field(default_factory=list)
    responses: list[Item[QuestionnaireResponse]] = field(default_factory=list)
    others: list[Item[Resource]] = field(default_factory=list)
    withdrawn: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, Item[Any]] = field(default_factory=dict)
    _roles: dict[str, list[tuple[Item[Observation], Reading]]] = field(default_factory=dict)
    _by_key: dict[str, Item[Any]] = field(default_factory=dict)
    _by_url: dict[str, Item[Any]] = field(default_factory=dict)
    _reported: set[tuple[str, str, str]] = field(default_factory=set)

    @property
    def patient_id(self) -> str:
        """The patient's id in the registry: the logical id of the resource."""
        return self.patient.key.removeprefix("Patient/")

    def items(self) -> Iterator[Item[Any]]:
        """Yield all resources but the patient."""
        for group in (
            self.conditions,
            self.observations,
            self.procedures,
            self.requests,
            self.administrations,
            self.structures,
            self.specimens,
            self.responses,
            self.others,
        ):
            yield from group

    def take(self, item: Item[Any]) -> None:
        """Take a resource into its place."""
        getattr(self, _PLACES.get(item.kind, "others")).append(item)
        self._by_key[item.key] = item
        if item.full_url:
            self._by_url[item.full_url] = item
        if isinstance(item.resource, Observation):
            for kind, reading in _roles_of(item.resource).items():
                self._roles.setdefault(kind, []).append((item, reading))

    def having(self, role: str) -> list[tuple[Item[Observation], Reading]]:
        """Return the observations that are something by their code, with its meaning."""
        return self._roles.get(role, [])

    def problem(
        self,
        rule: str,
        severity: Any,
        message: str,
        item: Item[Any],
        *,
        column: str | None = None,
        table: str = "",
        value: str | None = None,
    ) -> None:
        """Raise a problem of a resource of this patient."""
        self.output.problem(
            rule,
            severity,
            message,
            item.origin,
            patient_id=self.patient_id,
            about=(table, item.key, column),
            value=value,
        )

    def one(self, item: Item[R]) -> Item[R]:
        """Return the resource that stands for this one: itself unless it is a repeat."""
        return self.aliases.get(item.key, item)

    def resolve(self, reference: Reference | None, item: Item[Any], path: str) -> Item[Any] | None:
        """Return the resource that a reference means; a broken reference is a problem.

        Parameters
        ----------
        reference : Reference or None
            Relative, absolute, ``urn:``, contained, with version, or by identifier.
        item : Item
            The resource that holds it.
        path : str
            Element, for the message.
        """
        if reference is None:
            return None
        text = reference.reference
        if text is None:
            found = self._by_identifier(reference)
        elif text.startswith("#"):
            found = _contained(item, text[1:])
        else:
            found = self._by_text(text)
        if found is None:
            self._report(reference, item, path)
            return None
        return self.one(found)

    def _by_text(self, text: str) -> Item[Any] | None:
        plain = text.split("/_history/")[0]
        found = self._by_url.get(plain)
        if found is not None:
            return found
        found = self._by_key.get(tail_of(plain))
        # The same id on another server is another resource.
        elsewhere = plain.startswith("http") and found is not None
        if elsewhere and found is not None and found.full_url.startswith("http"):
            return None
        return found

    def _by_identifier(self, reference: Reference) -> Item[Any] | None:
        wanted = reference.identifier
        if wanted is None or wanted.value is None:
            return None
        hits = [
            item
            for item in self.items()
            for identifier in getattr(item.resource, "identifier", ())
            if (identifier.system, identifier.value) == (wanted.system, wanted.value)
            and reference.type in (None, item.kind)
        ]
        return hits[0] if len(hits) == 1 else None

    def _report(self, reference: Reference, item: Item[Any], path: str) -> None:
        text = reference.reference
        target = text or (reference.identifier.value if reference.identifier else None) or "nothing"
        if (item.key, path, target) in self._reported:
            return
        self._reported.add((item.key, path, target))
        why = self.withdrawn.get(tail_of(target))
        if why is not None:
            self.problem(
                "reference-to-unused",
                "minor",
                f"{path} refers to a resource that is not used: {why}.",
                item,
                column=path,
                value=target,
            )
            return
        self.problem(
            "broken-reference",
            "minor",
            f"{path} refers to a resource that is not among those of this patient.",
            item,
            column=path,
            value=target,
        )


def verification(condition: Condition) -> str:
    """Return the verification status of a condition, an empty text if there is none."""
    status = condition.verification_status
    if status is None:
        return ""
    for coding in status.coding:
        if coding.code and system_of(coding.system) in {"VERIFICATION", None}:
            return coding.code
    text = (status.text or "").strip().lower().replace(" ", "-")
    return text if text in _VERIFICATIONS else ""


def _contained(item: Item[Any], identity: str) -> Item[Any] | None:
    value = decode(item.raw).get("contained")
    for part in value if isinstance(value, list) else []:
        if isinstance(part, dict) and part.get("id") == identity:
            kind = part.get("resourceType")
            if kind not in KNOWN_TYPES:
                return None
            raw = encode(part)
            try:
                resource = parse(kind, raw)
            except ValidationError:
                return None
            return Item(kind, f"{item.key}#{identity}", resource, raw, "", item.origin)
    return None


# What observations are by their profile, whatever their code.
_ROLE_PROFILES = {
    "tumor-size": "size_code",
    "genomic-variant": "variant_code",
    "history-of-metastatic-cancer": "history",
}


def _roles_of(observation: Observation) -> dict[str, Reading]:
    roles = roles_of(observation.code)
    if observation.meta is not None and observation.meta.profile:
        for profile, role in _ROLE_PROFILES.items():
            if role not in roles and has_profile(observation, profile):
                system, code, display = first_code(observation.code)
                roles[role] = Reading("", "", system, code, display, VERSION)
    return roles


def has_profile(resource: Resource, name: str) -> bool:
    """Whether a resource says that it follows a profile of mCODE such as ``tumor``."""
    profiles = resource.meta.profile if resource.meta else ()
    return any(profile.split("|")[0] == _PROFILE + name for profile in profiles)


def extension(parts: Sequence[Extension], name: str) -> list[Extension]:
    """Return the extensions whose address ends with a name."""
    return [part for part in parts if part.url.rsplit("/", 1)[-1] == name]


def absent_extension(parts: Sequence[Extension]) -> str | None:
    """Return the reason of a value that is absent, from the extension beside an element."""
    for part in extension(parts, "data-absent-reason"):
        known = {"not-applicable": "not_applicable", "not-performed": "not_done"}
        return known.get(part.value_code or "", "not_recorded")
    return None


def concept_extension(parts: Sequence[Extension], name: str) -> Concept | None:
    """Return the concept of the first extension of a name."""
    found = extension(parts, name)
    return found[0].value_codeable_concept if found else None


def keep_raw(record: Record, item: Item[Any]) -> None:
    """Keep a resource as received, without what names a person."""
    try:
        body = keepable(item.raw, item.kind)
    except BadJsonError as error:
        record.output.aside(str(error), item.origin)
        return
    record.output.row(
        "raw_resource",
        item.origin,
        {
            "resource_type": item.kind,
            "resource_id": item.key.split("/", 1)[1],
            "patient_id": record.patient_id,
            "body": body,
        },
    )


def intent_of(parts: Sequence[Extension]) -> str:
    """Return curative, palliative or diagnostic; an empty text for none of them."""
    found = read_code("intent", concept_extension(parts, "mcode-procedure-intent"))
    return found.value if found else ""
