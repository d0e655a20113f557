"""How long a silence must be depends on what was understood, and on nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from voiced.listen.endpoint import Endpoint
from voiced.messages import Decision, Verdict

VERDICTS = st.sampled_from(list(Verdict))
CERTAINTIES = st.floats(0, 1)


@given(VERDICTS, CERTAINTIES, st.integers(120, 3000), st.integers(0, 3000), st.integers(120, 3000), st.booleans())
def test_a_whole_command_or_code_ends_soon_unless_slots_are_left_and_anything_else_is_waited_for(
    verdict: Verdict, certainty: float, soon_ms: int, more_ms: int, late_ms: int, slots_left: bool
) -> None:
    endpoint = Endpoint(soon_ms, more_ms, late_ms)
    whole = verdict in (Verdict.CALLS, Verdict.DIGITS)
    wanted = soon_ms + more_ms * slots_left if whole else late_ms
    assert endpoint.silence_ms(Decision(verdict, certainty=certainty), slots_left=slots_left) == wanted


def test_as_shipped_a_pause_in_a_beginning_may_last_seven_times_as_long() -> None:
    whole, begun = Decision(Verdict.CALLS, certainty=0.9), Decision(Verdict.INCOMPLETE, certainty=0.9)
    soon_ms = Endpoint().silence_ms(whole, slots_left=False)
    assert Endpoint().silence_ms(begun, slots_left=False) > 7 * soon_ms
