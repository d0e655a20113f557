"""PURE. What is known when a call is judged: the house, its states, the hour, and how its owner speaks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from voiced.home.manner import AS_MEASURED, Manner
from voiced.home.model import Entity, Home
from voiced.home.states import UNKNOWN, EntityState, States, is_gone


@dataclass(frozen=True, slots=True)
class Facts:
    """`area` is the device's own area id, `now` the local wall clock."""

    home: Home
    area: str
    states: States
    now: datetime | None
    manner: Manner = AS_MEASURED

    def of(self, entity: Entity) -> EntityState:
        """Nothing is known of what is not there now."""
        return UNKNOWN if self.gone(entity) else self.states.get(entity.id, UNKNOWN)

    def gone(self, entity: Entity) -> bool:
        """Its own availability topics say so."""
        state = self.states.get(entity.id)
        return state is not None and is_gone(entity, state)
