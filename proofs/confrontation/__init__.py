"""Confronting a prediction with a simulation: the only place where theory and numerics meet.

Four designs. *Stationarity*: replicas start at the predicted second moments and take one step; no
moment may move on average, and the overlap of the step gives the cosine. Given the moments one step is
exact at every dimension, so no mean field enters. *Perturbation*: pairs of replicas that share their
noise start on either side of the prediction along an eigenvector of the Jacobian; their difference must
grow by its multiplier. *Decay*: away from equilibrium, the whole way back, against the moments that theory
iterates, and the twins' distance against the multiplier's powers. *Long run*: from anywhere, to the end, average.

Every comparison is a Student t test over independent replicas, Bonferroni-corrected within a confrontation,
with a stated probability of a false alarm. Errors are widened by a floor for rounding.
"""

from proofs.confrontation.catalogue import confront, designs
from proofs.confrontation.decay import decay, predicted_path, twins
from proofs.confrontation.designs import long_run, perturbation, perturbation_of, stationarity, stationarity_of
from proofs.confrontation.signs import WARM, lion_perturbation, sign_correlation, sign_stationarity
from proofs.confrontation.subject import Bench, Predicted, Subject, moments_of, own, start_at

__all__ = [
    "WARM",
    "Bench",
    "Predicted",
    "Subject",
    "confront",
    "decay",
    "designs",
    "lion_perturbation",
    "long_run",
    "moments_of",
    "own",
    "perturbation",
    "perturbation_of",
    "predicted_path",
    "sign_correlation",
    "sign_stationarity",
    "start_at",
    "stationarity",
    "stationarity_of",
    "twins",
]
