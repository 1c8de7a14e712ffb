"""Heavy ball whose weight decay pulls at the weights that the momentum looks ahead to."""

from theory import UpdateRule
from theory.symbols import lr, momentum, wd


def step(w, m, g):
    m = momentum * m + g + wd * (w - lr * momentum * m)
    return w - lr * m, m


rule = UpdateRule.from_step("look-ahead decay", step, ("w", "m"))
