"""What mutations are made of: keys and chunks of a project, numbers and words that are seldom right."""
# ruff: noqa: SIM905

from __future__ import annotations

from typing import Any

NUMBERS = (
    "0 -0 1 -1 2 3 4 5 6 7 8 16 31 32 33 64 255 256 1023 1024 65535 65536 262151 2147483647 -2147483648 4294967296 "
    "0.5 -0.5 1e308 -1e308 1e309 1e-308 5e-324 1e-320 nan -nan inf -inf NaN Infinity 99999999999999999999 "
    "9223372036854775808 1_000 0x10 1e 1,5 +1 .5 5. -.5e-3 ١ ½ 00001 1e400 -1e-400 1e22 123456789.123456789 --1 '' "
    '"" 340282366920938463463'
).split()

WORDS = (
    *NUMBERS,
    '"',
    "'",
    "`",
    '"a',
    'b"',
    "'a\"b'",
    "`a'b\"`",
    '"unclosed',
    "'unclosed",
    "`unclosed",
    "``",
    "{}",
    "{AAAAAAAA-0000-0000-0000-000000000001}",
    "SEL",
    "NULL",
    "WAVE",
    "MP3",
    "SECTION",
    "MIDI",
    "_OFFLINE_WAVE",
    "EMPTY",
    "<",
    ">",
    "|",
    "<X",
    "<9",
    "\\",
    "/",
    "C:\\a\\b",
    "\\\\host\\x",
    "../../../etc/passwd",
    "//",
    "11:_Wet",
    "0:bypass",
    "-1:U",
    "é",
    "\udcff",
    "🥁",
    "\t",
    "a\tb",
    "#",
    ";",
    "%",
    "=",
    "A" * 300,
    "9" * 400,
    "Automix: equaliser",
    '"Automix: compressor"',
)

KEYS = (
    "NAME VOLPAN MUTESOLO IPHASE ISBUS NCHAN FX TRACKID MAINSEND AUXRECV AUTOMODE PANMODE PLAYOFFS GROUP_FLAGS SEL "
    "REC LOCK GROUP_FLAGS_HIGH FREEMODE FIXEDLANES LANESOLO SHOWINMIX ACT VIS ARM DEFSHAPE VOLTYPE PT PPT "
    "POOLEDENVINST ID SRCLEN EGUID POSITION LENGTH LOOP ALLTAKES FADEIN FADEOUT MUTE IGUID GUID SOFFS PLAYRATE "
    "CHANMODE TAKE TAKEVOLPAN SM YPOS FILE MODE STARTPOS BYPASS FXID WAK FLOATPOS SHOW LASTSEL DOCKED TEMPO "
    "SAMPLERATE SELECTION PANLAW GLOBAL_AUTO POOLEDENVATTACH RECORD_PATH MASTER_VOLUME MASTERMUTESOLO MASTER_FX "
    "MASTERAUTOMODE LEDGER_1 LEDGER_2 ROLES_1 CREATED"
).split()

TAGS = (
    "TRACK ITEM SOURCE VOLENV VOLENV2 VOLENV3 PANENV PANENV2 MUTEENV WIDTHENV2 DUALPANENV AUXVOLENV AUXPANENV "
    "AUXMUTEENV FXCHAIN FXCHAIN_REC TAKEFX CONTAINER VST VST3 AU JS CLAP DX LV2 VIDEO_EFFECT PARMENV POOLEDENV "
    "TEMPOENVEX NOTES FREEZE MASTERFXLIST MASTERVOLENV MASTERVOLENV2 MASTERVOLENV3 MASTERPANENV2 EXTSTATE "
    "REAPER_AUTOMIX NAME PITCHENV X _ RENDER_CFG"
).split()

FLOATS = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 1e30, -1e30, 1e-40, float("nan"), float("inf"), float("-inf"), 1e308, 5e-324)

JSON_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 0.5, -0.0, 1e308, -1e308, 1e-320, float("nan"), float("inf"), float("-inf"), 2**31,
    2**63, 2**64, 10**400, -(10**400), "", "a", "Volume", "fader", "post-fader", "\ud800", "\udcff", "\0", "\n", "🥁",
    "A" * 300,
    "Automix: x", [], {}, [[]], [None], [0, 1], [[0, 0], [1, -3]], {"id": "x"}, "1.5", "1e400", "nan",
    "{AAAAAAAA-0000-0000-0000-000000000001}",
)  # fmt: skip
