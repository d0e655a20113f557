"""Training: bf16 or float32, Muon for matrices and AdamW for the rest, CE + CTC + a teacher's, EMA; resumable.

The rate falls with the speech heard, not with the clock, so the same seed, cache and number of threads train the same
model; one that was interrupted goes on with its schedule, on batches of its own.
"""

from __future__ import annotations

import copy
import json
import math
import random
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader

from . import model, vocabulary
from .data import LETTERS, Batch, Turns
from .model import Nano, Shape

# Four steps of the polar decomposition, best for singular values from 1e-3 up (Amsel et al., 2025, "The Polar Express")
POLAR = [(8.2872, -23.5959, 17.3004), (4.1071, -2.9478, 0.5448), (3.9487, -2.9089, 0.5518), (3.3184, -2.4885, 0.5100)]

MEETING = 60
"""Steps after which runs that train side by side meet in the middle."""

WARM_UP = 4 * 3600.0
"""Seconds of speech over which a schedule's rate rises."""

TEACHING = 0.6
"""Weight of the distance from the teacher beside that of the words."""


class Muon:
    """Momentum, then nearly the nearest orthogonal matrix, for all matrices of one shape at once."""

    def __init__(
        self,
        params: list[nn.Parameter],
        decay: float = 0.02,
        momentum: float = 0.95,
        kind: torch.dtype = torch.bfloat16,
    ) -> None:
        self.kind = kind
        self.groups: dict[tuple[int, ...], list[nn.Parameter]] = {}
        for p in params:
            self.groups.setdefault(tuple(p.shape), []).append(p)
        self.state = {shape: torch.zeros(len(ps), *shape) for shape, ps in self.groups.items()}
        self.decay, self.momentum = decay, momentum

    @torch.no_grad()
    def step(self, lr: float) -> None:
        for shape, ps in self.groups.items():
            g = torch.stack([p.grad if p.grad is not None else torch.zeros_like(p) for p in ps])
            m = self.state[shape].mul_(self.momentum).add_(g)
            x = (g + self.momentum * m).to(self.kind)
            flip = shape[0] > shape[1]
            x = x.mT if flip else x
            x = x / (x.norm(dim=(1, 2), keepdim=True) * 1.01 + 1e-7)
            for c1, c3, c5 in POLAR:
                a = x @ x.mT
                x = torch.baddbmm(x, torch.baddbmm(a, a, a, beta=c3, alpha=c5), x, beta=c1)
            x = x.mT if flip else x
            scale = lr * 0.2 * math.sqrt(max(shape))  # an update as large as AdamW's
            for p, u in zip(ps, x.float(), strict=True):
                p.mul_(1 - lr * self.decay).add_(u, alpha=-scale)


@dataclass(frozen=True)
class Losses:
    """Cross-entropy of the decoder per token, CTC of the ear per letter, distance from the teacher per row."""

    ce: Tensor
    ctc: Tensor
    teacher: Tensor


def faster_type() -> torch.dtype:
    """In which type this processor multiplies matrices of the ear's size faster: bfloat16 only pays where it has more
    than the instructions of AVX512-BF16 at half the rate of float32's.
    """

    def seconds(kind: torch.dtype) -> float:
        x, w = torch.ones(1400, 192, dtype=kind), torch.ones(768, 192, dtype=kind)
        F.linear(x, w)
        took = []
        for _ in range(30):
            begun = time.perf_counter()
            F.linear(F.linear(x, w), w.T)
            took.append(time.perf_counter() - begun)
        return min(took)

    return min((torch.float32, torch.bfloat16), key=seconds)


def losses(
    net: Nano, batch: Batch, before: Tensor, noise: float, rng: torch.Generator, kind: torch.dtype = torch.bfloat16
) -> Losses:
    """`noise`: share of the decoder's inputs replaced, so that it listens. 0 for what the batch has none of.

    `kind`: what is computed in.
    """
    ids = batch.ids
    if noise:
        swap = (torch.rand(ids.shape, generator=rng) < noise) & (batch.labels != -100) & (ids > 275)
        ids = torch.where(swap, torch.randint(276, net.s.vocab, ids.shape, generator=rng), ids)
    with torch.autocast("cpu", torch.bfloat16, enabled=kind is torch.bfloat16):
        h, audio, n = net.ear(batch.mel, batch.frames)
        logits = net.text(before, audio, n, ids)
        spoken = net.letters(audio[batch.written])
        guessed = net.pupil(h.flatten(0, 1)[batch.at])
    keep = batch.labels != -100
    ce = F.cross_entropy(logits.float()[keep], batch.labels[keep], label_smoothing=0.03, reduction="sum")
    log = F.log_softmax(spoken.float(), -1).transpose(0, 1)
    if len(batch.n_letters):
        places = n[batch.written] * model.PARTS
        ctc = F.ctc_loss(log, batch.letters, places, batch.n_letters, zero_infinity=True, reduction="sum")
    else:
        ctc = spoken.sum()
    rows, guessed = batch.rows, guessed.float()
    apart = F.smooth_l1_loss(guessed, rows, reduction="none").mean(-1) + 0.5 * (1 - F.cosine_similarity(guessed, rows))
    return Losses(
        ce / max(1, int(keep.sum())), ctc / max(1, int(batch.n_letters.sum())), apart.sum() / max(1, len(rows))
    )


def saved_shape(run: Path) -> Shape:
    """What was trained there."""
    return Shape.of(torch.load(run / "last.pt", weights_only=True, mmap=True))


class Trainer:
    """Holds everything a checkpoint holds."""

    def __init__(self, cache: Path, run: Path, shape: Shape, seed: int, kind: torch.dtype = torch.bfloat16) -> None:
        self.cache, self.run, self.kind = cache, run, kind
        run.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(seed)
        self.net = Nano(shape, len(LETTERS))
        self.ema = copy.deepcopy(self.net).requires_grad_(False)
        matrices = [
            p
            for n, p in self.net.named_parameters()
            if p.dim() == 2 and "embd" not in n and not n.startswith(("ctc", "pupil"))
        ]
        chosen = {id(p) for p in matrices}
        self.muon = Muon(matrices, kind=kind)
        rest = [p for p in self.net.parameters() if id(p) not in chosen]
        self.adam = torch.optim.AdamW(rest, lr=1e-3, betas=(0.9, 0.98), weight_decay=0.0, foreach=True)
        self.step, self.heard, self.begun, self.spent = 0, 0.0, time.time(), 0.0
        self.seed = seed
        self._met = 0
        self.schedule = (0.0, 0.0, 0.0)
        """Seconds of speech heard at which it began and ends, and its peak rate."""

    def compile(self) -> None:
        """Fuses the ear's elementwise chains: a quarter faster. The decoder's shapes vary too much."""
        model.normed = torch.compile(model.normed, dynamic=True)
        for layer in self.net.ear.layers:
            layer.compile(dynamic=True)

    def save(self, name: str = "last.pt") -> None:
        state = {
            "shape": asdict(self.net.s), "net": self.net.state_dict(), "ema": self.ema.state_dict(),
            "adam": self.adam.state_dict(), "muon": self.muon.state, "step": self.step,
            "heard": self.heard, "spent": self.spent, "schedule": self.schedule,
        }  # fmt: skip
        torch.save(state, self.run / "tmp.pt")
        (self.run / "tmp.pt").replace(self.run / name)

    def begin_behind(self, before: Mapping[str, float]) -> None:
        """Another run has come to the weights in `net` in so many steps, hours and minutes: this one begins."""
        self.ema.load_state_dict(self.net.state_dict())
        self.step, self.heard, self.spent = int(before["steps"]), before["hours"] * 3600, before["minutes"] * 60
        self.save()

    def resume(self) -> None:
        state = torch.load(self.run / "last.pt", weights_only=True)
        self.net.load_state_dict(state["net"])
        self.ema.load_state_dict(state["ema"])
        self.adam.load_state_dict(state["adam"])
        self.muon.state = state["muon"]
        self.step, self.heard, self.spent = state["step"], state["heard"], state["spent"]
        self.schedule = tuple(state.get("schedule", self.schedule))

    def hasten(self, hours: float) -> None:
        """The schedule that is going on ends when so many more are heard; its rate falls as if that had been meant."""
        begun, _, peak = self.schedule
        self.schedule = (begun, self.heard + hours * 3600, peak)

    @torch.no_grad()
    def meet(self, beside: Path) -> None:
        """Goes half of the way to the weights that the run `beside` left at its last meeting, and leaves its own.

        Two runs of one thread each, that began alike and hear different speech, learn about as much as one run of
        batches twice as large would (local SGD), and neither waits for the other. What the other left is met once: one
        that stands still, or is much slower, must not hold this one back.
        """
        mine, theirs = self.run / "meeting.pt", beside / "meeting.pt"
        left = theirs.stat().st_mtime_ns if theirs.exists() else 0
        if left > self._met:
            self._met = left
            other = torch.load(theirs, weights_only=True)
            torch._foreach_lerp_(list(self.net.parameters()), [other[n] for n, _ in self.net.named_parameters()], 0.5)
        torch.save(dict(self.net.named_parameters()), self.run / "leaving.pt")
        (self.run / "leaving.pt").replace(mine)

    def rate(self) -> float:
        """The learning rate here: a warm-up (momenta may be new), then a half wave down to 2 % of the peak."""
        begun, ends, peak = self.schedule
        done = min(1.0, (self.heard - begun) / max(ends - begun, 1e-9))
        wave = 0.5 * (1 + math.cos(math.pi * max(0.0, (done - 0.15) / 0.85)))
        warm = min(1.0, (self.heard - begun) / WARM_UP + 1 / 300)
        return peak * warm * (0.02 + 0.98 * wave)

    def fit(
        self,
        hours: float,
        peak: float,
        seconds: float,
        say: Any = print,
        most_minutes: float = math.inf,
        beside: Path | None = None,
    ) -> None:
        """Trains until `hours` more of speech are heard; 0: to the end of the schedule that was interrupted.

        `seconds` of audio make a batch. After `most_minutes` it is interrupted itself. `beside`: another run to `meet`.
        """
        if hours:
            self.schedule = (self.heard, self.heard + hours * 3600, peak)
        tokenizer = vocabulary.load(self.cache / "tokenizer.json")
        before = torch.tensor(tokenizer.encode(vocabulary.BEFORE).ids)
        rng = torch.Generator().manual_seed(self.seed + self.step)
        turns = Turns(self.cache, self.seed, seconds, self.step)
        loader = DataLoader(turns, batch_size=None, num_workers=1, prefetch_factor=6)  # type: ignore[arg-type]
        start, saved, waited = time.time(), time.time(), 0.0
        first, first_spent = self.heard, self.spent
        sums, log = [0.0, 0.0, 0.0, 0], (self.run / "log.jsonl").open("a")
        mark = time.time()
        for batch in loader:
            waited += time.time() - mark
            now = time.time()
            lr = self.rate()
            for g in self.adam.param_groups:
                g["lr"] = lr
            parts = losses(self.net, batch, before, 0.08 if self.step > 2000 else 0.0, rng, self.kind)
            self.adam.zero_grad()
            self.net.zero_grad()
            (parts.ce + (1.5 if self.step < 4000 else 0.7) * parts.ctc + TEACHING * parts.teacher).backward()
            nn.utils.clip_grad_norm_(self.net.parameters(), 2.0, foreach=True)
            self.muon.step(lr)
            self.adam.step()
            keep = min(0.9985, self.step / (self.step + 30))
            torch._foreach_lerp_(list(self.ema.parameters()), list(self.net.parameters()), 1 - keep)
            self.step += 1
            self.heard += batch.seconds
            if beside and self.step % MEETING == 0:
                self.meet(beside)
            self.spent = first_spent + time.time() - start
            sums = [
                a + b for a, b in zip(sums, (parts.ce.item(), parts.ctc.item(), parts.teacher.item(), 1), strict=True)
            ]
            if self.step % 50 == 0:
                row = {
                    "step": self.step, "ce": round(sums[0] / sums[3], 4), "ctc": round(sums[1] / sums[3], 4),
                    "teacher": round(sums[2] / sums[3], 4),
                    "hours": round(self.heard / 3600, 3), "minutes": round(self.spent / 60, 2), "lr": round(lr, 6),
                    "speed": round((self.heard - first) / (now - start + 1e-9), 1),
                    "waited": round(waited / (now - start + 1e-9), 3),
                }  # fmt: skip
                log.write(json.dumps(row) + "\n")
                log.flush()
                say(row)
                sums = [0.0, 0.0, 0.0, 0]
            if time.time() - saved > 240:
                self.save()
                saved = time.time()
            mark = time.time()
            if self.heard >= self.schedule[1] or mark - start > most_minutes * 60:
                break
        self.save()


def fit_tokenizer(cache: Path, seed: int = 0, size: int = 768) -> None:
    """Trains the vocabulary on sampled commands and human transcripts, once."""
    path = cache / "tokenizer.json"
    if path.exists():
        return
    from .corpora import Shelf
    from .sentences import Sampler

    human = [c.text for c in Shelf(cache / "human", "human-*").clips]
    free = sorted({t for x in human for t in x.split() if len(t) > 3})
    sampler = Sampler(random.Random(seed), free)
    texts = [sampler.anything() for _ in range(40000)]
    vocabulary.train([*texts, *human], size).save(str(path))
