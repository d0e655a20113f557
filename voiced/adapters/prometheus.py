"""Turns as Prometheus metrics, on this machine only."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Self

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server

from voiced.errors import ConfigError

_SECONDS = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)


class Metrics:
    """Answers on http://127.0.0.1:PORT/metrics until closed. Figures only: nothing that was said."""

    def __init__(self, *, port: int) -> None:
        """`port` 0 takes a free one, see `port`. ConfigError where it is taken."""
        registry = CollectorRegistry()
        self._turns = Counter("voiced_turns", "Turns that ended with a decision.", ["sent"], registry=registry)
        self._abandoned = Counter(
            "voiced_speculations_abandoned", "Decisions thrown away because speech went on.", registry=registry
        )
        self._spent = Histogram(
            "voiced_turn_seconds", "End of speech to the command's publication.", buckets=_SECONDS, registry=registry
        )
        self._hidden = Histogram(
            "voiced_turn_hidden_seconds",
            "Work that was done while the closing silence was waited for.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._stages = Histogram(
            "voiced_stage_seconds", "Each stage of a turn.", ["stage"], buckets=_SECONDS, registry=registry
        )
        self._wakes = Counter(
            "voiced_wakes",
            "Rises of a wake word's score, by what came of them.",
            ["word", "outcome"],
            registry=registry,
        )
        self._woke: dict[str, tuple[int, int, int]] = {}
        try:
            self._server, self._thread = start_http_server(port, "127.0.0.1", registry)
        except OSError as error:
            raise ConfigError(f"metrics.port: {port} cannot be opened: {error.strerror or error}") from error
        self.port = int(self._server.server_port)

    def turn(self, *, spent_ms: float | None, hidden_ms: float, abandoned: int, stages_ms: Mapping[str, float]) -> None:
        """One turn is over; `spent_ms` is None where nothing was sent."""
        self._turns.labels("no" if spent_ms is None else "yes").inc()
        self._abandoned.inc(abandoned)
        self._hidden.observe(hidden_ms / 1000)
        if spent_ms is not None:
            self._spent.observe(spent_ms / 1000)
        for stage, ms in stages_ms.items():
            self._stages.labels(stage).observe(ms / 1000)

    def wakes(self, counts: Mapping[str, tuple[int, int, int]]) -> None:
        """Each word's (woken, near misses, too soon) since the start."""
        for word, now in counts.items():
            before = self._woke.get(word, (0, 0, 0))
            for outcome, old, new in zip(("woken", "near_miss", "refractory"), before, now, strict=True):
                self._wakes.labels(word, outcome).inc(new - old)
        self._woke = dict(counts)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
