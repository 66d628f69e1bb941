"""What goes wrong around a run: kills, full disks, rights, changes, odd audio. The table is ``docs/faults.md``."""
