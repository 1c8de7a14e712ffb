"""Small training runs to be recorded, and what a monitor should have seen of them, taken step by step."""

import numpy as np
import torch
from torch import nn

from numerics.monitor import Monitor, read
from numerics.seeding import generator

DATA = generator(7)
INPUTS = torch.randn(256, 6, generator=DATA, dtype=torch.float64)
TARGETS = torch.randint(0, 3, (256,), generator=DATA)


def network(seed=0, dtype=torch.float64, normalised=True):
    """A perceptron whose first two weights are scale-invariant where it is normalised."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        norm = nn.BatchNorm1d if normalised else nn.Identity
        first, second = nn.Linear(6, 8, bias=not normalised), nn.Linear(8, 5, bias=False)
        found = nn.Sequential(first, norm(8), nn.ReLU(), second, norm(5), nn.ReLU(), nn.Linear(5, 3)).to(dtype)
        for p in found.parameters():
            if p.dim() == 1:
                nn.init.normal_(p)
        return found


def batch_loss(model, step, size=16):
    """The loss on the step's batch, a function of the step."""
    index = torch.randint(0, len(INPUTS), (size,), generator=torch.Generator().manual_seed(step))
    inputs = INPUTS[index].to(next(model.parameters()).dtype)
    return nn.functional.cross_entropy(model(inputs), TARGETS[index])


def train(model, optimizer, steps, first=0, scheduler=None, seen=None, closure=False):
    """Train; ``seen`` collects (weights before, gradients, weights after) of every step."""
    for step in range(first, first + steps):
        before = [p.detach().clone() for p in model.parameters()]

        def evaluate(step=step):
            optimizer.zero_grad()
            loss = batch_loss(model, step)
            loss.backward()
            return loss

        if closure:
            optimizer.step(evaluate)
        else:
            evaluate()
            optimizer.step()
        if scheduler is not None:
            scheduler.step()
        if seen is not None:
            gradients = [p.grad.clone() for p in model.parameters()]
            seen.append((before, gradients, [p.detach().clone() for p in model.parameters()]))


def recorded(path, make, steps=40, every=1, schedule=None, closure=False, **options):
    """The record of a run of the network with the optimizer that ``make`` builds, and all that was seen by name."""
    model = network()
    optimizer = make(model)
    scheduler = schedule(optimizer) if schedule else None
    seen = []
    with Monitor(model, optimizer, path, every, coordinates=1000, neurons=1, **options):
        train(model, optimizer, steps, scheduler=scheduler, seen=seen, closure=closure)
    names = [name for name, _ in model.named_parameters()]
    columns = [np.stack([torch.stack([p.flatten() for p in part]).numpy() for part in rows]) for rows in zip(
        *[[(b, g, a) for b, g, a in zip(*step, strict=True)] for step in seen], strict=True
    )]  # fmt: skip
    return read(path), dict(zip(names, columns, strict=True))
