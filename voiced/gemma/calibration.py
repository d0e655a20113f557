"""What a model's scores are worth: fitted by `tools/calibrate`, and kept in the model's own description."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from voiced.errors import ModelFileError


@dataclass(frozen=True, slots=True)
class Calibration:
    """Until fitted, plain guesses. Distances in nats."""

    bias: float = 2.0
    share: float = 0.5
    """Weight of the log-odds of the outcome's share among all that was walked."""
    level: float = 3.0
    """Weight of what the best path pays per token, or the free one if that pays more (names get something back, it
    does not): a model that hardly believes what it says is not sure. Tokens of a wildcard do not count: there is
    always something to fill it with, and what was heard must be in the words around it."""
    spelling: float = 0.0
    """Weight of the share of letters in which the best path and the free one differ: a name that is given back what
    the model did not expect scores well on what sounds quite unlike it."""
    unheard: float = 0.0
    """Weight of the nats per letter by which what the ear's letters spell by themselves is likelier than the path."""
    letters: float = 0.3
    """What a nat of the ear's letters counts beside the decoder's when paths are compared. From 0.1 to 1 it ranks alike
    on drink orders that nobody trained it on (60 to 59 of 112 right first, without letters 36)."""
    least: float = 0.3
    """Certainty below which it was not for this house: what keeps wrong actions rare."""
    temperature: float = 1.0
    """Divides scores before they share probability."""
    nothing: float = 0.6
    """Probability of silence from which on nothing was said."""
    cut_cost: float = 3.0
    """Nats taken from paths that were cut off: most people finish their sentences."""

    @classmethod
    def of(cls, data: Mapping[str, object]) -> Calibration:
        """From a table of a model's TOML. ModelFileError on anything that is no number of ours."""
        known = {f.name for f in fields(cls)}
        for name, value in data.items():
            if name not in known or isinstance(value, bool) or not isinstance(value, int | float):
                raise ModelFileError(f"calibration: {name} = {value!r} is not understood")
        return cls(**{name: float(value) for name, value in data.items() if isinstance(value, int | float)})
