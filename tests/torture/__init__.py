"""Faults without end: the daemon's days with system calls that fail or kill, and servers that break off."""
