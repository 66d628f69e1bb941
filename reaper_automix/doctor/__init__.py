"""Looks at this machine: what works, and what to do about what does not. Nothing is changed, except for a test file."""

from reaper_automix.doctor.check import Check, Probes, Status
from reaper_automix.doctor.examining import doctor_lines, examine, plain_words
from reaper_automix.doctor.models import MODELS
from reaper_automix.doctor.plugins import IEM_PLUGINS, plugin_folders
from reaper_automix.doctor.python import EXTRAS, SOUND_FORMATS, requirements
from reaper_automix.doctor.reaper import reaper_resource_folders

__all__ = [
    "EXTRAS",
    "IEM_PLUGINS",
    "MODELS",
    "SOUND_FORMATS",
    "Check",
    "Probes",
    "Status",
    "doctor_lines",
    "examine",
    "plain_words",
    "plugin_folders",
    "reaper_resource_folders",
    "requirements",
]
