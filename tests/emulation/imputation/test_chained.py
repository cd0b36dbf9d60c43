"""Chained equations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.emulation.cohort import Column
from locoreg.emulation.imputation import Chains, Imputation
from locoreg.emulation.imputation.chained import cumulative_hazard
from tests.emulation import designs

OPTIONS = Imputation(imputations=2, seed=1)


def holes(cohort, seed):
    """Leave values out, x2 more often of those who died and x1 of those treated early."""
    rng = np.random.default_rng(seed)
    x1, x2 = cohort.baseline
    gone2 = rng.random(cohort.n) < np.where(cohort.event == 1, 0.4, 0.1)
    gone1 = rng.random(cohort.n) < np.where(cohort.treatment_time < 3, 0.4, 0.1)
    columns = (
        replace(x1, values=np.where(gone1, np.nan, x1.values)),
        replace(x2, values=np.where(gone2, np.nan, x2.values)),
    )
    return replace(cohort, baseline=columns), gone1, gone2


def filled(chains, seed, **more):
    found = chains.fill(np.random.default_rng(seed), 5, **more)
    return {gap.column.name: v for gap, v in zip(chains.gaps, found, strict=True)}


def test_known_values_stay_and_unknown_ones_are_filled():
    cohort, gone1, gone2 = holes(designs.lt1(500, 1), 2)
    for model in ("normal", "pmm"):
        found = filled(Chains(cohort, 6.0, replace(OPTIONS, number_model=model)), 1)
        for name, gone in (("x1", gone1), ("x2", gone2)):
            column = cohort.column(name)
            np.testing.assert_array_equal(found[name][~gone], column.values[~gone])
            assert np.isfinite(found[name]).all()
        assert set(found["x1"]) <= {0.0, 1.0}
        if model == "pmm":
            assert np.isin(found["x2"][gone2], cohort.column("x2").values[~gone2]).all()


@pytest.mark.parametrize("model", ["normal", "pmm"])
def test_imputed_values_are_distributed_as_the_true_ones(model):
    whole = designs.lt1(4000, 1, log_hazard=np.log(0.6))
    cohort, gone1, gone2 = holes(whole, 2)
    chains = Chains(cohort, 6.0, replace(OPTIONS, number_model=model))
    x1, x2 = (column.values for column in whole.baseline)
    found = [filled(chains, seed) for seed in range(8)]
    # Known persons differ from those unknown by .1 and more; four standard errors of the truth
    # are .06 for shares and .12 for means.
    assert abs(x1[gone1].mean() - x1[~gone1].mean()) > 0.09
    assert np.mean([f["x1"][gone1].mean() for f in found]) == pytest.approx(
        x1[gone1].mean(), abs=0.06
    )
    for part in (whole.event == 1, np.isfinite(whole.treatment_time)):
        rows = gone2 & part
        imputed = np.mean([f["x2"][rows].mean() for f in found])
        assert imputed == pytest.approx(x2[rows].mean(), abs=0.12)
    spread = np.mean([f["x2"][gone2].std() for f in found])
    assert spread == pytest.approx(x2[gone2].std(), rel=0.08)


def test_weights_of_0_leave_persons_out_of_the_models():
    cohort, _, _ = holes(designs.lt1(400, 1), 2)
    cohort.column("x2").values[:50] = np.nan
    odd = replace(cohort.column("x2"), values=cohort.column("x2").values.copy())
    odd.values[50:100] = 1e6
    strange = replace(cohort, baseline=(cohort.baseline[0], odd))
    weight = np.ones(400)
    weight[50:100] = 0.0
    found = filled(Chains(strange, 6.0, replace(OPTIONS, number_model="pmm")), 1, weight=weight)
    assert np.abs(found["x2"][:50]).max() < 10


def test_a_start_is_taken_up():
    cohort, _, gone2 = holes(designs.lt1(400, 1), 2)
    chains = Chains(cohort, 6.0, OPTIONS)
    first = chains.fill(np.random.default_rng(1), 5)
    again = chains.fill(np.random.default_rng(2), 1, start=first)
    assert (again[chains.gaps.index(chains.gaps[-1])] != first[-1]).any()
    assert gone2.any()


def test_shifts_move_imputed_values_only():
    cohort, gone1, gone2 = holes(designs.lt1(2000, 1), 2)
    chains = Chains(cohort, 6.0, OPTIONS)
    moved = Chains(cohort, 6.0, replace(OPTIONS, shift=1.0, shifted=("x2",)))
    plain, raised = filled(chains, 1), filled(moved, 1)
    sd = np.nanstd(cohort.column("x2").values, ddof=1)
    # Other variables take up the shift, which moves predictions back a little.
    change = (raised["x2"] - plain["x2"])[gone2].mean()
    assert change == pytest.approx(sd, abs=0.15)
    np.testing.assert_array_equal(raised["x2"][~gone2], plain["x2"][~gone2])
    both = filled(Chains(cohort, 6.0, replace(OPTIONS, shift=1.0)), 1)
    assert both["x1"][gone1].mean() > plain["x1"][gone1].mean() + 0.1


def test_splines_have_one_set_of_knots_in_all_completed_cohorts():
    cohort, _, _ = holes(designs.lt1(400, 1), 2)
    curved = replace(cohort, coding=replace(cohort.coding, splines=(("x2", 3),)))
    chains = Chains(curved, 6.0, OPTIONS)
    one, other = (
        chains.completed(curved, chains.fill(np.random.default_rng(seed), 2)) for seed in (1, 2)
    )
    assert one.coding.knots == other.coding.knots != ()
    assert one.design().names == other.design().names
    assert not one.column("x2").missing.any()


def test_histories_and_entry_predict():
    start = designs.lt1(300, 1)
    cohort, _, _ = holes(start, 2)
    marker = designs.history("marker", range(300), [0.0] * 300, range(300), n=300)
    later = replace(
        cohort,
        histories=(marker,),
        coding=replace(cohort.coding, history_names=("marker",)),
        entry=np.minimum(np.arange(300) / 1000.0, cohort.time / 2),
    )
    columns = [Chains(c, 6.0, OPTIONS).outside.shape[1] for c in (cohort, later)]
    # The marker and the entry; everybody has a value, so that no column says who has none.
    assert columns[1] == columns[0] + 2


def test_cumulative_hazard_by_hand():
    time, event = np.array([1.0, 2, 2, 4]), np.array([True, True, False, True])
    np.testing.assert_allclose(
        cumulative_hazard(time, event, None), [1 / 4, 1 / 4 + 1 / 3, 1 / 4 + 1 / 3, 19 / 12]
    )
    entry = np.array([0.0, 1.5, 0, 0])
    np.testing.assert_allclose(cumulative_hazard(time, event, entry), [1 / 3, 2 / 3, 2 / 3, 5 / 3])


def test_variables_that_cannot_be_imputed_are_refused():
    cohort, _, _ = holes(designs.lt1(200, 1), 2)
    scarce = cohort.column("x2").values.copy()
    scarce[5:] = np.nan
    few = replace(
        cohort, baseline=(cohort.baseline[0], Column(name="x2", kind="number", values=scarce))
    )
    with pytest.raises(DesignError, match="x2 is known for"):
        Chains(few, 6.0, OPTIONS)
    with pytest.raises(DesignError, match="x3 can't be shifted"):
        Chains(cohort, 6.0, replace(OPTIONS, shift=1.0, shifted=("x3",)))


@pytest.mark.parametrize(
    "change",
    [{"imputations": 1}, {"seed": -1}, {"donors": 0}, {"rounds": 1.5}, {"number_model": "mean"}],
    ids=["imputations", "seed", "donors", "rounds", "model"],
)
def test_bad_options_are_refused(change):
    with pytest.raises(DataError):
        replace(OPTIONS, **change)


def test_a_shift_that_is_no_number_is_refused():
    with pytest.raises(DesignError, match="shift is nan"):
        replace(OPTIONS, shift=float("nan"))
