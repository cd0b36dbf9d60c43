"""What the worker runs."""

from __future__ import annotations

from locoreg.report.study import Stage, run_study
from locoreg.web.jobs.kinds import STUDY_FILE, Task


def run_study_file(task: Task) -> None:
    """Run the study file of a job into the folder of its result.

    Parameters
    ----------
    task : Task
        The job. Steps that an earlier attempt finished are kept.
    """

    def tell(stage: Stage) -> None:
        task.tell(stage.name, stage.text, stage.number, stage.of)

    run_study(task.folder / STUDY_FILE, task.out, progress=tell, cancelled=task.cancelled)
