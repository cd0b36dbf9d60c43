"""Published pools in the audit, and how often the search is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from locoreg.evidence.audit.pools import check_pools
from locoreg.evidence.catalog import load_catalog
from locoreg.evidence.effectsize import from_interval
from locoreg.evidence.records import Catalog
from locoreg.evidence.reproduce import reproduce, reproduce_all
from locoreg.stats.randomeffects import random_effects

CLAIMS = (
    "claim_id,study_id,report_id,kind,outcome,measure,estimate,ci_low,ci_high,ci_level,"
    "reference_arm"
)
STUDIES = "study_id,label,design\n"
HEAD = {
    "questions.csv": (
        "question_id,title,population,intervention,comparator,outcomes,measure,reference_arm,"
        "level,favours_intervention,favours_control\nq,t,p,i,c,os,HR,control,95,a,b\n"
    ),
    "outcomes.csv": "outcome_id,label,event,event_is\nos,Survival,death,adverse\n",
}
# Seconds that the audit may spend on the pools of the shipped tables.


def tables(
    folder: Path,
    inputs: list[str],
    pooled: str,
    *,
    measure: str = "HR",
    pool_arm: str = "control",
    arms: tuple[str, ...] = (),
) -> Catalog:
    """Write a catalogue of one pool; inputs and pool as ``estimate,low,high``."""
    folder.mkdir(exist_ok=True)
    names = [f"s{i}" for i in range(len(inputs))]
    arms = arms or ("control",) * len(inputs)
    lines = [CLAIMS]
    lines += [
        f"{n}-os,{n},,effect,os,{measure},{text},95,{arm}"
        for n, text, arm in zip(names, inputs, arms, strict=True)
    ]
    lines.append(f"p-os,rev,,effect,os,{measure},{pooled},95,{pool_arm}")
    files = {
        **HEAD,
        "studies.csv": STUDIES + "".join(f"{n},{n},rct\n" for n in names) + "rev,rev,pooled\n",
        "claims.csv": "\n".join(lines) + "\n",
        "pools.csv": "pool_id,claim_id,inputs,inputs_source\np,p-os," + ";".join(names) + ",text\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    return load_catalog(folder)


def trials(rng: np.random.Generator, k: int) -> tuple[list[str], np.ndarray, np.ndarray]:
    middle, half = rng.normal(-0.15, 0.3, k), 1.96 * rng.uniform(0.1, 0.35, k)
    texts = [
        ",".join(f"{np.exp(m + d):.2f}" for d in (0, -h, h))
        for m, h in zip(middle, half, strict=True)
    ]
    effects = [from_interval(*map(float, t.split(",")), level=95, scale="log") for t in texts]
    return texts, np.array([e.yi for e in effects]), np.array([e.vi for e in effects])


def pooled(yi: np.ndarray, vi: np.ndarray, decimals: int, method: str = "DL") -> str:
    fit = random_effects(
        yi,
        vi,
        method=method,
        interval="normal",
        level=95,
        prediction="riley",  # type: ignore[arg-type]
    )
    return ",".join(f"{np.exp(x):.{decimals}f}" for x in (fit.mu, fit.ci_low, fit.ci_high))


@pytest.mark.parametrize("seed", range(12))
def test_honest_pools_raise_nothing(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    texts, yi, vi = trials(rng, int(rng.integers(2, 7)))
    method = str(rng.choice(["CE", "DL", "REML", "PM"]))
    catalog = tables(tmp_path, texts, pooled(yi, vi, 2, method))
    assert list(check_pools(catalog)) == []


@pytest.mark.parametrize("seed", range(12))
def test_one_reversed_input_is_named(tmp_path: Path, seed: int) -> None:
    """Four digits: the reversed trial is the only explanation, or none is called proven."""
    rng = np.random.default_rng(100 + seed)
    texts, yi, vi = trials(rng, 4)
    turned = int(np.argmax(np.abs(yi)))
    yi[turned] *= -1
    found = reproduce(tables(tmp_path, texts, pooled(yi, vi, 4)), "p")
    assert found.verdict == "proven"
    assert found.minimal is not None
    assert [d.key for d in found.minimal.departures] == [f"s{turned}-os:reference_arm=intervention"]


@pytest.mark.parametrize("seed", range(20))
def test_pools_of_other_trials_are_never_proven(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(200 + seed)
    texts, _, _ = trials(rng, 4)
    _, yi, vi = trials(rng, 4)
    found = reproduce(tables(tmp_path, texts, pooled(yi, vi, 2)), "p")
    assert found.verdict != "proven"


def test_finding_names_the_reading_and_the_corrected_pool(tmp_path: Path) -> None:
    texts, yi, vi = trials(np.random.default_rng(5), 4)
    yi[2] *= -1
    catalog = tables(tmp_path, texts, pooled(yi, vi, 4))
    (finding,) = check_pools(catalog)
    assert finding.rule == "pool-not-reproduced"
    assert finding.severity == "serious"
    assert finding.subject == "rev"
    assert finding.claim_ids == ("p-os", "s2-os")
    assert finding.location.file == "claims.csv"
    assert finding.location.row == 6
    assert "taken as control relative to intervention" in finding.message
    assert "by the same method" in finding.changes


def test_unexplained_pool_is_minor_with_the_nearest(tmp_path: Path) -> None:
    texts, _, _ = trials(np.random.default_rng(6), 3)
    (finding,) = check_pools(tables(tmp_path, texts, "0.30,0.29,0.31"))
    assert finding.severity == "minor"
    assert "The nearest" in finding.message


def test_readings_of_the_caller_replace_those_of_the_audit(tmp_path: Path) -> None:
    texts, yi, vi = trials(np.random.default_rng(5), 4)
    yi[2] *= -1
    catalog = tables(tmp_path, texts, pooled(yi, vi, 4))
    assert list(check_pools(catalog, [("s2-os", "reference_arm=intervention")])) == []


def test_pool_and_inputs_of_either_direction(tmp_path: Path) -> None:
    texts, yi, vi = trials(np.random.default_rng(7), 3)
    arms = ("control", "intervention", "control")
    yi[1] *= -1
    catalog = tables(tmp_path, texts, pooled(-yi, vi, 3), pool_arm="intervention", arms=arms)
    assert reproduce(catalog, "p").departures_needed == 0


def test_differences_are_pooled_on_their_own_scale(tmp_path: Path) -> None:
    numbers = ([-3.0, 1.2], [-1.0, 0.9], [0.5, 1.5])
    texts = [f"{m:.2f},{m - 1.96 * s:.2f},{m + 1.96 * s:.2f}" for m, s in numbers]
    effects = [from_interval(*map(float, t.split(",")), level=95, scale="identity") for t in texts]
    fit = random_effects(
        [e.yi for e in effects],
        [e.vi for e in effects],
        method="REML",
        interval="normal",
        level=95,
        prediction="riley",
    )
    text = ",".join(f"{float(x):.3f}" for x in (fit.mu, fit.ci_low, fit.ci_high))
    found = reproduce(tables(tmp_path, texts, text, measure="MD"), "p")
    assert found.departures_needed == 0
    assert "REML" in {m.estimator for m in found.matches}


def test_shipped_pools() -> None:
    findings = list(check_pools(load_catalog()))
    assert {"gera2020", "reinhorn2021"} <= {f.subject for f in findings if f.severity == "serious"}


def test_both_shipped_pools_of_the_trials_are_explained() -> None:
    catalog = load_catalog()
    found = {r.pool_id: r for r in reproduce_all(catalog)}
    first, second = found["gera2020-rct"], found["reinhorn2021-itt"]
    assert first.verdict == "proven"
    assert first.minimal is not None
    assert [d.kind for d in first.minimal.departures] == ["direction"]
    assert second.minimal is not None
    assert [d.kind for d in second.minimal.departures] == ["level"]
    assert all(r.matches_without == 0 for r in second.readings if r.in_minimal)
