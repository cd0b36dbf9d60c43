"""What stands before estimates: alarm, head facts, answers, credibility, persons, diagnostics."""

from __future__ import annotations

from locoreg.core.numbertext import p_text, plural
from locoreg.figures.emulation.words import upper_first
from locoreg.report.blocks import (
    Badge,
    Block,
    Callout,
    Code,
    Column,
    Facts,
    Items,
    Paragraph,
    Row,
    Section,
    Table,
    Text,
    Tile,
    Tiles,
    Tone,
    text,
)
from locoreg.report.emulation.tables import with_figure
from locoreg.report.selection.parts import Shown, checks_table, plain_effect
from locoreg.report.words import NONE

CREDIBILITY_TONE: dict[str, tuple[str, Tone]] = {
    "credible": ("✔", "good"),
    "doubtful": ("▲", "serious"),
    "not credible": ("✖", "blocking"),
    "can't be told": ("○", "note"),
}


def head(shown: Shown) -> tuple[Block, ...]:
    """Return the alarm, what was asked of whom, and the answers in a sentence each."""
    result = shown.result
    q, data = result.question, result.data
    blocks: list[Block] = _alarm(shown)
    if data.synthetic:
        lines = text("These patients are made up. Nothing here is about anybody.")
        blocks.append(Callout("Synthetic patients", (Paragraph(lines),), "serious"))
    pairs: list[tuple[str, Text]] = []
    if result.protocol is not None:
        pairs.append(("Question", text(result.protocol.causal_question)))
    pairs += [
        ("Options", text(f"{q.treated_label}, against {q.comparator_label}")),
        ("Outcome", text(q.outcome)),
        ("Effect", text(f"{q.estimand}, in {shown.unit.name}")),
        ("Time zero", text(q.time_zero)),
        ("Horizon", text(f"{q.horizon_months:g} months")),
        ("Worth it", text(f"a gain of more than {shown.unit.signed(result.plan.cost)} "
                          f"{shown.unit.name}")),
        ("Persons", text(f"{data.n:,}: {_arms(shown)}")),
        ("Source", text(data.source)),
        ("Data", text("SHA-256 ", Code(data.sha256))),
    ]  # fmt: skip
    if result.protocol is not None:
        pairs.append(("Protocol", text("SHA-256 ", Code(result.protocol.sha256))))
    pairs.append(("Software", text(f"locoreg {result.provenance.version}")))
    blocks.append(Facts(tuple(pairs)))
    blocks += answers(shown)
    return tuple(blocks)


def _arms(shown: Shown) -> str:
    return ", ".join(f"{arm.n:,} {arm.label}" for arm in reversed(shown.result.data.arms))


def _alarm(shown: Shown) -> list[Block]:
    items: list[Text] = []
    if shown.contradicted:
        items.append(_verdict(shown))
    items += [
        text(Badge("fail", "✖", "blocking"), f" {d.heading}: {d.message} {d.advice}".rstrip())
        for d in shown.result.failed
    ]
    if not items:
        return []
    lead = (
        "Do not rely on the estimates. They stand behind a line to open in each part below, and "
        "carry this warning into every figure and table."
        if shown.blocked
        else "What failed concerns the ranking of persons by predicted effect, not the average "
        "effect. Every figure carries this warning."
    )
    return [Callout("What failed", (Items(tuple(items)), Paragraph(text(lead))), "blocking")]


def _verdict(shown: Shown) -> Text:
    """Return the verdict on credibility with its reason, the verdict once."""
    found = shown.result.doubts.credibility
    sign, tone = CREDIBILITY_TONE[found.verdict]
    reading = found.reading
    if reading.casefold().startswith(f"{found.verdict}: "):
        reading = upper_first(reading[len(found.verdict) + 2 :])
    return text(Badge(found.verdict, sign, tone), f" {reading}")


def answers(shown: Shown) -> list[Block]:
    """Return one sentence each: average, whether effects differ, rule, credibility."""
    reading = text("Credibility: ", *_verdict(shown))
    if shown.blocked:
        return [Paragraph(reading, "lead")]
    return [
        Paragraph(text(average_sentence(shown)), "lead"),
        Paragraph(text(difference_sentence(shown)), "lead"),
        Paragraph(text(rule_sentence(shown)), "lead"),
        Paragraph(reading, "lead"),
    ]


def average_sentence(shown: Shown) -> str:
    """Return the average effect in a sentence."""
    q, average = shown.result.question, shown.result.average
    return (
        f"Average effect of {q.treated_label} against {q.comparator_label} "
        f"({q.estimand}): {shown.effect(average)} {shown.unit.name}, {average.level:g}% interval."
    )


def difference_sentence(shown: Shown) -> str:
    """Return whether effects differ between persons, with the primary test."""
    test = shown.result.assessment.test
    unit = shown.unit
    told = f"{p_text(test.p)}, one-sided, {test.target.upper()} on {test.design} predictions"
    if test.found:
        return f"The effect differs between persons ({told})."
    return (
        f"The effect is not shown to differ between persons ({told}). A difference of "
        f"{unit.signed(test.detectable_difference).lstrip('+')} {unit.name} between two halves "
        f"would be found with a power of {test.power:g}% at best: a smaller one may exist."
    )


def rule_sentence(shown: Shown) -> str:
    """Return whether a rule is shown."""
    if shown.result.shows_rule:
        return (
            "The data support a rule; it stands below, with its effects in persons that it was "
            "not learnt from."
        )
    return shown.result.rule_reading.splitlines()[0]


def credibility(shown: Shown) -> Section:
    """Return the checks of credibility, the trials beside the registry first."""
    found = shown.result.doubts
    blocks: list[Block] = [Paragraph(_verdict(shown), "lead")]
    blocks += _trials(shown)
    if found.credibility.checks:
        blocks.append(
            checks_table(found.credibility.checks, "Checks of credibility, the trials first")
        )
    if found.credibility.not_done:
        items = tuple(text(name) for name in found.credibility.not_done)
        blocks += [Paragraph(text("Checks that were not made:")), Items(items)]
    if found.notes:
        blocks += [Paragraph(text("Why:")), Items(tuple(text(note) for note in found.notes))]
    return Section("credibility", "Can it be believed?", tuple(blocks))


def _trials(shown: Shown) -> list[Block]:
    found = shown.result.doubts.anchor
    if found is None:
        words = "There is no comparison with randomised trials."
        return [Paragraph(text(words))]
    facts: list[tuple[str, Text]] = [
        ("Trial-eligible persons", text(f"{found.n:,}: {found.treated:,} treated, "
                                        f"{found.comparator:,} not")),
        ("Hazard ratio among them", text(plain_effect(found.hazard_ratio))),
    ]  # fmt: skip
    blocks: list[Block] = [Facts(tuple(facts))]
    if found.reading != shown.result.doubts.credibility.reading:
        blocks.insert(0, Paragraph(text(found.reading)))
    if "trials" in shown.drawings and found.benchmark is not None:
        rows = [(row.trial.label, row.trial.estimate, row.agreement) for row in
                (*found.benchmark.rows, *([found.benchmark.pooled] if found.benchmark.pooled
                                          else []))]  # fmt: skip
        table = Table(
            f"Hazard ratios for {shown.result.question.outcome}",
            (Column("Study", wide=True), Column("Hazard ratio", numeric=True),
             Column("z against the registry", numeric=True)),
            (
                *(Row((text(name), text(plain_effect(e)), text(f"{a.z:.2f}")))
                  for name, e, a in rows),
                Row((text(found.benchmark.label), text(plain_effect(found.benchmark.emulated)),
                     text(NONE)), emphasis=True),
            ),
        )  # fmt: skip
        blocks += with_figure(
            shown.drawings["trials"],
            "Trials and the registry's persons whom the trials would have taken, side by side.",
            table,
        )
    return blocks


def persons(shown: Shown) -> Section:
    """Return who was followed, who was left out, and what is not known of them."""
    data = shown.result.data
    rows = [Row((text(data.attrition.source), text(NONE), text(NONE),
                 text(f"{data.attrition.started:,}")))]  # fmt: skip
    rows += [
        Row((text(s.name), text(f"{s.excluded:,}"), text(f"{s.unknown:,}"), text(f"{s.left:,}")))
        for s in data.attrition.steps
    ]
    flow = Table(
        "Persons by criterion",
        (
            Column("Criterion", wide=True),
            Column("Excluded", numeric=True),
            Column("Of them not known", numeric=True),
            Column("Left", numeric=True),
        ),
        tuple(rows),
    )
    arms = Table(
        f"Persons by option; events up to {shown.result.question.horizon_months:g} months",
        (
            Column("Option", wide=True),
            Column("Persons", numeric=True),
            Column(f"Events: {shown.result.question.outcome}", numeric=True),
            Column("Censored before the horizon", numeric=True),
            Column("Followed to the horizon", numeric=True),
        ),
        tuple(
            Row((text(a.label), *(text(f"{v:,}") for v in (a.n, a.events, a.censored, a.followed))))
            for a in reversed(data.arms)
        ),
        stacks=True,
    )
    blocks: list[Block] = [
        *with_figure(
            shown.drawings["attrition"],
            "Persons left after each criterion, and those whom it excluded.",
            flow,
        ),
        arms,
        *_unknown(shown),
    ]
    return Section("persons", "Who was followed", tuple(blocks))


def _unknown(shown: Shown) -> list[Block]:
    data = shown.result.data
    blocks: list[Block] = []
    if data.unknown:
        blocks.append(
            Table(
                "Values that are not known; they are kept, as a value of their own",
                (
                    Column("Covariate"),
                    Column("Persons", numeric=True),
                    Column("Share", numeric=True),
                ),
                tuple(
                    Row((text(name), text(f"{count:,}"), text(f"{count / data.n:.1%}")))
                    for name, count in data.unknown
                ),
            )
        )
    else:
        blocks.append(Paragraph(text("Every covariate is known for everybody.")))
    facts = [("Effect may differ by", text(", ".join(data.modifiers)))]
    if data.constant:
        facts.append(("Same for everybody, so without a part", text(", ".join(data.constant))))
    blocks.append(Facts(tuple(facts)))
    return blocks


def diagnostics(shown: Shown) -> Section:
    """Return overlap, censoring and counts with their verdicts, and the map of support."""
    found = shown.result.diagnostics
    counts = {name: sum(d.verdict == name for d in found) for name in _SIGNS}
    blocks: list[Block] = [
        Tiles(
            tuple(
                Tile(f"{_SIGNS[name]} {name}", f"{count}", main=name == "fail" and count > 0)
                for name, count in counts.items()
            )
        ),
        checks_table(found, "Overlap, censoring and counts; thresholds were fixed beforehand"),
    ]
    cells = shown.result.model.cells
    rows = tuple(
        Row((text(f"{i}"), text(f"{a + b:,}"), text(f"{b:,}"), text(f"{b / (a + b):.0%}")))
        for i, (a, b) in enumerate(zip(*cells.count.tolist(), strict=True), 1)
    )
    table = Table(
        f"{plural(len(rows), 'group')} of persons who are alike",
        (
            Column("Group"),
            Column("Persons", numeric=True),
            Column(shown.result.question.treated_label, numeric=True),
            Column("Share", numeric=True),
        ),
        rows,
    )
    blocks += with_figure(
        shown.drawings["support"],
        "What to look for: groups away from the shaded edges, where both options were used.",
        table,
    )
    return Section("diagnostics", "Overlap and censoring", tuple(blocks))


_SIGNS = {"fail": "✖", "warn": "▲", "pass": "✔", "note": "○"}
