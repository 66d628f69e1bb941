"""A project of things that are rare in one file."""

from __future__ import annotations

ODD_PROJECT = """\
<REAPER_PROJECT 0.1 "6.25/win64" 1613300000\r
  <NOTES 0 2\r
    |> a note with a bracket\r
  >\r
  POOLEDENVATTACH 4
  RECORD_PATH "Audio" ''
  PANLAW -0.70794578
  GLOBAL_AUTO 5
  TEMPO 97.5 7 8
  SAMPLERATE 44100 1 0
  SELECTION 12.5 3
  PANMODE 5
  MASTERAUTOMODE 9
  MASTER_VOLUME 0.5 0.1 -1 -1 1
  MASTERMUTESOLO 5
  MASTER_FX 0
  <MASTERFXLIST
    BYPASS 0 1 0
    <JS loser/3BandEQ ""
      0 200 0 2000 0 0 - - -
    >
    FXID {BBBBBBBB-0000-0000-0000-0000000000F1}
  >
  <MASTERVOLENV2
    ACT 1 -1
    PT 0 1 0
    PT 8 0.25 5 0 0 0 -0.4
  >
  <POOLEDENV
    ID 3
    NAME "AI"
    SRCLEN 4
    PPT 0 0 0
    PPT 2 0.75 5 0.5
  >
  <TEMPOENVEX
    ACT 1 -1
    PT 0.000000000000 97.5000000000 0 262151 0 1 0
    PT 4 120 1
  >
  <TRACK {BBBBBBBB-0000-0000-0000-000000000001}
    NAME 'Drums "bus"'
    ISBUS 1 1
    PANMODE 6
    VOLPAN 1.5 0 0.5 -0.5 0.5
    AUTOMODE 3
    PLAYOFFS 480 2
    GROUP_FLAGS 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 5 0
    GROUP_FLAGS_HIGH 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1
    <PANENV2
      ACT 1 4
      PT 0 0.5 1
      POOLEDENVINST 3 2 8 1 0.5 0 0.4 2 1 0 0 0 0 1 1
    >
    <WIDTHENV2
      ACT 1
    >
  >
  <TRACK
    NAME `both ' and " in it`
    ISBUS 2 -3
    FREEMODE 2
    FIXEDLANES 9 0 1 0
    LANESOLO 2 0
    FX 0
    MUTESOLO 1 2 1
    LOCK 1
    REC 1 0
    SEL 1
    SHOWINMIX 0 0.6667 0.5 0 0.5
    AUXRECV 0 3 1 0.2 0 1 1 1024 1026 -1:U 0 -1 ''
    <AUXVOLENV
      ACT 1
      DEFSHAPE 1
      PT 0 1 -1
    >
    AUXRECV 44 1 1 0 1 0 0 -1 0
    <VOLENV2
      ACT 0 -1
      VOLTYPE 1
      POOLEDENVINST 3 0 8 0 1 0 0.5 1 1 0 0 0 0 0 0 4
    >
    <FXCHAIN
      BYPASS 1 0 0
      <CONTAINER Container "In it" ""
        BYPASS 0 0 0
        <AU "AU: AUMatrixReverb (Apple)" "Apple: AUMatrixReverb" "" 1635083896
          AAAA
        >
        FXID {BBBBBBBB-0000-0000-0000-0000000000F2}
        WAK 0 0
      >
      <PARMENV 11:_Wet 0 2 1 "Wet / ReaComp"
        PT 0 1 0
      >
    >
    <ITEM
      POSITION 0.5
      LENGTH 8
      YPOS 0.5 0.5
      MUTE 1 -1
      LOOP 1
      ALLTAKES 1
      FADEIN 3 0.01 0.2 2 1 0.3 0.3
      FADEOUT 9 0.01
      IGUID {BBBBBBBB-0000-0000-0000-0000000000A1}
      VOLPAN 0.5 -0.1 -0.5 -1
      NAME tést\udcff
      PLAYRATE 1.2 0 -2 589824 0 0.0025
      SM 0 0 + 1.5 1.4 + 3 3
      CHANMODE 67
      <SOURCE SECTION
        LENGTH 3
        STARTPOS 1.5
        MODE 2
        <SOURCE _OFFLINE_MP3
          FILE "C:\\Takes\\a b.mp3" 1
        >
      >
      <VOLENV
        PT 0 1 0
      >
      <PITCHENV
        PT 0 1 0
      >
      <TAKEFX
        BYPASS 0 0
        <VST3 "VST3i: Synth (Maker)" synth.vst3 0 "" 1234{5653}
          AAAA
        >
      >
      TAKE NULL
      TAKE SEL
      TAKEVOLPAN 0.2 0.9 -1
      SOFFS 0.25
      GUID {BBBBBBBB-0000-0000-0000-0000000000B2}
      <SOURCE MIDI
        HASDATA 1 960 QN
        E 0 90 3c 60
        <X 0 0
          /wNUcms=
        >
      >
    >
  >
  <TRACK {BBBBBBBB-0000-0000-0000-000000000001}
    <NAME
      |all ' three " of ` them
    >
    <FREEZE 1
      SOMETHING
    >
  >
  <EXTSTATE
    <OTHER
      KEY "a value"
    >
  >
>
"""
"""Sections, lanes, pools, containers, groups, old lines, odd quotes and endings."""
