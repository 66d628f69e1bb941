# @description Automix remote control server: the action 'Automix remote control' starts it
# @version 0.1.0
# @author reaper_automix
# @noindex
# @about
#   Answers programs on this computer while the remote control is switched on. There is no need to run it.
"""Answer programs on this computer."""

import sys

sys.dont_write_bytecode = True
from automix_start import start  # noqa: E402

start("serve")
