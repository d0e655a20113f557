"""The core's side of the children: `ports.Ear`, `ports.Engine` and `ports.Mouth` over supervised processes, and the
list of sound devices, for which a child is started and ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import replace

from voiced.errors import AudioDeviceError, ChannelError, InferenceError, VoicedError, VoiceError
from voiced.listen.continuity import STALE_S, Lateness
from voiced.messages import Decision, EarLost, EarOpened, EngineTimes, Frame, Verdict
from voiced.ports import Chime, Expect, Played
from voiced.workers import protocol
from voiced.workers.childstate import ChildState, State
from voiced.workers.patience import EAR, ENGINE, MOUTH, Patience
from voiced.workers.supervisor import Supervisor

_SAY_S = 120.0
_ANSWER_S = 30.0
_DEVICES_S = 30.0
_START_S = 180.0
"""A busy machine takes minutes."""
_LOAD_S = 180.0
"""A replica of E2B read its house, 3,662 tokens, for 77 s on two busy x86_64 cores; afterwards it comes from disk."""


class EarClient:
    """`ports.Ear`. `options` are those of `earoptions.py`; a file's ear starts once, a microphone's for ever."""

    def __init__(
        self,
        *,
        options: Mapping[str, object],
        module: str = "voiced.workers.ear",
        patience: Patience | None = None,
    ) -> None:
        self.is_file = bool(options.get("file"))
        self.supervisor = Supervisor(
            name="ear",
            module=module,
            options=options,
            patience=patience or EAR,
            stream=True,
            once=self.is_file,
        )
        self.trouble = "it has not been opened yet"
        """Why nothing is heard; empty while sound comes."""
        self.gone = False
        """It has said that it hears nothing, and looks for its microphone."""

    async def frames(self) -> AsyncIterator[Frame | EarOpened | EarLost]:
        """See `ports.Ear`. A file that cannot be read is raised (AudioFileError); one that ends, ends this."""
        lost, lateness = False, Lateness()
        async for message in self.supervisor.messages():
            match message:
                case Frame(first_sample=first):
                    # We may have been the ones who hung: what waited meanwhile is the past.
                    if self.is_file or lateness.of(first, time.monotonic()) <= STALE_S:
                        yield message
                case EarOpened():
                    lost, lateness, self.trouble, self.gone = False, Lateness(), "", False
                    yield message
                case EarLost(reason=reason):
                    self.trouble, self.gone = reason, True
                    if not lost:
                        yield message
                    lost = True
                case protocol.Done():
                    return
                case ChildState(state=State.DOWN):
                    if self.is_file and self.supervisor.trouble:
                        raise self.supervisor.trouble
                    self.trouble, self.gone = self.trouble or message.what, True
                    lateness = Lateness()  # the next one counts from its own opening
                    if not lost:  # once per loss, however many attempts it takes
                        yield EarLost(message.what)
                    lost = True

    async def shut(self, why: str) -> None:
        """Mute: the process that holds the microphone is gone when this returns, and none comes before `open`."""
        await self.supervisor.pause(why)

    def open(self) -> None:
        self.supervisor.resume()

    async def overhear(self, mouth: MouthClient) -> None:
        """Tell it all that this mouth plays, so that it does not hear it. Until cancelled."""
        async for message in mouth.supervisor.messages():
            if isinstance(message, protocol.Playing | protocol.Silenced) and self.supervisor.ready:
                with contextlib.suppress(ChannelError):  # an ear that is gone hears nothing
                    await self.supervisor.send(message)

    async def close(self) -> None:
        await self.supervisor.stop()


class EngineClient:
    """`ports.Engine`. Every new engine process is told the home before anybody may use it."""

    def __init__(
        self,
        *,
        options: Mapping[str, object],
        name: str = "engine",
        module: str = "voiced.workers.engine_process",
        patience: Patience | None = None,
        answer_s: float = _ANSWER_S,
    ) -> None:
        self.supervisor = Supervisor(
            name=name,
            module=module,
            options=options,
            patience=patience or ENGINE,
            hello=self._tell_home,
        )
        self._home: tuple[dict[str, object], str] | None = None
        self._turn: tuple[int, int] | None = None
        """The open turn, and the generation of the process that knows of it."""
        self._answer_s = answer_s

    @property
    def ready(self) -> bool:
        return self.supervisor.ready and self._home is not None

    async def started(self) -> None:
        """Waits until the process is ready. InferenceError, with the reason, where it does not become so."""
        if not await self.supervisor.wait_ready(_START_S):
            raise InferenceError(f"the engine does not start: {self.supervisor.state.what}")

    @property
    def slow(self) -> bool:
        return bool(self.supervisor.state.facts.get("slow"))

    @property
    def talks(self) -> bool:
        return bool(self.supervisor.state.facts.get("talks"))

    async def load_home(self, home: dict[str, object], area: str = "") -> None:
        """`home` is `Home.to_dict()`. Remembered for every engine to come; InferenceError where this one balks, and
        the home of before stays.
        """
        before, self._home = self._home, (home, area)
        if self.supervisor.ready:
            try:
                # without room for two prompts the second one is computed in one go
                await self._request(protocol.LoadHome(self.supervisor.number(), home, area), _LOAD_S, silent=True)
            except VoicedError:
                self._home = before or self._home
                raise

    async def begin(self, turn: int, expect: Expect) -> None:
        await self._send(protocol.BeginTurn(turn, str(expect)))
        self._turn = (turn, self.supervisor.generation)

    async def feed(self, turn: int, pcm: bytes) -> None:
        self._check(turn)
        await self._send(protocol.FeedAudio(turn, pcm))

    async def decide(self, turn: int) -> tuple[Decision, EngineTimes]:
        self._check(turn)
        return await self._wanted(protocol.Decide(self.supervisor.number(), turn))

    async def again(self, turn: int) -> tuple[Decision, EngineTimes] | None:
        if not self.supervisor.state.facts.get("rehears"):
            return None
        self._check(turn)
        decided = await self._wanted(protocol.HearAgain(self.supervisor.number(), turn))
        return decided if decided[0].verdict is Verdict.CALLS else None

    async def _wanted(self, message: protocol.Decide | protocol.HearAgain) -> tuple[Decision, EngineTimes]:
        """Where nobody waits for it any more, the engine is told."""
        try:
            return await self._decided(message)
        except asyncio.CancelledError:
            with contextlib.suppress(ChannelError):
                await self.supervisor.send(protocol.Abandon(message.request))
            raise

    async def ask(self, turn: int, text: str) -> tuple[Decision, EngineTimes]:
        return await self._decided(protocol.AskText(self.supervisor.number(), turn, text))

    async def end(self, turn: int) -> None:
        """Never raises: a turn that died with its engine is forgotten, too."""
        if self._turn and self._turn[0] == turn:
            lost, self._turn = self._turn[1] != self.supervisor.generation, None
            if not lost and self.supervisor.ready:
                with contextlib.suppress(InferenceError):  # it has died, and nobody has noticed yet
                    await self._send(protocol.EndTurn(turn))

    def talk(self, turn: int, text: str = "") -> AsyncGenerator[str]:
        """See `ports.Engine`."""
        return self._words(protocol.Talk(self.supervisor.number(), turn, text))

    def translate(self, turn: int, into: str, text: str = "") -> AsyncGenerator[str]:
        """See `ports.Engine`."""
        return self._words(protocol.Talk(self.supervisor.number(), turn, text, into))

    async def _words(self, message: protocol.Talk) -> AsyncGenerator[str]:
        over = False
        try:
            async with contextlib.aclosing(self.supervisor.stream(message, timeout_s=self._answer_s)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, protocol.Text):
                        yield piece.text
            over = True
        except ChannelError as error:
            raise InferenceError(str(error)) from error
        finally:
            if not over:
                with contextlib.suppress(InferenceError):
                    await self._send(protocol.StopTalking())

    async def remember(self, turn: int, answer: str) -> None:
        """Never raises: an engine that is gone has forgotten everything."""
        with contextlib.suppress(InferenceError):
            await self._send(protocol.Remember(turn, answer))

    async def close(self) -> None:
        await self.supervisor.stop()

    def _check(self, turn: int) -> None:
        if self._turn != (turn, self.supervisor.generation):
            raise InferenceError(f"the engine does not know turn {turn}: it ended, or the engine was started anew")

    async def _tell_home(self) -> None:
        if self._home:
            home, area = self._home
            number = self.supervisor.number()
            await self.supervisor.greet(protocol.LoadHome(number, home, area), timeout_s=_LOAD_S)

    async def _send(self, message: protocol.Message) -> None:
        try:
            await self.supervisor.send(message)
        except ChannelError as error:
            raise InferenceError(str(error)) from error

    async def _request(self, message: protocol.Message, timeout_s: float, *, silent: bool = False) -> protocol.Message:
        try:
            return await self.supervisor.request(message, timeout_s=timeout_s, silent=silent)
        except ChannelError as error:
            raise InferenceError(str(error)) from error

    async def _decided(
        self, message: protocol.Decide | protocol.HearAgain | protocol.AskText
    ) -> tuple[Decision, EngineTimes]:
        reply = await self._request(message, self._answer_s)
        if not isinstance(reply, protocol.Decided) or reply.turn != message.turn:
            raise InferenceError(f"the engine answered {type(reply).__name__} to {type(message).__name__}")
        return replace(reply.decision, by=self.supervisor.state.what), reply.times


class MouthClient:
    """`ports.Mouth`. VoiceError where nothing can be said. With the option `tells` somebody must read what it plays
    (`EarClient.overhear`).
    """

    def __init__(
        self,
        *,
        options: Mapping[str, object],
        module: str = "voiced.workers.mouth",
        patience: Patience | None = None,
    ) -> None:
        self.supervisor = Supervisor(
            name="mouth",
            module=module,
            options=options,
            patience=patience or MOUTH,
            stream=bool(options.get("tells")),
        )
        self._trouble: str | None = None
        """Of the last request; None before the first one."""

    @property
    def trouble(self) -> str:
        """What is missing for speaking, in words: a process, a voice, a loudspeaker; empty where nothing is."""
        if not self.supervisor.ready:
            return self.supervisor.state.what
        return str(self.supervisor.state.facts.get("lacks", "")) if self._trouble is None else self._trouble

    async def started(self) -> None:
        """Waits until the process is ready. VoiceError, with the reason, where it does not become so."""
        if not await self.supervisor.wait_ready(_START_S):
            raise VoiceError(f"the voice does not start: {self.supervisor.state.what}")

    async def say(self, text: str, *, loudness: float = 1.0, from_ms: float = 0.0, voice: str = "") -> Played:
        message = protocol.Say(self.supervisor.number(), text, loudness, from_ms, voice)
        return _played(await self._request(message, _SAY_S))

    async def chime(self, chime: Chime, *, loudness: float = 1.0) -> Played:
        message = protocol.PlayChime(self.supervisor.number(), str(chime), loudness)
        return _played(await self._request(message, _ANSWER_S))

    async def prepare(self, texts: tuple[str, ...], *, voice: str = "") -> None:
        """For this process only: whoever prepares does so again when `supervisor.states()` says that it is ready."""
        each: list[tuple[str, ...]] = [(text,) for text in texts]
        for some in each or [()]:  # with a time of its own: a busy machine needs minutes for all
            await self._request(protocol.Prepare(self.supervisor.number(), some, voice), _SAY_S)

    async def stop(self) -> None:
        await self._request(protocol.StopPlaying(self.supervisor.number()), _ANSWER_S)

    async def close(self) -> None:
        await self.supervisor.stop()

    async def _request(self, message: protocol.Message, timeout_s: float) -> protocol.Message:
        try:
            reply = await self.supervisor.request(message, timeout_s=timeout_s)
        except ChannelError as error:
            raise VoiceError(str(error)) from error
        except VoicedError as error:
            self._trouble = str(error)
            raise
        self._trouble = ""
        return reply


def _played(reply: protocol.Message) -> Played:
    if not isinstance(reply, protocol.Done):
        raise VoiceError(f"the mouth answered {type(reply).__name__}")
    return Played(reply.first_sound_ms, reply.duration_ms, reply.cached, reply.interrupted)


async def sound_devices() -> protocol.SoundDevices:
    """AudioDeviceError where they cannot be listed: why, and what helps."""
    asked = Supervisor(
        name="list of sound devices",
        module="voiced.workers.devices",
        patience=Patience(start_s=_DEVICES_S),
        stream=True,
        once=True,
    )
    async with asked:
        async for message in asked.messages():
            match message:
                case protocol.SoundDevices():
                    return message
                case ChildState(state=State.DOWN, what=what):
                    raise asked.trouble or AudioDeviceError(f"the sound devices cannot be listed: {_advised(what)}")
    raise AssertionError


def _advised(what: str) -> str:
    """How the child ended, and what helps in the one case that is known."""
    if what != f"killed by signal {int(signal.SIGABRT)}":
        return what
    named = [f"{name}={os.environ[name]}" for name in ("ALSA_CONFIG_PATH", "ALSA_CONFIG_DIR") if name in os.environ]
    mend = f"unset {' and '.join(named)}, or name what is there" if named else "install libasound2-data"
    return f"PortAudio aborts, as it does where ALSA's configuration is missing: {mend}"
