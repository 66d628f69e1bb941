"""Places where a session lives: project files, folders of stems, memory, an open REAPER."""
