"""What is raised when a simulation or a training cannot be run, kept or read."""


class BadSimulation(ValueError):
    """The simulation was asked for something that does not exist; the message names it."""


class BadTraining(BadSimulation):
    """A network was asked for, or to be trained, in a way that does not exist; the message names it."""


class BadData(BadTraining):
    """Data that cannot be read, or are not what they should be; the message names the path."""


class NotFinite(BadTraining):
    """A loss or a weight that is not a finite number; the message names the step and the tensor."""
