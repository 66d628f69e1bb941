"""The benchmark command: that it measures what it says, and says what it could not measure."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from benchmarks import __main__ as command  # noqa: E402
from benchmarks import kalman, loudness, machine, mixes, processes  # noqa: E402
from benchmarks.rows import Figure, Row, markdown, plain, short  # noqa: E402
from benchmarks.size import Size  # noqa: E402
from benchmarks.sounds import band_names, linked_session, write_session  # noqa: E402
from benchmarks.suites import SUITES  # noqa: E402
from benchmarks.timing import race  # noqa: E402

TINY = Size(rounds=1, quick=True)


class Clock:
    """A clock that calls move on."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    def taking(self, *seconds: float) -> Iterator[float]:
        for taken_s in seconds:
            self.now_s += taken_s
            yield taken_s


def test_contenders_take_turns_and_are_compared_round_by_round() -> None:
    clock = Clock()
    mine, theirs = clock.taking(9.0, 1.0, 2.0, 4.0), clock.taking(9.0, 2.0, 8.0, 4.0)
    found = race({"ours": lambda: next(mine), "theirs": lambda: next(theirs)}, 3, clock=clock)
    assert found.times_s == {"ours": (1.0, 2.0, 4.0), "theirs": (2.0, 8.0, 4.0)}  # the first round does not count
    ratio = found.ratio("theirs")
    assert (ratio.low, ratio.median, ratio.high) == (1.0, 2.0, 4.0)
    assert found.figure("ours", unit="s").words == "2.00 (1.00-4.00) s"


def test_short_calls_are_repeated_until_the_clock_can_tell() -> None:
    clock, calls = Clock(), []

    def call() -> None:
        calls.append(1)
        clock.now_s += 0.001

    found = race({"ours": call}, 1, clock=clock)
    assert len(calls) >= 10
    assert found.times_s["ours"][0] == pytest.approx(0.001)


def test_a_row_survives_json_and_shows_in_a_table() -> None:
    figures = (Figure.of("ours", "s", [1.0, 3.0]), Figure.of("peak", "MiB", [168.2]))
    row = Row("mixes", "a | b", figures, Figure.of("", "x", [0.5]), goal="2 s", met=False, note="so")
    assert Row.from_data(json.loads(json.dumps(row.to_data()))) == row
    table = markdown([row])
    assert (
        table.splitlines()[2] == "| `mixes` a \\| b | ours 2.00 (1.00-3.00) s; peak 168 MiB | 0.500 x | 2 s: NO | so |"
    )
    assert "2 s: NO" in plain(row)


@pytest.mark.parametrize(
    ("value", "words"), [(0.0, "0"), (4e-14, "4e-14"), (0.0312, "0.031"), (9.6, "9.60"), (1234, "1,234")]
)
def test_numbers_have_the_digits_that_count(value: float, words: str) -> None:
    assert short(value) == words


def test_memory_and_time_are_those_of_the_process_and_its_children() -> None:
    child = "x = bytearray(60 << 20); import time; time.sleep(0.5)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    alone, both = processes.run([sys.executable, "-c", child]), processes.run([sys.executable, "-c", code])
    assert both.wall_s >= 0.5
    if both.memory_bytes is None or not Path("/proc/self/status").exists():
        pytest.skip("this system tells the memory of a process, not of its children")
    assert 60 < alone.memory_mib < 120
    assert both.memory_mib > alone.memory_mib
    assert both.cpu_s is not None
    assert 0.0 < both.cpu_s < both.wall_s + 1.0


def test_a_large_parent_does_not_count() -> None:
    ballast = bytearray(b"x") * (200 << 20)
    found = processes.run([sys.executable, "-c", "import time; time.sleep(0.2)"])
    assert len(ballast) > 0
    if Path("/proc/self/status").exists():
        assert found.memory_mib < 100


def test_a_command_that_fails_says_why() -> None:
    with pytest.raises(RuntimeError, match=r"(?s)status 3.*no such song"):
        processes.run([sys.executable, "-c", "print('no such song'); raise SystemExit(3)"])


def test_sessions_are_real_and_all_different(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    names = band_names(26)
    assert len(set(names)) == 26
    folder = write_session(tmp_path / "a", names[:3], 0.2)
    files = sorted(folder.iterdir())
    contents = {path.read_bytes() for path in files}
    assert len(contents) == 3
    audio, rate_hz = soundfile.read(files[0])
    assert audio.shape == (12 * rate_hz, 2)
    assert 0.02 < abs(audio).max() <= 1.0
    linked = linked_session(tmp_path / "b", files[:2])
    assert [path.read_bytes() for path in sorted(linked.iterdir())] == [path.read_bytes() for path in files[:2]]


def test_mixes_of_any_size(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "a", band_names(2), 0.05)
    found = processes.mix(folder, tmp_path, *mixes.MIXER)
    assert (tmp_path / "mix.RPP").exists()
    assert found.memory_bytes is None or 20 < found.memory_mib < 600
    assert mixes._floor_s(folder) > 0.0


def _runs(taken_s: float, memory_mib: float = 100.0) -> list[processes.Run]:
    return [processes.Run(taken_s, taken_s, round(memory_mib * 2**20))]


def test_time_that_grows_faster_than_the_session_is_found() -> None:
    shapes = [(8, 4.0), (24, 4.0), (64, 4.0), (128, 4.0)]
    linear = {shape: _runs(1.5 + 0.1 * shape[0] * shape[1]) for shape in shapes}
    row = mixes._linear(linear)
    assert row.met
    assert [figure.median for figure in row.figures] == pytest.approx([1.5, 0.1])
    square = {shape: _runs(1.5 + 0.001 * (shape[0] * shape[1]) ** 2) for shape in shapes}
    assert mixes._linear(square).met is False


def test_memory_that_grows_with_length_is_found() -> None:
    shapes = [(24, 2.0), (24, 16.0)]
    assert mixes._memory(shapes, {(24, 2.0): _runs(1.0, 150.0), (24, 16.0): _runs(8.0, 155.0)}).met
    assert not mixes._memory(shapes, {(24, 2.0): _runs(1.0, 150.0), (24, 16.0): _runs(8.0, 400.0)}).met


def test_what_is_not_installed_is_left_out_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_version", lambda package: None)
    for suite in (kalman, loudness):
        rows = list(suite.rows(TINY))
        assert rows
        assert all("pip install" in row.skipped and math.isfinite(len(plain(row))) for row in rows)


def test_the_command_measures_and_writes(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    words = [sys.executable, "-m", "benchmarks", "loudness", "rpp", "--quick", "--rounds", "1", "--markdown"]
    ended = subprocess.run([*words, "--json", str(out)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    kept = json.loads(out.read_text("utf-8"))
    assert kept["machine"]["cores"] >= 1
    assert {row["suite"] for row in kept["rows"]} == {"loudness", "rpp"}
    for row in map(Row.from_data, kept["rows"]):
        assert row.skipped or all(figure.low > 0.0 for figure in row.figures)
        assert row.measured in ended.stdout
    assert "failed: 0" in ended.stderr


def test_a_benchmark_that_breaks_off_keeps_its_rows_and_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = Row("rpp", "one", (Figure.of("ours", "s", [1.0]),))

    def breaks_off(name: str, out: Path, size: Size) -> int:
        out.write_text(json.dumps(done.to_data()) + "\n", "utf-8")
        return 1 if name == "rpp" else 0

    monkeypatch.setattr(command, "_run", breaks_off)
    assert command.main(["rpp", "forest", "--markdown"]) == 1
    said = capsys.readouterr()
    assert said.out.count("ours 1.00 s") == 2
    assert "not measured: it ended with status 1" in said.out
    assert "failed: 1 rpp" in said.err


def test_it_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert all(name in said for name in (*SUITES, "--json", "--markdown", "--quick"))
    assert command.main(["--list"]) == 0
    for wrong in (["tempo"], ["--rounds", "0"], ["--json", "/no/such/folder/out.json"]):
        with pytest.raises(SystemExit) as ended:
            command.main(wrong)
        assert ended.value.code == 2
    assert "no benchmark is called 'tempo'; there are: features" in capsys.readouterr().err
