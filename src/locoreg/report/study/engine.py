"""Run a study: each step once, then the report from the folders of the steps."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from locoreg.core.errors import DataError
from locoreg.report.study.assembly import assemble, earlier
from locoreg.report.study.folder import (
    STEPS,
    check_out,
    finish,
    partial,
    place,
    remove_others,
    state_of,
    write_made,
)
from locoreg.report.study.makers import Making, make
from locoreg.report.study.stage import Stage, Teller
from locoreg.workflows.export import check_folder
from locoreg.workflows.stored import StoredRun, open_run
from locoreg.workflows.study import read_study
from locoreg.workflows.study.steps import PlannedStep, plan_steps

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK = ".lock"


def run_study(
    path: str | Path,
    out: str | Path,
    *,
    progress: Callable[[Stage], None] | None = None,
    jobs: int | None = None,
    force: bool = False,
    cancelled: Callable[[], bool] | None = None,
) -> StoredRun:
    """Run a study file.

    Each part is a step with a folder of its own. A step whose inputs, options and program are
    those of the last run is not run again; its files are checked. An interrupted run goes on.

    Parameters
    ----------
    path : str or Path
        The study file.
    out : str or Path
        Folder for ``report.html``, ``results.json``, ``page.json``, tables, figures and steps.
    progress : callable, optional
        Called with each `Stage`.
    jobs : int, optional
        Workers and threads; those of the study file if not given.
    force : bool
        Whether every step is run again.
    cancelled : callable, optional
        Asked at each stage; where it returns True the run stops.

    Returns
    -------
    StoredRun
        The run, as it lies in the folder.

    Raises
    ------
    DataError, DesignError
        If the study file or something that it names has a fault.
    CancelledError
        If it was cancelled.
    """
    study_file, target = Path(path), Path(out)
    plan, digest = read_study(study_file)
    check_folder(target)
    check_out(target)
    steps = plan_steps(plan, study_file, jobs=jobs)
    with _locked(target):
        before = earlier(target)
        for i, step in enumerate(steps, 1):
            tell = Teller(step.name, step.title, i, len(steps) + 1, progress, cancelled)
            making = Making(
                plan=plan,
                study_file=study_file,
                out=target,
                scratch=partial(target, step),
                jobs=plan.jobs if jobs is None else jobs,
                tell=tell,
            )
            _step(step, making, force=force)
        tell = Teller("report", "Report", len(steps) + 1, len(steps) + 1, progress, cancelled)
        for name in remove_others(target, {step.name for step in steps}):
            tell(f"removed the step {name}, which the study no longer has")
        tell("writing the report")
        assemble(plan, digest, study_file, steps, target, before, tell)
    return open_run(target)


def _step(step: PlannedStep, making: Making, *, force: bool) -> None:
    """Run a step, or keep it."""
    target = making.out / STEPS / step.name
    state, what = state_of(target, step.key)
    made, tell = making.made, making.tell
    if state == "kept" and not force:
        tell("kept")
        return
    if state == "damaged":
        tell(f"{what} is not as it was written: run again")
    if force:
        _clear(making.scratch)
    elif state_of(made, step.key)[0] == "kept":
        # It was complete when the last run was stopped.
        place(made, target)
        tell("kept")
        return
    _clear(made)
    began = time.monotonic()
    contents, synthetic = make(step, making)
    tell.check()
    write_made(made, contents)
    finish(made, target, step, seconds=time.monotonic() - began, synthetic=synthetic)


def _clear(made: Path) -> None:
    if made.exists():
        shutil.rmtree(made)
    made.mkdir(parents=True)


@contextmanager
def _locked(out: Path) -> Iterator[None]:
    """Keep other runs out of a folder."""
    (out / STEPS).mkdir(parents=True, exist_ok=True)
    lock = FileLock(out / STEPS / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise DataError(
            f"another run is writing into {out}.", hint="wait for it, or choose another folder."
        ) from None
    try:
        yield
    finally:
        lock.release()
