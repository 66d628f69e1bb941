# @description Automix status
# @version 0.1.0
# @author reaper_automix
# @noindex
# @about
#   Says how far the running Automix job is, and lets you cancel it.
"""Show or cancel the running job."""

import sys

sys.dont_write_bytecode = True
from automix_start import start  # noqa: E402

start("status")
