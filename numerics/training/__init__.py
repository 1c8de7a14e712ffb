"""Training a network: deterministic, interruptible, with an optimizer of any kind."""

from numerics.training.evaluation import Evaluation, cross_entropy, evaluate
from numerics.training.loop import Outcome, steps_done, train
from numerics.training.schedule import Schedule

__all__ = ["Evaluation", "Outcome", "Schedule", "cross_entropy", "evaluate", "steps_done", "train"]
