# @description Automix revert
# @version 0.1.0
# @author reaper_automix
# @noindex
# @about
#   Takes back what the last Automix run wrote into this project. What you changed since then stays.
"""Take back the last run."""

import sys

sys.dont_write_bytecode = True
from automix_start import start  # noqa: E402

start("revert")
