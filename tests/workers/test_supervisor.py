"""Children that are killed, stopped, hang, or never become ready."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from voiced.errors import ChannelError, InferenceError, VoiceError
from voiced.messages import Verdict
from voiced.ports import Chime, Expect
from voiced.workers import protocol
from voiced.workers.childstate import ChildState, State
from voiced.workers.clients import EngineClient, MouthClient
from voiced.workers.patience import Owing, Patience, ProcessorTime
from voiced.workers.supervisor import Supervisor

QUICK = Patience(
    start_s=10.0,
    ping_s=0.1,
    pong_s=0.8,
    close_s=1.0,
    kill_s=1.0,
    backoff_first_s=0.05,
    backoff_most_s=0.2,
)


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def title(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


@pytest.fixture(autouse=True)
def toy_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


@contextlib.asynccontextmanager
async def toy(patience: Patience = QUICK, **options: object) -> AsyncIterator[Supervisor]:
    async with Supervisor(name="toy", module="toy_child", options=options, patience=patience) as supervisor:
        yield supervisor


def say(supervisor: Supervisor, text: str) -> protocol.Say:
    return protocol.Say(supervisor.number(), text)


async def test_request_and_answer() -> None:
    async with toy() as supervisor:
        assert await supervisor.wait_ready(10)
        assert supervisor.state.facts["pid"] == supervisor.pid
        answers = await asyncio.gather(*(supervisor.request(say(supervisor, "hi"), timeout_s=5) for _ in range(20)))
        assert [type(answer) for answer in answers] == [protocol.Done] * 20
        with pytest.raises(VoiceError, match="no voice"):
            await supervisor.request(say(supervisor, "trouble"), timeout_s=5)
        with pytest.raises(ChannelError, match=r"within 0\.2 s"):
            await supervisor.request(say(supervisor, "never"), timeout_s=0.2)
        pid = supervisor.pid
        assert pid is not None
        assert title(pid) == "voiced-toy"
    assert supervisor.state.state is State.STOPPED
    assert not alive(pid)


async def test_a_fault_of_ours_is_not_lost_with_its_task() -> None:
    async def hello() -> None:
        raise TypeError("ours")

    supervisor = Supervisor(name="toy", module="toy_child", patience=QUICK, hello=hello)
    supervisor.start()
    with pytest.raises(TypeError, match="ours"):
        await asyncio.wait_for(supervisor.over(), 10)
    with pytest.raises(TypeError, match="ours"):
        await supervisor.stop()
    assert supervisor.state.state is State.STOPPED
    assert supervisor.pid is None


async def test_nothing_is_asked_of_a_child_that_is_not_ready() -> None:
    supervisor = Supervisor(name="toy", module="toy_child")
    with pytest.raises(ChannelError, match="not ready"):
        await supervisor.request(say(supervisor, "hi"), timeout_s=5)


@pytest.mark.parametrize("text", ["die", "raise"])
async def test_what_a_dead_child_owed_fails_at_once(text: str) -> None:
    async with toy() as supervisor:
        await supervisor.wait_ready(10)
        started = time.monotonic()
        with pytest.raises(ChannelError, match="went away"):
            await supervisor.request(say(supervisor, text), timeout_s=30)
        assert time.monotonic() - started < 2
        assert await supervisor.wait_ready(10)
        assert supervisor.restarts == 1
        assert await supervisor.request(say(supervisor, "hi"), timeout_s=5)


async def test_a_terminals_ctrl_c_does_not_reach_a_child() -> None:
    """Not even one that is still importing: it would leave a traceback on the terminal."""
    async with toy() as supervisor:
        assert await supervisor.wait_ready(10)
        assert supervisor.pid is not None
        assert os.getpgid(supervisor.pid) != os.getpgid(0)


async def at_work(supervisor: Supervisor) -> tuple[int, AsyncIterator[ChildState]]:
    """The child's process, once it is ready, and what becomes of it."""
    await supervisor.wait_ready(10)
    assert supervisor.pid is not None
    states = supervisor.states()
    assert (await anext(states)).state is State.READY
    return supervisor.pid, states


async def test_kill_9_in_the_middle() -> None:
    async with toy() as supervisor:
        first, states = await at_work(supervisor)
        asked = asyncio.create_task(supervisor.request(say(supervisor, "never"), timeout_s=30))
        await asyncio.sleep(0.1)
        os.kill(first, signal.SIGKILL)
        with pytest.raises(ChannelError, match="went away"):
            await asyncio.wait_for(asked, 2)
        assert [(await anext(states)).state for _ in range(3)] == [State.DOWN, State.STARTING, State.READY]
        assert supervisor.pid != first


async def test_a_stopped_child_is_killed_and_replaced() -> None:
    async with toy() as supervisor:
        first, states = await at_work(supervisor)
        os.kill(first, signal.SIGSTOP)
        down = await asyncio.wait_for(anext(states), 4)
        assert down.state is State.DOWN
        assert "did not answer for 0.8 s" in down.what
        assert not alive(first)
        assert await supervisor.wait_ready(10)


MUCH = "x" * 1_000_000
"""More than the sockets between us hold: who tells it waits until it is read."""


async def test_a_child_that_hangs_while_it_is_told_much_is_killed() -> None:
    async with toy() as supervisor:
        first, states = await at_work(supervisor)
        await asyncio.sleep(0.35)  # the first Ping is answered: the one that counts is said into a full socket
        os.kill(first, signal.SIGSTOP)
        telling = asyncio.create_task(supervisor.send(protocol.Playing(0.0, MUCH.encode())))
        asked = asyncio.create_task(supervisor.request(say(supervisor, MUCH), timeout_s=30))
        down = await asyncio.wait_for(anext(states), 4)
        assert "did not answer for 0.8 s" in down.what
        assert not alive(first)
        with pytest.raises(ChannelError):
            await asyncio.wait_for(asked, 2)
        await asyncio.wait([telling], timeout=2)
        assert telling.done()
        telling.exception()
        assert await supervisor.wait_ready(10)
        assert await supervisor.request(say(supervisor, MUCH), timeout_s=5), "the next one reads it"


async def test_the_time_for_an_answer_holds_while_it_is_asked_too() -> None:
    async with toy(Patience(close_s=0.2, kill_s=0.2)) as supervisor:
        await supervisor.wait_ready(10)
        assert supervisor.pid is not None
        os.kill(supervisor.pid, signal.SIGSTOP)
        with pytest.raises(ChannelError, match=r"within 0\.2 s"):
            await asyncio.wait_for(supervisor.request(say(supervisor, MUCH), timeout_s=0.2), 3)
        with pytest.raises(ChannelError, match=r"within 0\.2 s"):
            await asyncio.wait_for(
                anext(supervisor.stream(protocol.Talk(supervisor.number(), 1, MUCH), timeout_s=0.2)), 3
            )
        assert supervisor.ready, "what is not answered in time is no hang yet"


async def test_a_child_that_hangs_in_its_work_is_killed() -> None:
    async with toy() as supervisor:
        await supervisor.wait_ready(10)
        with pytest.raises(ChannelError, match="did not answer for"):
            await supervisor.request(say(supervisor, "hang"), timeout_s=30)


async def test_a_child_that_may_be_silent_is_left_alone_as_long_as_it_works() -> None:
    async with toy() as supervisor:
        await supervisor.wait_ready(10)
        with pytest.raises(ChannelError, match=r"within 2 s"):
            await supervisor.request(say(supervisor, "work"), timeout_s=2, silent=True)
        assert not supervisor.restarts
        states = supervisor.states()
        await anext(states)
        assert "did not answer for" in (await asyncio.wait_for(anext(states), 10)).what


async def test_a_child_that_may_be_silent_and_does_nothing_is_killed() -> None:
    async with toy() as supervisor:
        await supervisor.wait_ready(10)
        with pytest.raises(ChannelError, match="it did nothing for"):
            await supervisor.request(say(supervisor, "hang"), timeout_s=30, silent=True)


@pytest.mark.parametrize("fault", ["stopped", "hang"])
async def test_a_child_that_hangs_while_it_is_told_what_it_must_know_is_killed(fault: str) -> None:
    told: list[int] = []

    async def hello() -> None:
        told.append(supervisor.pid or 0)
        if fault == "stopped" and len(told) == 1:
            os.kill(told[0], signal.SIGSTOP)
        await supervisor.greet(say(supervisor, fault if len(told) == 1 else "slowly"), timeout_s=60)

    async with Supervisor(name="toy", module="toy_child", patience=QUICK, hello=hello) as supervisor:
        assert await supervisor.wait_ready(10)
        assert len(told) == 2, "the first one was killed, and it was not ready until then"
        assert supervisor.pid == told[1]
        assert not alive(told[0])


async def test_a_ping_overtakes_what_waits() -> None:
    """A child with much to do is not killed, as long as it does it."""
    async with toy() as supervisor:
        await supervisor.wait_ready(10)
        work = [supervisor.request(say(supervisor, "slowly"), timeout_s=60) for _ in range(20)]
        await asyncio.gather(*work)
        assert not supervisor.restarts


def test_only_a_childs_own_time_counts() -> None:
    """As the kernel has it, a process without a processor waits for one, and a stopped or sleeping one does not."""
    busy = "while True: pass"
    cpu = {min(os.sched_getaffinity(0))}
    with contextlib.ExitStack() as running:
        rivals = [
            running.enter_context(subprocess.Popen([sys.executable, "-c", busy], preexec_fn=lambda: pinned(cpu)))
            for _ in range(3)
        ]
        sleeping = running.enter_context(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]))
        try:
            patience = Patience(ping_s=1.0, pong_s=1.0)
            account = running.enter_context(contextlib.closing(ProcessorTime(rivals[0].pid)))
            starved, asleep = Owing(account, patience), Owing(ProcessorTime(sleeping.pid), patience)
            looks: dict[str, int] = {}
            for look in range(1, 40):
                looked = time.monotonic()
                time.sleep(0.25)
                for name, owing in (("starved", starved), ("asleep", asleep)):
                    if owing.passed(time.monotonic() - looked):
                        looks.setdefault(name, look)
                if len(looks) == 2:
                    break
            if not account.so_far_s():
                pytest.skip("this kernel does not count how long a process waits for a processor")
            assert looks["asleep"] < looks["starved"], "who has no processor is given longer"
            assert looks["starved"] <= 17, "but not for ever"
        finally:
            for one in (*rivals, sleeping):
                one.kill()


def pinned(cpu: set[int]) -> None:
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, cpu)


async def test_a_child_that_cannot_start_is_tried_again_and_says_why() -> None:
    async with toy(fail=True) as supervisor:
        states = supervisor.states()
        seen = [await anext(states) for _ in range(8)]
        whys = [state.what for state in seen if state.state is State.DOWN and state.what != "not started"]
        assert set(whys) == {"the toy has no model and says so in one line"}
        assert len(whys) >= 2


async def test_a_child_that_is_never_ready_is_killed() -> None:
    async with toy(Patience(start_s=0.5, backoff_first_s=5), start_s=60) as supervisor:
        states = supervisor.states()
        seen = [await asyncio.wait_for(anext(states), 5) for _ in range(3)]
        assert "not ready within" in seen[-1].what


async def test_what_a_child_warns_of_is_not_why_it_died(caplog: pytest.LogCaptureFixture) -> None:
    async with toy(warns=True) as supervisor:
        await supervisor.wait_ready(10)
        assert "the toy has seen better days" in caplog.text
        states = supervisor.states()
        await anext(states)
        assert supervisor.pid is not None
        os.kill(supervisor.pid, signal.SIGSEGV)
        assert (await asyncio.wait_for(anext(states), 4)).what == "killed by signal 11"


async def test_stopping_a_stopped_process() -> None:
    async with toy(Patience(close_s=0.2, kill_s=0.2)) as supervisor:
        await supervisor.wait_ready(10)
        pid = supervisor.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        started = time.monotonic()
        await supervisor.stop()
        assert time.monotonic() - started < 2
    assert not alive(pid)


def test_children_do_not_outlive_a_core_that_is_killed() -> None:
    core = textwrap.dedent("""
        import asyncio
        from voiced.workers.supervisor import Supervisor
        async def main():
            async with Supervisor(name="toy", module="toy_child") as supervisor:
                await supervisor.wait_ready(10)
                print(supervisor.pid, flush=True)
                await asyncio.sleep(60)
        asyncio.run(main())
    """)
    with subprocess.Popen([sys.executable, "-c", core], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        assert alive(child)
        process.kill()
    deadline = time.monotonic() + 5
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(child)


async def test_engine_client_tells_every_new_engine_the_home() -> None:
    engine = EngineClient(options={}, module="toy_child", patience=QUICK)
    with pytest.raises(InferenceError):
        await engine.begin(1, Expect.COMMAND)
    async with engine.supervisor as supervisor:
        await supervisor.wait_ready(10)
        assert not engine.ready
        await engine.load_home({"name": "villa"}, "kitchen")
        assert engine.ready
        await engine.begin(1, Expect.COMMAND)
        await engine.feed(1, bytes(640))
        decision, _ = await engine.decide(1)
        assert (decision.verdict, decision.sentence) == (Verdict.NOT_FOR_ME, "villa")
        states = supervisor.states()
        supervisor.kill()
        while (await anext(states)).state is not State.DOWN:
            pass
        with pytest.raises(InferenceError):
            await engine.feed(1, bytes(640))
        await supervisor.wait_ready(10)
        with pytest.raises(InferenceError, match="started anew"):
            await engine.decide(1)
        await engine.end(1)
        await engine.begin(2, Expect.CODE)
        assert (await engine.decide(2))[0].sentence == "villa"
        assert (await engine.ask(3, "lights on"))[0].sentence == "villa"


async def test_a_turn_ends_with_an_engine_of_whose_death_nobody_knows_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = EngineClient(options={}, module="toy_child", patience=QUICK)
    async with engine.supervisor as supervisor:
        await supervisor.wait_ready(10)
        await engine.begin(1, Expect.COMMAND)

        async def broken(message: protocol.Message) -> None:
            raise ChannelError("the child is gone: Connection reset by peer")

        monkeypatch.setattr(supervisor, "send", broken)
        await engine.end(1)


async def test_mouth_client() -> None:
    mouth = MouthClient(options={}, module="toy_child", patience=QUICK)
    with pytest.raises(VoiceError):
        await mouth.chime(Chime.DONE)
    async with mouth.supervisor as supervisor:
        await supervisor.wait_ready(10)
        played = await mouth.say("cached")
        assert (played.duration_ms, played.cached, played.interrupted) == (20.0, True, False)
        with pytest.raises(VoiceError, match="went away"):
            await mouth.say("die")
