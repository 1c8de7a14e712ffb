"""A monitor for anyone's run: norms, angles and correlations of a model's tensors while an optimizer moves them."""

from numerics.monitor.correlations import Correlations, Followed
from numerics.monitor.errors import BadMonitor, BadRecord, MonitorWarning
from numerics.monitor.monitor import Monitor
from numerics.monitor.reading import read
from numerics.monitor.record import Record, TensorRecord

__all__ = [
    "BadMonitor",
    "BadRecord",
    "Correlations",
    "Followed",
    "Monitor",
    "MonitorWarning",
    "Record",
    "TensorRecord",
    "read",
]
