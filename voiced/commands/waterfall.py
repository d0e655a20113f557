"""The ledger on a terminal: one turn as a line or as a waterfall, many as a histogram."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from voiced.ledger import BUDGET_MS, Ledger, Mark, Stage, totals

_COLOURS = {"silence": "bright_black", "queue": "red", "encode": "cyan", "prefill": "blue", "judge": "magenta"}
_LATER = {"rehearing": "red", "policy": "yellow", "publish": "green", "confirm": "green", "answer": "bright_magenta"}


def one_line(ledger: Ledger) -> str:
    """End of speech to publication against the budget, as rich markup."""
    spent = ledger.spent_ms
    passed = " · ".join(f"{mark.replace('_', ' ')} {ms:.0f}" for mark, ms in _in_order(ledger))
    if spent is None:
        return f"[dim]nothing sent   {passed}[/dim]"
    width = 30
    filled = min(width, max(0, round(width * spent / BUDGET_MS)))
    colour = "green" if spent <= BUDGET_MS else "red"
    filling = f"[{colour}]{'█' * filled}[/{colour}]{'░' * (width - filled)}"
    hidden = f"hidden {ledger.hidden_ms:.0f} · " if ledger.hidden_ms else ""
    return f"{filling} {spent:.0f} of {BUDGET_MS:.0f} ms   [dim]{hidden}{passed}[/dim]"


def waterfall(ledger: Ledger, width: int = 60) -> RenderableType:
    """One bar for each stage, on one scale; what is pale was hidden in the silence."""
    stages = ledger.stages()
    scale = width / max([BUDGET_MS, *(stage.to_ms for stage in stages)])
    spent = ledger.spent_ms
    head = "nothing sent" if spent is None else f"{spent:.0f} of {BUDGET_MS:.0f} ms"
    table = Table(box=None, show_header=False, title=f"turn {ledger.turn}: {head}", title_justify="left")
    table.add_column(justify="left", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True, width=width + 1)
    for stage in stages:
        hidden = stage.hidden_ms >= stage.ms > 0
        ms = Text(f"{stage.ms:.0f} ms", style="dim" if hidden else "")
        table.add_row(stage.name, ms, _bar(stage, scale, round(BUDGET_MS * scale), hidden))
    table.add_row("", "", Text(f"{BUDGET_MS:.0f} ms ↑".rjust(round(BUDGET_MS * scale) + 1), style="dim"))
    return table


def histogram(ledgers: Sequence[Ledger], width: int = 40) -> RenderableType:
    """How long turns took from t0 to the command."""
    sums = totals(ledgers)
    if not sums.sent:
        return Text(f"{sums.turns} turns, none sent a command")
    assert sums.p50_ms is not None
    assert sums.p95_ms is not None
    assert sums.within_budget is not None
    most = max(count for _, count in sums.bins)
    table = Table(box=None, show_header=False)
    for edge, count in sums.bins:
        colour = "green" if edge < BUDGET_MS else "red"
        bar = Text("█" * round(width * count / most) if count else "", style=colour)
        table.add_row(f"{edge:.0f} ms", bar, str(count) if count else "")
    told = (
        f"{sums.sent} commands in {sums.turns} turns: p50 {sums.p50_ms:.0f} ms, p95 {sums.p95_ms:.0f} ms, "
        f"{sums.within_budget:.0%} within {BUDGET_MS:.0f} ms"
    )
    return Group(table, Text(told, style="bold"))


def _bar(stage: Stage, scale: float, budget_at: int, hidden: bool) -> Text:
    colour = _COLOURS.get(stage.name) or _LATER.get(stage.name, "bright_blue")
    begin = max(0, round(stage.from_ms * scale))
    length = max(1, round(stage.to_ms * scale) - begin)
    bar = Text(" " * begin)
    bar.append(("▒" if hidden else "█") * length, style=colour)
    if begin + length < budget_at:
        bar.append(" " * (budget_at - begin - length))
        bar.append("│", style="dim")
    return bar


def _in_order(ledger: Ledger) -> list[tuple[Mark, float]]:
    return sorted(ledger.marks.items(), key=lambda passed: passed[1])
