# @description Automix strips
# @version 0.1.0
# @author reaper_automix
# @noindex
# @about
#   Sets a whole channel strip for the selected tracks (none selected: all): fader, pan, ReaEQ, ReaComp and a send to
#   one reverb bus. Pans that you set stay. One undo takes it back.
"""Set a channel strip for every track."""

import sys

sys.dont_write_bytecode = True
from automix_start import start  # noqa: E402

start("mix", mixer="strips")
