"""The project that is measured: short, made here, with one thing to look at on each track."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

RATE_HZ, LENGTH_S = 48000, 2.0
FIRST, STEP = 0.1, 0.25
"""A sample of the audio file at t seconds is FIRST + STEP * t: what is heard tells where in the file it comes from."""

SECTION_MODES = (0, 1, 2, 3)
SECTION_START_S, SECTION_LENGTH_S = 0.5, 1.0
POOL_AMPLITUDES = ((0.5, 1.0), (0.25, 1.0), (0.5, 0.5), (0.75, -1.0))
"""(baseline, amplitude) of the automation items; the pool goes from 0.25 to 0.75 of the envelope's range in 1 s."""

SHAPES = (0, 1, 2, 3, 4, 5)
EFFECT_GUID = "{AAAAAAAA-1111-4000-8000-0000000000F1}"
FADE_SHAPES = (0, 1, 2, 3, 4, 5, 6)
PAN_LAWS = {"Pan 0 dB": 1.0, "Pan -3 dB": 0.70794578, "Pan -4.5 dB": 0.59566214, "Pan -6 dB": 0.5011872}
"""Tracks with a pan envelope from left to right in 2 s, and their pan laws."""

PAN_SWEEP = "<PANENV2\nACT 1 -1\nVIS 1 1 1\nLANEHEIGHT 0 0\nARM 0\nDEFSHAPE 0 -1 -1\nPT 0 1 0\nPT 2 -1 0\n>\n"
VOLUME_JS = f"""\
<FXCHAIN
  SHOW 0
  LASTSEL 0
  DOCKED 0
  BYPASS 0 0 0
  <JS utility/volume "Automix test"
    -6 {" ".join("-" * 63)}
  >
  FLOATPOS 0 0 0 0
  FXID {EFFECT_GUID}
  WAK 0 0
>
"""


def measuring_project(folder: Path) -> Path:
    """Write the project and its audio file into a folder; return the project's file."""
    if not (folder / "ramp.wav").exists():
        times_s = np.arange(round(RATE_HZ * LENGTH_S)) / RATE_HZ
        soundfile.write(folder / "ramp.wav", FIRST + STEP * times_s, RATE_HZ, subtype="FLOAT")
    tracks = [
        _track("Plain", _item(0.0, _wave())),
        _track("Fader ride", _envelope("VOLENV2", "VOLTYPE 1\nPT 0 1 0\nPT 1 0.25 0\nPT 2 0.25 0")),
        _track("Gain ride", _envelope("VOLENV2", "PT 0 1 0\nPT 1 0.25 0\nPT 2 0.25 0")),
        _track("Shapes", _envelope("VOLENV2", _shapes())),
        _track("Pan ride", _envelope("PANENV2", "PT 0 1 0\nPT 1 -1 0")),
        _track("Automation items", _envelope("VOLENV2", _pooled())),
        _track("Sections", "".join(_item(3.0 * n, _section(mode)) for n, mode in enumerate(SECTION_MODES))),
        _track("Lanes", _lanes()),
        _track("Quiet item", _item(0.0, _wave(), "VOLPAN 0.5 0 1 -1\nFADEIN 1 1 0 1 0 0 0")),
        _track("Effect", _item(0.0, _wave()) + VOLUME_JS),
        _track("Low fader", _item(0.0, _wave()), volume=0.25),
        _track("Fades", "".join(_item(2.0 * shape, _wave(), _fade_in(shape)) for shape in FADE_SHAPES)),
        *(_track(name, PAN_SWEEP + _item(0.0, _wave()), law=law) for name, law in PAN_LAWS.items()),
        _track("Later", _item(0.0, _wave()), settings="PLAYOFFS 0.25 0"),
    ]
    pool = "<POOLEDENV\n  ID 1\n  SRCLEN 1\n  LFO 0 0 0 0 0 0 0\n  PPT 0 0.25 0 0\n  PPT 1 0.75 0 0\n>\n"
    head = '<REAPER_PROJECT 0.1 "7.0" 0\nSAMPLERATE 48000 1 0\nTEMPO 120 4 4\n'
    path = folder / "Automix measuring.RPP"
    path.write_text(f"{head}{pool}{''.join(tracks)}>\n", encoding="utf-8", newline="\n")
    return path


def guid(kind: int, name: str) -> str:
    """Return a GUID of our own."""
    return f"{{{kind:08X}-1111-4000-8000-{sum(ord(c) * 31**n for n, c in enumerate(name)) % 16**12:012X}}}"


def _track(name: str, body: str, *, volume: float = 1.0, law: float = -1.0, settings: str = "") -> str:
    own = guid(1, name)
    lines = f'NAME "{name}"\nVOLPAN {volume} 0 {law} -1 1\nNCHAN 2\nFX 1\nTRACKID {own}\nMAINSEND 1 0\n{settings}'
    return f"<TRACK {own}\n{lines.strip()}\n{body}>\n"


def _envelope(tag: str, lines: str) -> str:
    return f"<{tag}\nACT 1 -1\nVIS 1 1 1\nLANEHEIGHT 0 0\nARM 0\nDEFSHAPE 0 -1 -1\n{lines}\n>\n"


def _shapes() -> str:
    """One second of each shape, up from gain 0 to 1 or down; the bezier's tension is 0.5."""
    points = [f"PT {n} {n % 2} {s}" + (" 0 0 0 0.5" if s == 5 else "") for n, s in enumerate(SHAPES)]
    return "\n".join([*points, f"PT {len(SHAPES)} {len(SHAPES) % 2} 0"])


def _pooled() -> str:
    fields = "{n} 1 0 1 0 {base} {amplitude} 0 0 0 {number} 0 0 0.012 0"
    items = [
        "POOLEDENVINST 1 " + fields.format(n=2 * k, base=base, amplitude=amplitude, number=k + 1)
        for k, (base, amplitude) in enumerate(POOL_AMPLITUDES)
    ]
    return "\n".join([*items, "PT 0 1 0"])


def _item(position_s: float, source: str, lines: str = "VOLPAN 1 0 1 -1\nFADEIN 1 0 0 1 0 0 0") -> str:
    length_s = SECTION_LENGTH_S if "SECTION" in source else LENGTH_S
    more = "FADEOUT 1 0 0 1 0 0 0\nSOFFS 0\nPLAYRATE 1 1 0 -1 0 0.0025\nCHANMODE 0"
    return f"<ITEM\nPOSITION {position_s}\nLENGTH {length_s}\nLOOP 0\n{lines}\nNAME ramp\n{more}\n{source}>\n"


def _wave() -> str:
    return '<SOURCE WAVE\nFILE "ramp.wav"\n>\n'


def _section(mode: int) -> str:
    fields = f"LENGTH {SECTION_LENGTH_S}\nMODE {mode}\nSTARTPOS {SECTION_START_S}\nOVERLAP 0.01\n"
    return f"<SOURCE SECTION\n{fields}{_wave()}>\n"


def _fade_in(shape: int) -> str:
    return f"VOLPAN 1 0 1 -1\nFADEIN {shape} 1 0 {shape} 0 0 0"


def _lanes() -> str:
    settings = "FREEMODE 2\nFIXEDLANES 9 0 0 0 0\nLANESOLO 2 0 0 0 0 0 0 0\n"
    places = ("YPOS 0 0.5 1", "YPOS 0.5 0.5 1")
    return settings + "".join(_item(0.0, _wave(), f"{place}\nVOLPAN 1 0 1 -1") for place in places)
