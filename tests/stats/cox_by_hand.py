"""Cox models by explicit sums over risk sets, and R's cases as arguments: for the tests."""

from __future__ import annotations

import re

import numpy as np
from scipy.optimize import linprog

from tests.stats import survival_cases as reference


def evaluate(time, event, X, beta, *, efron, entry=None, weight=None, offset=None, strata=None):
    """Log partial likelihood, gradient and information, one event time after the other."""
    n, p = X.shape
    w = np.ones(n) if weight is None else np.asarray(weight, dtype=float)
    group = np.zeros(n) if strata is None else np.asarray(strata)
    start = np.full(n, -np.inf) if entry is None else np.asarray(entry)
    linear = X @ beta + (0 if offset is None else offset)
    risk = w * np.exp(linear)
    loglik, score, information = 0.0, np.zeros(p), np.zeros((p, p))
    for g in np.unique(group):
        for t in np.unique(time[(event == 1) & (group == g)]):
            at_risk = (group == g) & (start < t) & (time >= t)
            dead = at_risk & (time == t) & (event == 1) & (w > 0)
            d = int(dead.sum())
            if d == 0:
                continue
            loglik += w[dead] @ linear[dead]
            score += w[dead] @ X[dead]
            for k in range(d):
                share = risk * at_risk - (k / d if efron else 0.0) * risk * dead
                total, mean, each = share.sum(), share @ X / share.sum(), w[dead].sum() / d
                loglik -= each * np.log(total)
                score -= each * mean
                centred = X - mean
                information += each * (centred * share[:, None]).T @ centred / total
    return loglik, score, information


def rises_for_ever(time, event, X, *, entry=None, weight=None, strata=None):
    """Whether some direction never lowers the likelihood: a linear programme over all pairs."""
    n, p = X.shape
    w = np.ones(n) if weight is None else np.asarray(weight)
    group = np.zeros(n) if strata is None else np.asarray(strata)
    start = np.full(n, -np.inf) if entry is None else np.asarray(entry)
    pairs = []
    for i in np.flatnonzero((event == 1) & (w > 0)):
        others = (group == group[i]) & (start < time[i]) & (time >= time[i]) & (w > 0)
        pairs.append(X[i] - X[others])
    differences = np.concatenate(pairs)
    answer = linprog(
        -differences.sum(axis=0),
        A_ub=-differences,
        b_ub=np.zeros(len(differences)),
        bounds=[(-1, 1)] * p,
    )
    return bool(-answer.fun > 1e-9)


def arguments(name):
    """Positional and named arguments of ``cox`` for a case of R's ``coxph``, and the case."""
    case = reference.case(name)
    args = case["args"]
    columns = reference.subset(args["subset"], reference.data(case["dataset"]))
    x = args["covariates"] if isinstance(args["covariates"], list) else [args["covariates"]]
    words = re.findall(r"[A-Za-z_]\w*", args["response"] + " " + (args["offset"] or ""))
    keys = [args[key] for key in ("strata", "weights", "cluster") if args[key]]
    used = [name for name in [*x, *keys, *words] if name in columns]
    columns = reference.complete(columns, used)
    entry, time, event = reference.response(args["response"], columns)
    named = {
        "ties": args["ties"],
        "entry": entry,
        "weight": columns[args["weights"]] if args["weights"] else None,
        "strata": columns[args["strata"]] if args["strata"] else None,
        # The one offset of the reference set.
        "offset": 0.02 * columns["age"] if args["offset"] == "I(0.02*age)" else None,
    }
    inference = {
        "cluster": columns[args["cluster"]] if args["cluster"] else None,
        "variance": {None: None, True: "robust", False: "model"}[args["robust"]],
    }
    X = np.column_stack([columns[name] for name in x])
    return (time, event, X), named, inference, case["result"]


def numbers(rows):
    """R's lists with missing values as an array."""
    return np.array([[np.nan if v in (None, "NA") else v for v in np.ravel(r)] for r in rows])
