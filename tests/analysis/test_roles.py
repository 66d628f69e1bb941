"""Roles from names: what a person would say, and where a person would say nothing."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from reaper_automix.analysis.roles import UTILITY_ROLES, Role, guess_role, role_of

NAMES = {
    Role.KICK: [
        "Kick",
        "01_KickIn.wav",
        "kick_out.L",
        "BD",
        "Bass Drum",
        "BassDrum",
        "SubKick",
        "909 Kick",
        "Kick Print",
    ],
    Role.SNARE: ["Snare", "SN top", "SNARE BTM", "snare room", "02 Snr Bot", "Rimshot", "Snare Rvb"],
    Role.HIHAT: ["HiHat", "Hi-Hat", "HH", "hat closed", "hihat_01"],
    Role.TOMS: ["Tom 1", "Floor Tom", "RackTom", "Drums-Floor-M80", "SD DRUMS-TOM1-M80"],
    Role.OVERHEADS: ["OH L", "OH_R", "Overheads", "Over Head", "Cymbal OH"],
    Role.PERCUSSION: ["Tambourine", "Shaker 2", "Congas", "Claps", "Ride", "Steel Drum", "FingerClicks"],
    Role.DRUMS: ["Drums", "Drum Loop", "Drum Bus", "Room Mics", "Drums Bounce"],
    Role.BASS: ["Bass", "BassDI", "Sub Bass", "808", "Double Bass", "Upright Bass", "Synth Bass", "Bs Amp"],
    Role.LEAD_VOCAL: ["Lead Vox", "LeadVox2b", "Vocal", "Vox", "Main Vox", "vox_dbl", "Ld Vox"],
    Role.BACKING_VOCAL: ["BVox", "BackingVox03", "BGV 1", "Vox BG", "Harmony", "Choir", "BV L", "Gang Vox"],
    Role.ELECTRIC_GUITAR: ["Gtr L", "GTR-R", "ElecGtr07", "E Guitar", "Lead Gtr", "Pedal Steel", "ElecGtr3RoomMic"],
    Role.ACOUSTIC_GUITAR: ["Ac Gtr", "AcousticGtr2", "Acoustic", "Nylon", "Ukulele", "Banjo"],
    Role.PIANO: ["Piano", "Grand Piano", "Upright Piano", "PNO L"],
    Role.KEYS: ["Keys", "Keyboard", "Rhodes", "Hammond B3", "EPiano", "Toy Piano"],
    Role.SYNTH: ["Synth 3", "Lead Synth", "Pad", "Arp"],
    Role.STRINGS: ["Strings", "Violin 2", "Cellos_MicPair", "Vla"],
    Role.BRASS: ["Trumpet", "Horns", "Alto Sax", "Bass Trombone"],
    Role.FX: ["SFX", "FX Riser", "Noise"],
    Role.OTHER: ["Flute", "Bassoon", "Bass Clarinet"],
    Role.REFERENCE: ["Reference", "REF", "Ref Mix", "reference_track.wav"],
    Role.CLICK: ["Click", "Click Track", "Metronome", "Count In"],
    Role.PRINTED_MIX: [
        "2mix",
        "2 Mix",
        "Mixdown",
        "human_mix",
        "Master print",
        "Rough mix",
        "RoughMix_v3.wav",
        "MASTER",
    ],
}


@pytest.mark.parametrize(("role", "name"), [(role, name) for role, names in NAMES.items() for name in names])
def test_names_with_evidence(role: Role, name: str) -> None:
    assert role_of(name) is role


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "Track 5",
        "Audio 03.wav",
        "untitled",
        "voxengo",
        "Remix",
        "Premix 7",
        "Printer",
        "Sprint",
        "Belle",
        "01",
    ],
)
def test_names_without_evidence(name: str) -> None:
    assert guess_role(name) is None


@pytest.mark.parametrize(
    "name", ["Kick Print", "Drums Bounce", "StringsMix", "HarpSFX_Remix", "Mixed Choir", "Gtr Master"]
)
def test_an_instrument_is_never_taken_for_a_printed_mix(name: str) -> None:
    assert role_of(name) not in {None, *UTILITY_ROLES}


@pytest.mark.parametrize(
    "name", ["lead vox", "LEAD VOX", "LeadVox", "lead_vox", "lead-vox", "03.LeadVox.wav", "LeadVox07.aiff"]
)
def test_spelling_does_not_matter(name: str) -> None:
    assert role_of(name) is Role.LEAD_VOCAL


def test_a_guess_says_why() -> None:
    guess = guess_role("07_ElecGtr2_Mic1.wav")
    assert guess is not None
    assert (guess.role, guess.evidence) == (Role.ELECTRIC_GUITAR, "elec gtr")


@pytest.mark.data
def test_names_of_real_multitracks(shared_data: Path) -> None:
    path = shared_data / "names" / "cambridge.csv"
    if not path.is_file():
        pytest.skip("needs names/cambridge.csv in the corpus folder")
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["role_confidence"] == "high"]
    pairs = [(role_of(row["track_name"]), _coarse(row["role"])) for row in rows]
    answered = [(guess, role) for guess, role in pairs if guess is not None]
    right = [guess for guess, role in answered if guess.value == role]
    assert len(answered) / len(pairs) >= 0.85
    assert len(right) / len(answered) >= 0.90


def _coarse(role: str) -> str:
    """Fold the fine roles of the list: positions of a microphone, and rooms, which are mostly those of drums."""
    if role == "room":
        return "drums"
    for whole, name in {"kick": "kick", "snare": "snare", "tom": "toms", "overhead": "overheads"}.items():
        if role.startswith(f"{whole}_"):
            return name
    return role
