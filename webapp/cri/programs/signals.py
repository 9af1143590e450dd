"""Signals by name and number, and what they do to a process that does not handle them."""

from __future__ import annotations

SIGNALS = {
    "HUP": 1,
    "INT": 2,
    "QUIT": 3,
    "KILL": 9,
    "USR1": 10,
    "USR2": 12,
    "PIPE": 13,
    "ALRM": 14,
    "TERM": 15,
    "CHLD": 17,
    "CONT": 18,
    "STOP": 19,
    "TSTP": 20,
    "WINCH": 28,
}
SIGCONT = 18
SIGKILL = 9
SIGPIPE = 13
STOPS = (19, 20)
HARMLESS = (17, SIGCONT, 28)
"""Signals that end nobody unless somebody handles them."""
