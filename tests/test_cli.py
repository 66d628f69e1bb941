"""How the command line ends when it is stopped, and when nobody takes what it says: in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

RATE_HZ = 16000
CLI = (sys.executable, "-m", "reaper_automix.cli")

posix_only = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals and devices")

WAITS_IN_AN_IMPORT = """
import sys, time
class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "numpy":
            print("ready", flush=True)
            time.sleep(30)
sys.meta_path.insert(0, Slow())
from reaper_automix.cli import main
sys.argv[1:] = ["doctor"]
sys.exit(main())
"""

WAITS_IN_A_RENDER = """
import sys, time
from reaper_automix import commands
from reaper_automix.cli import main
def render(*args, **keywords):
    yield from list(whole(*args, **keywords))
    print("ready", flush=True)
    time.sleep(30)
whole, commands.render = commands.render, render
sys.exit(main())
"""


@pytest.fixture
def stems(tmp_path: Path) -> Path:
    folder = tmp_path / "stems"
    folder.mkdir()
    for seed, name in enumerate(("Kick", "Bass")):
        noise = 0.05 * np.random.default_rng(seed).standard_normal((RATE_HZ, 1))
        soundfile.write(folder / f"{name}.wav", noise, RATE_HZ)
    return folder


def started(program: str, *words: object) -> subprocess.Popen[str]:
    """Start a program that says when it has come to the place where it waits."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "ready"
    return process


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, err = process.communicate(timeout=20)
    return process.returncode, err


@posix_only
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_while_modules_are_loaded(name: str, code: int) -> None:
    process = started(WAITS_IN_AN_IMPORT)
    process.send_signal(getattr(signal, name))
    assert ended(process) == (code, "stopped: nothing had begun yet\n")


@posix_only
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_in_the_middle_of_a_file(stems: Path, tmp_path: Path, name: str, code: int) -> None:
    plan, mix = tmp_path / "p.json", tmp_path / "m.wav"
    process = started(WAITS_IN_A_RENDER, "mix", stems, "--plan", plan, "--render", mix)
    assert len(list(tmp_path.glob(".m.wav.*.part"))) == 1
    process.send_signal(getattr(signal, name))
    returned, err = ended(process)
    assert returned == code
    assert err.strip().splitlines()[-1] == f"stopped; already written: Plan {plan}"
    assert "Traceback" not in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.json", "stems"]


@posix_only
def test_more_signals_do_not_break_the_tidying(stems: Path, tmp_path: Path) -> None:
    process = started(WAITS_IN_A_RENDER, "render", stems, "--out", tmp_path / "m.wav")
    for _ in range(5):
        process.send_signal(signal.SIGINT)
        time.sleep(0.01)
    returned, err = ended(process)
    assert returned == 130
    assert err.strip().splitlines()[-1] == "stopped: the session is as it was"
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["stems"]


def test_nothing_heavy_is_loaded_before_signals_are_in_order() -> None:
    program = "import sys, reaper_automix.cli; print(sorted({'numpy', 'rich', 'argparse'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout.strip() == b"[]"


@posix_only
@pytest.mark.parametrize("words", [("inspect", "{}"), ("inspect", "{}", "--json"), ("--help",)])
def test_a_reader_that_has_seen_enough(stems: Path, words: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ran = subprocess.run([*CLI, *(w.format(stems) for w in words)], stdout=writer, stderr=subprocess.PIPE)
    finally:
        os.close(writer)
    assert (ran.returncode, ran.stderr) == (0, b"")


full_disk = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


@full_disk
@pytest.mark.parametrize("words", [("inspect", "{}"), ("inspect", "{}", "--json"), ("--help",)])
def test_a_full_disk_under_standard_output(stems: Path, words: tuple[str, ...]) -> None:
    with open("/dev/full", "wb") as full:
        ran = subprocess.run([*CLI, *(w.format(stems) for w in words)], stdout=full, stderr=subprocess.PIPE)
    assert ran.returncode == 1
    line = b"refused: standard output cannot be written (No space left on device). Make room on it.\n"
    assert ran.stderr == line


@full_disk
def test_a_full_disk_under_the_result_of_a_mix(stems: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.RPP"
    with open("/dev/full", "wb") as full:
        ran = subprocess.run([*CLI, "mix", stems, "--out", out, "--json"], stdout=full, stderr=subprocess.PIPE)
    assert ran.returncode == 1
    assert ran.stderr.endswith(f"Written: Project {out}.\n".encode())
    assert out.exists()


@full_disk
def test_a_full_disk_under_standard_error_ends_no_work(stems: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.RPP"
    with open("/dev/full", "wb") as full:
        ran = subprocess.run([*CLI, "mix", stems, "--out", out, "--json"], stdout=subprocess.PIPE, stderr=full)
        refused = subprocess.run([*CLI, "mix", tmp_path / "none"], stdout=subprocess.PIPE, stderr=full)
    assert (ran.returncode, refused.returncode) == (0, 1)
    assert out.exists()
    assert b'"moves"' in ran.stdout


@posix_only
def test_closed_standard_streams(stems: Path, tmp_path: Path) -> None:
    closed = ("sh", "-c", 'exec "$@" >&- 2>&-', "sh")
    for words in (["mix", stems, "--out", tmp_path / "o.RPP", "--json"], ["inspect", stems], ["--help"]):
        ran = subprocess.run([*closed, *CLI, *words])
        assert ran.returncode == 0, words
    assert (tmp_path / "o.RPP").read_bytes().startswith(b"<REAPER_PROJECT")
