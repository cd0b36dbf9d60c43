"""What emulated trials show: first what failed, then their numbers, the hazard ratio last."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from locoreg.core.numbertext import decimal_text
from locoreg.emulation.effect import Contrast
from locoreg.workflows.conclusion.sentences import (
    Item,
    Number,
    Part,
    Sentence,
    count_number,
    finite,
    interval_number,
    levels_words,
    listed,
    made_up,
    said,
    signed,
)
from locoreg.workflows.emulation.stepped import (
    KeyedContrast,
    contrasts_of,
    failures_of,
)

Emulation = Mapping[str, Any]
CONTROLS = "negative controls"
_SHOWN: tuple[tuple[str, str, str], ...] = (
    ("rmst_difference", "Difference of restricted mean survival time", "months"),
    ("time_lost_difference", "Difference of restricted mean time lost", "months"),
    ("survival_difference", "Difference of survival", "percentage points"),
    ("incidence_difference", "Difference of cumulative incidence", "percentage points"),
)


def emulated_item(emulations: list[Emulation]) -> Item:
    """Return what the emulated trials show."""
    sentences: list[Sentence] = []
    for one in emulations:
        told = _shown(one["name"], one["results"])
        sentences += made_up(told, bool(one["results"]["synthetic"]))
    return Item(
        topic="emulated",
        title="What emulated trials in the registry show",
        sentences=tuple(sentences),
    )


def agreement_sentences(emulations: list[Emulation]) -> tuple[Sentence, ...]:
    """Return how emulated trials and randomised ones agree."""
    out: list[Sentence] = []
    for one in emulations:
        out += made_up(_agreement(one["name"], one["results"]), bool(one["results"]["synthetic"]))
    return tuple(out)


def failed_words(results: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what failed in an emulation, in a few words each."""
    return failures_of(results).names


def not_done(results: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the protocol of an emulation names and the run left out."""
    protocol, done = results["protocol"], results["sensitivity"]
    asked = (
        (CONTROLS, protocol.get("negative_controls"), done["negative_controls"]),
        ("comparison with randomised trials", protocol.get("benchmark"), done["benchmark"]),
        ("subgroups", protocol.get("subgroups"), done["subgroups"]),
        ("sensitivity analyses", protocol.get("sensitivity"), done["specifications"]),
    )
    return tuple(name for name, wanted, found in asked if wanted and not found)


def _shown(name: str, results: Mapping[str, Any]) -> Iterator[Sentence]:
    yield from _failed(results)
    left_out = not_done(results)
    if left_out:
        # A negative control that is not looked at can't fail.
        yield said(
            f"Named in the protocol and not done in this run: {listed(left_out)}.",
            tone="serious" if CONTROLS in left_out else "plain",
        )
    question, primary = results["question"], results["primary"]
    whom: list[Part] = [
        f"{question['treated_label']} against {question['comparator_label']}, "
        f"{question['outcome']}, {primary['title'].lower()}"
    ]
    if primary["n"] is not None:
        whom += ["; ", count_number(primary["n"], f"emulation/{name}/n"), " persons"]
    if primary["n_treated"] is not None:
        treated = count_number(primary["n_treated"], f"emulation/{name}/n_treated")
        whom += [", ", treated, " of them treated in time"]
    yield said(*whom, ".")
    contrasts = contrasts_of(results, name)
    for measure, words, unit in _SHOWN:
        yield from _differences(contrasts, measure, words, unit, question["horizon_months"])
    yield from _hazard_ratio(contrasts, primary)
    yield from _ladder(name, results)


def _failed(results: Mapping[str, Any]) -> Iterator[Sentence]:
    failures = failures_of(results)
    if not failures:
        return
    yield said(
        f"{results['title']}. What failed: {'; '.join(failures.names)}. With this, no number that "
        "follows stands for an effect.",
        tone="blocking",
    )
    if failures.biased:
        yield said(f"Biased by design: {failures.biased}", tone="blocking")
    for check in failures.checks:
        yield said(f"Failed: {check.heading}. {_sentence(check.message)}", tone="blocking")
    for rule, message in failures.blocking:
        yield said(f"Blocking finding ({rule}): {_sentence(message)}", tone="blocking")


def _differences(
    contrasts: tuple[KeyedContrast, ...], measure: str, words: str, unit: str, horizon: float
) -> Iterator[Sentence]:
    found = [one for one in contrasts if one.contrast.measure == measure]
    if unit == "months":
        # Restricted means of several limits say the same thing several times.
        found = [one for one in found if one.contrast.at_months == horizon]
    if not found:
        return
    up_to = "up to" if unit == "months" else "at"
    parts: list[Part] = [f"{words} in {unit}: "]
    for i, one in enumerate(found):
        parts += [
            "; " if i else "",
            _number(one, 100.0 if unit == "percentage points" else 1.0),
            f" {up_to} {one.contrast.at_months:g} months",
        ]
    yield said(*parts, f" ({found[0].contrast.estimate.level:g}% intervals).")


def _number(one: KeyedContrast, scale: float) -> Number:
    values = [scale * v for v in one.contrast.estimate.natural]
    digits = 1 if scale == 100 else 2
    mid, low, high = (signed(v, digits) for v in values)
    words = mid
    if not (math.isnan(values[1]) or math.isnan(values[2])):
        words = f"{mid} ({low} to {high})"
    raw = one.contrast.estimate.natural[0]
    return Number(words, None if math.isnan(raw) else raw, one.key)


def _hazard_ratio(
    contrasts: tuple[KeyedContrast, ...], primary: Mapping[str, Any]
) -> Iterator[Sentence]:
    for one in contrasts:
        if one.contrast.measure != "hazard_ratio":
            continue
        doubt = [
            d for d in primary["diagnostics"]
            if d["name"] == "proportional_hazards" and d["verdict"] in ("warn", "fail")
        ]  # fmt: skip
        yield said(
            "Hazard ratio ", _ratio(one.contrast, one.key),
            f" up to {one.contrast.at_months:g} months "
            f"({one.contrast.estimate.level:g}% interval); it means one number only if hazards are "
            "proportional" + (", which is doubtful here." if doubt else "."),
        )  # fmt: skip


def _ratio(contrast: Contrast, key: str) -> Number:
    return interval_number(contrast.estimate.to_dict(), key)


def _ladder(name: str, results: Mapping[str, Any]) -> Iterator[Sentence]:
    """Yield what a biased reading of the same data would have given."""
    ladder = results["sensitivity"]["bias_ladder"]
    rows = [] if ladder is None else [r for r in ladder["rows"] if r["verdict"] == "biased"]
    rows = [r for r in rows if r.get("hazard_ratio") is not None]
    if not rows:
        return
    key = f"emulation/{name}/ladder/{rows[0]['method']}/hazard_ratio"
    yield said(
        f"Read as {_lower(rows[0]['label'])}, the same data give a hazard ratio of ",
        interval_number(rows[0]["hazard_ratio"], key),
        f" ({levels_words(rows[0]['hazard_ratio'])}); it is biased: {_sentence(rows[0]['note'])}",
    )


def _agreement(name: str, results: Mapping[str, Any]) -> Iterator[Sentence]:
    told = results["sensitivity"]["benchmark"]
    if told is None:
        yield said(f"{results['title']}: no randomised trials were laid beside it.")
        return
    bench = told["benchmark"]
    if bench is None:
        yield said(f"{results['title']}: not comparable with the trials. {_sentence(told['note'])}")
        return
    failed = failed_words(results)
    if failed:
        yield said(
            f"{listed(failed)} failed: agreement says nothing of an emulation that failed.",
            tone="blocking",
        )
    beside = [bench["pooled"]] if bench["pooled"] is not None else bench["trials"]
    for one in beside:
        yield _beside(name, bench, one)


def _beside(name: str, bench: Mapping[str, Any], one: Mapping[str, Any]) -> Sentence:
    trial, found = one["trial"], one["agreement"]
    z = finite(found["z"])
    key = f"emulation/{name}/benchmark"
    sides = finite(trial["estimate"]["estimate"]) * finite(bench["emulated"]["estimate"])
    if math.isnan(z):
        reading = "Whether they differ by more than chance can't be told"
    elif not found["difference"]:
        reading = "They conflict: they differ by more than chance does 19 times out of 20"
    elif sides < 0:
        reading = "They point to different sides, within what chance allows"
    else:
        reading = "They differ by no more than chance allows"
    return said(
        f"{bench['label']}: hazard ratio ",
        interval_number(bench["emulated"], f"{key}/emulated"),
        f"; {trial['label']}: ",
        interval_number(trial["estimate"], f"{key}/{trial['study_id']}"),
        f" ({levels_words(bench['emulated'], trial['estimate'])}). {reading} (standardised "
        "difference ",
        Number(decimal_text(z), None if math.isnan(z) else z, f"{key}/{trial['study_id']}/z"),
        "); ",
        Number(str(found["met"]), float(found["met"]), f"{key}/{trial['study_id']}/met"),
        " of 3 criteria of agreement are met.",
        tone="plain" if found["difference"] else "serious",
    )


def _sentence(words: str) -> str:
    ended = words.rstrip()
    return ended if ended.endswith((".", "!", "?")) else f"{ended}."


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]
