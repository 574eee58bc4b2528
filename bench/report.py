"""The results: a table for people, a file for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

RESULTS = Path(__file__).parent / "results.json"


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure must not exceed; None where nothing is asked.

    `times` is how many times the reference it may be, `most` what it may be itself;
    `least` what it must be, where more is better.
    """

    times: float | None = None
    most: float | None = None
    least: float | None = None
    growth: float | None = None
    of: str = "reference"

    @property
    def text(self) -> str:
        """The goal in a few words."""
        parts = []
        if self.times is not None:
            parts.append(f"<= {self.times:g} x {self.of}")
        if self.most is not None:
            parts.append(f"<= {self.most:g}")
        if self.least is not None:
            parts.append(f">= {self.least:g}")
        if self.growth is not None:
            parts.append(f"growth <= {self.growth:g}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Result:
    """One figure: with few signatures, beside its reference, and as it grows."""

    name: str
    database: str
    ours: float
    reference: float | None
    unit: str
    times: float | None
    growth: float
    goal: Goal
    per_second: tuple[float, float | None] = field(default=(0.0, None))

    @property
    def met(self) -> bool:
        """Whether all that the goal asks for is so."""
        goal = self.goal
        return (
            (goal.times is None or (self.times or 0.0) <= goal.times)
            and (goal.most is None or self.ours <= goal.most)
            and (goal.least is None or self.ours >= goal.least)
            and (goal.growth is None or self.growth <= goal.growth)
        )


def write(results: Sequence[Result], path: Path = RESULTS) -> None:
    """Write the results as design section 9 has them; a higher ratio is better."""
    rows = [
        {
            "name": result.name,
            "database": result.database,
            "ours": round(result.ours, 4),
            "reference": _rounded(result.reference),
            "unit": result.unit,
            "ratio": _rounded(1 / result.times if result.times else None),
            "growth": round(result.growth, 3),
            "goal": result.goal.text,
            "met": result.met,
        }
        for result in results
    ]
    path.write_text(json.dumps(rows, indent=2) + "\n")


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 4)


_HEAD = ("name", "database", "ours", "reference", "unit", "ours is", "growth",
         "req/s", "goal", "met")  # fmt: skip
_NUMBERS = {2, 3, 5, 6, 7}


def line(result: Result) -> str:
    """One result in one line."""
    return "  ".join(cell for cell in _cells(result)[2:] if cell != "-")


def table(results: Sequence[Result]) -> str:
    """The results as lines of text."""
    rows = [_HEAD, *(_cells(result) for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in _NUMBERS else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _cells(result: Result) -> tuple[str, ...]:
    ours, reference = result.per_second
    per_second = f"{ours:,.0f}" if ours else "-"
    if reference is not None:
        per_second += f" / {reference:,.0f}"
    return (
        result.name,
        result.database,
        f"{result.ours:.3g}",
        "-" if result.reference is None else f"{result.reference:.3g}",
        result.unit,
        "-" if result.times is None else f"{result.times:.2f} x",
        f"{result.growth:.2f}",
        per_second,
        result.goal.text,
        "yes" if result.met else "NO",
    )
