"""What is raised and warned where a run cannot be recorded or read."""


class BadMonitor(ValueError):
    """The monitor cannot be attached or was asked for what does not exist; the message names it."""


class BadRecord(ValueError):
    """The file is no record of a run, or is damaged; the message names it."""


class MonitorWarning(UserWarning):
    """Something in the run that a person should know; training goes on."""
