"""Nano's own vocabulary: Gemma 4's special tokens, bytes, letters and BPE merges that never cross a space."""

from __future__ import annotations

from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

SPECIAL = [
    "<pad>", "<eos>", "<bos>", "<unk>", "<|turn>", "<turn|>", "<|audio>", "<audio|>", "<|audio|>", "<|tool>", "<tool|>", "<|tool_call>",
    "<tool_call|>", "<|tool_response>", "<tool_response|>", '<|"|>', "<|channel>", "<channel|>", "<|think|>",
]  # fmt: skip
# What llama.cpp's converter lets a chat program render; the others are control tokens.
RENDERED = {"<|channel>", "<channel|>", "<|tool_call>", "<tool_call|>", "<|tool_response>", "<tool_response|>", '<|"|>'}
BYTES = [f"<0x{i:02X}>" for i in range(256)]
SPACE = "\u2581"
ROLES = ["user", "model", "system", "thought"]

BEFORE = "<bos><|turn>user\n<|audio>"
AFTER = "<audio|><turn|>\n<|turn>model\n<|channel>thought\n<channel|>"
END = "<turn|>"


def train(texts: list[str], size: int = 768) -> Tokenizer:
    """A BPE tokenizer with the fixed tokens first: specials 0..18, newline, 256 bytes, then letters and merges."""
    base = Tokenizer(models.BPE())
    base.pre_tokenizer = pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="never")
    letters = sorted("abcdefghijklmnopqrstuvwxyz'" + SPACE)
    fixed = len(SPECIAL) + 1 + len(BYTES)
    trainer = trainers.BpeTrainer(
        vocab_size=size - fixed, initial_alphabet=letters, special_tokens=[], show_progress=False
    )
    roles = [r for r in ROLES for _ in range(len(texts))]
    base.train_from_iterator([*texts, *roles], trainer)
    import json

    trained = json.loads(base.to_str())["model"]
    pieces = sorted(trained["vocab"], key=trained["vocab"].get)
    vocab = {t: i for i, t in enumerate([*SPECIAL, "\n", *BYTES, *pieces])}
    merges = [tuple(m) if isinstance(m, list) else tuple(m.split(" ")) for m in trained["merges"]]
    return build(vocab, merges)


def build(vocab: dict[str, int], merges: list[tuple[str, str]]) -> Tokenizer:
    """The tokenizer of that vocabulary: newline is a token of its own, specials are recognised in the text."""
    tk = Tokenizer(models.BPE(vocab=vocab, merges=merges, unk_token="<unk>", byte_fallback=True))  # noqa: S106
    tk.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split("\n", "isolated"), pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="never")]
    )  # type: ignore[list-item]
    tk.decoder = decoders.Metaspace(replacement=SPACE, prepend_scheme="never")
    tk.add_special_tokens([AddedToken(s, special=True, normalized=False) for s in SPECIAL])
    return tk


def load(path: Path) -> Tokenizer:
    return Tokenizer.from_file(str(path))
