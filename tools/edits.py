"""How far one sequence is from another."""

from __future__ import annotations

from collections.abc import Sequence


def edits(a: Sequence[object], b: Sequence[object]) -> int:
    """Insertions, deletions and replacements that turn `a` into `b` (Levenshtein 1966)."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]
