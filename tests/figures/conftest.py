"""Evidence for the figures' tests, through the real tables and pools."""

from __future__ import annotations

import csv
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from types import SimpleNamespace

import pytest
from matplotlib.figure import Figure

from locoreg.core.findings import Finding, Location
from locoreg.evidence.catalog import load_catalog
from locoreg.evidence.pooling import EvidencePool, pool_evidence
from locoreg.evidence.selection import Selection
from locoreg.evidence.sensitivity import PoolOptions
from locoreg.figures import to_svg

SVG = "http://www.w3.org/2000/svg"

QUESTION = {
    "question_id": "surgery",
    "title": "Does surgery of the primary tumour prolong survival?",
    "population": "Women with breast cancer metastatic at first diagnosis",
    "intervention": "Surgery of the primary tumour",
    "comparator": "Systemic therapy alone",
    "outcomes": "os",
    "measure": "HR",
    "reference_arm": "control",
    "level": "95",
    "favours_intervention": "surgery",
    "favours_control": "systemic therapy alone",
}
OUTCOME = {
    "outcome_id": "os",
    "label": "Overall survival",
    "event": "death",
    "event_is": "adverse",
    "aliases": "OS",
}
# label, id, year, design, HR, limits, level, n and events per arm, timing
TRIALS = [
    (
        "Tata Memorial",
        "tata",
        2015,
        "rct",
        "1.04",
        "0.81",
        "1.34",
        95,
        173,
        177,
        118,
        111,
        "after response",
    ),
    ("MF07-01", "mf07", 2018, "rct", "0.66", "0.49", "0.88", 95, 138, 136, 86, 106, "upfront"),
    ("ABCSG-28", "abcsg28", 2019, "rct", "0.69", "0.358", "1.333", 95, 45, 45, 18, 22, "upfront"),
    (
        "E2108",
        "e2108",
        2022,
        "rct",
        "1.11",
        "0.82",
        "1.52",
        90,
        125,
        131,
        61,
        60,
        "after no progression",
    ),
    (
        "JCOG1017",
        "jcog1017",
        2023,
        "rct",
        "0.857",
        "0.686",
        "1.072",
        90,
        203,
        204,
        105,
        116,
        "after no progression",
    ),
]
REGISTRIES = [
    (
        "MetSurg prospective registry",
        "metsurg",
        2016,
        "registry",
        "0.71",
        "0.60",
        "0.84",
        95,
        520,
        860,
        210,
        480,
        "",
    ),
    (
        "Lane, National Cancer Database, propensity-matched analysis of stage IV disease",
        "ncdb",
        2018,
        "matched",
        "0.73",
        "0.70",
        "0.77",
        95,
        11890,
        11890,
        None,
        None,
        "",
    ),
    (
        "Rotterdam",
        "rotterdam",
        2009,
        "cohort",
        "0.62",
        "0.51",
        "0.76",
        95,
        288,
        440,
        None,
        None,
        "",
    ),
    ("Geneva", "geneva", 2006, "cohort", "0.60", "0.40", "1.00", 95, 127, 173, None, None, ""),
    (
        "Munich & friends <small>",
        "munich",
        2010,
        "cohort",
        "0.91",
        "0.08",
        "11.4",
        95,
        8,
        9,
        6,
        7,
        "",
    ),
    (
        "Osaka cohort, from memory",
        "osaka",
        2014,
        "cohort",
        "0.80",
        "0.55",
        "1.16",
        95,
        None,
        None,
        None,
        None,
        "",
    ),
]
POOLS = [
    (
        "Harris pooled registries",
        "harris",
        2013,
        "pooled",
        "0.65",
        "0.59",
        "0.72",
        95,
        None,
        None,
        None,
        None,
        "",
    ),
    (
        "Petrelli & Barni",
        "petrelli",
        2012,
        "pooled",
        "0.69",
        "0.63",
        "0.77",
        95,
        None,
        None,
        None,
        None,
        "",
    ),
    ("Gera", "gera", 2020, "pooled", "0.81", "0.57", "1.14", 95, None, None, None, None, ""),
]


def _write(path: Path, rows: list[dict[str, object]]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(rows)


def _tables(rows: list[tuple[object, ...]]) -> tuple[list[dict[str, object]], ...]:
    studies, references, claims = [], [], []
    for label, key, year, design, hr, low, high, level, n_a, n_b, d_a, d_b, timing in rows:
        studies.append(
            {
                "study_id": key,
                "label": label,
                "question_id": "surgery",
                "design": design,
                "randomisation_timing": timing,
            }
        )
        references.append(
            {"reference_id": f"{key}-paper", "study_id": key, "title": label, "year": year}
        )
        claims.append(
            {
                "claim_id": f"{key}-os",
                "study_id": key,
                "report_id": f"{key}-paper",
                "kind": "effect",
                "outcome": "os",
                "measure": "HR",
                "estimate": hr,
                "ci_low": low,
                "ci_high": high,
                "ci_level": level,
                "reference_arm": "control",
                "n_intervention": n_a,
                "n_control": n_b,
                "events_intervention": d_a,
                "events_control": d_b,
                "verbatim": f"HR {hr}",
                "verification": "memory" if "memory" in str(label) else "seen",
            }
        )
    return studies, references, claims


@pytest.fixture(scope="session")
def make_pool(tmp_path_factory: pytest.TempPathFactory):
    """Pool rows like TRIALS through the tables; options override the question and outcome."""

    def make(
        rows: list[tuple[object, ...]],
        design: str = "rct",
        *,
        findings: tuple[Finding, ...] = (),
        question: dict[str, object] | None = None,
        outcome: dict[str, object] | None = None,
        extra_studies: tuple[dict[str, object], ...] = (),
        extra_claims: tuple[dict[str, object], ...] = (),
        method: str = "REML",
        interval: str = "hartung-knapp",
        subgroups_by: str | None = None,
    ) -> EvidencePool:
        folder = tmp_path_factory.mktemp("tables")
        studies, references, claims = _tables(rows)
        _write(folder / "studies.csv", [*studies, *extra_studies])
        _write(folder / "references.csv", references)
        _write(folder / "claims.csv", [*claims, *extra_claims])
        _write(folder / "questions.csv", [{**QUESTION, **(question or {})}])
        _write(folder / "outcomes.csv", [{**OUTCOME, **(outcome or {})}])
        selection = Selection(question="surgery", outcome="os", design=design, include_memory=True)
        options = PoolOptions(method=method, interval=interval, level=95, subgroups_by=subgroups_by)
        return pool_evidence(load_catalog(folder), selection, options, findings)

    return make


def finding(claim: str, severity: str, reading: str | None = None, rule: str = "direction"):
    return Finding(
        rule=rule,
        severity=severity,
        subject=claim,
        message="the medians point the other way",
        value=None,
        limit=None,
        location=Location(file="claims.csv", row=2),
        changes="The effect turns round.",
        claim_ids=(claim,),
        reading=reading,
    )


FINDINGS = (
    finding("abcsg28-os", "blocking", "reference_arm=intervention"),
    finding("abcsg28-os", "minor", rule="rounding"),
    finding("e2108-os", "note", rule="interval-level"),
    finding("jcog1017-os", "serious", rule="events"),
)
UNREPORTED = (
    {
        "study_id": "subit",
        "label": "SUBMIT",
        "question_id": "surgery",
        "design": "rct",
    },
    {
        "study_id": "posytive",
        "label": "Thai trial",
        "question_id": "surgery",
        "design": "rct",
    },
)
MEDIANS_ONLY = (
    {
        "claim_id": "posytive-m",
        "study_id": "posytive",
        "kind": "arms",
        "outcome": "os",
        "statistic": "median_time",
        "value_intervention": 30,
        "value_control": 28,
        "unit": "months",
    },
)
BY_MEDIANS = (
    {
        "study_id": "bern",
        "label": "Bern single centre",
        "question_id": "surgery",
        "design": "cohort",
    },
)
BERN_MEDIANS = (
    {
        "claim_id": "bern-m",
        "study_id": "bern",
        "kind": "arms",
        "outcome": "os",
        "statistic": "median_time",
        "value_intervention": 40,
        "value_control": 31,
        "unit": "months",
        "n_intervention": 60,
        "n_control": 80,
    },
)


@pytest.fixture(scope="session")
def trials(make_pool) -> EvidencePool:
    return make_pool(TRIALS, findings=FINDINGS, extra_studies=UNREPORTED, extra_claims=MEDIANS_ONLY)


@pytest.fixture(scope="session")
def three_groups(make_pool, trials) -> tuple[EvidencePool, ...]:
    return (
        trials,
        make_pool(
            REGISTRIES,
            "observational",
            extra_studies=BY_MEDIANS,
            extra_claims=BERN_MEDIANS,
        ),
        make_pool(POOLS, "pooled"),
    )


@pytest.fixture(scope="session")
def examples() -> SimpleNamespace:
    """Rows and findings for tests that make pools of their own."""
    return SimpleNamespace(
        trials=TRIALS,
        registries=REGISTRIES,
        pools=POOLS,
        findings=FINDINGS,
        unreported=UNREPORTED,
        medians_only=MEDIANS_ONLY,
    )


class Drawn:
    """A figure as parsed SVG."""

    def __init__(self, figure: Figure) -> None:
        self.root = ET.fromstring(to_svg(figure, prefix="t"))

    def part(self, key: str) -> ET.Element | None:
        return self.root.find(f".//{{{SVG}}}g[@id='lr-t-{key}']")

    def keys(self, pattern: str) -> list[str]:
        ids = (g.get("id", "").removeprefix("lr-t-") for g in self.root.iter(f"{{{SVG}}}g"))
        return [key for key in ids if re.fullmatch(pattern, key)]

    def texts(self, key: str | None = None) -> list[str]:
        top = self.root if key is None else self.part(key)
        return [] if top is None else ["".join(t.itertext()) for t in top.iter(f"{{{SVG}}}text")]

    def sentence(self, key: str) -> str:
        part = self.part(key)
        title = None if part is None else part.find(f"{{{SVG}}}title")
        return "" if title is None else title.text or ""

    def has(self, key: str, role: str) -> bool:
        return self.part(f"{key}--{role}") is not None

    def box(self, key: str, role: str) -> tuple[float, float, float, float]:
        """Return left, top, right, bottom of a path."""
        part = self.part(f"{key}--{role}")
        assert part is not None
        path = part.find(f".//{{{SVG}}}path")
        assert path is not None
        numbers = [float(n) for n in re.findall(r"-?[\d.]+", path.get("d", ""))]
        x, y = numbers[0::2], numbers[1::2]
        return min(x), min(y), max(x), max(y)


@pytest.fixture(scope="session")
def drawn():
    """Parse a figure's SVG."""
    return Drawn
