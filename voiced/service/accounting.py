"""Where a turn's ledger goes beside the log and the broker: a file, metrics. Each only where the owner asked for it."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping

from voiced.adapters.ledgerfile import LedgerFile
from voiced.ledger import Ledger
from voiced.listen.wakecount import WakeCount
from voiced.turn.timeline import Happening

_log = logging.getLogger(__name__)


class Accounting:
    """Hears every happening, keeps the ledgers."""

    def __init__(self, file: LedgerFile | None, *, metrics_port: int) -> None:
        """`metrics_port` 0 counts nothing. ConfigError where it is taken."""
        self._file = file
        self._metrics = None
        if metrics_port:
            from voiced.adapters.prometheus import Metrics

            self._metrics = Metrics(port=metrics_port)
            _log.info("metrics on http://127.0.0.1:%d/metrics", self._metrics.port)

    def tell(self, happening: Happening) -> None:
        data = happening.get("ledger")
        if happening["event"] != "turn_end" or not isinstance(data, dict):
            return
        if self._metrics:
            ledger = Ledger.from_json(data)
            stages: dict[str, float] = defaultdict(float)
            for stage in ledger.stages():
                stages[stage.name.split()[0]] += stage.ms
            self._metrics.turn(
                spent_ms=ledger.spent_ms,
                hidden_ms=ledger.hidden_ms,
                abandoned=ledger.speculations,
                stages_ms=stages,
            )
        if self._file:
            try:
                self._file.append(data)
            except OSError as error:
                _log.warning("the ledger is not kept any more: %s", error)
                self._file = None

    def woke(self, counts: Mapping[str, WakeCount]) -> None:
        if self._metrics:
            self._metrics.wakes({word: (c.woken, c.near, c.refractory) for word, c in counts.items()})

    def close(self) -> None:
        if self._metrics:
            self._metrics.close()
