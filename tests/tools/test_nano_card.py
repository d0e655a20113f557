"""The model card says what was heard as the shards hold it, and its curve shows no hour twice."""

from __future__ import annotations

import json
from pathlib import Path

from tools.nano import card


def test_hours_are_counted_from_the_shards_people_apart_from_voices(tmp_path: Path) -> None:
    def shard(name: str, kind: str, hours: float) -> None:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        half = {"n": int(hours / 2 * 3600 * 16000), "kind": kind}
        path.write_text(f"{json.dumps(half)}\n{json.dumps(half)}\n", "utf-8")

    shard("human/human-0.jsonl", "read_libri", 3)
    shard("human/foreign-0.jsonl", "read_cv_all", 5)
    shard("synth/piper-0.jsonl", "piper", 1)
    shard("synth/kokoro-0.jsonl", "kokoro", 2)
    shard("synth/kokoro-1.jsonl", "kokoro", 0.5)
    told = card.heard(tmp_path)
    assert told == "3.0 hours of people and 3.5 hours of synthesized commands (kokoro 2.5, piper 1.0)"


def test_what_was_heard_again_after_going_on_from_a_checkpoint_counts_once(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text("".join(f'{{"hours": {h}, "ce": {c}}}\n' for h, c in [(1, 9), (2, 8), (3, 7), (2.5, 6), (4, 5)]))
    assert [(r["hours"], r["ce"]) for r in card.curve_rows(log)] == [(1, 9), (2, 8), (2.5, 6), (4, 5)]
