"""The published scoring rules once more, item by item in loops: shares no code with the package.

An answer sheet is a mapping of item to answer; items without an answer are absent.
"""

from __future__ import annotations

Sheet = dict[str, int]


def c30(sheet: Sheet) -> dict[str, float | None]:
    functional = {
        "PF": "1 2 3 4 5",
        "RF": "6 7",
        "EF": "21 22 23 24",
        "CF": "20 25",
        "SF": "26 27",
    }
    symptom = {
        "FA": "10 12 18",
        "NV": "14 15",
        "PA": "9 19",
        "DY": "8",
        "SL": "11",
        "AP": "13",
        "CO": "16",
        "DI": "17",
        "FI": "28",
    }
    out: dict[str, float | None] = {}
    for scale, items in functional.items():
        raw = raw_score(sheet, items)
        out[scale] = None if raw is None else (1 - (raw - 1) / 3) * 100
    for scale, items in symptom.items():
        raw = raw_score(sheet, items)
        out[scale] = None if raw is None else (raw - 1) / 3 * 100
    raw = raw_score(sheet, "29 30")
    out["QL"] = None if raw is None else (raw - 1) / 6 * 100
    total = 0.0
    complete = True
    for scale in (*functional, *symptom):
        if scale == "FI":
            continue
        value = out[scale]
        if value is None:
            complete = False
        else:
            total += value if scale in functional else 100 - value
    out["SUMMARY"] = total / 13 if complete else None
    return out


def br23(sheet: Sheet) -> dict[str, float | None]:
    down = {"BRBI": "39 40 41 42", "BRFU": "43"}
    up = {
        "BRSEF": "44 45",
        "BRSEE": "46",
        "BRST": "31 32 33 34 36 37 38",
        "BRBS": "50 51 52 53",
        "BRAS": "47 48 49",
        "BRHL": "35",
    }
    out: dict[str, float | None] = {}
    for scale, items in down.items():
        raw = raw_score(sheet, items)
        out[scale] = None if raw is None else (1 - (raw - 1) / 3) * 100
    for scale, items in up.items():
        raw = raw_score(sheet, items)
        out[scale] = None if raw is None else (raw - 1) / 3 * 100
    return out


def raw_score(sheet: Sheet, items: str) -> float | None:
    names = items.split()
    total, answered = 0, 0
    for name in names:
        if name in sheet:
            total += sheet[name]
            answered += 1
    if answered < len(names) / 2 or answered == 0:
        return None
    return total / answered


def fact_b(sheet: Sheet) -> dict[str, float | None]:
    subscales = {
        "PWB": [f"GP{k}" for k in range(1, 8)],
        "SWB": [f"GS{k}" for k in range(1, 8)],
        "EWB": [f"GE{k}" for k in range(1, 7)],
        "FWB": [f"GF{k}" for k in range(1, 8)],
        "BCS": [*(f"B{k}" for k in range(1, 10)), "P2"],
    }
    straight = {"GE2", "B4", "B9"} | set(subscales["SWB"]) | set(subscales["FWB"])
    out: dict[str, float | None] = {}
    answered_in: dict[str, int] = {}
    for scale, items in subscales.items():
        total, answered = 0, 0
        for name in items:
            if name in sheet and sheet[name] not in (8, 9):
                total += sheet[name] if name in straight else 4 - sheet[name]
                answered += 1
        answered_in[scale] = answered
        out[scale] = total * len(items) / answered if answered > len(items) / 2 else None
    out["TOI"] = added(out, ["PWB", "FWB", "BCS"])
    for whole, parts, items_in_all in (
        ("FACT-G", ["PWB", "SWB", "EWB", "FWB"], 27),
        ("FACT-B", ["PWB", "SWB", "EWB", "FWB", "BCS"], 37),
    ):
        answered = sum(answered_in[part] for part in parts)
        # More than 80 %: in whole numbers, without a fraction that a computer rounds.
        out[whole] = added(out, parts) if 5 * answered > 4 * items_in_all else None
    return out


def added(scores: dict[str, float | None], parts: list[str]) -> float | None:
    total = 0.0
    for part in parts:
        value = scores[part]
        if value is None:
            return None
        total += value
    return total
