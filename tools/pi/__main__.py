"""voiced on the Raspberry Pi's kind of processor, emulated: `python -m tools.pi FOLDER [COMMAND ...]`.

Debian for arm64 is put together in FOLDER, with every wheel that this environment has for voiced, as it is for aarch64;
llama.cpp is compiled across, with the instructions of a Raspberry Pi 5. Then COMMAND runs there, in a copy of this
checkout and with that Pi's /proc/cpuinfo: without one, a spoken turn of the demo's (`voiced replay`, some minutes).

    python -m tools.pi build/pi
    python -m tools.pi build/pi .venv/bin/voiced ask "turn on the kitchen lights"
    python -m tools.pi --no-cpuinfo build/pi     # as behind ProcSubset=pid: the ear crashes

It shows that something works there, never how fast: each instruction is emulated, arithmetic a hundred times slower
than here. The emulator has no seccomp and no Landlock. Building takes half an hour and 3 GB, once; as root, for the
system is put together by programs of its own.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from voiced.errors import UsageError, VoicedError

ROOT = Path(__file__).resolve().parents[2]
NEEDED = {
    "qemu-aarch64-static": "qemu-user-static", "mmdebstrap": "mmdebstrap", "cmake": "cmake",
    "aarch64-linux-gnu-g++": "g++-aarch64-linux-gnu",
}  # fmt: skip
SUITE, PYTHON, GLIBC_MINOR = "bookworm", "3.11", 36
PACKAGES = ("python3", "python3-venv", "libportaudio2", "libgomp1")
CROSS = (
    "-DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc "
    "-DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ -DGGML_NATIVE=OFF -DGGML_CPU_ARM_ARCH=armv8.2-a+dotprod+fp16"
)
PROCESSOR = "cortex-a76"
CPUINFO = """processor\t: {number}
BogoMIPS\t: 108.00
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x4
CPU part\t: 0xd0b
CPU revision\t: 1

"""
"""Of each core of a Raspberry Pi 5 (BCM2712: Cortex-A76 r4p1)."""
TURN = (".venv/bin/voiced", "replay", "voiced/data/demo/joe-kitchen-lights-on.flac")
BINFMT = Path("/proc/sys/fs/binfmt_misc")
ARM64 = (
    rb":qemu-aarch64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:"
    rb"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:/usr/bin/qemu-aarch64-static:F"
)
"""Programs and libraries for aarch64: ELF, 64 bit, little endian (Documentation/admin-guide/binfmt-misc.rst)."""


class Pi:
    """What lies in the folder. What is there is not made again."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._system, self._wheels = folder, folder / "system", folder / "wheels"

    def build(self) -> Iterator[str]:
        """What is being done, step by step. UsageError where something is missing or fails."""
        missing = [package for program, package in NEEDED.items() if not shutil.which(program)]
        if missing:
            raise UsageError(f"please run as root: apt-get install {' '.join(missing)}")
        if os.geteuid() != 0:
            raise UsageError("a system for another processor is put together as root")
        self._folder.mkdir(parents=True, exist_ok=True)
        _let_the_kernel_run_arm64()
        if not list(self._wheels.glob("llama_cpp_python-*")):
            yield "wheels for aarch64; llama.cpp is compiled across (minutes)"
            self._fetch()
        if not (self._system / "usr/bin/python3").exists():
            yield f"Debian {SUITE} for arm64 (minutes)"
            self._run("mmdebstrap", "--arch=arm64", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE,
                      str(self._system))  # fmt: skip
        yield "a copy of this checkout"
        ours = self._system / "voiced"
        for name in self._run("git", "-C", str(ROOT), "ls-files").splitlines():
            (ours / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, ours / name)
        if not (ours / ".venv/bin/voiced").exists():
            yield "voiced and all that it needs is installed (minutes)"
            shutil.copytree(self._wheels, self._system / "wheels", dirs_exist_ok=True)
            pip = ".venv/bin/python -m pip install -q --no-index --find-links /wheels -e ."
            if self.run(("sh", "-c", f"python3 -m venv .venv && {pip}")):
                raise UsageError("the wheels could not be installed")

    def _fetch(self) -> None:
        """In the versions that this environment has."""
        pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
        here, across = self._folder / "here", self._folder / "across"
        self._run(*pip, "wheel", "-q", str(ROOT), "setuptools", "-w", str(here))
        named = [found for path in here.glob("*.whl") if (found := re.match(r"(\w+)-([^-]+)-", path.name))]
        versions = {found[1]: found[2] for found in named if found[1] != "voiced"}
        llama = versions.pop("llama_cpp_python")
        systems = [f"--platform=manylinux_2_{minor}_aarch64" for minor in range(17, GLIBC_MINOR + 1)]
        names = [f"{name}=={version}" for name, version in versions.items()]
        self._run(*pip, "download", "-q", "--no-deps", "--only-binary=:all:", f"--python-version={PYTHON}", *systems,
                  "--platform=manylinux2014_aarch64", "-d", str(self._wheels), *names)  # fmt: skip
        self._run(*pip, "wheel", "-q", "--no-deps", "--no-cache-dir", "--no-binary=llama-cpp-python",
                  f"llama-cpp-python=={llama}", "-w", str(across), also={"CMAKE_ARGS": CROSS})  # fmt: skip
        (made,) = across.glob("*.whl")
        made.rename(self._wheels / re.sub(r"linux_\w+", "linux_aarch64", made.name))  # pip names it after this machine

    def run(self, command: Sequence[str], *, cpuinfo: bool = True) -> int:
        """Its exit status. What is mounted for it is gone with it."""
        told = self._folder / "cpuinfo"
        told.write_text("".join(CPUINFO.format(number=number) for number in range(os.cpu_count() or 1)), "ascii")
        root = shlex.quote(str(self._system))
        mounts = [
            f"mount -t proc {'' if cpuinfo else '-o subset=pid'} proc {root}/proc",
            f"mount --rbind /sys {root}/sys",
        ]
        if cpuinfo:
            mounts.append(f"mount --bind {shlex.quote(str(told))} {root}/proc/cpuinfo")
        within = f"cd /voiced && exec {shlex.join(command)}"
        script = " && ".join([*mounts, f"exec chroot {root} /bin/sh -c {shlex.quote(within)}"])
        return subprocess.run(["unshare", "--mount", "--propagation", "private", "sh", "-c", script], check=False,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "QEMU_CPU": PROCESSOR, "HOME": "/root"},
                              ).returncode  # fmt: skip

    def _run(self, *command: str, also: Mapping[str, str] | None = None) -> str:
        """What it prints; what it complains of is kept, and its end told where it fails."""
        log = self._folder / "build.log"
        with log.open("w") as errors:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=errors, text=True, check=False,
                                  env={**os.environ, **(also or {})})  # fmt: skip
        if done.returncode:
            lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
            raise UsageError(f"{Path(command[0]).name} failed: {lines[-1] if lines else 'silently'} (all of it: {log})")
        return done.stdout


def _let_the_kernel_run_arm64() -> None:
    if not (BINFMT / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "none", str(BINFMT)], check=False)
    if not (BINFMT / "qemu-aarch64").exists():
        try:
            (BINFMT / "register").write_bytes(ARM64)
        except OSError as error:
            raise UsageError(f"this kernel runs no programs for arm64: {error.strerror}") from error


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.pi", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--no-cpuinfo", action="store_true", help="with a /proc that shows processes alone")
    parser.add_argument("folder", type=Path, help="for the system and its wheels")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="what to run there, in the checkout's copy")
    options = parser.parse_args()
    pi = Pi(options.folder.resolve())
    try:
        for step in pi.build():
            print(step, file=sys.stderr, flush=True)
    except VoicedError as error:
        print(f"tools.pi: {error}", file=sys.stderr)
        return error.exit_code
    return pi.run(options.command or TURN, cpuinfo=not options.no_cpuinfo)


if __name__ == "__main__":
    raise SystemExit(main())
