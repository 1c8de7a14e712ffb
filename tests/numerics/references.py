"""The optimizers a second time: torch.optim's own, and plain Python from the published pseudocode elsewhere.

A reference walks from w [replicas, dim] along given gradients [steps, replicas, dim] and returns weights and
momentum buffers after every step. ``mean_squares`` [steps, replicas, 1] belong to the gradients; only rules
without beta2 look at them.
"""

import math
from contextlib import contextmanager

import torch

from numerics.gradients import Gradient

STEPS = 20


@contextmanager
def double_scalars():
    """torch.optim.NAdam keeps its product of momenta in the default dtype, single precision unless told."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def of_torch(build, decoupled=False):
    """The walk of a torch.optim optimizer; ``decoupled`` shrinks the weights by hand and leaves torch no decay."""

    def walk(w, gradients, mean_squares, *, lr, wd, **hyper):
        w = w.clone().requires_grad_()
        weights, buffers = [], []
        with double_scalars():
            optimizer = build([w], lr=lr, weight_decay=0.0 if decoupled else wd, **hyper)
            for g in gradients:
                if decoupled:
                    w.data.mul_(1 - lr * wd)
                w.grad = g.clone()
                optimizer.step()
                state = optimizer.state[w]
                buffer = next((state[name] for name in ("momentum_buffer", "exp_avg") if name in state), None)
                weights.append(w.detach().clone())
                buffers.append(torch.zeros_like(w) if buffer is None else buffer.clone())
        return torch.stack(weights), torch.stack(buffers)

    return walk


def with_betas(optimizer, **fixed):
    """A torch optimizer of the Adam family, told beta1 and beta2 apart."""
    return lambda parameters, beta1, beta2, **hyper: optimizer(parameters, betas=(beta1, beta2), **fixed, **hyper)


def nesterov(parameters, **hyper):
    """torch.optim.SGD with Nesterov momentum."""
    return torch.optim.SGD(parameters, nesterov=True, **hyper)


def rmsprop(parameters, beta2, **hyper):
    """torch.optim.RMSprop, whose alpha is our beta2."""
    return torch.optim.RMSprop(parameters, alpha=beta2, **hyper)


def by_hand(layer):
    """The walk of generators, one a layer, which are sent (gradient, mean square) and yield (weights, buffer)."""

    def walk(w, gradients, mean_squares, **hyper):
        replicas = []
        for i, start in enumerate(w.tolist()):
            steps = layer(start, **hyper)
            next(steps)
            both = zip(gradients[:, i].tolist(), mean_squares[:, i, 0].tolist(), strict=True)
            replicas.append([steps.send(pair) for pair in both])
        return torch.tensor(replicas, dtype=torch.float64).permute(2, 1, 0, 3).unbind()

    return walk


def length(x):
    """Euclidean norm of a list."""
    return sum(c * c for c in x) ** 0.5


def sign(x):
    """-1, 0 or 1."""
    return (x > 0) - (x < 0)


def lion(x, lr, wd, beta1, beta2):
    """Chen et al. 2023, program 1."""
    m = [0.0] * len(x)
    while True:
        g, _ = yield x, m
        c = [beta1 * a + (1 - beta1) * b for a, b in zip(m, g, strict=True)]
        x = [a - lr * (sign(b) + wd * a) for a, b in zip(x, c, strict=True)]
        m = [beta2 * a + (1 - beta2) * b for a, b in zip(m, g, strict=True)]


def signsgd(x, lr, wd):
    """Bernstein et al. 2018, algorithm 1, with decoupled decay."""
    m = [0.0] * len(x)
    while True:
        g, _ = yield x, m
        x = [a - lr * (sign(b) + wd * a) for a, b in zip(x, g, strict=True)]


def signum(x, lr, wd, beta1):
    """Bernstein et al. 2018, algorithm 2, with decoupled decay."""
    m = [0.0] * len(x)
    while True:
        g, _ = yield x, m
        m = [beta1 * a + (1 - beta1) * b for a, b in zip(m, g, strict=True)]
        x = [a - lr * (sign(b) + wd * a) for a, b in zip(x, m, strict=True)]


def ngd(x, lr, wd, beta1):
    """Vector-normalised SGD with an EMA of the normalised gradients."""
    m = [0.0] * len(x)
    while True:
        g, _ = yield x, m
        n = length(g)
        m = [beta1 * a + (1 - beta1) * (b / n if n else 0.0) for a, b in zip(m, g, strict=True)]
        x = [a - lr * wd * a - lr * b for a, b in zip(x, m, strict=True)]


def lars(x, lr, wd, momentum, trust):
    """You, Gitman and Ginsburg 2017, algorithm 1 with the coefficient of equation 6."""
    v = [0.0] * len(x)
    while True:
        g, _ = yield x, v
        local = trust * length(x) / (length(g) + wd * length(x))
        v = [momentum * c + lr * local * (b + wd * a) for a, b, c in zip(x, g, v, strict=True)]
        x = [a - c for a, c in zip(x, v, strict=True)]


def lamb(x, lr, wd, beta1, beta2, eps=0.0):
    """You et al. 2020, algorithm 2 with phi(z) = z; without beta2, r = m/sqrt(mean square)."""
    m, v, t = [0.0] * len(x), [0.0] * len(x), 0
    while True:
        g, mean_square = yield x, m
        t += 1
        m = [beta1 * a + (1 - beta1) * b for a, b in zip(m, g, strict=True)]
        if beta2 is None:
            r = [a / mean_square**0.5 for a in m]
        else:
            v = [beta2 * a + (1 - beta2) * b * b for a, b in zip(v, g, strict=True)]
            debiased = [(a / (1 - beta1**t), b / (1 - beta2**t)) for a, b in zip(m, v, strict=True)]
            r = [a / (b**0.5 + eps) for a, b in debiased]
        u = [a + wd * b for a, b in zip(r, x, strict=True)]
        ratio = length(x) / length(u)
        x = [a - lr * ratio * b for a, b in zip(x, u, strict=True)]


def adam_tensor(decoupled):
    """Adam-mini (Zhang et al. 2024, algorithm 1) of one block: v averages the mean of the squares over the block."""

    def layer(x, lr, wd, beta1, beta2, eps):
        m, v, t = [0.0] * len(x), 0.0, 0
        while True:
            g, _ = yield x, m
            t += 1
            if not decoupled:
                g = [a + wd * b for a, b in zip(g, x, strict=True)]
            m = [beta1 * a + (1 - beta1) * b for a, b in zip(m, g, strict=True)]
            v = beta2 * v + (1 - beta2) * sum(a * a for a in g) / len(g)
            under = (v / (1 - beta2**t)) ** 0.5 + eps
            if decoupled:
                x = [a - lr * wd * a for a in x]
            x = [a - lr * (b / (1 - beta1**t)) / under for a, b in zip(x, m, strict=True)]

    return by_hand(layer)


def instantaneous(decoupled, nadam=False):
    """RMSprop (without beta1), Adam or NAdam that divide by the root of the mean square given w."""

    def layer(x, lr, wd, beta1=None, beta2=None, momentum_decay=0.004, at_step=None):
        assert beta2 is None
        m, none = [0.0] * len(x), [0.0] * len(x)
        while True:
            g, mean_square = yield x, none if beta1 is None else m
            if not decoupled:
                mean_square += wd * wd * length(x) ** 2 / len(x)
                g = [a + wd * b for a, b in zip(g, x, strict=True)]
            m = g if beta1 is None else [beta1 * a + (1 - beta1) * b for a, b in zip(m, g, strict=True)]
            step = m
            if nadam:
                late = at_step is None
                mu = beta1 if late else beta1 * (1 - 0.5 * 0.96 ** (at_step * momentum_decay))
                mu_next = beta1 if late else beta1 * (1 - 0.5 * 0.96 ** ((at_step + 1) * momentum_decay))
                step = [(1 - mu) * b + mu_next * a for a, b in zip(m, g, strict=True)]
            if decoupled:
                x = [a - lr * wd * a for a in x]
            x = [a - lr * b / mean_square**0.5 for a, b in zip(x, step, strict=True)]

    return by_hand(layer)


TORCH = {
    "sgd": of_torch(torch.optim.SGD),
    "sgdm": of_torch(torch.optim.SGD),
    "sgdw": of_torch(torch.optim.SGD, decoupled=True),
    "nesterov": of_torch(nesterov),
    "nesterovw": of_torch(nesterov, decoupled=True),
    "rmsprop": of_torch(rmsprop),
    "rmspropw": of_torch(rmsprop, decoupled=True),
    "adam_l2": of_torch(with_betas(torch.optim.Adam)),
    "adamw": of_torch(with_betas(torch.optim.AdamW)),
    "nadam_l2": of_torch(with_betas(torch.optim.NAdam)),
    "nadamw": of_torch(with_betas(torch.optim.NAdam, decoupled_weight_decay=True)),
}
PSEUDOCODE = {
    "lion": by_hand(lion),
    "signsgd": by_hand(signsgd),
    "signum": by_hand(signum),
    "ngd": by_hand(ngd),
    "lars": by_hand(lars),
    "lamb": by_hand(lamb),
    "adam_l2_tensor": adam_tensor(decoupled=False),
    "adamw_tensor": adam_tensor(decoupled=True),
}
INSTANTANEOUS = {
    "rmsprop": instantaneous(decoupled=False),
    "rmspropw": instantaneous(decoupled=True),
    "adam_l2": instantaneous(decoupled=False),
    "adamw": instantaneous(decoupled=True),
    "nadam_l2": instantaneous(decoupled=False, nadam=True),
    "nadamw": instantaneous(decoupled=True, nadam=True),
    "lamb": by_hand(lamb),
}
"""The rules that have a beta2 to leave out."""


def reference(optimizer, hyper):
    """The walk that an optimizer with these hyper-parameters must take."""
    if optimizer in INSTANTANEOUS and hyper.get("beta2") is None:
        return INSTANTANEOUS[optimizer]
    return TORCH[optimizer] if optimizer in TORCH else PSEUDOCODE[optimizer]


def walk_data(seed, size=1.0, replicas=2, dim=5):
    """Weights, gradients of about a size, mean squares that go with them only in order of magnitude."""
    generator = torch.Generator().manual_seed(seed)
    w = torch.randn(replicas, dim, generator=generator, dtype=torch.float64)
    gradients = size * torch.randn(STEPS, replicas, dim, generator=generator, dtype=torch.float64)
    mean_squares = size**2 * (0.5 + torch.rand(STEPS, replicas, 1, generator=generator, dtype=torch.float64))
    return w, gradients, mean_squares


def walk(update, w, gradients, mean_squares, along=None):
    """Weights and buffers after every step of an update, zeros where it keeps none, and the number of steps.

    Each step begins where the last one ended, or where it ended ``along`` given weights.
    """
    state, weights, buffers = update.start(w), [], []
    for t, (g, mean_square) in enumerate(zip(gradients, mean_squares, strict=True)):
        after, state = update.step(w, Gradient(g, mean_square), state)
        w = after if along is None else along[t]
        weights.append(after)
        buffers.append(torch.zeros_like(w) if state.buffer is None else state.buffer)
    return torch.stack(weights), torch.stack(buffers), state.steps


def distance(left, right, start=None):
    """Largest distance of two trajectories, relative to the largest norm so far, that of a start included."""
    norms = right.norm(dim=-1)
    if start is not None:
        norms[0] = norms[0].maximum(start.norm(dim=-1))
    return float(((left - right).norm(dim=-1) / norms.cummax(dim=0).values.clamp(min=1e-300)).max())


def departure(update, optimizer, hyper, data):
    """How far a step leads from its reference's."""
    return departure_from(reference(optimizer, hyper)(*data, **hyper), update, data)


def departure_from(theirs, update, data):
    """How far a step leads from a walk's, in weights or buffer; infinite if the update does not count its steps.

    The weights are the reference's before every step, the state is the update's own: coupled rules can be
    chaotic at large lr wd, and would blow up the rounding of the first steps.
    """
    *ours, steps = walk(update, *data, along=theirs[0])
    if steps != STEPS or any(a.shape != b.shape for a, b in zip(ours, theirs, strict=True)):
        return math.inf
    return max(distance(ours[0], theirs[0], data[0]), distance(ours[1], theirs[1]))
