# @description Automix preview only
# @version 0.1.0
# @author reaper_automix
# @noindex
# @about
#   Makes the plan and the report that 'Automix balance' would make, and writes nothing into the project.
"""Show what a run would do."""

import sys

sys.dont_write_bytecode = True
from automix_start import start  # noqa: E402

start("preview")
