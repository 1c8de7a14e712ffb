"""The controlled optimizers a second time, as plain loops in float64 on one matrix of rows.

Each takes w [rows][entries], gradients [steps][rows][entries] and ``wrong``, the name of an error to plant or None,
and returns the weights after each step.
"""

import math
from itertools import chain

LR, WD, BETA1, BETA2, EPS = 0.02, 0.3, 0.7, 0.9, 1e-8
SCHEDULE = [1.0, 0.8, 0.5, 0.5, 0.3, 0.1, 0.9, 0.4]
"""Each step's lr over LR."""


def dot(x, y):
    """Scalar product of lists."""
    return sum(a * b for a, b in zip(x, y, strict=True))


def length(x):
    """Euclidean norm of a list."""
    return math.sqrt(dot(x, x))


def sign(x):
    """-1, 0 or 1."""
    return (x > 0) - (x < 0)


def mix(a, x, b, y):
    """a x + b y."""
    return [a * p + b * q for p, q in zip(x, y, strict=True)]


class Sgdm:
    """The heavy ball's raw update of a vector."""

    def __init__(self, size):
        self.m, self.angle = [0.0] * size, lambda lr: math.sqrt(2 * lr * WD / (1 + BETA1))

    def update(self, g):
        """The buffer."""
        self.m = mix(BETA1, self.m, 1, g)
        return self.m


class AdamW:
    """Adam's raw update of a vector."""

    def __init__(self, size):
        self.m, self.v, self.t = [0.0] * size, [0.0] * size, 0
        self.angle = lambda lr: math.sqrt(2 * lr * WD * (1 - BETA1) / (1 + BETA1))

    def update(self, g):
        """The average over the root of the average square, both corrected."""
        self.t += 1
        self.m = mix(BETA1, self.m, 1 - BETA1, g)
        self.v = mix(BETA2, self.v, 1 - BETA2, [a * a for a in g])
        held1, held2 = 1 - BETA1**self.t, 1 - BETA2**self.t
        return [m / held1 / (math.sqrt(v / held2) + EPS) for m, v in zip(self.m, self.v, strict=True)]


class Lion:
    """Lion's raw update of a vector."""

    def __init__(self, size):
        self.m = [0.0] * size
        filtered = (1 - BETA1) ** 2 + BETA1**2 * (1 - BETA2) / (1 + BETA2)
        self.angle = lambda lr: math.sqrt(math.pi / 2 * 2 * lr * WD * filtered)

    def update(self, g):
        """The signs."""
        c = mix(BETA1, self.m, 1 - BETA1, g)
        self.m = mix(BETA2, self.m, 1 - BETA2, g)
        return [float(sign(x)) for x in c]


RAW = {"sgdm": Sgdm, "adamw": AdamW, "lion": Lion}


def rotational(raw, centre, phi):
    """The rotational variant of a raw update, each row on its own."""

    def row(w, gradients, wrong):
        base, n, nu, path = RAW[raw](len(w)), length(w), 0.0, []
        if centre:
            w = [a - sum(w) / len(w) for a in w]
            w = [n / length(w) * a for a in w] if wrong != "norm lost in centring" else w
        for t, (g, share) in enumerate(zip(gradients, SCHEDULE, strict=True), 1):
            d = base.update(mix(1, g, WD, w) if wrong == "decay in the gradient" else g)
            if wrong != "not projected":
                d = mix(1, d, -dot(d, w) / n**2, w)
            if centre and wrong != "update not centred":
                d = [a - sum(d) / len(d) for a in d]
            nu = phi * nu + (1 - phi) * dot(d, d)
            debiased = nu if wrong == "no bias correction" else nu / (1 - phi**t)
            eta = base.angle(LR if wrong == "schedule ignored" else LR * share)
            w = mix(1, w, -eta * n / (math.sqrt(debiased) + EPS), d)
            w = w if wrong == "not back on the sphere" else [n / length(w) * a for a in w]
            path.append(w)
        return path

    return lambda w, gradients, wrong=None: by_rows(row, w, gradients, wrong)


def by_rows(row, w, gradients, wrong):
    """A rule of one row applied to each."""
    paths = [row(w[i], [g[i] for g in gradients], wrong) for i in range(len(w))]
    return [[path[t] for path in paths] for t in range(len(gradients))]


def flat(rule):
    """A rule of one vector applied to the whole matrix."""

    def whole(w, gradients, wrong=None):
        path = rule(list(chain(*w)), [list(chain(*g)) for g in gradients], wrong)
        size = len(w[0])
        return [[x[i : i + size] for i in range(0, len(x), size)] for x in path]

    return whole


@flat
def lion_a(w, gradients, wrong):
    """Signs of one norm."""
    m, path = [0.0] * len(w), []
    for g, share in zip(gradients, SCHEDULE, strict=True):
        lr = LR * share
        s = [sign(x) for x in mix(BETA1, m, 1 - BETA1, g)]
        m = mix(BETA2, m, 1 - BETA2, g)
        beta = BETA2 if wrong == "other beta" else BETA1
        size = math.sqrt((1 - beta) / (1 + beta)) * math.sqrt(len(w)) / (length(s) or 1)
        if wrong == "zeros make it smaller":
            size = math.sqrt((1 - beta) / (1 + beta))
        w = mix(1 - (0 if wrong == "no decay" else lr * WD), w, -lr * size, s)
        path.append(w)
    return path


def lion_ar(schedule):
    """Lion's direction on the sphere."""

    @flat
    def rule(w, gradients, wrong):
        m, n, path = [0.0] * len(w), length(w), []
        for g, share in zip(gradients, SCHEDULE, strict=True):
            s = [sign(x) for x in mix(BETA1, m, 1 - BETA1, g)]
            m = mix(BETA2, m, 1 - BETA2, g)
            squared = 2 * LR * WD * (1 - BETA1) / (1 + BETA1)
            linear = (schedule == "linear") != (wrong == "other schedule")
            theta = share * math.sqrt(squared) if linear else math.sqrt(share * squared)
            w = mix(1, w, -theta * (1 if wrong == "norm left out" else n) / (length(s) or 1), s)
            if wrong != "not back on the sphere":
                w = [n / length(w) * a for a in w]
            path.append(w)
        return path

    return rule


def bias_factor(bias, beta, t):
    """What multiplies a corrected average, from the weights that its terms have at step t."""
    terms = [(1 - beta) * beta**k for k in range(t)]
    stationary = (1 - beta) / (1 + beta)
    corrected = sum(a * a for a in terms) / sum(terms) ** 2
    return {"corrected": 1.0, "inverse": sum(terms), "level": math.sqrt(stationary / corrected)}[bias]


def adamw_biased(bias):
    """AdamW with the factor of its momentum's bias."""

    def row(w, gradients, wrong):
        base, path = AdamW(len(w)), []
        for t, (g, share) in enumerate(zip(gradients, SCHEDULE, strict=True), 1):
            lr = LR * share
            f = bias_factor(bias, BETA2 if wrong == "other beta" else BETA1, t + (wrong == "a step late"))
            w = mix(1 - lr * WD, w, -lr * f, base.update(g))
            path.append(w)
        return path

    return lambda w, gradients, wrong=None: by_rows(row, w, gradients, wrong)


def lion_inverse(w, gradients, wrong=None):
    """Lion with signs reduced to the weight of the average."""

    def row(w, gradients, wrong):
        m, held, path = [0.0] * len(w), 0.0, []
        for g, share in zip(gradients, SCHEDULE, strict=True):
            lr, f = LR * share, BETA1 * held + (1 - BETA1)
            s = [sign(x) for x in mix(BETA1, m, 1 - BETA1, g)]
            m, held = mix(BETA2, m, 1 - BETA2, g), BETA2 * held + 1 - BETA2
            w = mix(1 - lr * WD, w, -lr * (held if wrong == "weight of m" else f), s)
            path.append(w)
        return path

    return by_rows(row, w, gradients, wrong)


def adamc(w, gradients, wrong=None):
    """AdamW with the decay of a corrected coefficient."""

    def row(w, gradients, wrong):
        base, path = AdamW(len(w)), []
        for g, share in zip(gradients, SCHEDULE, strict=True):
            lr = LR * share
            wd = WD if wrong == "plain decay" else WD * lr / LR
            w = mix(1 - lr * wd, w, -lr, base.update(g))
            path.append(w)
        return path

    return by_rows(row, w, gradients, wrong)


def projected(w, gradients, wrong):
    """Along the gradient and back to the sphere."""
    rho, path = length(w), []
    for g, share in zip(gradients, SCHEDULE, strict=True):
        w = mix(1, w, -LR * share * (1 if wrong == "plain lr" else rho**2), g)
        w = w if wrong == "not back on the sphere" else [rho / length(w) * a for a in w]
        path.append(w)
    return path


def projected_rows(w, gradients, wrong=None):
    """The same, each row on its own sphere."""
    return by_rows(projected, w, gradients, wrong)


@flat
def compensated(w, gradients, wrong):
    """AdamW whose step shrinks where the gradient is mostly signal."""
    base, path, seen = AdamW(len(w)), [], []
    for t, (g, share) in enumerate(zip(gradients, SCHEDULE, strict=True), 1):
        seen.append(g)
        beta = 0.9
        weight = [(1 - beta) * beta ** (t - 1 - i) for i in range(t)]
        weight = [a / sum(weight) for a in weight]
        mean = [sum(a * x[j] for a, x in zip(weight, seen, strict=True)) for j in range(len(w))]
        square = sum(a * dot(x, x) for a, x in zip(weight, seen, strict=True))
        left = 0.0 if wrong == "noise of the mean forgotten" else sum(a * a for a in weight)
        factor = math.sqrt(0.05 / 1.05)
        if t > 1:
            snr = max(0.0, dot(mean, mean) - left * square) / (square - dot(mean, mean))
            factor = min(1.0, factor / math.sqrt(snr / (1 + snr))) if snr else 1.0
        lr = LR * share
        spared = 1 if wrong == "decay not compensated" else factor
        step = mix(-lr * WD * spared, w, -lr * factor, base.update(g))
        w = mix(1, w, 1 / factor if wrong == "no compensation" else 1, step)
        path.append(w)
    return path
