from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.gemma.tiny import tiny_folder
from voiced.errors import ModelFileError
from voiced.gemma.models import MANIFEST, from_folder, from_manifest, manifest, resolve
from voiced.gemma.prompt import Dialect

FILES = f'[sha256]\n"a.gguf" = "{"0" * 64}"\n"mmproj.gguf" = "{"0" * 64}"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_folder(), tmp_path / "model"))


def test_a_described_folder_is_a_model(folder: Path) -> None:
    pair = resolve(folder)
    pair.verify()
    assert pair.dialect is Dialect.SENTENCES
    assert pair.text.name == "tiny-text.gguf"
    assert pair.calibration.bias == from_folder(folder).calibration.bias


def test_another_content_is_refused(folder: Path) -> None:
    pair = from_folder(folder)
    pair.verify()
    with pair.audio.open("r+b") as file:
        file.seek(1000)
        file.write(b"x")
    with pytest.raises(ModelFileError, match=r"tiny-mmproj\.gguf is not the file that was meant"):
        pair.verify()
    pair.audio.unlink()
    with pytest.raises(ModelFileError, match="No such file"):
        pair.verify()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", r"\[sha256\] is missing"),
        ("dialect = 1", "missing"),
        ("what", "Expected"),
        ('dialect = "sentences"\n[sha256]\n"a.gguf" = "00"\n', "must name one text model and one projector"),
        ('dialect = "sentences"\n[sha256]\n"a.gguf" = "00"\n"mmproj.gguf" = "00"\n', "not a sha256"),
        ('dialect = "song"\n[sha256]\n"a.gguf" = "00"\n"mmproj.gguf" = "00"\n', "dialect is 'song'"),
        ('dialect = "calls"\n[sha256]\n"../a.gguf" = "00"\n"mmproj.gguf" = "00"\n', "beside it"),
        (f'dialect = "calls"\ntail_silence_ms = -1\n{FILES}', "not a number from 0 to 1000"),
        (f'dialect = "calls"\ntail_silence_ms = "long"\n{FILES}', "'long'"),
        (f'dialect = "calls"\nname_prior = 2\n{FILES}', "not a number from 0 to 1"),
    ],
)
def test_faulty_descriptions_say_what_is_wrong(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "nano.toml").write_text(text)
    with pytest.raises(ModelFileError, match=why):
        from_folder(tmp_path)


def test_calibration_is_read_or_refused(folder: Path) -> None:
    description = next(folder.glob("*.toml"))
    text = description.read_text()
    description.write_text(f"{text}[calibration]\nbias = 2\n")
    assert from_folder(folder).calibration.bias == 2.0
    description.write_text(f"{text}[calibration]\nbiass = 2\n")
    with pytest.raises(ModelFileError, match="biass"):
        from_folder(folder)


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="no model"):
        resolve(tmp_path / "nowhere")


def test_the_manifest_lists_e2b() -> None:
    files = manifest(MANIFEST)
    assert all(f.bytes > 0 and f.licence for f in files)
    pair = from_manifest(MANIFEST, "e2b", Path("models"))
    assert pair.dialect is Dialect.CALLS
    assert pair.text_sha256.startswith("fa401b55")
    with pytest.raises(ModelFileError, match="no pair"):
        from_manifest(MANIFEST, "e9b", Path())


def test_a_published_file_is_found_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "gemma-4-E2B_q4_0-it.gguf").write_bytes(b"not it")
    pair = resolve(tmp_path)
    assert pair.name == "e2b"
    with pytest.raises(ModelFileError, match="not the file"):
        pair.verify()
