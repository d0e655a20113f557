"""Parts of the recipe against plain definitions of what they compute. They need PyTorch, which only training needs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from voiced.gemma import features as engine

torch = pytest.importorskip("torch", reason="PyTorch is installed only where nano is trained")

from tools.nano import augment, corpora, data, features, grow, model, teacher, train, vocabulary  # noqa: E402


def test_the_log_mel_is_the_engines() -> None:
    rng = np.random.default_rng(0)
    sound = (rng.standard_normal(16000) * np.repeat([0.2, 1e-5, 0.0, 0.01], 4000)).astype(np.float32)
    ours = features.mel(torch.from_numpy(sound)[None])[0].numpy()
    theirs = engine.log_mel(np.concatenate([np.zeros(160, np.float32), sound]))[: len(ours)]
    assert np.abs(ours - theirs).max() < 1e-3


def test_skewed_positions_are_those_gathered_by_distance() -> None:
    by_distance = torch.randn(2, 3, 30, 13)
    distance = torch.arange(30)[:, None] - torch.arange(30)[None]
    seen = (distance >= 0) & (distance < 12)
    index = (12 - distance.clamp(0, 12)).expand(2, 3, 30, 30)
    assert torch.equal(model.skewed(by_distance)[..., seen], by_distance.gather(-1, index)[..., seen])


def test_an_ear_that_grew_hears_at_first_what_it_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = model.Shape(width=64, ear_layers=3, ear_heads=2, conv=(8, 8), layers=3, shared=1)
    net, mel = model.Nano(shape, 28).eval(), torch.randn(1, 160, features.MELS)
    with torch.no_grad():
        for layer in net.ear.layers:
            layer.n3.w.copy_(torch.rand(64) + 0.5)
        heard = net.ear(mel, torch.tensor([160]))[1]
        larger = grow.grown(net, 5)
        again = larger.ear(mel, torch.tensor([160]))[1]
        monkeypatch.setattr(grow, "WHISPER", 0.0)
        same = grow.grown(net, 5).ear(mel, torch.tensor([160]))[1]
    assert larger.s.ear_layers == len(larger.ear.layers) == 5
    assert torch.allclose(same, heard, rtol=1e-4, atol=1e-5)
    assert 0 < float((again - heard).norm() / heard.norm()) < 0.5
    for layers in (3, 6):
        with pytest.raises(ValueError, match="grows to 4 to 5"):
            grow.grown(net, layers)


def test_a_batch_of_speech_that_nobody_wrote_down_has_no_letters() -> None:
    net = model.Nano(model.Shape(width=64, ear_layers=1, ear_heads=2, conv=(8, 8), layers=3, shared=1), 28)
    assert net.letters(torch.zeros(0, 7, 64)).shape == (0, 7 * model.PARTS, 29)


def test_muon_moves_every_direction_alike() -> None:
    weight = torch.nn.Parameter(torch.zeros(64, 128))
    weight.grad = torch.randn(64, 128) @ torch.diag(torch.logspace(0, -1.5, 128))
    train.Muon([weight], decay=0).step(1.0)
    stretch = torch.linalg.svdvals(weight.detach()) / (0.2 * 128**0.5)
    assert float(stretch.min()) > 0.3
    assert float(stretch.max()) < 1.7


def test_the_encoder_never_looks_ahead() -> None:
    ear = model.Ear(model.Shape(width=64, ear_layers=2, ear_heads=2, conv=(8, 8))).eval()
    mel = torch.randn(1, 160, features.MELS)
    longer = torch.cat([mel, torch.randn(1, 80, features.MELS)], 1)
    with torch.no_grad():
        short, _, (n,) = ear(mel, torch.tensor([160]))
        long, _, _ = ear(longer, torch.tensor([240]))
    assert torch.allclose(short[0, : n - 1], long[0, : n - 1], atol=1e-5)


def test_the_same_seed_trains_the_same_model_and_the_rate_falls_with_the_speech_heard(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    shards = {
        "human/human-0": "read_lj",
        "human/foreign-0": "read_cv_all",
        "synth/kokoro-0": "kokoro",
        "wake/piper-0": "piper",
    }
    for name, kind in shards.items():
        clips = [(rng.standard_normal(16000) * 3000).astype(np.int16) for _ in range(8)]
        shard = tmp_path / name
        shard.parent.mkdir(exist_ok=True)
        shard.with_suffix(".raw").write_bytes(b"".join(c.tobytes() for c in clips))
        said = {"n": 16000, "text": "lights off", "kind": kind}
        rows = [said | {"start": i * 16000, "voice": f"v{i}"} for i in range(8)]
        shard.with_suffix(".jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), "utf-8")
    np.save(tmp_path / "rooms.npy", np.eye(1, 2100, dtype=np.float32).repeat(2, 0))
    vocabulary.train(["lights off", "turn on the lamp"] * 50, 320).save(str(tmp_path / "tokenizer.json"))
    small = model.Shape(vocab=320, width=64, ear_layers=1, ear_heads=2, conv=(8, 8), layers=3, shared=1)

    def trained(run: str, seed: int) -> list[bytes]:
        one = train.Trainer(tmp_path, tmp_path / run, small, seed)
        one.fit(0.03, 1e-3, 20.0, lambda _: None)
        assert one.heard >= 0.03 * 3600
        assert one.rate() < 0.03 * 1e-3
        return [p.detach().numpy().tobytes() for p in one.net.parameters()]

    assert trained("one", 3) == trained("two", 3)
    assert trained("one", 3) != trained("three", 4)


@pytest.mark.parametrize("seed", range(8))
def test_what_the_teacher_heard_is_asked_for_two_tokens_behind_the_sound(seed: int) -> None:
    """A knock in silence, and a teacher whose rows are zero but for the knock's."""
    rng = np.random.default_rng(seed)
    knock = int(rng.integers(8000, 24000))
    words = np.zeros(32000, np.float32)
    words[knock : knock + 160] = rng.standard_normal(160).astype(np.float32)
    rows = np.zeros((teacher.rows(len(words)), teacher.WIDTH), np.float32)
    rows[knock // teacher.ROW] = 1
    room = augment.Room(rng, np.eye(1, 2100, dtype=np.float32), np.zeros((1, 16000), np.float32), [words[:8000]])
    turn = room.hear(words, 0.0, True) if seed % 2 else room.hear(words, 1.0, False)
    lesson = data.lesson(turn, "knock", rows)
    heard_at = int(np.argmax(np.abs(turn.pcm[max(0, turn.begins) :]))) + max(0, turn.begins)
    told_at = lesson.at[int(np.argmax(lesson.rows[:, 0]))]
    assert abs(told_at - 2 - heard_at / teacher.ROW) <= 1.5


def test_a_shard_that_grew_has_no_teacher_for_its_new_clips(tmp_path: Path) -> None:
    lengths = [16000, 640, 12345]
    starts = [0, 16000, 16640]
    said = [{"start": s, "n": n, "text": "", "voice": "", "kind": ""} for s, n in zip(starts, lengths, strict=True)]
    (tmp_path / "a-0.jsonl").write_text("".join(json.dumps(r) + "\n" for r in said), "utf-8")
    (tmp_path / "a-0.raw").write_bytes(bytes(2 * sum(lengths)))
    there = np.arange(26, dtype=np.float16)[:, None].repeat(teacher.WIDTH, 1)
    (tmp_path / "a-0.whisper").write_bytes(there.tobytes())
    shelf = corpora.Shelf(tmp_path)
    assert [shelf.taught(clip)[:, 0].tolist() for clip in shelf.clips] == [list(range(25)), [25.0], []]


def test_the_files_that_ship_train_on_and_come_out_as_they_went_in(tmp_path: Path) -> None:
    from tools.nano import export, restore

    model_folder = Path(__file__).parents[2] / "models" / "nano"
    restore.restore(model_folder, tmp_path, tmp_path / "run", 0)
    export.export(tmp_path / "run" / "last.pt", tmp_path / "tokenizer.json", tmp_path / "again")
    for name in ("nano-text.gguf", "nano-mmproj.gguf"):
        before, after = restore.tensors(model_folder / name), restore.tensors(tmp_path / "again" / name)
        assert before.keys() == after.keys()
        assert all(torch.allclose(before[n], after[n], atol=1e-6) for n in before)
    pieces = restore.read_vocabulary(tmp_path / "again" / "nano-text.gguf")
    assert (
        pieces.encode("turn on the lamp").ids
        == vocabulary.load(tmp_path / "tokenizer.json").encode("turn on the lamp").ids
    )


def test_runs_side_by_side_meet_in_the_middle(tmp_path: Path) -> None:
    small = model.Shape(vocab=320, width=64, ear_layers=1, ear_heads=2, conv=(8, 8), layers=3, shared=1)
    one, two = (train.Trainer(tmp_path, tmp_path / name, small, seed) for name, seed in (("one", 1), ("two", 2)))
    mine, theirs = (t.net.text.token_embd.weight.detach().clone() for t in (one, two))
    one.meet(two.run)
    assert torch.equal(one.net.text.token_embd.weight, mine)
    two.meet(one.run)
    assert torch.allclose(two.net.text.token_embd.weight, (mine + theirs) / 2)
    met = two.net.text.token_embd.weight.detach().clone()
    two.meet(one.run)  # one has left nothing since: who is met again and again holds the other back
    assert torch.equal(two.net.text.token_embd.weight, met)


def test_a_schedule_that_is_to_end_sooner_falls_sooner(tmp_path: Path) -> None:
    small = model.Shape(vocab=320, width=64, ear_layers=1, ear_heads=2, conv=(8, 8), layers=3, shared=1)
    trainer = train.Trainer(tmp_path, tmp_path, small, 1)
    trainer.schedule, trainer.heard = (100 * 3600.0, 140 * 3600.0, 1e-3), 120 * 3600.0
    before = trainer.rate()
    trainer.hasten(5)
    assert 0.02e-3 < trainer.rate() < before
    trainer.heard = 125 * 3600.0
    assert trainer.rate() == pytest.approx(0.02e-3)


def test_what_leads_to_the_words_is_never_a_whole_word_of_the_speaker() -> None:
    rng = np.random.default_rng(3)
    room = augment.Room(rng, np.eye(1, 2100, dtype=np.float32), np.zeros((1, 16000), np.float32), [])
    mate = np.linspace(1, 2, 4000, dtype=np.float32)
    spoken = 0
    for _ in range(60):
        lead = np.trim_zeros(room.leading(mate), "f")
        end = mate[-len(lead) :] if len(lead) <= len(mate) else mate
        if len(lead) == len(end) and np.allclose(lead / lead[-1], end / end[-1], atol=1e-4):
            spoken += 1
            assert len(lead) <= 0.6 * len(mate)
        else:
            assert len(lead) <= 0.5 * 16000, "a chime, or a thump"
    assert 10 < spoken < 50


def test_a_blend_lies_between_where_a_run_began_and_where_it_ended(tmp_path: Path) -> None:
    from tools.nano.blend import blend

    small = model.Shape(vocab=320, width=64, ear_layers=1, ear_heads=2, conv=(8, 8), layers=3, shared=1)
    for name, seed in (("begun", 1), ("ended", 2), ("beside", 3)):
        train.Trainer(tmp_path, tmp_path, small, seed).save(f"{name}.pt")
    names = ("begun", "ended", "beside")
    begun, ended, beside = (torch.load(tmp_path / f"{n}.pt", weights_only=True) for n in names)
    name = "text.token_embd.weight"
    for runs in ((ended,), (ended, beside)):
        blend(
            tmp_path / "begun.pt", [tmp_path / f"{n}.pt" for n in names[1 : 1 + len(runs)]], 0.25, tmp_path / "out.pt"
        )
        out = torch.load(tmp_path / "out.pt", weights_only=True)
        mean = sum(run["net"][name] for run in runs) / len(runs)
        assert torch.allclose(out["ema"][name], 0.75 * begun["ema"][name] + 0.25 * mean)
        assert torch.equal(out["net"][name], ended["net"][name])
