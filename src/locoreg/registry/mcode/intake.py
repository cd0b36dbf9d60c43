"""First pass: which resources there are and whose they are; the resources go to the spool."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from locoreg.core.errors import DataError
from locoreg.registry.mcode.output import Origin, Output
from locoreg.registry.mcode.privacy import NOT_KEPT
from locoreg.registry.mcode.spool import Spool, Spooled

# Elements that say whose a resource is, in the order in which they are looked for.
_SUBJECTS = ("subject", "patient", "individual", "beneficiary")
NOBODY = ""


def tail_of(reference: str) -> str:
    """Return ``Type/id`` of a relative or absolute reference, without version; itself if not so."""
    plain = reference.split("/_history/")[0]
    if plain.startswith("urn:"):
        return plain
    parts = plain.rstrip("/").split("/")
    return "/".join(parts[-2:]) if len(parts) >= 2 else plain


class Intake:
    """Take resources one by one and find out whose they are.

    Parameters
    ----------
    output : Output
        Where counts and problems go.
    spool : Spool
        Where resources of patients go.

    Attributes
    ----------
    file : str
        Name of the file that is being read.
    files : list of str
        All files, in order.
    medications : dict
        Medication resources, which belong to no patient: by ``Medication/id`` and address.
    gone : set of str
        Resources that a bundle deletes: ``Type/id``.
    total : int
        Resources read.
    """

    def __init__(self, output: Output, spool: Spool) -> None:
        self.output = output
        self.spool = spool
        self.file = ""
        self.files: list[str] = []
        self.medications: dict[str, bytes] = {}
        self.gone: set[str] = set()
        self.total = 0
        self._tokens: dict[str, int] = {NOBODY: 0}
        self._patients: dict[str, int] = {}
        self._addresses: dict[int, str] = {}
        self._count = 0
        self._pages: set[str] = set()
        self._next: list[tuple[str, Origin]] = []

    def begin(self, file: str) -> None:
        """Begin a file; DataError if another one has the same name."""
        if file in self.files:
            raise DataError(f"two input files are both called {file}.", hint="rename one of them.")
        self.file = file
        self.files.append(file)

    def resource(self, value: Any, raw: bytes, full_url: str, row: int) -> None:
        """Take a resource."""
        self.output.read(self.file)
        full_url = "".join(full_url.split())
        origin = Origin(self.file, row)
        kind = value.get("resourceType") if isinstance(value, dict) else None
        if not isinstance(kind, str) or not kind.isalpha():
            self.output.aside("there is no resourceType", origin, path="resourceType")
            return
        self.total += 1
        if self._reverses(value, raw, origin):
            return
        if kind == "Patient":
            self._patient(value, raw, full_url, origin)
        elif kind == "Medication":
            self._medication(value, raw, full_url)
        elif kind in NOT_KEPT:
            self.output.unused(self.file, f"{kind}: not kept, it can name people")
        else:
            self._of_somebody(kind, value, raw, full_url, origin)

    def unreadable(self, reason: str, row: int) -> None:
        """Set a line or entry aside."""
        self.output.read(self.file)
        self.output.aside(reason, Origin(self.file, row))

    def unused(self, reason: str) -> None:
        """Count an entry without a resource."""
        self.output.read(self.file)
        self.output.unused(self.file, reason)

    def page(self, address: str, following: str, row: int) -> None:
        """Remember which pages of a search there are, and which they name as the next."""
        self._pages.add(address)
        if following:
            self._next.append((following, Origin(self.file, row)))

    def missing_pages(self) -> None:
        """Raise a problem of each page of a search whose next page is in none of the files."""
        for following, origin in self._next:
            if following not in self._pages:
                self.output.problem(
                    "bundle-has-more-pages",
                    "serious",
                    "The bundle is one page of a search and names a next page that is not in these "
                    "files: import that too, or what is known of these patients is incomplete.",
                    origin,
                )

    def deleted(self, url: str) -> None:
        """Remember a resource that was deleted."""
        self.gone.add(tail_of(url))

    def patient_numbers(self) -> list[int]:
        """Return the patient that each token of the spool means; -1 where there is none."""
        return [self._number(token) for token in self._tokens]

    def _reverses(self, value: dict[str, Any], raw: bytes, origin: Origin) -> bool:
        """Set a resource aside whose meaning may be changed by what isn't known here."""
        what = None
        if value.get("implicitRules"):
            what = "implicitRules"
        elif b'"modifierExtension"' in raw and _has_modifier(value):
            what = "modifierExtension"
        if what is None:
            return False
        self.output.problem(
            "unknown-modifier",
            "serious",
            f"A {value['resourceType']} has {what}, which can reverse its meaning and isn't known "
            "here: it was set aside.",
            origin,
            about=("", None, what),
        )
        self.output.aside(f"it has {what}, which may reverse its meaning", origin, path=what)
        return True

    def _patient(self, value: dict[str, Any], raw: bytes, full_url: str, origin: Origin) -> None:
        identity = value.get("id")
        names = [f"Patient/{identity}"] if isinstance(identity, str) and identity else []
        names += [full_url] if full_url else []
        if not names:
            self.output.aside("a Patient without id", origin, path="id")
            return
        known = [self._patients[name] for name in names if name in self._patients]
        number = known[0] if known else self._count
        if not known:
            self._count += 1
        for name in [*names, *_identifier_names(value.get("identifier"))]:
            self._patients.setdefault(name, number)
        if full_url.startswith("http"):
            self._addresses.setdefault(number, full_url)
        self._spool(names[0], Spooled("Patient", full_url, raw, len(self.files) - 1, origin.row))

    def _medication(self, value: dict[str, Any], raw: bytes, full_url: str) -> None:
        self.output.unused(self.file, "Medication: read for the name of the drug")
        if isinstance(value.get("id"), str):
            self.medications.setdefault(f"Medication/{value['id']}", raw)
        if full_url:
            self.medications.setdefault(full_url, raw)

    def _of_somebody(
        self, kind: str, value: dict[str, Any], raw: bytes, full_url: str, origin: Origin
    ) -> None:
        subject = next((value[name] for name in _SUBJECTS if value.get(name)), None)
        if subject is None:
            if kind in {"Condition", "Observation", "Procedure", "Specimen", "BodyStructure"}:
                self.output.aside(f"{kind}: it names no patient", origin, path="subject")
            else:
                self.output.unused(self.file, f"{kind}: about no patient")
            return
        token = self._token(subject, value, full_url)
        if token == NOBODY:
            self.output.unused(self.file, f"{kind}: about something that is no patient")
            return
        self._spool(token, Spooled(kind, full_url, raw, len(self.files) - 1, origin.row))

    def _spool(self, token: str, spooled: Spooled) -> None:
        self.spool.add(self._tokens.setdefault(token, len(self._tokens)), spooled)

    def _token(self, subject: Any, value: dict[str, Any], full_url: str) -> str:
        """Return what names the patient of a resource; ``NOBODY`` if it is no patient."""
        if not isinstance(subject, dict):
            return "?"
        reference = subject.get("reference")
        if isinstance(reference, str) and reference.startswith("#"):
            return _contained_name(reference[1:], value.get("contained"))
        if isinstance(reference, str) and reference:
            return self._named(reference, full_url)
        if subject.get("type") not in (None, "Patient"):
            return NOBODY
        return next(iter(_identifier_names([subject.get("identifier")])), "?")

    def _named(self, reference: str, full_url: str) -> str:
        plain = reference.split("/_history/")[0]
        if plain.startswith(("urn:", "http:", "https:")):
            other = plain.rsplit("/", 2)[-2:]
            strange = len(other) == 2 and other[0].isalpha() and other[0] != "Patient"
            return NOBODY if strange and not plain.startswith("urn:") else plain
        if not plain.startswith("Patient/"):
            return NOBODY if "/" in plain else "?"
        # A relative reference means the server that the resource itself came from.
        parts = full_url.rsplit("/", 2)
        if full_url.startswith("http") and len(parts) == 3:
            return f"{parts[0]}/{plain}"
        return plain

    def _number(self, token: str) -> int:
        found = self._patients.get(token)
        if found is not None or not token.startswith("http"):
            return -1 if found is None else found
        number = self._patients.get(tail_of(token))
        # The same id on another server is another patient.
        if number is None or number in self._addresses:
            return -1
        return number


def _identifier_names(identifiers: Any) -> list[str]:
    names = []
    for identifier in identifiers if isinstance(identifiers, list) else []:
        if isinstance(identifier, dict) and isinstance(identifier.get("value"), str):
            names.append(f"identifier|{identifier.get('system')}|{identifier['value']}")
    return names


def _contained_name(identity: str, contained: Any) -> str:
    """Return what names a patient that is contained in the resource itself."""
    for part in contained if isinstance(contained, list) else []:
        if isinstance(part, dict) and part.get("id") == identity:
            if part.get("resourceType") != "Patient":
                return NOBODY
            return next(iter(_identifier_names(part.get("identifier"))), "?")
    return "?"


def _has_modifier(value: Any) -> bool:
    """Whether an object or a part of it has a modifier extension."""
    todo: list[Any] = [value]
    while todo:
        part = todo.pop()
        if isinstance(part, dict):
            if part.get("modifierExtension"):
                return True
            todo.extend(_containers(part.values()))
        elif isinstance(part, list):
            todo.extend(_containers(part))
    return False


def _containers(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if isinstance(value, dict | list)]
