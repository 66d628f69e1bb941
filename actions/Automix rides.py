# @description Automix rides
# @version 0.1.0
# @author reaper_automix
# @noindex
# @about
#   Sets the faders of the selected tracks (or of all), and draws slow rides around them as a few envelope points.
#   One undo takes it back.
"""Set the faders of the selected tracks, and ride them over the song."""

import sys

sys.dont_write_bytecode = True
from automix_start import start  # noqa: E402

start("mix", mixer="rides")
