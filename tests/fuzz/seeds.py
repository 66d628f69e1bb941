"""Where fuzzing begins: small inputs that together use everything a reader knows, and the real projects beside them."""
# ruff: noqa: E402

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
for _folder in (REPOSITORY, REPOSITORY / "tests"):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

from conftest import SONG
from odd_project import ODD_PROJECT

from reaper_automix.blind_test.ratings_file import COLUMNS
from reaper_automix.chunks.lines import Chunk, Line, parse_project
from reaper_automix.chunks.text import ext_state_pieces
from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.effect_settings.kinds import EffectSettings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.hosts.rpp import RppHost, read_project
from reaper_automix.ledger import Ledger
from reaper_automix.mixplan import (
    BusMove,
    EffectMove,
    EnvelopeMove,
    FaderMove,
    MixPlan,
    PanMove,
    PolarityMove,
    Prediction,
    SendMove,
    TakeMove,
    TrackRef,
    bus_ref,
)
from reaper_automix.mixplan_json import plan_to_json
from reaper_automix.plan_writing import apply_plan
from reaper_automix.plugins.registry import STOCK
from reaper_automix.requests import Request, request_to_json
from reaper_automix.session import EnvelopeKind, Session
from reaper_automix.session_json import session_to_json
from reaper_automix.settings import MixSettings

SHARED_DATA = REPOSITORY.parent / "shared" / "data"
"""Real projects and sounds; fuzzing does without them where they are missing."""

SNARE = "{AAAAAAAA-0000-0000-0000-000000000001}"

EFFECTS: tuple[tuple[str, EffectSettings], ...] = (
    ("equaliser", EqualiserSettings((Band("high_pass", 90.0, 0.0, 0.7), Band("band", 400.0, -3.0, 1.4)))),
    ("compressor", CompressorSettings(threshold_db=-21.0, ratio=3.7, attack_ms=30.0, release_ms=200.0)),
    ("reverb", ReverbSettings(decay_s=1.3)),
)


def everything_plan(session: Session, *, takes: bool = True) -> MixPlan:
    """Return a plan with a move of every kind for the first tracks; of takes, which need a file, if asked."""
    refs = [TrackRef(track.id, track.name) for track in session.tracks[:3]]
    if not refs:
        return MixPlan("balance", "", session.path, "", (), (0.0, 1.0), ())
    first, second = refs[0], refs[-1]
    moves = [
        FaderMove(first, None, -4.2, "quieter"),
        PanMove(second, None, -0.3, "left"),
        PolarityMove(first, None, True, "lows"),
        EnvelopeMove(second, EnvelopeKind.TRIM_VOLUME, (1.0, 3.0), ((1.0, -1.2), (2.0, 0.5)), None, "ride"),
        BusMove("Automix reverb", "one room"),
        *(
            EffectMove(first if word != "reverb" else bus_ref("Automix reverb"), STOCK[word], f"Automix: {word}", kept)
            for word, kept in EFFECTS
        ),
        SendMove(first, "Automix reverb", -12.0, reason="space"),
    ]
    moves += [
        TakeMove(TrackRef(track.id, track.name), TrackRef(item.id, ""), "/nowhere/take.wav", "take", 0.0, "tone")
        for track in session.tracks[:1]
        for item in track.items[:1]
        if takes
    ]
    ids = tuple(ref.id for ref in refs)
    predicted = Prediction(-18.0, -1.0)
    return MixPlan("strips", "2026-11-22", session.path, "", ids, (0.0, 8.0), tuple(moves), {}, (), predicted)


def project_seeds() -> Iterator[bytes]:
    """Yield small projects, made here."""
    yield SONG.encode()
    yield ODD_PROJECT.encode("utf-8", "surrogateescape")
    yield mixed(SONG.encode())
    yield b"<REAPER_PROJECT 0.1\n>"
    yield b"\xef\xbb\xbf<REAPER_PROJECT\r\n  <TRACK\r\n  >\r\n>\r\n\r\ntail"


def pieces(data: bytes, longest: int) -> Iterator[bytes]:
    """Yield a project for each chunk of a project, at any depth, with what it needs around it; small ones only."""
    project = parse_project(data)
    settings = b"".join(_bytes_of(n) for n in project.root.body if isinstance(n, Line) or n.tag == "POOLEDENV")
    for around, inner in _chunks_of(project.root, ()):
        body = _bytes_of(inner)
        for chunk in around:
            body = _bytes_of(chunk.head) + body + _bytes_of(chunk.foot)
        for piece in (b"<REAPER_PROJECT 0.1\n" + start + body + b">\n" for start in (b"", settings)):
            if len(piece) <= longest:
                yield piece


def _chunks_of(chunk: Chunk, around: tuple[Chunk, ...]) -> Iterator[tuple[tuple[Chunk, ...], Chunk]]:
    """Yield every chunk inside, with the ones that it lies in, innermost first, but for the outermost."""
    for inner in chunk.chunks():
        yield around, inner
        yield from _chunks_of(inner, (inner, *around))


def _bytes_of(node: Line | Chunk) -> bytes:
    lines = node.all_lines() if isinstance(node, Chunk) else (node,)
    return "".join(line.text + line.ending for line in lines).encode("utf-8", "surrogateescape")


def mixed(data: bytes) -> bytes:
    """Return a project after a run that wrote every kind of move but takes."""
    path = Path("/nowhere/Song.RPP")
    memory = _Unwritten.from_text(data.decode("utf-8", "surrogateescape"), path)
    apply_plan(memory, everything_plan(memory.read_session(), takes=False))
    return memory.written


class _Unwritten(RppHost):
    """A project file that is only told what it would be."""

    written = b""

    def _store(self, destination: Path, old: bytes, new: bytes) -> None:
        self.written = new


def real_projects(limit: int) -> Iterator[bytes]:
    """Yield the real projects, cut down to a size; nothing where they are not there."""
    for path in sorted((SHARED_DATA / "rpp").glob("*.RPP")):
        yield shrunk(path.read_bytes(), limit)


def shrunk(data: bytes, limit: int) -> bytes:
    """Return a project with fewer of the same: lines of a chunk beyond the first few go until it fits."""
    most = 12
    while len(data) > limit and most >= 1:
        data, most = _thinned(data, most), most - 1 if most <= 4 else most // 2
    return data


def _thinned(data: bytes, most: int) -> bytes:
    """Keep at most so many neighbours with one first word in every chunk."""
    kept: list[bytes] = []
    counts: list[dict[bytes, int]] = [{}]
    dropped = 0
    for line in data.split(b"\n"):
        bare = line.strip()
        opens, closes = bare[:1] == b"<" and bare[1:2].isalpha(), bare == b">"
        if dropped:
            dropped += opens - closes
            continue
        key = bare.split(b" ")[0] if opens or (bare[:1] != b"|" and b" " in bare) else b"data"
        counts[-1][key] = counts[-1].get(key, 0) + 1
        if counts[-1][key] > most and not closes:
            dropped = int(opens)
            continue
        kept.append(line)
        if opens:
            counts.append({})
        elif closes and len(counts) > 1:
            counts.pop()
    return b"\n".join(kept)


def session_of(data: bytes) -> Session:
    return read_project(parse_project(data), Path("/nowhere/Song.RPP"))


def plan_seeds() -> Iterator[bytes]:
    """Yield plans: one with every kind of move, one with none."""
    for data in (SONG.encode(), ODD_PROJECT.encode("utf-8", "surrogateescape")):
        yield plan_to_json(everything_plan(session_of(data))).encode("utf-8", "surrogateescape")
    yield plan_to_json(MixPlan("balance", "", "", "", (), (0.0, 1.0), ())).encode()
    for move in everything_plan(session_of(SONG.encode())).moves:
        yield plan_to_json(MixPlan("rides", "", "", "", (SNARE,), (0.0, 8.0), (move,))).encode()


def session_seeds() -> Iterator[bytes]:
    """Yield sessions as the REAPER side hands them over."""
    for data in (SONG.encode(), ODD_PROJECT.encode("utf-8", "surrogateescape"), mixed(SONG.encode())):
        yield session_to_json(session_of(data)).encode()
    for piece in pieces(ODD_PROJECT.encode("utf-8", "surrogateescape"), 700):
        yield session_to_json(session_of(piece)).encode()


def request_seeds() -> Iterator[bytes]:
    """Yield requests, and what a worker says while it is at work."""
    rendered = {SNARE: {"path": "/nowhere/a.wav", "start_s": 0.0, "end_s": 4.0}}
    full = Request(
        "rides", MixSettings(), (SNARE,), (1.0, 3.0), rendered, "Automix rides", True, 4711, "/nowhere/S.RPP"
    )
    yield request_to_json(full).encode()
    yield request_to_json(Request("balance")).encode()
    progress = {"event": "progress", "stage": "Listening", "done": 3, "total": 24, "label": "Kick", "elapsed_s": 0.5}
    receipt = {"title": "Automix", "lines": ["1 written.", "Kick: fader written: from 0 to -3 dB"], "failed": False}
    said = (
        {"event": "start", "pid": 3},
        {"event": "session", "name": "Song", "tracks": 2},
        progress,
        {"event": "window", "shown": False},
        {"event": "failed", "message": "no"},
        {"event": "done", "plan": "plan.json", "report": "report.html"},
    )
    yield b"\n".join(json.dumps(line).encode() for line in (*said, receipt)) + b"\n"


def ledger_seeds() -> Iterator[bytes]:
    """Yield what a project keeps of our runs, as text and as it lies in a project, and what it keeps of roles."""
    session = session_of(mixed(SONG.encode()))
    ledger = Ledger.of(session)
    yield session.ledger_json.encode()
    yield ledger.after(Ledger(ledger.entries[:3])).to_json().encode()
    yield b'{"%s":"snare_top"}' % SNARE.encode()
    yield "\n".join(ext_state_pieces(session.ledger_json)).encode()


def name_seeds() -> Iterator[bytes]:
    """Yield track names."""
    names = (
        "01_Kick In.wav|SnareTop|OH L|Tom 2 (floor)|HiHat|Gtr amp vox|BGVs 2|808 Sub|12 string gtr|B3 organ|Room mics"
        "|Große Trommel|Caisse claire dessus|Voz principal|2mix print|LeadSynthArp|Œuvre voix|İstanbul ﬃ ǅ|Click track"
        "|Finger clicks|Upright Bass DI|E-Gitarre links|Überkopf|Снэйр верх|キック|🥁 snare 🥁|ref mix v3"
    )
    for name in names.split("|"):
        yield name.encode()


def ratings_seeds() -> Iterator[bytes]:
    """Yield what pages for blind listening save."""
    rows = [",".join(COLUMNS)]
    for song in ("One", '"Two, ""live"""'):
        rows += [
            f"Ann,2026-11-22,s1,p1,{song},1,{n},B,{mixer},m{n}.wav,{rating},12.5,3,'=good,-1.5"
            for n, (mixer, rating) in enumerate((("rides", 80), ("none", 12.5), ("human", 100)))
        ]
    yield "\n".join(rows).encode()
    yield ("\ufeff" + "\r\n".join(row.replace(",", ";") for row in rows[:3])).encode()


def audio_seeds() -> Iterator[bytes]:
    """Yield short files of every format that is read."""
    import numpy as np
    import soundfile as sf

    rng = np.random.default_rng(3)
    mono = (0.3 * rng.standard_normal(600)).astype(np.float32)
    stereo = np.stack([mono, -mono], axis=1)
    kinds = [
        ("WAV", "PCM_16"),
        ("WAV", "PCM_24"),
        ("WAV", "FLOAT"),
        ("WAV", "IMA_ADPCM"),
        ("WAVEX", "PCM_U8"),
        ("RF64", "FLOAT"),
        ("W64", "PCM_16"),
        ("AIFF", "PCM_16"),
        ("AIFF", "FLOAT"),
        ("FLAC", "PCM_16"),
        ("FLAC", "PCM_24"),
        ("OGG", "VORBIS"),
        ("OGG", "OPUS"),
        ("MP3", "MPEG_LAYER_III"),
        ("CAF", "PCM_16"),
        ("AU", "PCM_16"),
    ]
    for number, (kind, subtype) in enumerate(kinds):
        target = io.BytesIO()
        audio = np.clip(stereo if number % 2 else mono, -1.0, 1.0)
        sf.write(target, audio, 48_000, format=kind, subtype=subtype)
        yield target.getvalue()
