"""The engine in a process that reaches nothing else.

Options: `model` (folder of the model), `drafter` (folder of the small model whose decisions a large one reads ahead;
absent for none), `threads` (0 or absent for a good number), `encoder` (`incremental` or `mtmd`), `cache` (folder for
the prompt's saved state; absent keeps none), `think` (whether what was typed is thought about before it is answered),
`languages` (the interpreter's two; absent for none).
"""

from __future__ import annotations

import os
import threading
from functools import partial
from pathlib import Path

from voiced.adapters import sandbox
from voiced.errors import UsageError, VoicedError
from voiced.gemma.models import resolve
from voiced.gemma.prompt import Dialect
from voiced.messages import Decision, EngineTimes, Verdict
from voiced.workers import child, protocol, rebuild
from voiced.workers.engine import EngineCore
from voiced.workers.engine_drafted import DraftedCore
from voiced.workers.engine_house import compile_home
from voiced.workers.engine_load import kind_of
from voiced.workers.engine_setup import Setup
from voiced.workers.engine_talk import Talk, TalkSettings


def handle(core: EngineCore, message: protocol.Message) -> protocol.Message | None:
    """What the engine answers. A turn's failure is one Trouble; a message that is not for an engine is one, too."""
    request = getattr(message, "request", 0)
    try:
        match message:
            case protocol.Ping():
                return protocol.Pong(message.request, core.progress)
            case protocol.LoadHome():
                core.load_home(message.home, message.area)
                return protocol.Done(message.request)
            case protocol.BeginTurn():
                core.begin(message.turn, message.expect)
            case protocol.FeedAudio():
                core.feed(message.turn, message.pcm)
            case protocol.Decide():
                return protocol.Decided(message.request, message.turn, *core.decide(message.turn))
            case protocol.HearAgain():
                heard = core.again(message.turn) or (Decision(Verdict.NOT_FOR_ME), EngineTimes())
                return protocol.Decided(message.request, message.turn, *heard)
            case protocol.AskText():
                return protocol.Decided(message.request, message.turn, *core.ask(message.turn, message.text))
            case protocol.EndTurn():
                core.end(message.turn)
            case protocol.Remember():
                core.remember(message.turn, message.answer)
            case _:
                why = f"an engine does not understand {type(message).__name__}"
                return protocol.Trouble("InferenceError", why, request)
    except VoicedError as error:
        return protocol.Trouble.of(error, request)
    return None


class Decisions:
    """Those that nobody waits for any more are stopped where they are being made, or not begun."""

    def __init__(self, core: EngineCore) -> None:
        self._core = core
        self._lock = threading.Lock()
        self._making = self._made = 0
        self._unwanted: set[int] = set()

    def abandoned(self, message: protocol.Message) -> bool:
        """Told in the thread that reads. Whether that was all this message is for."""
        if not isinstance(message, protocol.Abandon):
            return False
        with self._lock:
            if message.request == self._making:
                self._core.stop()
            elif message.request > self._made:
                self._unwanted.add(message.request)
        return True

    def answer(self, message: protocol.Message) -> protocol.Message | None:
        """`handle`, but for decisions that are not wanted."""
        if isinstance(message, protocol.Decide | protocol.HearAgain):
            return self._decide(message)
        return handle(self._core, message)

    def _decide(self, message: protocol.Decide | protocol.HearAgain) -> protocol.Message | None:
        """Requests come in the order of their numbers."""
        with self._lock:
            self._made = message.request
            wanted = message.request not in self._unwanted
            self._unwanted = {request for request in self._unwanted if request > self._made}
            self._making = message.request if wanted else 0
        if not wanted:
            return protocol.Trouble("InferenceError", "not begun, for nobody waits for it any more", message.request)
        try:
            return handle(self._core, message)
        finally:
            with self._lock:
                self._making = 0
                self._core.go()


def _setup(options: child.Options) -> tuple[Path, Path | None, Setup]:
    """The model's folder, the drafter's, and the rest."""
    texts = {key: options.get(key) or "" for key in ("model", "drafter", "encoder", "cache")}
    threads = options.get("threads", 0)
    if not isinstance(threads, int) or not all(isinstance(text, str) for text in texts.values()):
        raise UsageError("the engine's options are texts (model, drafter, encoder, cache) and a number (threads)")
    model, drafter, encoder, cache = map(str, texts.values())
    setup = Setup(threads, Path(cache) if cache else None, encoder=encoder or "incremental")
    return Path(model), Path(drafter) if drafter else None, setup


def work(link: child.Link, options: child.Options) -> None:
    """The child's life: load, say Ready, answer in order until told to leave."""
    folder, drafts, setup = _setup(options)
    languages = options.get("languages") or []
    if not isinstance(languages, list):
        raise UsageError("the engine's option languages is a list")
    pair = resolve(folder)
    small = resolve(drafts) if drafts and pair.dialect is Dialect.CALLS else None
    files = [file for one in (pair, small) if one for file in (one.text, one.audio)]
    confined = sandbox.confine(files=files, cache=setup.cache)
    for missing in confined.missing:
        link.send(protocol.Warned(f"less shut in than it could be: this machine has no {missing}"))
    compiled = partial(compile_home, languages=tuple(languages))
    core = DraftedCore(pair, small, setup, compiled) if small else kind_of(pair)(pair, setup, compiled)
    facts: dict[str, object] = {
        "dialect": core.dialect, "threads": core.threads, "encoder": setup.encoder, "pid": os.getpid(),
        "confined": ", ".join(confined.by), "load": core.load,
        "slow": core.slow, "talks": core.talks, "rehears": core.rehears,
        "drafter": small.name if small and isinstance(core, DraftedCore) and core.drafts else "",
    }  # fmt: skip
    decisions, talking = Decisions(core), TalkSettings(think=bool(options.get("think")))
    link.at_once(decisions.abandoned)
    link.send(protocol.Ready(core.what, facts))
    rebuild.serve(link, core, decisions.answer, lambda message: Talk(core, message, talking))
    core.close()


if __name__ == "__main__":
    child.run("voiced-engine", work, oom_score_adj=500)
