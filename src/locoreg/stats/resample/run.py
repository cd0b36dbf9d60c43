"""The bootstrap: any statistic of weights, in batches, on any number of workers, resumable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import joblib  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import ConvergenceError, DataError, LocoregError
from locoreg.stats.resample.checkpoint import Progress, read_checkpoint, write_checkpoint
from locoreg.stats.resample.result import Bootstrap
from locoreg.stats.resample.weights import Kind, Resampling, Seed, check_count, resampling
from locoreg.stats.survivaldata import FloatArray

Statistic = Callable[[FloatArray], ArrayLike]

# Weights of one batch, in numbers: 16 MB, whatever the number of workers.
BATCH_NUMBERS = 2_000_000
LARGEST_BATCH = 64
# Above this share of failures the replicates that are left are no sample of anything.
MOST_FAILED = 0.05
MOST_TOLD = 3
NOT_FINITE = "a value is not finite"


def bootstrap(
    statistic: Statistic,
    n: int | None = None,
    *,
    kind: Kind,
    replicates: int,
    seed: Seed,
    cluster: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    jobs: int | None = None,
    batch: int | None = None,
    checkpoint: str | PathLike[str] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Bootstrap:
    """Bootstrap a statistic that takes weights.

    Parameters
    ----------
    statistic : callable
        From weights of the rows, shape (b, n), to values, shape (b, q). It must repeat the whole
        analysis under each row of weights, estimated weights and all. It must be picklable where
        workers are other processes.
    n, kind, replicates, seed, cluster, strata
        As for `bootstrap_weights`.
    names : sequence of str, optional
        Names of the values; ``value 1``, ... without.
    jobs : int, optional
        Workers of ``joblib.Parallel``. None takes those of a surrounding
        ``joblib.parallel_config``, which also chooses the backend (processes, threads, Dask, Ray,
        Spark), and one without.
    batch : int, optional
        Replicates per call of the statistic; by default as many as make 16 MB of weights, 64 at
        most.
    checkpoint : path, optional
        A file that keeps the replicates after each batch. If it exists the run goes on from it.
    on_progress : callable, optional
        Called after each batch with the replicates done and their total.

    Returns
    -------
    Bootstrap
        Estimate and replicates. They don't depend on the number of workers, nor on the batch
        beyond the rounding of sums in the statistic itself.

    Raises
    ------
    DataError
        If the statistic gives no finite numbers of the right shape, or settings don't fit.
    DesignError
        If the checkpoint was made with other settings or other data.
    ConvergenceError
        If more than 5% of the replicates fail: the statistic raised a `LocoregError`, or a value
        was not finite.
    """
    drawing = resampling(n, kind=kind, seed=seed, cluster=cluster, strata=strata)
    count = check_count("replicates", replicates, least=2)
    size = _batch_size(batch, drawing.n)
    estimate = _estimate(statistic, drawing.n)
    labels = _labels(names, estimate.size)
    settings = {"replicates": count, **drawing.settings()}
    path = None if checkpoint is None else Path(checkpoint)
    progress = None if path is None else read_checkpoint(path, settings, estimate)
    if progress is None:
        progress = Progress.empty(count, estimate.size)
    resumed = int(progress.done.sum())
    tasks = (
        joblib.delayed(_one_batch)(statistic, drawing, members, estimate.size)
        for members in _batches(progress, size)
    )
    for members, values, reasons in _results(tasks, jobs):
        progress.values[members] = values
        progress.done[members] = True
        progress.reasons.update(reasons)
        if path is not None:
            write_checkpoint(path, settings, estimate, progress)
        if on_progress is not None:
            on_progress(int(progress.done.sum()), count)
    failed = tuple(sorted(progress.reasons))
    _check_failures(failed, progress.reasons, count)
    return Bootstrap(
        names=labels,
        estimate=estimate,
        replicates=progress.values,
        kind=kind,
        seed=drawing.entropy,
        n=drawing.n,
        units=drawing.units,
        strata=len(drawing.strata),
        failed=failed,
        reasons=tuple(progress.reasons[b] for b in failed),
        resumed=resumed,
    )


Batch = tuple[int, int]
Outcome = tuple[slice, FloatArray, dict[int, str]]


def _batches(progress: Progress, size: int) -> list[Batch]:
    """Return first and last + 1 of the runs of replicates that are not done, cut to size.

    Cuts lie at multiples of the size, so that a resumed run makes the calls of a whole one.
    """
    found: list[Batch] = []
    for start in range(0, progress.done.size, size):
        block = ~progress.done[start : start + size]
        if block.any():
            found.append((start, start + block.size))
    return found


def _results(tasks: Iterable[Any], jobs: int | None) -> Iterator[Outcome]:
    """Yield outcomes as they come, whatever joblib's backend can do."""
    try:
        parallel = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered")
    except ValueError:
        # Some backends give all results at once: several batches per worker between two writes.
        waiting = list(tasks)
        wave = 4 * joblib.effective_n_jobs(jobs)
        for start in range(0, len(waiting), wave):
            yield from joblib.Parallel(n_jobs=jobs)(waiting[start : start + wave])
        return
    yield from parallel(tasks)


def _one_batch(statistic: Statistic, drawing: Resampling, members: Batch, size: int) -> Outcome:
    """Compute a batch of replicates; runs in a worker."""
    first, last = members
    weights = drawing.weights(first, last)
    reasons: dict[int, str] = {}
    try:
        values = _call(statistic, weights, size)
    except LocoregError:
        values = np.full((last - first, size), np.nan)
        for row in range(last - first):
            try:
                values[row] = _call(statistic, weights[row : row + 1], size)[0]
            except LocoregError as fault:
                reasons[first + row] = fault.message
    bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
    values[bad] = np.nan
    for row in bad.tolist():
        reasons.setdefault(first + row, NOT_FINITE)
    return slice(first, last), values, reasons


def _call(statistic: Statistic, weights: FloatArray, size: int | None) -> FloatArray:
    values: FloatArray = np.array(statistic(weights), dtype=np.float64)
    rows = weights.shape[0]
    fits = values.ndim == 2 and values.shape[0] == rows and values.shape[1] > 0
    if not fits or (size is not None and values.shape[1] != size):
        wanted = "q" if size is None else str(size)
        raise TypeError(
            f"statistic gave an array of shape {values.shape} for weights of shape "
            f"{weights.shape}; it must be ({rows}, {wanted})"
        )
    return values


def _estimate(statistic: Statistic, n: int) -> FloatArray:
    try:
        values = np.asarray(_call(statistic, np.ones((1, n)), None)[0])
    except TypeError as fault:
        raise DataError(f"{fault}.", hint="give one row of values per row of weights.") from fault
    if not np.isfinite(values).all():
        place = int(np.argmax(~np.isfinite(values))) + 1
        raise DataError(
            f"Value {place} of the statistic is not finite with all weights 1.",
            hint="leave it out, or ask for it where it is defined.",
        )
    return values


def _batch_size(batch: int | None, n: int) -> int:
    if batch is not None:
        return check_count("batch", batch)
    return int(np.clip(BATCH_NUMBERS // n, 1, LARGEST_BATCH))


def _labels(names: Sequence[str] | None, size: int) -> tuple[str, ...]:
    if names is None:
        return tuple(f"value {j + 1}" for j in range(size))
    labels = tuple(str(name) for name in names)
    if len(labels) != size:
        raise DataError(
            f"There are {len(labels)} names, but the statistic has {size} values.",
            hint="give one name per value.",
        )
    return labels


def _check_failures(failed: tuple[int, ...], reasons: dict[int, str], count: int) -> None:
    if len(failed) <= MOST_FAILED * count:
        return
    told = "; ".join(f"replicate {b + 1}: {reasons[b]}" for b in failed[:MOST_TOLD])
    more = len(failed) - MOST_TOLD
    raise ConvergenceError(
        f"{len(failed)} of {count} replicates ({100 * len(failed) / count:.1f}%) failed, more than "
        f"{100 * MOST_FAILED:g}%: {told}" + (f"; and {more} more." if more > 0 else "."),
        hint='kind="bayesian" leaves nobody out; for separated outcomes a penalty helps.',
    )
