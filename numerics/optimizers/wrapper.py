"""An optimizer around another one, which sees float32 in place of half precision."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import Parameter
from torch.optim import Optimizer

from numerics.optimizers.base import HALF, Group, KeepsState, kept, usable
from numerics.optimizers.options import BadOptimizer


class Wrapper(KeepsState):
    """Steps of ``base``, whose state and arithmetic are in float32 where weights are in half precision.

    The wrapper takes ``base`` over: param groups, their options and learning rates are the wrapper's from then on, and
    are handed to ``base`` before each step. With ``master`` the weights themselves are kept in float32, in the state;
    without it they are rounded to their dtype after each step, and updates below half a unit in the last place are
    lost. A closure is evaluated once, before the step.

    A subclass says by ``controls`` which parameters it moves itself, and moves them in ``move`` along the change that
    ``base`` makes of them, which has no weight decay where ``without_decay`` is True.

    Raises BadOptimizer for an optimizer that evaluates its closure itself, and for one without ``lr``.
    """

    without_decay = False
    carried: ClassVar[tuple[str, ...]] = ()
    """A subclass's own attributes, for pickle and copy."""

    def __init__(self, base: Optimizer, *, master: bool = False, **own: Any) -> None:
        name = type(base).__name__
        if isinstance(base, torch.optim.LBFGS):
            raise BadOptimizer(f"{name} evaluates its closure several times a step, which {type(self).__name__} cannot")
        if "lr" not in base.defaults:
            raise BadOptimizer(f"{name} has no lr in its param groups, which {type(self).__name__} needs")
        own["master"] = master
        # An option of the wrapper hides one of the same name that base has.
        groups = [{**group, **{k: v for k, v in own.items() if k in base.defaults}} for group in base.param_groups]
        self.base, self.shared = base, set(base.defaults) - set(own)
        self.proxies: dict[Tensor, Tensor] = {}
        base.param_groups = []
        super().__init__(groups, {**base.defaults, **own})

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """As in torch; ``base`` gets two groups, of the parameters that are controlled here and of the others."""
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        group["raw_lr"] = float(group["lr"])
        for controlled in (True, False):
            mine = [p for p in group["params"] if self.controls(group, p) == controlled]
            options = {k: v for k, v in group.items() if k in self.shared}
            self.base.param_groups.append({**self.base.defaults, **options, "params": [self.proxy(p) for p in mine]})

    def proxy(self, p: Tensor) -> Tensor:
        """What ``base`` sees of a parameter: itself, or a float32 copy of one in half precision."""
        if p.dtype not in HALF:
            self.proxies[p] = p
            return p
        found = self.proxies[p] = Parameter(p.detach().float())
        if p in self.base.state:
            before = self.base.state.pop(p)
            self.base.state[found] = {k: v.float() if _half(v) else v for k, v in before.items()}
        return found

    def controls(self, group: Group, p: Tensor) -> bool:
        """Whether ``move`` moves the parameter."""
        return False

    def begin(self, group: Group, p: Tensor, w: Tensor) -> None:
        """What is done to a controlled parameter's weights w, in place, before its gradient is used."""

    def move(self, group: Group, p: Tensor, w: Tensor, change: Tensor) -> None:
        """Moves a controlled parameter's weights w in place; ``change`` is what ``base`` would add to them."""
        raise NotImplementedError

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step; returns the loss of ``closure``."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        before: dict[Tensor, Tensor] = {}
        for group, p in self.moving():
            self.take(group, p)
            if self.controls(group, p):
                self.begin(group, p, self.proxies[p])
                before[p] = self.proxies[p].detach().clone()
        self.hand_over()
        self.base.step()
        for group, p in self.moving():
            proxy = self.proxies[p]
            if p in before:
                change = proxy - before[p]
                proxy.copy_(before[p])
                self.move(group, p, proxy, change)
            if proxy is not p:
                p.copy_(proxy)
                proxy.grad = None
        return loss

    def moving(self) -> list[tuple[Group, Tensor]]:
        """The parameters with a gradient, each with its group."""
        return [(group, p) for group in self.param_groups for p in group["params"] if p.grad is not None]

    def take(self, group: Group, p: Tensor) -> None:
        """Gives the parameter's gradient, and its weights where they have no master, to its proxy."""
        assert p.grad is not None
        gradient, proxy = usable(type(self).__name__, p.grad), self.proxies[p]
        if proxy is p:
            return
        proxy.grad = gradient
        if group["master"]:
            proxy.data = kept([self.state[p]], "master", [p], start=lambda p: p.float())[0]
        else:
            proxy.data.copy_(p)

    def hand_over(self) -> None:
        """Gives the groups' options to ``base``."""
        for i, group in enumerate(self.param_groups):
            inner, outer = self.base.param_groups[2 * i : 2 * i + 2]
            for one in (inner, outer):
                one.update({k: v for k, v in group.items() if k in self.shared})
            if self.without_decay:
                inner["lr"] = group["raw_lr"]
                if "weight_decay" in inner:
                    inner["weight_decay"] = 0.0

    def state_dict(self) -> dict[str, Any]:
        """As in torch, with that of the inner optimizer as ``base``."""
        return {**super().state_dict(), "base": self.base.state_dict()}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """As in torch; raises BadOptimizer where the state is not that of a wrapper."""
        if "base" not in state_dict:
            raise BadOptimizer(f"the state is not that of a {type(self).__name__}: it has no state of a base optimizer")
        super().load_state_dict(state_dict)
        self.base.load_state_dict(copy.deepcopy(dict(state_dict["base"])))

    def __getstate__(self) -> dict[str, Any]:
        """For pickle and copy, which torch's leaves without the subclass's own."""
        names = ("base", "shared", "proxies", *self.carried)
        own = {name: value for name, value in vars(self).items() if name in names}
        return {**super().__getstate__(), **own}


def _half(value: Any) -> bool:
    return isinstance(value, Tensor) and value.dtype in HALF
