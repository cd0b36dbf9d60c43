from __future__ import annotations

import json
from typing import Any

import pytest

from locoreg.core.jsontext import dumps
from locoreg.workflows.emulation.hiding import hidden_dict
from locoreg.workflows.emulation.task import emulate
from locoreg.workflows.selection.task import select
from tests.workflows.conclusion import runs
from tests.workflows.emulation import persons as followed
from tests.workflows.selection import persons as chosen

BENCHMARK = {"studies": chosen.TRIALS, "eligibility": [], "margin": 1.2}


@pytest.fixture(scope="session")
def evidence_results() -> Any:
    return runs.evidence()


@pytest.fixture(scope="session")
def emulation_results(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """An emulation beside the trials, with a biased reading of the same data."""
    table = followed.write_table(
        tmp_path_factory.mktemp("persons") / "p.csv", followed.rows(700, 1)
    )
    asked = followed.protocol(sensitivity=followed.SENSITIVITY, benchmark=BENCHMARK)
    return json.loads(dumps(hidden_dict(emulate(asked, table=table), 10)))


@pytest.fixture(scope="session")
def selection_results() -> Any:
    table = chosen.rows(400, 2, young=1.0, old=1.0)
    asked = chosen.protocol(benchmark=chosen.BENCHMARK)
    found = select(asked, table=table, sensitivity=False, jobs=1)
    return json.loads(dumps(found.to_dict()))


@pytest.fixture(scope="session")
def whole(evidence_results: Any, emulation_results: Any, selection_results: Any) -> Any:
    """Everything that a study can ask for."""
    results = {
        **evidence_results,
        "emulation": [{"name": "early", "results": emulation_results}],
        "selection": [{"name": "whom", "results": selection_results}],
    }
    return runs.finished(results, find=[runs.findings()], plan=[runs.planning()])
