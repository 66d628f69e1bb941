# @description Automix install actions
# @version 0.1.0
# @author reaper_automix
# @noindex
# @about
#   Adds the other Automix actions to the action list of a REAPER that is running: load this one and run it once.
#   install.py does the same while REAPER is closed; after that there is no need for this action.
"""Add the actions in this folder to REAPER's action list."""

import sys

sys.dont_write_bytecode = True
from automix_start import add_actions  # noqa: E402

add_actions()
