# @description Automix report of the last run
# @version 0.1.0
# @author reaper_automix
# @noindex
# @about
#   Opens the report of the last Automix run of this project.
"""Open the report of the last run."""

import sys

sys.dont_write_bytecode = True
from automix_start import start  # noqa: E402

start("report")
