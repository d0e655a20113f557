"""A house that learned itself from discovery messages, spoken to in typed words: what is sent, asked and said."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping

from tests.home.network import Message, raw
from voiced.home.house import House
from voiced.home.judgement import Judgement
from voiced.home.language.sentences import word_graph
from voiced.home.language.typed import typed
from voiced.home.load import read_home_file
from voiced.home.manner import Manner
from voiced.home.model import Entity
from voiced.home.network.learned import Network, merge

NOW = dt.datetime(2026, 11, 24, 19, 5)


class Household:
    def __init__(self, messages: Iterable[Message], toml: str = "", area: str = "", locale: str = "") -> None:
        network = Network()
        for message in messages:
            network.hear(*raw(message))
        self.learned = merge(read_home_file(toml, "home.toml", learns=True), network.found)
        self.now_s = 0.0
        """Of the steady clock."""
        self.house = House(
            self.learned.home,
            area=area,
            random_digits=lambda: "47",
            now_s=lambda: self.now_s,
            today=lambda: NOW,
            manner=Manner.of(locale),
        )
        self.graph = word_graph(self.learned.home)

    def entity(self, entity_id: str) -> Entity:
        found = self.learned.home.entity(entity_id)
        assert found is not None, [e.id for e in self.learned.home.entities]
        return found

    def problems(self) -> dict[str, tuple[str, ...]]:
        return {f.entity.id: f.problems for f in self.learned.facts if f.problems}

    def tell(self, topic: str, state: str | Mapping[str, object]) -> None:
        """A state topic's message."""
        self.house.heard_state(topic, (state if isinstance(state, str) else json.dumps(state)).encode())

    def judged(self, text: str) -> Judgement:
        return self.house.judge(typed(self.graph, text))

    def said(self, text: str) -> str:
        """What a question is answered with."""
        return self.judged(text).say

    def sent(self, text: str) -> list[tuple[str, str]]:
        """The messages of a command: topic and payload."""
        return [(c.topic, c.payload) for c in self.judged(text).commands]

    def confirmed(self, text: str, topic: str, state: str | Mapping[str, object]) -> bool:
        """Whether, after a command of one message, this one confirms it."""
        (command,) = self.judged(text).commands
        payload = (state if isinstance(state, str) else json.dumps(state)).encode()
        return self.house.confirms(command, topic, payload)
