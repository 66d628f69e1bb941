# @description Automix: balance, preview, revert, status, settings, report
# @version 0.1.0
# @author reaper_automix
# @about
#   Listens to the selected tracks (or to all, if none is selected) and sets their faders. One undo takes it back.
#   Needs the reaper_automix folder on this computer: run its install.py once.
# @provides
#   [main] Automix *.py
#   automix_start.py
#   automix_watch.py
#   automix_serve.py
"""Set the faders of the selected tracks."""

import sys

sys.dont_write_bytecode = True
from automix_start import start  # noqa: E402

start("balance")
