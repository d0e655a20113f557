"""PURE. English: what is said of timers, alarms and what rings."""

from __future__ import annotations

from voiced.speak.en_names import MOST_NAMES, Phrases, Values, few, first_upper, the
from voiced.speak.numbers import counted, duration, joined, lasting, time_of_day


def _timer(v: Values) -> str:
    return f"{first_upper(lasting(v['name']))} timer" if v["name"] else "Timer"


def _which_timer(v: Values, set_s: str = "seconds") -> str:
    """By its name, or by what it was set to."""
    return f"{lasting(v['name'] or duration(v[set_s]))} timer"


def _ago(ago_s: float) -> str:
    return duration(ago_s if ago_s < 60 else ago_s // 60 * 60)


def _timer_missed(v: Values) -> str:
    return f"Your {_which_timer(v)} ended {_ago(v['ago_s'])} ago."


_DAYS = {"today": "today", "tonight": "tonight", "tomorrow": "tomorrow", "daily": "every day"}


def _day(day: str) -> str:
    """Tomorrow, on Monday, every Monday, on weekdays."""
    named = day.removeprefix("every ")
    named = named if named.startswith("week") else named.title()
    return _DAYS.get(day) or (f"every {named}" if day.startswith("every ") else f"on {named}")


def _skipped(v: Values) -> str:
    if not v["skipped"]:
        return ""
    days = [_day(d).removeprefix("on ") for d in v["skipped"]]
    return f" except {'the next' if v['day'].startswith('every ') else joined(days)}"


_YOURS = {
    "my": "your",
    "me": "you",
    "myself": "yourself",
    "i": "you",
    "i'm": "you're",
    "i've": "you've",
    "our": "your",
    "we": "you",
    "we're": "you're",
    "we've": "you've",
    "ourselves": "yourselves",
}


def _yours(task: str) -> str:
    """What somebody wants to be told of, as it is told to them: take your pills."""
    return " ".join(_YOURS.get(word.casefold(), word) for word in task.split())


def _alarm(v: Values, twelve: bool) -> str:
    """Seven a m tomorrow, seven a m every Monday, seven a m on weekdays except tomorrow."""
    task = f" to {_yours(v['text'])}" if v["text"] else ""
    return f"{time_of_day(v['hour'], v['minute'], twelve)} {_day(v['day'])}{_skipped(v)}{task}"


def _reminder(v: Values) -> str:
    return f"Remember to {_yours(v['text'])}." if v["text"] else ""


def _alarms(v: Values) -> str:
    rows = [_alarm(a, v["twelve"]) for a in v["alarms"]]
    return f"{first_upper(counted(len(rows), 'alarm'))}: {few(rows)}."


def _the_timer(v: Values) -> str:
    return the(f"{'paused ' if v.get('paused') else ''}{_which_timer(v, 'set_s')}")


def _timer_left(v: Values) -> str:
    """Whoever named it need not be told which it is; a paused one is told in any case."""
    tells = v.get("paused") or (v.get("name") and not v.get("named"))
    return f"{first_upper(duration(v['seconds']))} left{f' on {_the_timer(v)}' if tells else ''}."


def _timers_left(v: Values) -> str:
    rows = v["timers"]
    said = [f"{duration(t['seconds'])} on {_the_timer(t)}" for t in rows]
    return f"{first_upper(joined(said[:MOST_NAMES]))}."


PHRASES: Phrases = {
    # timers
    "timer_set": lambda v: f"{_timer(v)} set for {duration(v['seconds'])}.",
    "timer_cancelled": lambda v: f"{_timer(v)} cancelled.",
    "timers_cancelled": lambda v: f"{first_upper(counted(v['count'], 'timer'))} cancelled.",
    "timer_paused": lambda v: f"{_timer(v)} paused.",
    "timer_resumed": lambda v: f"{_timer(v)} goes on.",
    "timer_left": _timer_left,
    "timers_left": _timers_left,
    "timer_none": lambda v: "There is no such timer." if v.get("named") else "There are no timers.",
    "timer_which": lambda v: f"There are {counted(v['count'], 'timer')}. Say which.",
    "timer_how_long": lambda _: "For how long?",
    "timer_too_many": lambda _: "There are too many timers.",
    "timer_over": lambda v: f"{_timer(v) if v['name'] else f'The {_which_timer(v)}'} is over.",
    "timer_missed": _timer_missed,
    # alarms
    "alarm_set": lambda v: f"{'I will remind you at' if v['text'] else 'Alarm set for'} {_alarm(v, v['twelve'])}.",
    "alarm_when": lambda _: "For what time?",
    "alarm_past": lambda v: (
        f"{first_upper(time_of_day(v['hour'], v['minute'], v['twelve']))} today has already passed."
    ),
    "alarm_too_many": lambda _: "There are too many alarms.",
    "alarm_none": lambda v: "There is no such alarm." if v.get("named") else "There are no alarms.",
    "alarm_which": lambda v: f"{_alarms(v)} Say which.",
    "alarm_cancelled": lambda v: f"The alarm for {_alarm(v, v['twelve'])} is cancelled.",
    "alarm_skipped": lambda v: f"The alarm for {_alarm(v, v['twelve'])} does not ring {_day(v['on'])}.",
    "alarms_cancelled": lambda v: f"{first_upper(counted(v['count'], 'alarm'))} cancelled.",
    "alarms": _alarms,
    "alarm_rings": lambda v: _reminder(v) or f"It is {time_of_day(v['hour'], v['minute'], v['twelve'])}.",
    "alarm_missed": lambda v: (
        f"Your alarm for {time_of_day(v['hour'], v['minute'], v['twelve'])} was {_ago(v['ago_s'])} ago. {_reminder(v)}"
    ).strip(),
    "snoozed": lambda v: f"I ring again in {duration(v['seconds'])}.",
    "nothing_rings": lambda _: "Nothing is ringing.",
}
