# @description Automix drums
# @version 0.1.0
# @author reaper_automix
# @noindex
# @about
#   Finds the microphones of the drum kit among the selected tracks (or all); sets their faders, pans and polarities.
#   Other tracks stay as they are. One undo takes it back.
"""Set the faders, pans and polarities of the microphones of a drum kit."""

import sys

sys.dont_write_bytecode = True
from automix_start import start  # noqa: E402

start("mix", mixer="drums")
