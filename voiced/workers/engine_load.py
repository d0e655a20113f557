"""Which engine a model gets, and one of it in this process: for programs that measure, and for tests."""

from __future__ import annotations

from pathlib import Path

from voiced.gemma.models import ModelPair, resolve
from voiced.gemma.prompt import Dialect
from voiced.workers.engine import EngineCore
from voiced.workers.engine_again import RehearingCore
from voiced.workers.engine_setup import Setup


def kind_of(pair: ModelPair) -> type[EngineCore]:
    """A model that writes tool calls takes too long for it, and needs it less."""
    return EngineCore if pair.dialect is Dialect.CALLS else RehearingCore


def load_model(folder: Path, setup: Setup | None = None) -> EngineCore:
    """The engine of the model in `folder`, in this process."""
    pair = resolve(folder)
    return kind_of(pair)(pair, setup)
