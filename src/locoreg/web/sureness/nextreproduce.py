"""The command and the Python lines that give the numbers of the next trial."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from locoreg.report.blocks import Block, Details, Listing, text
from locoreg.web.rendering import Reproduce
from locoreg.web.state import State
from locoreg.workflows.explore.studylines import study_lines

if TYPE_CHECKING:
    from locoreg.web.sureness.nextcontent import NextFound
    from locoreg.web.sureness.nextview import AddedAsked


def reproduce(state: State, found: NextFound) -> Reproduce | None:
    """Return how the same numbers are had without the application; None where there are none."""
    tables = [str(one) for one in state.settings.tables]
    asked = found.asked
    if asked.added is not None:
        command, python = _added(found, asked.added, tables)
    elif asked.plan is not None:
        command = "locoreg run STUDY.yaml --out RUN"
        plan = asked.plan.model_dump(mode="json", exclude_none=True)
        python = (
            "from locoreg.workflows.conclusion.nextplan import PlanningPlan\n"
            "from locoreg.workflows.conclusion.trials import plan_trials\n"
            "from locoreg.workflows.stored import open_run\n\n"
            f"plan = PlanningPlan.model_validate({plan!r})\n"
            f'plan_trials(open_run("RUN").results, [plan], tables={tables!r})'
        )
    else:
        return None
    return Reproduce(command=command, python=python, data_sha256=state.catalog.sha256)


def study_file(state: State, found: NextFound) -> tuple[Block, ...]:
    """Return what is planned as lines for a study file."""
    plan = found.asked.plan
    if plan is None:
        return ()
    view = found.view
    lines = study_lines(
        {"planning": plan},
        tables=[str(one) for one in state.settings.tables],
        pools=(plan.question, plan.outcome, (plan.design,)),
        method=view.method, interval=view.interval, level=float(view.level),
    )  # fmt: skip
    return (Details(text("Lines for a study file"), (Listing("Lines for a study file", lines),)),)


def _added(found: NextFound, asked: AddedAsked, tables: list[str]) -> tuple[str, str]:
    view, question = found.view, found.found.question.question_id
    outcome = found.found.outcome.outcome_id
    trials = ",".join(f"{one.hazard_ratio:g}={one.events:g}" for one in asked.trials)
    words = ["locoreg", "plan", "add", question, trials, "--allocation", f"{asked.allocation:g}"]
    if asked.important is not None:
        words += ["--important", f"{asked.important:g}"]
    words += ["--method", view.method, "--interval", view.interval, "--level", view.level]
    words += ["--outcome", outcome]
    if tables != ["shipped"]:
        words += [part for one in tables for part in ("--tables", one)]
    python = (
        "from locoreg.workflows.planning.poolasked import pool_asked\n"
        "from locoreg.workflows.planning.prospects import (\n"
        "    hypothetical_asked,\n    pool_with,\n    rules_asked,\n)\n\n"
        f"pool = pool_asked({question!r}, outcome={outcome!r}, tables={tables!r}, "
        f"method={view.method!r}, interval={view.interval!r}, level={float(view.level)!r})\n"
        f"trials = hypothetical_asked({trials!r}, {asked.allocation!r})\n"
        f"rules = rules_asked(important={asked.important!r}, threshold=None, tau_scale=None)\n"
        "pool_with(pool, trials, rules)"
    )
    return shlex.join(words), python
