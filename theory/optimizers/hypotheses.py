"""Hypotheses that several rules share, as they are printed beside every number."""

SCALE_INVARIANT = (
    "the loss is scale-invariant: <g, w> = 0 and |g|^2 = |unit g|^2 / |w|^2",
    "the unit gradient has constant E|unit g|^2 = L and is white in time given the past",
)
WHITE = "gradients are white in time, with mean zero given the past"
DENOMINATOR_AT_MEAN = (
    "v stands at the instantaneous mean of g^2 (the limit beta2 -> 1 with a stationary gradient scale)"
)
NO_EPS = "eps = 0, no bias correction"
NORMALISED = (DENOMINATOR_AT_MEAN, WHITE, NO_EPS)
STILL = "NAdam's schedule stands still: the buffer is weighed by mu_t where PyTorch has mu_(t+1), the same at the limit"
WITH_DECAY_IN_DENOMINATOR = (
    *SCALE_INVARIANT,
    "v stands at the mean of (g + wd w)^2 over time and coordinates, (L/|w|^2 + wd^2 |w|^2) / d in each",
    NO_EPS,
)
GAUSSIAN_SIGN = (
    "gradients are white in time and Gaussian, of constant scale per coordinate",
    "the gradient has mean zero given the past",
)
