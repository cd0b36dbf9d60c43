"""The evidence as JSON: the numbers of the pages, for the same queries."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from locoreg.core.jsontext import json_ready
from locoreg.web.evidence import kept
from locoreg.web.evidence.view import EvidenceView
from locoreg.web.state import State
from locoreg.workflows.explore.choices import choices_for

api = APIRouter(tags=["evidence"])


class Offered(BaseModel):
    """A value that can be asked for."""

    value: str
    label: str


class QuestionItem(BaseModel):
    """A question of the tables with what can be asked about it."""

    question: str
    title: str
    population: str
    intervention: str
    comparator: str
    measure: str
    reference_arm: str
    level: float
    outcomes: list[Offered]
    designs: list[Offered]
    subgroups: list[Offered]
    timings: list[Offered]
    diseases: list[Offered]
    limits: list[Offered]
    splits: list[Offered]


class QuestionList(BaseModel):
    """The questions of the tables."""

    tables_sha256: str
    questions: list[QuestionItem]


class PoolItem(BaseModel):
    """The pool of one design group: ``pool`` is that of ``results.json``."""

    key: str
    answer: str
    pool: dict[str, Any]
    h2_ci: list[float | None]
    influence: dict[str, Any]
    left_out: list[dict[str, str]]


class EmptyItem(BaseModel):
    """A design group without a usable number, and why."""

    design: str
    reason: str


class PoolList(BaseModel):
    """The pools of a question and outcome, designs apart."""

    tables_sha256: str
    question: str
    title: str
    outcome: str
    pools: list[PoolItem]
    empty: list[EmptyItem]


@api.get("/evidence/questions")
def api_questions(request: Request) -> QuestionList:
    """Return the questions of the tables with what can be asked about each."""
    state: State = request.app.state.locoreg
    items = []
    for record in state.catalog.questions.values():
        choices = choices_for(state.catalog, record.question_id)
        offered = {
            name: [Offered(value=one.value, label=one.label) for one in getattr(choices, name)]
            for name in (
                "outcomes", "designs", "subgroups", "timings", "diseases", "limits", "splits",
            )
        }  # fmt: skip
        items.append(
            QuestionItem(
                question=record.question_id,
                title=record.title,
                population=record.population,
                intervention=record.intervention,
                comparator=record.comparator,
                measure=record.measure,
                reference_arm=record.reference_arm,
                level=record.level,
                **offered,
            )
        )
    return QuestionList(tables_sha256=state.catalog.sha256, questions=items)


@api.get("/evidence/pool")
def api_pool(request: Request, view: Annotated[EvidenceView, Query()]) -> PoolList:
    """Return the pools that the explorer shows for the same query."""
    state: State = request.app.state.locoreg
    found = kept.explored(state, view)
    pools = []
    for item in found.pools:
        h2, influence = kept.influence(item)
        pools.append(
            PoolItem(
                key=item.key,
                answer=item.answer,
                pool=json_ready(item.pool.to_dict()),
                h2_ci=json_ready(h2),
                influence=json_ready(influence.to_dict()),
                left_out=[
                    {"study_id": e.study_id, "label": e.label, "reason": e.reason}
                    for e in item.left_out
                ],
            )
        )
    return PoolList(
        tables_sha256=state.catalog.sha256,
        question=found.question.question_id,
        title=found.question.title,
        outcome=found.outcome.outcome_id,
        pools=pools,
        empty=[EmptyItem(design=design, reason=reason) for design, reason in found.empty],
    )
