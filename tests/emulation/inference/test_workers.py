"""The bootstrap of an effect: any number of workers, interrupted, on a cluster."""

from __future__ import annotations

import warnings
from dataclasses import replace

import joblib
import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.emulation.inference import Inference, estimate_effect
from locoreg.emulation.methods import make_method
from tests.emulation import designs
from tests.emulation.inference.toy import LABEL, Toy, cohort

QUESTION = designs.question()
# More than one batch of 64 replicates.
INFERENCE = Inference(interval="bootstrap", replicates=200, seed=3, jobs=1)


def numbers(effect):
    return np.array(
        [[c.estimate.se, c.estimate.ci_low, c.estimate.ci_high] for c in effect.contrasts]
    )


def toy(inference, **more):
    people = cohort()
    return estimate_effect(LABEL, Toy(people, QUESTION), people, QUESTION, inference, **more)


def ever(inference):
    return make_method("ever_treated", {}).estimate(designs.lt1(400, 2), QUESTION, inference)


def test_two_workers_give_the_same_numbers():
    with joblib.parallel_config(backend="loky", n_jobs=2):
        two = ever(replace(INFERENCE, jobs=None))
    np.testing.assert_array_equal(numbers(two), numbers(ever(INFERENCE)))


@pytest.mark.parametrize("jobs", [2, None], ids=["own workers", "surrounding"])
def test_threads_give_the_same_numbers(jobs):
    with joblib.parallel_config(backend="threading", n_jobs=2):
        found = toy(replace(INFERENCE, jobs=jobs))
    np.testing.assert_array_equal(numbers(found), numbers(toy(INFERENCE)))


def test_progress_is_told_and_ends_at_the_total():
    told = []
    toy(INFERENCE, on_progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (200, 200)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_an_interrupted_run_goes_on(tmp_path):
    inference = replace(INFERENCE, checkpoint=str(tmp_path / "replicates.npz"))
    seen = []

    def interrupt(done, total):
        seen.append(done)
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        toy(inference, on_progress=interrupt)
    again = []
    resumed = toy(inference, on_progress=lambda done, total: again.append(done))
    # The replicates of the two batches that were done are not repeated.
    assert again[0] > seen[-1]
    np.testing.assert_array_equal(numbers(resumed), numbers(toy(INFERENCE)))


def test_a_checkpoint_of_other_data_is_refused(tmp_path):
    inference = replace(INFERENCE, checkpoint=str(tmp_path / "replicates.npz"))
    toy(inference)
    with pytest.raises(DesignError, match="other settings"):
        toy(replace(inference, seed=4))
    others = cohort(seed=2)
    with pytest.raises(DesignError, match="other data"):
        estimate_effect(LABEL, Toy(others, QUESTION), others, QUESTION, inference)


@pytest.mark.parametrize("kind", ["multinomial", "bayesian"])
def test_the_seed_decides_the_numbers(kind):
    inference = replace(INFERENCE, kind=kind)
    np.testing.assert_array_equal(numbers(toy(inference)), numbers(toy(inference)))
    assert (numbers(toy(inference)) != numbers(toy(replace(inference, seed=9))))[:, 0].all()


# Sockets and loops of the cluster are closed a moment after it says that it is.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_dask_cluster_gives_the_same_numbers(tmp_path):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            local_directory=str(tmp_path),
            silence_logs=50,
        ) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config(backend="dask"),
        warnings.catch_warnings(),
    ):
        # Weights and cohort are sent with each task; dask advises to scatter them beforehand.
        warnings.filterwarnings("ignore", message="Sending large graph", category=UserWarning)
        found = ever(replace(INFERENCE, jobs=None))
    np.testing.assert_array_equal(numbers(found), numbers(ever(INFERENCE)))
