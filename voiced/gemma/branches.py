"""PURE. Words that begin alike, token by token, as trees; trees that are alike are one branch with one number."""

from __future__ import annotations

from collections.abc import Iterable

Branch = tuple[tuple[int, float, int | None, tuple[int, ...]], ...]
"""The ways on: token, cost, the branch of the words that go on (None where none does), the nodes behind those that
end."""


class Tree:
    """Words while they are gathered."""

    def __init__(self) -> None:
        self.ways: dict[tuple[int, float], Tree] = {}
        self.ends: set[int] = set()
        """Nodes behind the words that end here."""

    def add(self, spelled: Iterable[tuple[int, float]], target: int) -> None:
        """A word, as tokens with what each costs, that leads to the node `target`."""
        here = self
        for way in spelled:
            here = here.ways.setdefault(way, Tree())
        here.ends.add(target)


class Branches:
    """All that were numbered so far."""

    def __init__(self) -> None:
        self._branches: list[Branch] = []
        self._numbers: dict[Branch, int] = {}

    def __getitem__(self, number: int) -> Branch:
        return self._branches[number]

    def number(self, tree: Tree) -> int:
        branch = tuple(
            (token, cost, self.number(way) if way.ways else None, tuple(sorted(way.ends)))
            for (token, cost), way in sorted(tree.ways.items())  # no two begin alike: ways are never compared
        )
        number = self._numbers.get(branch)
        if number is None:
            number = self._numbers[branch] = len(self._branches)
            self._branches.append(branch)
        return number
