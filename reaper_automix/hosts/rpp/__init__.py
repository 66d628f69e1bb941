"""REAPER project files: read without loss, edited line by line, and written anew for a folder of stems."""

from reaper_automix.chunks.lines import ProjectText, parse_project
from reaper_automix.hosts.rpp.host import RppHost
from reaper_automix.hosts.rpp.reading import read_project
from reaper_automix.hosts.rpp.template import new_project_text, source_kind

__all__ = ["ProjectText", "RppHost", "new_project_text", "parse_project", "read_project", "source_kind"]
