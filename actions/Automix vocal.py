# @description Automix vocal
# @version 0.1.0
# @author reaper_automix
# @noindex
# @about
#   Sets level, compressor, equaliser and reverb send of the lead vocal over everything else. Other tracks are
#   heard, and only lowered with it where the headroom asks for it. One undo takes it back.
"""Set level, compressor, equaliser and reverb of the lead vocal."""

import sys

sys.dont_write_bytecode = True
from automix_start import start  # noqa: E402

start("mix", mixer="vocal")
