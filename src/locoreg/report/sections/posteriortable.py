"""A pool under several priors: posterior, probabilities, shrinkage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from locoreg.core.numbertext import decimal_text, range_text
from locoreg.report.blocks import (
    Block,
    Column,
    Details,
    Items,
    Row,
    Table,
    Text,
    Value,
    text,
)
from locoreg.report.drawings import Drawing
from locoreg.report.sections.prospectdrawings import figure_block
from locoreg.report.words import NONE
from locoreg.workflows.conclusion.sentences import finite, interval_number, percent_number

_CAPTION = (
    "Posterior of the mean effect under each prior. Its numbers stand in the table above. By "
    "quadrature: nothing is sampled."
)


def posterior_blocks(
    entry: Mapping[str, Any], part: Mapping[str, Any], drawn: Mapping[str, Drawing]
) -> Iterator[Block]:
    """Yield a pool under its priors.

    Parameters
    ----------
    entry : mapping
        Of ``how_sure`` in the results.
    part : mapping
        Its ``bayes``.
    drawn : mapping
        Figures by the key of their part.

    Yields
    ------
    Block
        The table first.
    """
    pool, level = entry["pool"], f"{part['level']:g}%"
    factors = _factors(part)
    yield Table(
        "Posterior under each prior",
        (
            Column("Prior on τ"),
            Column(f"{pool['measure']}, median ({level} interval)"),
            *(Column(f"Below {_read(one)}", numeric=True) for one in part["thresholds_read"]),
            Column("τ, median (interval)"),
            Column("Effect in a new study"),
            *(Column(title, numeric=True) for title, _ in factors),
        ),
        (*_rows(part, factors), *_range(part, len(factors))),
        text(_note(pool, part)),
        stacks=True,
    )
    notes = [f"Not given under {one['name']}: {one['reason']}" for one in part["refused_priors"]]
    if notes:
        yield Items(tuple(text(one) for one in notes))
    yield from figure_block(drawn, part["key"], _CAPTION)
    yield Details(text("Each study as printed, and given all others"), (_shrunk(part),))


def _read(value: float) -> str:
    return f"{value:g}"


def _factors(part: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the Bayes factors that some prior defines: title and name."""
    names = (("τ = 0, Bayes factor", "bayes_factor_tau"),
             ("No effect, Bayes factor", "bayes_factor_mu"))  # fmt: skip
    return [
        (title, name) for title, name in names if any(row[name] is not None for row in part["rows"])
    ]


def _rows(part: Mapping[str, Any], factors: list[tuple[str, str]]) -> Iterator[Row]:
    for i, row in enumerate(part["rows"]):
        key = f"{part['key']}/rows/{i}"
        mu = interval_number(row["mu"], f"{key}/mu")
        yield Row(
            (
                text(row["name"]),
                text(Value(mu.text, mu.value, mu.key)),
                *(_chance(p, f"{key}/below/{j}") for j, p in enumerate(row["below"])),
                text(
                    Value(decimal_text(row["tau"]), row["tau"], f"{key}/tau"),
                    f" ({range_text(row['tau_low'], row['tau_high'])})",
                ),
                text(range_text(row["new_read"]["low"], row["new_read"]["high"])),
                *(_factor(row[name], f"{key}/{name}") for _, name in factors),
            ),
            emphasis=i == 0,
        )


def _range(part: Mapping[str, Any], factors: int) -> Iterator[Row]:
    if len(part["rows"]) == 1:
        return
    key = f"{part['key']}/ranges"
    cells = []
    for i, one in enumerate(part["ranges"]):
        low, high = (_chance(one[name], f"{key}/{i}/{name}") for name in ("low", "high"))
        cells.append(text(*low, " to ", *high))
    yield Row((text("Range over the priors"), (NONE,), *cells, *((NONE,),) * (2 + factors)))


def _chance(value: float, key: str) -> Text:
    found = percent_number(value, key)
    return (Value(found.text, found.value, found.key),)


def _factor(value: float | None, key: str) -> Text:
    return (NONE,) if value is None else (Value(decimal_text(value), value, key),)


def _note(pool: Mapping[str, Any], part: Mapping[str, Any]) -> str:
    turned = " The effects of the tables are turned for it." if pool["turned"] else ""
    factors = (
        " A Bayes factor above 1 speaks for τ = 0 or no effect, one below against it."
        if _factors(part)
        else ""
    )
    reason = part["bayes_factor_mu_reason"]
    missing = f" No Bayes factor of no effect: {ended(reason)}" if reason else ""
    named = "; ".join(f"{row['name']} is {row['words']}" for row in part["rows"] if row["source"])
    sources = f" {named}." if named else ""
    return (
        f"Intervention relative to control; below {_read(pool_null(pool))} favours "
        f"{pool['favours_below']}, above it {pool['favours_above']}.{turned} Prior on the mean: "
        f"{part['mu_prior']}. The first prior is the main one.{sources}{factors}{missing}"
    )


def ended(words: str) -> str:
    """Return a sentence with its full stop."""
    return words if words.endswith(".") else f"{words}."


def pool_null(pool: Mapping[str, Any]) -> float:
    """Return what no effect is read as: 1 for ratios, else 0."""
    return 1.0 if pool["scale"] == "log" else 0.0


def _shrunk(part: Mapping[str, Any]) -> Table:
    rows = []
    for i, one in enumerate(part["studies"]):
        key = f"{part['key']}/studies/{i}"
        printed = interval_number(one["printed"], f"{key}/printed")
        shrunk = interval_number(one["shrunk"], f"{key}/shrunk")
        rows.append(
            Row(
                (
                    text(one["label"]),
                    text(Value(printed.text, printed.value, printed.key)),
                    text(Value(shrunk.text, shrunk.value, shrunk.key)),
                    text(f"{finite(one['weight']):.0f}%"),
                )
            )
        )
    return Table(
        "Shrinkage under the main prior",
        (Column("Study"), Column("As pooled"), Column("Given all studies"),
         Column("Weight", numeric=True)),
        tuple(rows),
        text(f"{part['level']:g}% intervals. Weight: posterior mean weight in the mean effect."),
        stacks=True,
    )  # fmt: skip
