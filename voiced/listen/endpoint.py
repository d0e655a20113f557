"""PURE. How long a silence must be to end the turn, once what was said so far has been understood.

A decision problem: to wait costs the speaker time, to end too soon costs the rest of the words. Silences within what
people say outlast a hush of 120 ms by 240 ms on average, about exponentially (256 pauses of 198 readers whom nano has
never heard). So for the same risk, one decision must wait 240 ms * ln(k) longer than another where it is k times as
likely that words follow. What was counted in 170 synthetic commands, each with a pause at one of its spaces:

    decided in the hush             words followed    words ended
    a command, from 0.95 on                    25              54
    a command, less certain                    19              56     no likelier: it waits no longer
    a beginning, unsure, a noise              124              54     6 times: 430 ms longer at least, and
                                                                      nobody waits for what will not be done

What goes on longest are an owner's own sentences, lists of things that one names one after the other. In 90 of such
orders and 170 commands of the house, synthetic, decided as whole in a hush:

                                                        words followed   words ended
    an order that has slots which were not said                     23            29
    an order with all of them                                        1            18
    a command of the house                                          16           156
    the same, each recording with one more pause at a space
    an order that has slots which were not said                     34            20
    a command of the house                                          67           145

3.7 times to 7.7 times as likely as after a command of the house: 310 to 490 ms longer. (Since then only slots that may
be named behind those that were said count: `home/slotorder.py`.) The same wait commands of the house that are likely to
go on (`home/unsaid.py`).

`tools.mix.pauses` makes such pauses, `voiced bench endpoint` counts, and puts the rule to the test on people. The whole
commands that words followed are mostly pauses that fell into the last word, the others nearly all beginnings of longer
ones ("cancel" of "cancel timer"). To wait longer for those would delay half of all commands, for something that none
of the 62 recorded ones did. The level falls before an end (last 100 ms
against the words so far: 0.77 of pairs of a pause and an end are told apart by it, pitch adds nothing): not used.
"""

from __future__ import annotations

from dataclasses import dataclass

from voiced.messages import Decision, Verdict

_COMPLETE = (Verdict.CALLS, Verdict.DIGITS)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Silences from t0, in milliseconds. Until there is a decision, `ListenerSettings.end_ms` counts."""

    certain_end_ms: int = 200
    """For a whole command. The decision, asked for at 120 ms, is there by then."""
    slots_left_ms: int = 300
    """So much longer where something may still be named: an owner's further slots, the place, a timer's minutes."""
    incomplete_end_ms: int = 1500
    """For what is none: a beginning, or a microphone's thump that passed for speech."""

    def silence_ms(self, decision: Decision, *, slots_left: bool) -> int:
        """How long the silence after this decision must last. Whether it may act is policy's to say.

        `slots_left`: whether something may still be named (`home/unsaid.py`).
        """
        if decision.verdict not in _COMPLETE:
            return self.incomplete_end_ms
        return self.certain_end_ms + self.slots_left_ms * slots_left
