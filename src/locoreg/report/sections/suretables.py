"""How sure one can be of a pool as rows of tables: domains, posteriors, ladders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from locoreg.workflows.conclusion.suresentences import has

Line = tuple[Any, ...]
_POOL = ("question", "outcome", "design")
_LIMITS = ("estimate", "ci_low", "ci_high")


def tables(results: Mapping[str, Any]) -> dict[str, list[Line]]:
    """Return how sure one can be of each pool as rows of tables, header first.

    Parameters
    ----------
    results : mapping
        ``results.json`` of the run.

    Returns
    -------
    dict of str to list of tuple
        ``certainty``, ``posterior`` and ``designs``; those that hold something.
    """
    entries = results.get("how_sure") or ()
    made: dict[str, list[Line]] = {
        "certainty": [
            (*_POOL, "domain", "proposed", "needs_person", "reason", "judged", "author",
             "judged_reason", "agrees", "rule", "source"),
            *(row for one in entries if has(one, "certainty") for row in _domains(one)),
        ],
        "posterior": [
            (*_POOL, "prior", "prior_source", "mu_prior", *_LIMITS, "level", "threshold", "below",
             "new_below", "tau", "tau_low", "tau_high", "new_low", "new_high", "bayes_factor_tau",
             "bayes_factor_mu"),
            *(row for one in entries if has(one, "bayes") for row in _posteriors(one)),
        ],
        "designs": [
            (*_POOL, "step", "answer", "k", *_LIMITS, "level", "probability_of_benefit", "new_low",
             "new_high", "tipping", "left_out"),
            *(row for one in entries if has(one, "designs") for row in _steps(one)),
        ],
    }  # fmt: skip
    return {name: rows for name, rows in made.items() if len(rows) > 1}


def _pool(entry: Mapping[str, Any]) -> Line:
    return tuple(entry[name] for name in _POOL)


def _limits(mu: Mapping[str, Any]) -> Line:
    shown = mu.get("natural", mu)
    return (*(shown[name] for name in _LIMITS), mu["level"])


def _domains(entry: Mapping[str, Any]) -> Iterator[Line]:
    for one in entry["certainty"]["result"]["domains"]:
        told, judged = one["proposal"], one["judgement"] or {}
        named = judged if judged.get("stated") else {}
        yield (
            *_pool(entry), one["domain"], told["by"], told["needs_person"], told["reason"],
            named.get("by"), named.get("author"), named.get("reason"), one["agrees"],
            told["rule"], told["source"],
        )  # fmt: skip


def _posteriors(entry: Mapping[str, Any]) -> Iterator[Line]:
    part = entry["bayes"]
    for row in part["rows"]:
        for i, threshold in enumerate(part["thresholds_read"]):
            yield (
                *_pool(entry), row["name"], row["source"], part["mu_prior"], *_limits(row["mu"]),
                threshold, row["below"][i], row["new_below"][i], row["tau"], row["tau_low"],
                row["tau_high"], row["new_read"]["low"], row["new_read"]["high"],
                row["bayes_factor_tau"], row["bayes_factor_mu"],
            )  # fmt: skip


def _steps(entry: Mapping[str, Any]) -> Iterator[Line]:
    part = entry["designs"]
    for row in part["steps"]:
        yield (
            *_pool(entry), row["label"], True, row["k"], *_limits(row["mu"]), row["benefit"],
            row["new_read"]["low"], row["new_read"]["high"], row["tipping_words"], None,
        )  # fmt: skip
    mixed = part["mixture"]
    yield (
        *_pool(entry), mixed["label"], False, mixed["k"], *_limits(mixed["mu"]), None, None, None,
        None, None,
    )  # fmt: skip
    for one in part["left_out"]:
        yield (*_pool(entry), one["label"], False, *(None,) * 9, one["reason"])
