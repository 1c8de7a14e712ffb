"""What is raised when a simulation cannot be run, kept or read."""


class BadSimulation(ValueError):
    """The simulation was asked for something that does not exist; the message names it."""
