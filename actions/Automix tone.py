# @description Automix tone
# @version 0.1.0
# @author reaper_automix
# @noindex
# @about
#   Gives the selected bass, guitar, vocal and keys tracks (none selected: all) the tone of finished stems: a few bands
#   of ReaEQ that you can edit. Tracks stay as loud as they are. One undo takes it back.
"""Give tracks the tone of finished stems."""

import sys

sys.dont_write_bytecode = True
from automix_start import start  # noqa: E402

start("mix", mixer="tone")
