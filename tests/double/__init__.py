"""A ReaScript double: REAPER's scripting functions over a project file in memory. Standard library only.

``DoubleReaper`` is the program, ``DoubleApi`` its functions without the prefix ``RPR_``. What a number or a line means
is written down here anew, from public descriptions of ReaScript and of project files, and not taken from the package:
a mistake that both made would not be found otherwise. The exception is the line tree of ``reaper_automix.chunks``.
"""
