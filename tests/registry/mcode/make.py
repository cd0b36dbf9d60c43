"""Small FHIR resources and bundles for the tests, written by hand."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locoreg.registry.intake.sink import CodeUse, Problem, SetAside
from locoreg.registry.intake.source import SourceOptions
from locoreg.registry.sources.mcode import SOURCE
from locoreg.registry.store.conform import conform

if TYPE_CHECKING:
    import pyarrow as pa

SCT = "http://snomed.info/sct"
LOINC = "http://loinc.org"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
UCUM = "http://unitsofmeasure.org"
MCODE = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-"
RELATED = "http://hl7.org/fhir/StructureDefinition/condition-related"
Resource = dict[str, Any]


def concept(system: str, code: str, display: str | None = None) -> Resource:
    coding = {"system": system, "code": code}
    return {"coding": [{**coding, "display": display} if display else coding]}


def ref(target: str) -> Resource:
    return {"reference": target}


def extension(name: str, **value: Any) -> Resource:
    return {"url": name if name.startswith("http") else MCODE + name, **value}


def resource(kind: str, identity: str, **elements: Any) -> Resource:
    """A resource of patient p; elements given as None are left out."""
    made = {"resourceType": kind, "id": identity}
    if kind == "BodyStructure":
        made["patient"] = ref("Patient/p")
    elif kind != "Patient":
        made["subject"] = ref("Patient/p")
    made.update(elements)
    return {name: value for name, value in made.items() if value is not None}


def patient(identity: str = "p", **elements: Any) -> Resource:
    return resource(
        "Patient", identity, **{"gender": "female", "birthDate": "1970-03-04", **elements}
    )


def status(code: str) -> Resource:
    return concept("http://terminology.hl7.org/CodeSystem/condition-ver-status", code)


def breast(identity: str = "breast", **elements: Any) -> Resource:
    given = {
        "verificationStatus": status("confirmed"),
        "code": concept(ICD, "C50.412"),
        "onsetDateTime": "2018-05-02",
        **elements,
    }
    return resource("Condition", identity, **given)


def metastasis(identity: str = "meta", icd: str = "C78.7", **elements: Any) -> Resource:
    given = {
        "meta": {"profile": [MCODE + "secondary-cancer-condition"]},
        "verificationStatus": status("confirmed"),
        "code": concept(ICD, icd),
        "onsetDateTime": "2020-06-11",
        **elements,
    }
    return resource("Condition", identity, **given)


def observation(identity: str, code: Resource, **elements: Any) -> Resource:
    given = {"status": "final", "code": code, "effectiveDateTime": "2020-06-20", **elements}
    return resource("Observation", identity, **given)


def bundle(*resources: Resource, kind: str = "collection", **elements: Any) -> Resource:
    return {
        "resourceType": "Bundle",
        "type": kind,
        "entry": [{"resource": one} for one in resources],
        **elements,
    }


class Imported:
    """A sink that keeps what the source delivers; the gate of the store checks the rows."""

    def __init__(self) -> None:
        self.tables: dict[str, list[Resource]] = {}
        self.problems: list[Problem] = []
        self.aside: list[SetAside] = []
        self.codes: list[CodeUse] = []
        self.read: Counter[str] = Counter()
        self.left: Counter[tuple[str, str]] = Counter()

    def count_read(self, source_file: str, rows: int) -> None:
        self.read[source_file] += rows

    def count_unused(self, source_file: str, reason: str, rows: int) -> None:
        self.left[source_file, reason] += rows

    def add(self, table: str, rows: pa.Table) -> None:
        whole, lacking = conform(table, rows, import_id="0001", source_system="mcode")
        assert not lacking
        self.tables.setdefault(table, []).extend(whole.to_pylist())

    def set_aside(self, items: Iterable[SetAside]) -> None:
        self.aside += items

    def problem(self, items: Iterable[Problem]) -> None:
        self.problems += items

    def code(self, items: Iterable[CodeUse]) -> None:
        self.codes += items

    def rows(self, table: str) -> list[Resource]:
        return self.tables.get(table, [])

    def one(self, table: str) -> Resource:
        (row,) = self.rows(table)
        return row

    def issues(self, rule: str) -> list[Problem]:
        return [problem for problem in self.problems if problem.rule == rule]

    def rules(self) -> set[str]:
        return {problem.rule for problem in self.problems}

    def unused(self) -> Counter[str]:
        out: Counter[str] = Counter()
        for (_, why), count in self.left.items():
            out[why] += count
        return out

    def reasons(self) -> Counter[str]:
        return Counter(item.reason for item in self.aside)

    @property
    def enrolled(self) -> set[str]:
        return {row["patient_id"] for row in self.rows("patient")}


def read_files(*files: Path, site: str | None = None) -> Imported:
    sink = Imported()
    SOURCE.read([str(file) for file in files], sink, SourceOptions(site=site))
    return sink


def read_resources(folder: Path, resources: Sequence[Resource]) -> Imported:
    """Read resources from a file with one per line."""
    file = folder / "resources.ndjson"
    lines = [json.dumps(one) for one in resources]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_files(file)


def read_bundle(folder: Path, whole: Resource) -> Imported:
    """Read a bundle."""
    file = folder / "bundle.json"
    file.write_text(json.dumps(whole), encoding="utf-8")
    return read_files(file)
