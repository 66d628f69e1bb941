# @description Automix settings
# @version 0.1.0
# @author reaper_automix
# @noindex
# @about
#   Asks for the strength, the envelope to write to and the tracks of the next Automix run.
"""Ask for the settings of the next run."""

import sys

sys.dont_write_bytecode = True
from automix_start import start  # noqa: E402

start("settings")
