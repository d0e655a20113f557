"""From the last voiced sample to the decision: the stock way, Whisper then text, and ours, side by side.

Same sound (3 s), same model files, same prompt (the demo's home), same decision. In each way the turn's end is certain
`end_ms` after t0, and nobody acts before; ours has been listening meanwhile. For the replica, nano hears the same sound
and drafts the decision, as it does beside E2B; `ours_*` has a draft where the daemon would ask for one on this machine.
With nano, the shipped recordings also go through the whole pipeline (ear, engine and mouth as processes, a broker),
from t0 to the command's publication.
"""

from __future__ import annotations

import argparse
import asyncio
from functools import partial

from voiced.adapters.whisper import Whisper
from voiced.app import ASK_MS
from voiced.bench import pipeline
from voiced.bench.common import (
    FRAME_MS,
    SECONDS,
    Pace,
    at_least_one,
    command,
    demo_home,
    folder_of,
    frames,
    machine,
    median,
    milliseconds,
    model_argument,
    ratio,
)
from voiced.bench.steered import TWO_WAYS, compile_steered, longest_path, spoken_path
from voiced.bench.stock import Stock
from voiced.config import MODELS, models_cache
from voiced.gemma.models import resolve
from voiced.gemma.prompt import Dialect
from voiced.listen.settings import ListenerSettings
from voiced.messages import BYTES_PER_SAMPLE, Decision, EngineTimes, ms_to_samples
from voiced.workers.engine import EngineCore
from voiced.workers.engine_drafted import WORTH, DraftedCore
from voiced.workers.engine_setup import Setup

_T0_MS = SECONDS * 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    model_argument(parser)
    parser.add_argument("--realtime", action="store_true", help="at the sound's own pace; otherwise only its account")
    parser.add_argument(
        "--runs", type=at_least_one, default=5, metavar="N", help="of each way, after one that does not count"
    )
    parser.add_argument(
        "--turns", type=int, metavar="N", help="recordings for the pipeline, seconds each (10 for nano, else none)"
    )
    parser.add_argument(
        "--two-ways", action="store_true", help="a doubtful model: the second best way is walked to its end, too"
    )
    parser.add_argument(
        "--longest", action="store_true", help="the house's longest call of three choices, which nothing drafts"
    )
    parser.add_argument("--no-whisper", action="store_true", help="leave Whisper out")


def measure(options: argparse.Namespace) -> dict[str, object]:
    """See the keys: times in ms, medians; `ratio_*` is ours divided by the other."""
    pair = resolve(folder_of(options.model))
    walk = TWO_WAYS if options.two_ways else None
    setup, small = Setup(cache=models_cache() / "bench", walk=walk), resolve(MODELS / "nano")
    drafts = pair.dialect is Dialect.CALLS and not options.longest
    steered = partial(compile_steered, path=longest_path if options.longest else spoken_path)
    core = DraftedCore(pair, small, setup, steered, always=True) if drafts else EngineCore(pair, setup, steered)
    core.load_home(demo_home().to_dict())
    end_ms = ListenerSettings().end_ms
    spoken, after = command()
    heard = spoken + after[: ms_to_samples(end_ms) * BYTES_PER_SAMPLE]

    first = _ours(core, spoken + after, end_ms, real=False)
    tokens = core.last_walk.finished[0].tokens if core.last_walk and core.last_walk.finished else ()
    stock = Stock(pair, core.model, core.prompt, core.threads)
    whisper = None if options.no_whisper else Whisper(cache=models_cache(), threads=core.threads)
    prefix_ms = milliseconds(stock.read_prefix)
    ours, undrafted, whole, one_token, piped = [first], [], [], [], []
    text = whisper.transcribe(heard) if whisper else ""
    for _ in range(options.runs + 1):  # in turns, so that what else the machine does hits all of them
        ours.append(_ours(core, spoken + after, end_ms, real=options.realtime))
        if isinstance(core, DraftedCore):
            with core.undrafted():
                undrafted.append(_ours(core, spoken + after, end_ms, real=options.realtime))
        whole.append(milliseconds(partial(stock.hear, heard, tokens)))
        one_token.append(milliseconds(partial(stock.token, tokens[0])))
        if whisper:
            piped.append(milliseconds(lambda: stock.read(whisper.transcribe(heard), tokens)))
    always = ours
    if isinstance(core, DraftedCore) and core.rows_to_pass >= WORTH:
        ours = [first, *undrafted]
    times = ours[-1].times
    decided = median([one.decided_ms for one in ours[2:]])
    token_ms = median(one_token[1:], 2)
    counts = max(decided, end_ms)
    kept = end_ms + median(whole[1:])
    result: dict[str, object] = {
        "model": options.model,
        **machine(core.threads),
        "audio_s": SECONDS,
        "prompt_tokens": len(core.prompt),
        "decision": b"".join(core.model.piece(token) for token in tokens).decode("utf-8", "replace"),
        "decision_tokens": len(tokens),
        "choices": times.choices,
        "ways": 2 if options.two_ways else 1,
        "asked_ms": ASK_MS if core.slow else ListenerSettings().hush_ms,
        "endpoint_ms": end_ms,
        "token_ms": token_ms,
        "ours_ms": counts,
        "ours_decided_ms": decided,
        "ours_encode_tail_ms": round(times.tail_encode_ms, 1),
        "ours_prefill_tail_ms": round(times.tail_ms - times.tail_encode_ms, 1),
        "ours_choices_ms": [round(ms, 1) for ms in times.choice_ms],
        "ours_draft_ms": round(times.draft_ms, 1),
        "stock_ms": kept,
        "stock_cold_ms": round(kept + prefix_ms, 1),
        "ratio_to_stock": ratio(counts, kept),
        "ratio_to_stock_cold": ratio(counts, kept + prefix_ms),
        "after_silence_in_tokens": ratio(max(0.0, decided - end_ms), token_ms),
    }
    if isinstance(core, DraftedCore):
        alone = median([one.decided_ms for one in undrafted[1:]])
        result |= {
            "rows_to_pass": round(core.rows_to_pass, 2),
            "daemon_drafts": core.rows_to_pass < WORTH,
            "drafted_decided_ms": median([one.decided_ms for one in always[2:]]),
            "undrafted_decided_ms": alone,
            "undrafted_choices_ms": [round(ms, 1) for ms in undrafted[-1].times.choice_ms],
            "undrafted_after_silence_in_tokens": ratio(max(0.0, alone - end_ms), token_ms),
        }
    if piped:
        whisper_ms = end_ms + median(piped[1:])
        result |= {"whisper_text": text, "whisper_ms": whisper_ms, "ratio_to_whisper": ratio(counts, whisper_ms)}
    stock.close()
    core.close()
    turns = options.turns if options.turns is not None else 10 if options.model == "nano" else 0
    if turns:
        result |= asyncio.run(pipeline.end_to_command(folder_of(options.model), most=turns))
    return result


class _Ours:
    def __init__(self, decided_ms: float, busy_ms: float, answer: tuple[Decision, EngineTimes]) -> None:
        self.decided_ms, self.busy_ms = decided_ms, busy_ms
        self.decision, self.times = answer


def _ours(core: EngineCore, pcm: bytes, end_ms: int, *, real: bool) -> _Ours:
    """The sound as it arrives; the decision is asked for at the hush, of a slow engine in the pause before it."""
    asked_ms = ASK_MS if core.slow else ListenerSettings().hush_ms
    pace = Pace(real=real)
    core.begin(1)
    answers: list[tuple[Decision, EngineTimes]] = []
    decided_ms = 0.0
    for number, frame in enumerate(frames(pcm), 1):
        due = number * FRAME_MS
        if due > _T0_MS + end_ms:
            break
        pace.work(due, partial(core.feed, 1, frame))
        if due == _T0_MS + asked_ms:
            pace.work(due, lambda: answers.append(core.decide(1)))
            decided_ms = pace.free_ms - _T0_MS
    core.end(1)
    return _Ours(decided_ms, pace.busy_ms, answers[0])
