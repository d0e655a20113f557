"""Ear, engine and mouth by a script, as processes of their own: what kills, stops and starves is as real as ever, and
no model, voice or microphone is needed. They are ready at once, on a machine however busy.

    ear       silence at its own pace; on SIGUSR1 the wake word and two seconds of words
    engine    typed words through the house's real sentences; whatever is spoken closes the garage door.
              "please crash", "please abort" and "please hang" do so
    mouth     takes no time to speak
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections import deque

from voiced.home.language.sentences import word_graph
from voiced.home.language.typed import typed
from voiced.home.language.wordgraph import WordGraph
from voiced.home.model import Home
from voiced.messages import FRAME_SAMPLES, WAKE_FRAMES, Call, Decision, EarOpened, EngineTimes, Frame, Verdict
from voiced.workers import child, protocol

SPOKEN = Decision(Verdict.CALLS, (Call("HassCloseCover", {"name": "garage door"}),), 0.97, "close the garage door")
_SAID = "w" + "." * 7 + "s" * 100 + "." * 100
_FRAME_S = 0.02
_PCM = bytes(2 * FRAME_SAMPLES)


def ear(link: child.Link, _options: child.Options) -> None:
    script: deque[str] = deque()
    signal.signal(signal.SIGUSR1, lambda *_: script.extend(_SAID))
    link.send(protocol.Ready("script"), EarOpened("script"))
    began, sent = time.monotonic(), 0
    while True:
        due = began + (sent + WAKE_FRAMES) * _FRAME_S
        message = link.receive(max(0.001, due - time.monotonic()))
        if isinstance(message, protocol.Close):
            return
        if isinstance(message, protocol.Ping):
            link.send(protocol.Pong(message.request, sent))
        if time.monotonic() >= due:
            for number in range(sent, sent + WAKE_FRAMES):
                letter = script.popleft() if script else "."
                wake = {"hey_jarvis": 0.95 if letter == "w" else 0.0}
                link.send(Frame(number * FRAME_SAMPLES, _PCM, letter in "sw", wake))
            sent += WAKE_FRAMES


def engine(link: child.Link, _options: child.Options) -> None:
    link.send(protocol.Ready("script"))
    graph: WordGraph | None = None
    while not isinstance(message := link.receive(), protocol.Close):
        match message:
            case protocol.Ping(request):
                link.send(protocol.Pong(request))
            case protocol.LoadHome(request, now):
                graph = word_graph(Home.from_dict(now))  # here, for a machine that others use may take its time
                link.send(protocol.Done(request))
            case protocol.Decide(request, turn):
                link.send(protocol.Decided(request, turn, SPOKEN, EngineTimes(choices=1)))
            case protocol.AskText(request, turn, text):
                match text:
                    case "please crash":
                        os.kill(os.getpid(), signal.SIGSEGV)
                    case "please abort":
                        os.abort()
                    case "please hang":
                        time.sleep(3600)
                assert graph is not None
                link.send(protocol.Decided(request, turn, typed(graph, text), EngineTimes()))


def mouth(link: child.Link, _options: child.Options) -> None:
    link.send(protocol.Ready("script", {"voice": "script", "lacks": ""}))
    while not isinstance(message := link.receive(), protocol.Close):
        match message:
            case protocol.Ping(request):
                link.send(protocol.Pong(request))
            case protocol.Say(request) | protocol.PlayChime(request):
                link.send(protocol.Sounding(request, 1.0), protocol.Done(request, 1.0, 1.0, cached=True))
            case _ if request := getattr(message, "request", 0):
                link.send(protocol.Done(request))


if __name__ == "__main__":
    role = json.loads(sys.argv[sys.argv.index("--options") + 1])["role"]
    child.run(f"voiced-{role}", {"ear": ear, "engine": engine, "mouth": mouth}[role])
