"""What runs inside REAPER: read the open project, start the worker, write a plan in one undo step. Stdlib only.

Every entry takes the ReaScript functions as an argument (``api``): ``reaper_python`` inside REAPER, ``reapy`` from
outside, a double in tests. ``api.Reaper`` alone knows their call shapes; everything else here deals in dB and seconds.
"""
