"""Small sessions to hurt, the commands that are run on them, and what must hold of the files afterwards."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from faults.warm import Ended, Run, Warm
from reaper_automix.hosts.rpp import RppHost, new_project_text
from reaper_automix.hosts.stems import StemsHost
from reaper_automix.mixplan import MixPlan, TakeMove, TrackRef
from reaper_automix.mixplan_json import plan_from_json, plan_to_json
from reaper_automix.requests import Request, request_to_json
from reaper_automix.session_json import session_to_json

RATE_HZ = 8000
STEMS = {"Kick": 0.05, "Vox": 0.2}
LEFTOVER = re.compile(r"\..*\.(part|tmp)")

EVERY = bool(os.environ.get("REAPER_AUTOMIX_FAULTS"))
"""Set it, to anything, for every single event; without it the longest commands meet some of theirs."""


@dataclass(frozen=True)
class Hurt:
    """A command to hurt.

    Parameters
    ----------
    words : tuple of str
        The command, run in the folder of the scene.
    written : tuple of str
        The files that it writes, by name.
    replaced : str
        Which of them is there before and must not be lost: the session in place, or an older result.
    cold : bool
        Whether the cache is empty before.
    repeats : str
        What a second run may refuse with where the first had come to its end; empty: it does the same again.
    step : int
        In the suite every so many events are met.
    """

    words: tuple[str, ...]
    written: tuple[str, ...]
    replaced: str = ""
    cold: bool = False
    repeats: str = ""
    step: int = 1
    media: tuple[str, ...] = field(default=())


SILENT = "--no-report-audio"
"""Compressing the audio of a report takes most of a run, in memory."""

HURT = {
    "mix to a new project, plan, preview and report": Hurt(
        ("mix", "song.RPP", "--plan", "p.json", "--render", "m.wav", "--report", "r.html", SILENT),
        ("song-automix.RPP", "p.json", "m.wav", "r.html"),
        step=5,
    ),
    "mix of a folder of stems": Hurt(("mix", "stems", "--out", "new.RPP"), ("new.RPP",)),
    "mix while the cache is filled": Hurt(("mix", "song.RPP"), ("song-automix.RPP",), cold=True, step=9),
    "mix over an older result": Hurt(("mix", "song.RPP", "--out", "old.RPP"), ("old.RPP",), "old.RPP"),
    "mix --in-place": Hurt(("mix", "song.RPP", "--in-place"), ("song.RPP",), "song.RPP"),
    "apply": Hurt(("apply", "plan.json", "song.RPP"), ("song-automix.RPP",)),
    "apply of takes, in place": Hurt(
        ("apply", "take.json", "song.RPP", "--in-place"), ("song.RPP",), "song.RPP", media=("Kick tone.wav",)
    ),
    "revert": Hurt(("revert", "mixed.RPP"), ("mixed.RPP",), "mixed.RPP", repeats="nothing to revert"),
    "estimate with plan, report and picture": Hurt(
        ("estimate", "song.RPP", "mix.wav", "--plan", "p.json", "--report", "r.html", "--picture", "g.png", SILENT),
        ("song-estimated.RPP", "p.json", "r.html", "g.png"),
        step=6,
    ),
    "the worker": Hurt(("worker", "run"), ("run/plan.json", "run/report.html"), step=4),
}


def make_pristine(folder: Path, warm: Warm) -> None:
    """Make the folder that every scene begins as: media, projects, plans, a mix, and a filled cache."""
    stems = folder / "stems"
    stems.mkdir(parents=True)
    rng = np.random.default_rng(1)
    for name, level_lin in STEMS.items():
        soundfile.write(stems / f"{name}.wav", level_lin * rng.standard_normal(12000), RATE_HZ)
    session = StemsHost(stems).read_session()
    (folder / "song.RPP").write_text(new_project_text(session, folder=folder), "utf-8", newline="")
    soundfile.write(folder / "waiting.wav", 0.1 * rng.standard_normal(12000), RATE_HZ, subtype="FLOAT")
    run(warm, folder, "mix", "song.RPP", "--out", "mixed.RPP", "--plan", "plan.json", "--render", "mix.wav")
    run(warm, folder, "estimate", "song.RPP", "mix.wav", "--dry-run")
    shutil.copyfile(folder / "song.RPP", folder / "old.RPP")
    with (folder / "old.RPP").open("a") as file:
        file.write("  <NOTES_OF_THE_ENGINEER\n  >\n")
    (folder / "take.json").write_text(_plan_of_a_take(folder), "utf-8")
    (folder / "run").mkdir()
    (folder / "run" / "request.json").write_text(request_to_json(Request("balance", window=False)), "utf-8")
    project = RppHost(folder / "song.RPP").read_session()
    (folder / "run" / "session.json").write_text(session_to_json(project), "utf-8")


def _plan_of_a_take(folder: Path) -> str:
    session = RppHost(folder / "song.RPP").read_session()
    track = session.tracks[0]
    ref, item = TrackRef(track.id, track.name), TrackRef(track.items[0].id, "")
    move = TakeMove(ref, item, str(folder / "waiting.wav"), "Kick tone", 0.0)
    plan = MixPlan(
        mixer="tone",
        created="",
        session_path="",
        session_fingerprint=session.fingerprint(),
        scope_track_ids=(track.id,),
        range_s=(0.0, session.end_s),
        moves=(move,),
    )
    return plan_to_json(plan)


def run(warm: Warm, folder: Path, *words: str) -> Ended:
    """Run a command to its end, which must be good."""
    ended = warm.run(of(folder, words, counted=False))
    assert ended.code == 0, ended.said
    return ended


def of(folder: Path, words: tuple[str, ...], **fault: object) -> Run:
    """Return a run in a scene, with the scene's own cache."""
    environment = {"REAPER_AUTOMIX_CACHE_DIR": str(folder / "cache")}
    return Run(tuple(words), str(folder), environment=environment, **fault)  # type: ignore[arg-type]


def renew(pristine: Path, folder: Path, *, cold: bool = False) -> Path:
    """Make a scene anew, as the pristine folder was; cold: with an empty cache."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(pristine, folder, symlinks=True)
    if cold:
        shutil.rmtree(folder / "cache")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Return the content of every file of a scene, by its path in there."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def same(name: str, content: bytes, wanted: bytes) -> bool:
    """Tell whether a file is complete: the same as another run wrote, apart from the time of writing."""
    match Path(name).suffix:
        case ".json":
            return _undated(content) == _undated(wanted)
        case ".html":
            return content.rstrip().endswith(b"</html>") and abs(len(content) - len(wanted)) < 64
        case ".wav":
            return len(content) == len(wanted) and np.array_equal(_samples(content), _samples(wanted))
        case ".png":
            return content.endswith(b"IEND\xaeB`\x82")
    return content == wanted


def _undated(content: bytes) -> dict[str, object]:
    plan_from_json(content.decode())
    data = json.loads(content)
    return {key: value for key, value in data.items() if key != "created"}


def _samples(content: bytes) -> np.ndarray:
    return soundfile.read(io.BytesIO(content))[0]


def cache_problems(found: dict[str, bytes]) -> list[str]:
    """Return the entries of the cache that are not whole; they would only be misses, but there should be none."""
    problems = []
    for name, content in found.items():
        try:
            if name.endswith(".npz"):
                with np.load(io.BytesIO(content)) as arrays:
                    _ = [arrays[key] for key in arrays.files]
            elif Path(name).name.startswith("hash-"):
                json.loads(content)
        except Exception as error:
            problems.append(f"{name}: {error!r}")
    return problems


def lost(before: dict[str, bytes], after: dict[str, bytes], hurt: Hurt, wanted: dict[str, bytes]) -> list[str]:
    """Return what is wrong with a scene after a command was hurt; empty: nothing was lost, nothing is half."""
    problems = cache_problems({n: c for n, c in after.items() if n.startswith("cache") and not _is_left(n)})
    for name, content in before.items():
        if name.startswith("cache"):
            continue
        if name not in after:
            problems.append(f"{name} is gone")
        elif after[name] != content and not (name in hurt.written and same(name, after[name], wanted[name])):
            problems.append(f"{name} is neither as it was nor as it should be")
    for name, content in after.items():
        if name in before or name.startswith("cache") or _is_left(name):
            continue
        if ".bak" in name:
            if content != before[hurt.replaced]:
                problems.append(f"{name} is not what was there before")
        elif name not in (*hurt.written, *hurt.media) or not same(name, content, wanted[name]):
            problems.append(f"{name} is half, or should not be there")
    replaced = hurt.replaced
    if replaced and after.get(replaced) != before[replaced] and before[replaced] not in _backups(after, replaced):
        problems.append(f"{replaced} was replaced without a copy")
    return problems


def _is_left(name: str) -> bool:
    return LEFTOVER.fullmatch(Path(name).name) is not None


def left(after: dict[str, bytes]) -> list[str]:
    """Return the unfinished files that lie about."""
    return [name for name in after if _is_left(name)]


def _backups(after: dict[str, bytes], name: str) -> list[bytes]:
    return [content for other, content in after.items() if other.startswith(f"{name}.bak")]
