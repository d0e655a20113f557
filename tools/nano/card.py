"""The model card and the picture of the training curve, from the run's log and the measured figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DATA = """| data | what | licence |
|---|---|---|
| speechocean762 | read English, 250 speakers | CC BY 4.0 (OpenSLR) |
| CMU AN4 | numbers, spelling, 83 speakers | free for any use |
| LibriSpeech, parts | read English, 3 speakers, cut at their pauses | CC BY 4.0 |
| LJ Speech, first part | read English, one speaker | public domain |
| Common Voice, samples | read English, 95 speakers; 58 other languages as babble in the noise, and for the teacher | CC0 |
| Google Speech Commands, a part | single words, 462 speakers | CC BY 4.0 |
| alphanumeric audio dataset | names, numbers and addresses in many accents, 70 speakers | MIT |
| Kokoro-82M | synthesized commands, 22 of 28 English voices, mixtures of them and with voices of other languages | Apache-2.0 |
| Piper en_US-joe-medium | synthesized commands | voice CC0 |
| flite, festival, espeak-ng | synthesized commands | free (BSD-like; GPL program) |
| home-assistant-intents | sentence templates | Apache-2.0 |
| Whisper base | teacher of the ear since 422 hours: what its encoder makes of the same clips; in training only | MIT |
"""


EARLIER = """Until 500 hours were heard: 7.4 hours of people and 11.4 hours of synthesized commands (kokoro 5.8, piper 2.7, flite 2.1, espeak 0.5,
festival 0.3). Until 535 hours: 7.4 hours of people and 4.0 hours of synthesized commands (piper 2.2, flite 1.0, espeak 0.4, festival 0.3,
kokoro 0.2). Until 588 hours: 8.3 hours of people and 3.2 hours of synthesized commands (piper 1.7, flite 0.6, kokoro 0.5,
espeak 0.3, festival 0.2)."""
"""What lay in the shards of the days before, which were not kept."""


def curve_rows(log: Path) -> list[dict[str, float]]:
    """The log's lines with every hour once."""
    rows: list[dict[str, float]] = []
    for row in map(json.loads, log.read_text().splitlines()):
        while rows and rows[-1]["hours"] >= row["hours"]:  # went on from an earlier checkpoint
            rows.pop()
        rows.append(row)
    return rows


def curve(log: Path, out: Path) -> None:
    """Losses against hours of speech heard, as a small PNG."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    rows = curve_rows(log)
    fig, ax = plt.subplots(figsize=(6, 3.2), dpi=90)
    names = {
        "ce": "cross-entropy per token (augmented, smoothed)",
        "ctc": "CTC per letter",
        "teacher": "distance from the teacher",
    }
    for key, name in names.items():
        known = [r for r in rows if key in r]
        ax.plot([r["hours"] for r in known], [r[key] for r in known], label=name)
    ax.set_xlabel("hours of speech heard")
    ax.legend()
    ax.grid(alpha=0.3)
    fig.tight_layout()
    fig.savefig(out)


def heard(cache: Path) -> str:
    """What lies in the shards, in hours."""
    kinds: dict[str, float] = {}
    for name in ("human/human-", "synth/"):
        for index in cache.glob(f"{name}*.jsonl"):
            for clip in map(json.loads, index.read_text(encoding="utf-8").splitlines()):
                kind = "people" if name.startswith("human") else clip["kind"].removeprefix("open_")
                kinds[kind] = kinds.get(kind, 0.0) + clip["n"] / 16000 / 3600
    people = kinds.pop("people", 0.0)
    parts = ", ".join(f"{kind} {hours:.1f}" for kind, hours in sorted(kinds.items(), key=lambda k: -k[1]))
    return f"{people:.1f} hours of people and {sum(kinds.values()):.1f} hours of synthesized commands ({parts})"


def write(out: Path, log: Path, facts: dict[str, Any]) -> None:
    """MODEL_CARD.md and curve.png into the model's folder. `facts`: parameters, hours, minutes, speed, data, figures."""
    curve(log, out / "curve.png")
    since = curve_rows(log)[0]["hours"]
    lacks = f" The log of the first {since:.0f} hours was not kept." if since > 5 else ""
    figures = "\n".join(f"| {name} | {value} |" for name, value in facts["figures"].items())
    reliability = out / "reliability.md"  # by tools.calibrate
    certain = f"## How certain, how often right\n{reliability.read_text('utf-8')}\n![Reliability](reliability.png)\n\n"
    (out / "MODEL_CARD.md").write_text(
        f"""# nano

A Gemma 4 E-series model of {facts["parameters"] / 1e6:.1f} million parameters that writes down short English house commands. Trained from scratch by
`tools/nano`; no weights of anyone else's are in it (Whisper base's encoder taught its ear what to make of a sound). Causal audio conformer (6 layers of 192, 25 tokens of two letters a second), text decoder of 6 layers (4 of
them share keys and values, per-layer embeddings of 32), vocabulary of 768. Two GGUF files (F16 matrices), loaded by stock llama.cpp.

Meant for: speech held by a grammar to what can be said in one house. Not meant for: dictation; alone it makes many errors.

## Data
{EARLIER} Since then {facts["data"]}. All in simulated rooms with synthetic noise, level -46 to -13 dBFS, DC offset, speed 0.84 to 1.2.

{DATA}
Thanks to the makers of these corpora and voices; the CC BY 4.0 sets are credited here by name.

## Training
{facts["hours"]:.0f} hours of speech heard in {facts["minutes"]:.0f} minutes on two cores without a GPU ({facts["speed"]:.0f} s of speech a second, bf16, from 500 to 535 hours float32), cross-entropy, an auxiliary CTC loss (its letters ship in the projector, and are asked beside the decoder) and, since 422 hours, the distance from a teacher's features (`teacher.py`; since 500 hours of other languages alone, since 535 hours none). Wall-clock time, beside other work. At 52 hours the learning rate began anew; since
82 hours rooms, noise and masks are laid over fewer clips (a step down in the curve that is none in quality), and features are floored as the engine's. Since
500 hours most turns begin with what is no part of the words: the end of a wake word or of another word, a chime, the thump of a microphone. Since
535 hours long recordings and such with digits in their text are learned from, too (`align.py`), since 564 hours the noise is louder and of more kinds; since then a second run of one
core, whose hours are not counted, met this one every hour of speech (`--beside`). The weights at 588 hours lie between those at 535 hours and the mean of both runs' last ones (`blend.py`, share 0.5).
What ships are the weights of 588 hours, whose letters stand in both places of a token (until then there was one, and it could not spell what
is said in a hurry). Twenty-two hours more, on people hurried to 9 to 22 letters a second, in more noise and behind the ear's noise suppression, and letters
learned for both places alone over the same ear, ranked fewer held-out commands right (294 and 276 of 371, was 297; 122 and 112 of 191 in loud noise, was 128).{lacks}

![Training curve](curve.png)

## Measured
| what | figure |
|---|---|
{figures}

"Human": recordings of people, never trained on; one American speaker in real rooms. "Synthetic": six Kokoro voices and one voice of every other kind that are
in no training clip, in a house whose names are in none of the word lists. Under the grammar means `voiced evaluate`. Figures on synthetic voices say little about people.

{certain if reliability.exists() else ""}## Limits
Names it was not trained on are its weak point: what it expects of them unheard is given back in part (`name_prior`).
The human recordings and the synthetic set were read more than once while it was made.
Eight hours of people are few: fifty hours more of hearing the same ones, from 535 to 588, left its letters on strangers as they were. More people would
help, more hours do not. Nor did it help in noise to teach the ear alone, for 24 to 26 hours, to make of words in noise, or of what
DeepFilterNet leaves of them, what it makes of the same words in silence. Nor an ear of ten layers (`grow.py`), 32 hours heard on one core and
31 on another, hardly any of Kokoro's voices among them: half way back to these weights the letters of speakers who were set aside were likelier (0.93
nats each, CTC, instead of 1.18) but spelled no better (23.4 % errors, greedy, instead of 22.9), and with its own calibration 94 % of the held-out
synthetic commands were right instead of 98, 82 % of the human ones instead of 84, and 45 % of people's drink orders in noise (6 dB) were wrong instead of
19. Nor dropout (a tenth of what layers say) together with the phones of 32 more languages of Common Voice (espeak-ng's, a head of their own in CTC;
2,110 recordings), from these weights on, 54 and 56 hours heard on two cores that met: letters of speakers who were set aside were likelier again
(0.97 nats, was 1.36), but ranked worse what people read (103 of 111 first, was 106; 69 at 6 dB, was 84) and held-out orders (62 of 90, was 74).
(Nats, greedy errors and ranks by letters alone were counted by scripts that are not in the repo.) English only. Accents, children, far microphones and loud rooms are hard for it.
The training speakers are mostly readers with Mandarin as their first language, and Americans.
""",
        encoding="utf-8",
    )
