"""The rule of look_ahead_rule.py as an optimizer."""

import torch


class LookAheadDecay(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, momentum=0.9, weight_decay=0.0):
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            lr, momentum, wd = group["lr"], group["momentum"], group["weight_decay"]
            for w in group["params"]:
                m = self.state[w].setdefault("momentum_buffer", torch.zeros_like(w))
                ahead = w - lr * momentum * m
                m.mul_(momentum).add_(w.grad).add_(ahead, alpha=wd)
                w.sub_(m, alpha=lr)
