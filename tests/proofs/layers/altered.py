"""True obligations, and false ones made from them: a wrong coefficient, a wrong sign, exchanged betas."""

from dataclasses import fields

from sympy import Integer, Rational

from proofs import CLAIMS
from proofs.claim import Claim, Obligation
from theory.symbols import beta1, beta2, decay, index, momentum

a = 1 - decay
COSINE = (a + beta1) / (1 + a * beta1)

TRUE = {
    "equal": Obligation("AdamW's 1 - cos", 1 - COSINE, decay * (1 - beta1) / (1 + a * beta1)),
    "square": Obligation("square", (1 - momentum) ** 2, 1 - 2 * momentum + momentum**2),
    "bound": Obligation("arcsine ratio", (2 * index + 1) ** 2 / ((2 * index + 2) * (2 * index + 3)), Integer(1), "<="),
}
FALSE = {
    "wrong coefficient": Obligation("coefficient", decay * 2 / (1 + momentum), decay * 3 / (1 + momentum)),
    "wrong sign": Obligation("sign", COSINE, (a - beta1) / (1 - a * beta1)),
    "exchanged betas": Obligation(
        "betas", (1 - beta1) * beta2 / (1 + beta1 * beta2**2), (1 - beta2) * beta1 / (1 + beta2 * beta1**2)
    ),
    "wrong power": Obligation("power", decay**2 * (1 - beta1), decay * (1 - beta1)),
    "wrong by a trillionth": Obligation("trillionth", decay, decay * (1 + Rational(1, 10**12))),
    "false inequality": Obligation("inequality", 1 + momentum, 1 + momentum**2, "<="),
    "false bound": Obligation("bound", Integer(1), (2 * index + 1) ** 2 / ((2 * index + 2) * (2 * index + 3)), "<="),
}


def with_obligations(*owed):
    """A claim that owes these."""
    claim = CLAIMS["sgd-angle"]
    return Claim(**{f.name: getattr(claim, f.name) for f in fields(claim)} | {"obligations": lambda: list(owed)})


def shortest(obligations):
    """The obligation with the fewest operations; None where nothing is owed."""
    return min(obligations, key=lambda owed: owed.left.count_ops() + owed.right.count_ops(), default=None)
