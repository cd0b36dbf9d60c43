from __future__ import annotations

import re

import pytest

from locoreg.figures.pathtext import short_paths


def points(path: str) -> list[tuple[float, float]]:
    x = y = 0.0
    out = []
    for command, text in re.findall(r"([MLHVZ])([^MLHVZ]*)", path):
        numbers = [float(one) for one in text.split()]
        if command == "H":
            x = numbers[0]
        elif command == "V":
            y = numbers[0]
        elif command != "Z":
            x, y = numbers
        out.append((x, y))
    return out


@pytest.mark.parametrize(
    ("path", "short"),
    [
        ("M 1 2 L 3 2 L 3 4.5 L 5 6 z", "M1 2H3V4.5L5 6z"),
        ("M 1 2 L 1 2", "M1 2H1"),
        ("M -1 -2 L -1 3 M 4 3 L 4 9", "M-1 -2V3M4 3V9"),
        ("M 1 2 L 3 2 z L 3 7", "M1 2H3zL3 7"),
        ("M 1 2 C 3 2 4 5 6 7", "M 1 2 C 3 2 4 5 6 7"),
        ("M 1e-3 2 L 3 2", "M 1e-3 2 L 3 2"),
    ],
)
def test_every_point_stays_where_it_was(path: str, short: str) -> None:
    assert short_paths(f'<path id="a" d="{path}"/>') == f'<path id="a" d="{short}"/>'
    if "C" not in path and "e" not in path:
        assert points(short.upper()) == points(path.upper().replace("Z", "Z "))


def test_what_is_no_path_stays() -> None:
    assert short_paths('<text d2="M 1 2 L 3 2">d="</text>') == '<text d2="M 1 2 L 3 2">d="</text>'
