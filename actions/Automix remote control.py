# @description Automix remote control
# @version 0.1.0
# @author reaper_automix
# @noindex
# @about
#   Switches on, or off again, that programs on this computer may work in the open project (reaper-automix live).
#   It is off until you run this, and when REAPER closes. Other computers cannot connect.
"""Switch the remote control on or off."""

import sys

sys.dont_write_bytecode = True
from automix_start import start  # noqa: E402

start("remote")
