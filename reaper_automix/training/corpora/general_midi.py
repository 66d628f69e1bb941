"""What General MIDI says of a channel: its role from the program number, and its gain from the controllers."""

from __future__ import annotations

import math

from reaper_automix.analysis.roles import Role

DRUM_CHANNEL = 9
"""Counted from 0: what musicians call channel 10."""

OFF_DB = -80.0
"""Gain of a controller at 0, which is silence."""

_RANGES: tuple[tuple[int, Role, str], ...] = (
    (0, Role.PIANO, "high"),
    (4, Role.KEYS, "high"),  # electric pianos, harpsichord, clavinet, mallets
    (15, Role.KEYS, "low"),  # dulcimer
    (16, Role.KEYS, "high"),  # organs, accordion
    (22, Role.OTHER, "high"),  # harmonica
    (23, Role.KEYS, "high"),  # bandoneon
    (24, Role.ACOUSTIC_GUITAR, "high"),
    (26, Role.ELECTRIC_GUITAR, "high"),
    (32, Role.BASS, "high"),
    (40, Role.STRINGS, "high"),  # solo strings, harp
    (47, Role.PERCUSSION, "high"),  # timpani
    (48, Role.STRINGS, "high"),  # ensembles
    (52, Role.BACKING_VOCAL, "medium"),  # sampled and synthetic choirs
    (55, Role.FX, "low"),  # orchestra hit
    (56, Role.BRASS, "high"),  # saxophones too
    (68, Role.OTHER, "high"),  # woodwinds
    (80, Role.SYNTH, "high"),  # leads and pads
    (96, Role.SYNTH, "medium"),  # textures that are called effects
    (104, Role.OTHER, "high"),  # sitar
    (105, Role.ACOUSTIC_GUITAR, "high"),  # banjo
    (106, Role.OTHER, "high"),  # shamisen, koto
    (108, Role.KEYS, "high"),  # kalimba
    (109, Role.OTHER, "high"),  # bagpipe
    (110, Role.STRINGS, "high"),  # fiddle
    (111, Role.OTHER, "high"),  # shanai
    (112, Role.PERCUSSION, "high"),
    (119, Role.FX, "medium"),  # reverse cymbal
    (120, Role.FX, "high"),
)
"""First program of a range (counted from 0), its role, and how sure that is."""

_NAMES = (
    "Acoustic Grand Piano,Bright Acoustic Piano,Electric Grand Piano,Honky-tonk Piano,Electric Piano 1,"
    "Electric Piano 2,Harpsichord,Clavinet,Celesta,Glockenspiel,Music Box,Vibraphone,Marimba,Xylophone,"
    "Tubular Bells,Dulcimer,Drawbar Organ,Percussive Organ,Rock Organ,Church Organ,Reed Organ,Accordion,Harmonica,"
    "Tango Accordion,Acoustic Guitar (nylon),Acoustic Guitar (steel),Electric Guitar (jazz),"
    "Electric Guitar (clean),Electric Guitar (muted),Overdriven Guitar,Distortion Guitar,Guitar Harmonics,"
    "Acoustic Bass,Electric Bass (finger),Electric Bass (pick),Fretless Bass,Slap Bass 1,Slap Bass 2,Synth Bass 1,"
    "Synth Bass 2,Violin,Viola,Cello,Contrabass,Tremolo Strings,Pizzicato Strings,Orchestral Harp,Timpani,"
    "String Ensemble 1,String Ensemble 2,Synth Strings 1,Synth Strings 2,Choir Aahs,Voice Oohs,Synth Voice,"
    "Orchestra Hit,Trumpet,Trombone,Tuba,Muted Trumpet,French Horn,Brass Section,Synth Brass 1,Synth Brass 2,"
    "Soprano Sax,Alto Sax,Tenor Sax,Baritone Sax,Oboe,English Horn,Bassoon,Clarinet,Piccolo,Flute,Recorder,"
    "Pan Flute,Blown Bottle,Shakuhachi,Whistle,Ocarina,Lead 1 (square),Lead 2 (sawtooth),Lead 3 (calliope),"
    "Lead 4 (chiff),Lead 5 (charang),Lead 6 (voice),Lead 7 (fifths),Lead 8 (bass + lead),Pad 1 (new age),"
    "Pad 2 (warm),Pad 3 (polysynth),Pad 4 (choir),Pad 5 (bowed),Pad 6 (metallic),Pad 7 (halo),Pad 8 (sweep),"
    "FX 1 (rain),FX 2 (soundtrack),FX 3 (crystal),FX 4 (atmosphere),FX 5 (brightness),FX 6 (goblins),"
    "FX 7 (echoes),FX 8 (sci-fi),Sitar,Banjo,Shamisen,Koto,Kalimba,Bagpipe,Fiddle,Shanai,Tinkle Bell,Agogo,"
    "Steel Drums,Woodblock,Taiko Drum,Melodic Tom,Synth Drum,Reverse Cymbal,Guitar Fret Noise,Breath Noise,"
    "Seashore,Bird Tweet,Telephone Ring,Helicopter,Applause,Gunshot"
)

PROGRAM_NAMES = tuple(_NAMES.split(","))
"""Names of the 128 programs of General MIDI level 1."""


def role_of_channel(channel: int, program: int) -> tuple[Role, str]:
    """Return the role of a channel that plays a program (both counted from 0), and how sure that is."""
    if channel == DRUM_CHANNEL:
        return Role.DRUMS, "high"
    return next((role, sure) for first, role, sure in reversed(_RANGES) if program >= first)


def name_of_channel(channel: int, program: int) -> str:
    """Return what General MIDI calls the sound."""
    return "Drum Kit" if channel == DRUM_CHANNEL else PROGRAM_NAMES[program]


def gain_db(volume: int, expression: int) -> float:
    """Return the gain of controllers 7 and 11, relative to both at 127.

    References
    ----------
    .. [1] MIDI Manufacturers Association, General MIDI level 2 (RP-024), 1999, "Channel Volume": 40 log10(CC7/127),
       and the same for expression; they add up.
    """
    if volume <= 0 or expression <= 0:
        return OFF_DB
    total_db = 40.0 * math.log10(volume / 127.0) + 40.0 * math.log10(expression / 127.0)  # [1]
    return max(total_db, OFF_DB)
