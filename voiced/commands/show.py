"""Events of a turn for people, on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from voiced.commands.waterfall import one_line
from voiced.ledger import Ledger
from voiced.turn.timeline import Happening

_IGNORED = {
    "not_for_me": "no command of this house",
    "incomplete": "broke off",
    "uncertain": "not sure enough: nothing is done",
    "digits": "digits for which nobody asked",
}


class Screen:
    """One line an event; the sound's own clock in front. What is longer than the line goes on below its words."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def show(self, happening: Happening) -> None:
        line = _line(happening)
        if line:
            t_ms = happening.get("t_ms", 0)
            seconds = t_ms / 1000 if isinstance(t_ms, int | float) else 0.0
            self._console.print(_indented(f"[dim]{seconds:7.2f} s[/dim]", line))
        ledger = happening.get("ledger")
        if happening["event"] == "turn_end" and isinstance(ledger, dict) and ledger.get("spent_ms") is not None:
            self._console.print(_indented(" " * 9, one_line(Ledger.from_json(ledger))))


def _indented(head: str, text: str) -> Table:
    row = Table.grid(padding=(0, 2))
    row.add_column(no_wrap=True)
    row.add_column(overflow="fold")
    row.add_row(head, text)
    return row


def _line(h: Happening) -> str:
    say = {key: escape(str(value)) for key, value in h.items()}
    match h["event"]:
        case "wake":
            return f"[bold cyan]wake[/bold cyan]       “{say['word'].replace('_', ' ')}” (score {say['score']})"
        case "speech_start":
            return "words      begin"
        case "speech_end":
            return f"words      end ({say['by']})"
        case "goes_on":
            return "words      broke off: go on, please"
        case "decision":
            calls = h.get("calls")
            what = (
                " and ".join(_call(c) for c in calls)
                if isinstance(calls, list) and calls
                else say["verdict"].replace("_", " ")
            )
            return f"[bold]decision[/bold]   {what}   [dim]certainty {say['certainty']}[/dim]"
        case "command":
            return f"[bold green]mqtt[/bold green]       {say['topic']} ← {say['payload']}" + (
                "   [dim](simulated)[/dim]" if h.get("simulated") else ""
            )
        case "confirmed":
            return f"[green]confirmed[/green]  {say['entity']}" + (
                "   [dim](simulated)[/dim]" if h.get("simulated") else ""
            )
        case "question":
            return f"[yellow]asks[/yellow]       {say['text']}"
        case "refused":
            return f"[yellow]refused[/yellow]    {say['reason'].replace('_', ' ')}"
        case "ignored":
            return f"[dim]ignored    {_IGNORED.get(say['reason'], say['reason'])}[/dim]"
        case "reply":
            return f"[bold magenta]says[/bold magenta]       “{say['text']}”"
        case "interpreting":
            languages = h["languages"]
            between = " and ".join(map(str, languages)) if isinstance(languages, list) else ""
            return f"[bold magenta]interprets[/bold magenta] between {escape(between)}"
        case "translated":
            return f"[bold magenta]{say['into']}[/bold magenta]   {'“' + say['text'] + '”' if 'text' in say else '…'}"
        case "interpreting_ended":
            return f"interprets no more ({say['by']})"
        case "timer_over" | "alarm":
            return f"[bold yellow]rings[/bold yellow]      “{say['text']}”"
        case "failed" | "not_said" | "ear_lost" | "request_refused":
            return f"[red]{say['event']}[/red]     {say['reason']}"
    return ""


def _call(call: dict[str, object]) -> str:
    slots = call.get("slots")
    inner = ", ".join(f"{k} = {v}" for k, v in slots.items()) if isinstance(slots, dict) else ""
    return escape(f"{call.get('intent')}({inner})")
