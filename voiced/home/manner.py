"""PURE. The owner's locale, as far as it changes what is said: hours of the clock, degrees of warmth.

`Manner.of("en_US")`. Which countries count twelve hours and measure in Fahrenheit follows CLDR's supplemental data.
Without a locale the clock has twelve hours and degrees are those of the thing that is spoken of.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from voiced.home.intents import Step, normal
from voiced.home.model import Entity

_TWELVE_HOURS = frozenset(["US", "CA", "AU", "NZ", "IN", "PH", "PK", "BD", "EG", "SA", "JM", "BS", "PR"])
_FAHRENHEIT = frozenset(["US", "BS", "BZ", "KY", "PR", "PW", "LR"])


@dataclass(frozen=True, slots=True)
class Manner:
    twelve_hours: bool = True
    temperature_unit: str = ""
    """C, F, or empty: as the thing measures."""

    @classmethod
    def of(cls, locale: str) -> Manner:
        """A locale like en_GB or en-US.UTF-8; without a country nothing is known."""
        _, _, country = locale.partition(".")[0].replace("-", "_").partition("_")
        country = country.upper()
        if not country:
            return cls()
        return cls(country in _TWELVE_HOURS, "F" if country in _FAHRENHEIT else "C")

    def degrees(self, number: float, entity: Entity) -> float:
        """What a thing measured, in the owner's degrees."""
        return _converted(number, unit_of(entity), self.temperature_unit)

    def sent(self, step: Step, entity: Entity) -> Step:
        """A step whose temperature is in the thing's own degrees, rounded to what it can be set to. Said are degrees of
        the owner's, or those that were named.
        """
        said, unit = step.values.get("temperature"), str(step.values.get("unit", "")).upper() or self.temperature_unit
        if step.verb != "set_temperature" or not isinstance(said, int | float) or not unit:
            return step
        own = _converted(said, unit, unit_of(entity))
        precision = entity.number("precision") or 0.1
        return replace(
            step, values={**step.values, "temperature": normal(round(round(own / precision) * precision, 3))}
        )


def unit_of(entity: Entity) -> str:
    """C or F."""
    return "F" if "F" in (entity.unit or entity.text("temperature_unit")).upper() else "C"


def _converted(number: float, one: str, other: str) -> float:
    if not other or one == other:
        return number
    return number * 9 / 5 + 32 if other == "F" else (number - 32) * 5 / 9


AS_MEASURED = Manner()
"""Of an owner who said nothing."""
