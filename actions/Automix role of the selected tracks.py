# @noindex
# @description Automix role of the selected tracks
# @version 0.1.0
# @author reaper_automix
# @about
#   Asks who the selected tracks are, where their names say it wrongly or not at all. The project remembers it.
"""Say who the selected tracks are."""

import sys

sys.dont_write_bytecode = True
from automix_start import start  # noqa: E402

start("role")
