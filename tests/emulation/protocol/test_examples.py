"""The shipped protocols are valid, distinct, and say what their names say."""

from __future__ import annotations

from pathlib import Path

import pytest

from locoreg.core.errors import DataError
from locoreg.emulation.protocol import example_names, example_path, read_example, read_protocol
from locoreg.evidence.catalog import load_catalog

NAMES = (
    "liver-resection",
    "lung-metastasectomy",
    "plain-table",
    "primary-surgery-12-months",
    "primary-surgery-6-months",
    "primary-surgery-after-response",
    "sabr-oligometastases",
)
# Of who gains: without sensitivity analyses of the average effect.
SELECTING = ("select-plain-table", "select-primary-surgery")


def test_the_examples_are_those_that_are_promised():
    assert example_names() == (*NAMES, *SELECTING)


@pytest.mark.parametrize("name", [*NAMES, *SELECTING])
def test_an_example_is_read_by_name_and_by_path(name):
    by_name, by_path = read_protocol(name), read_protocol(example_path(name))
    assert by_name.protocol == by_path.protocol == read_example(name).protocol
    assert by_name.name == f"{name}.yaml"
    assert by_name.places["protocol",].line > 1, "an example begins with what it is about"


@pytest.mark.parametrize("name", NAMES)
def test_an_example_has_its_sensitivity_analyses(name):
    protocol = read_example(name).protocol
    methods = {choice.method for choice in protocol.sensitivity.methods}
    assert methods == {"landmark", "time_dependent_cox", "sequential_trials", "ever_treated"}
    assert protocol.sensitivity.truncation == (99.5, 99, 97.5, 95)
    assert protocol.sensitivity.grace_months
    assert protocol.analysis.method == "clone_censor_weight"
    assert protocol.confounders.time_varying == ("response",)
    assert protocol.question().intervals == protocol.strategies.treated.grace_months


def test_examples_differ():
    assert len({read_example(name).sha256 for name in NAMES}) == len(NAMES)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "plain-table"])
def test_the_trials_of_a_benchmark_are_in_the_catalogue(name):
    trials = [name for name, study in load_catalog().studies.items() if study.design == "rct"]
    read_example(name).check_studies(trials)


def test_the_two_grace_periods_and_the_trial_after_response():
    six, twelve = (read_example(f"primary-surgery-{n}-months").protocol for n in (6, 12))
    after = read_example("primary-surgery-after-response").protocol
    assert six.strategies.treated.grace_months == 6
    assert twelve.strategies.treated.grace_months == 12
    # E2108: no progression on 4 to 8 months of systemic therapy.
    assert after.time_zero.window_months == (4, 8)
    assert after.time_zero.responses == ("CR", "PR", "SD")
    assert (after.contrast, after.strategies.comparator.rule) == ("itt_like", "none_within_grace")


def test_oligometastases_are_one_to_five():
    criteria = read_example("sabr-oligometastases").protocol.eligibility
    lesions = next(c for c in criteria if c.variable == "n_lesions")
    assert (lesions.at_least, lesions.at_most) == (1, 5)


def test_an_unknown_example_is_told():
    with pytest.raises(DataError, match="did you mean plain-table"):
        example_path("plain-tabel")


def test_examples_lie_beside_the_code_that_is_shipped():
    import locoreg

    assert Path(locoreg.__file__).parent in example_path("plain-table").parents
