"""Claims about the motion away from equilibrium: any start, any schedule, drops, warmup, the end of a decay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import theory
from proofs.claim import Claim, Formula, Kind, Obligation, Setting

if TYPE_CHECKING:
    from sympy import Expr

    from proofs.comparison import Confrontation
    from theory.schedule import Schedule
    from theory.transient import SlowLaw

SLOW = "p tends to 0 at fixed momentum coefficients, and lr changes little in 1/(1 - momentum) steps"
LINEAR = ("sgd", "sgdm", "adamw")


# --- the exact recursion -------------------------------------------------------------------------------------------


def _recursion_formulas() -> list[Formula]:
    from sympy import MatrixSymbol, Symbol

    from theory.gram import after_step, input_moments
    from theory.symbols import squared_norm

    m, g, c, n = (MatrixSymbol(name, 2, 2) for name in ("M_t", "G", "c", "N_t"))
    q, across, along = Symbol("q"), Symbol("R"), Symbol("V")
    after = after_step(g, m, input_moments(m, n, c), q)
    sine = (squared_norm * across - along**2) / (squared_norm * Symbol("A'"))
    return [Formula("G'", after), Formula(r"\sin^2\theta", sine)]


def _recursion_obligations() -> list[Obligation]:
    return [owed for name in (*LINEAR, "lion") for owed in _one_recursion(name)]


def _one_recursion(name: str) -> list[Obligation]:
    from sympy import Matrix

    from proofs.moments import after_step, moment_symbol, overlap

    recursion = theory.equilibrium_of(name).recursion
    size, energy, drive = recursion.transition.rows, recursion.rule.amplitude, recursion.drive
    gram = Matrix(size, size, moment_symbol)
    engine, expanded = recursion.step(gram, energy), after_step(recursion, energy)
    # r = w' - M_00 w holds the buffers and the input, M_00 w turns nothing.
    rest = Matrix([[0, *recursion.transition[0, 1:]]])
    along = (rest * gram)[0] + energy * drive[0] * recursion.cross[0]
    across = (rest * gram * rest.T)[0] + energy * drive[0] * (drive[0] + 2 * (rest * recursion.cross)[0])
    return [
        *(
            Obligation(f"{name}: moment {i}{j} after a step", engine[i, j], expanded[i, j])
            for i in range(size)
            for j in range(i, size)
        ),
        Obligation(
            f"{name}: A R - V^2 = A A' - E<w, w'>^2",
            gram[0, 0] * across - along**2,
            gram[0, 0] * expanded[0, 0] - overlap(recursion, energy) ** 2,
        ),
    ]


def _recursion_experiment(device: str) -> list[Confrontation]:
    from proofs.confrontation import Bench
    from proofs.trajectories import confront
    from theory.schedule import scheduled

    def bench(law: str) -> Bench:
        return Bench(law=law, dim=768, replicas=16, seed=41, device=device)

    def cosine(lr: float) -> Schedule:
        return scheduled("cosine", lr=lr, wd=0.3, steps=300, warmup=30)

    at, claim = (0, 10, 30, 90, 299), "trajectory-recursion"
    return [
        confront(claim, "sgdm", cosine(0.05), 0.7, bench("fixed"), at, {"momentum": 0.9}),
        confront(claim, "adamw", cosine(0.1), 8.0, bench("iid"), at, {"beta1": 0.9, "dim": 768}),
        confront(claim, "lion", cosine(0.1), 8.0, bench("iid"), at, {"beta1": 0.9, "beta2": 0.99, "dim": 768}),
    ]


# --- SGD for each trajectory ---------------------------------------------------------------------------------------


def _sgd_formulas() -> list[Formula]:
    from theory import transient

    return [Formula("A'", transient.sgd_squared_norm()), Formula(r"\tan\theta", transient.sgd_tangent())]


def _sgd_obligations() -> list[Obligation]:
    from proofs.moments import after_step, overlap
    from theory import transient
    from theory.symbols import squared_norm

    recursion = theory.equilibrium_of("sgd").recursion
    after = after_step(recursion, recursion.rule.amplitude)[0, 0]
    cosine_squared = overlap(recursion, recursion.rule.amplitude) ** 2 / (squared_norm * after)
    return [
        Obligation("the norm after a step, expanding the step", transient.sgd_squared_norm(), after),
        Obligation("tan^2 = 1/cos^2 - 1", transient.sgd_tangent() ** 2, 1 / cosine_squared - 1),
    ]


def _sgd_experiment(device: str) -> list[Confrontation]:
    from proofs.confrontation import Bench
    from proofs.trajectories import confront
    from theory.schedule import SHAPES, scheduled

    bench = Bench(law="fixed", dim=16, replicas=4, seed=42, device=device)
    at = (0, 1, 7, 40, 100, 199)
    return [
        confront("sgd-trajectory", "sgd", scheduled(kind, lr=0.1, wd=0.3, steps=200, warmup=9), 0.4, bench, at, {})
        for kind in SHAPES
    ]


def _fourth_formulas() -> list[Formula]:
    from sympy import factor

    from theory import transient

    bound = transient.sgd_fourth_power_bound()
    excess = factor(transient.sgd_squared_norm() ** 2 - bound)
    return [Formula("A'^2", bound, r"\ge"), Formula(r"\text{excess}", excess), Formula(r"B/A_*^2", _fourth_floor())]


def _fourth_floor() -> Expr:
    """The bound's fixed point over the true one, at constant lr and wd."""
    from sympy import Symbol, factor, solve, sqrt

    from theory import transient
    from theory.symbols import squared_norm

    power = Symbol("Q", positive=True)
    (fixed,) = solve(transient.sgd_fourth_power_bound().subs(squared_norm, sqrt(power)) - power, power)
    return factor(fixed / theory.equilibrium_of("sgd").norm_power)


def _fourth_obligations() -> list[Obligation]:
    from sympy import Integer

    from theory import transient
    from theory.symbols import decay, energy, lr, squared_norm

    kept = (1 - decay) ** 2
    excess = (kept * squared_norm + lr**2 * energy / squared_norm) ** 2 - transient.sgd_fourth_power_bound()
    return [
        Obligation("the excess is the square of the gradient's part", excess, (lr**2 * energy / squared_norm) ** 2),
        Obligation("the excess is not negative", Integer(0), (lr**2 * energy / squared_norm) ** 2, "<="),
        Obligation("the bound's limit over the true one", _fourth_floor(), 2 * kept / (1 + kept)),
    ]


# --- the slow law --------------------------------------------------------------------------------------------------


def _slow_claim(optimizer: str, title: str, setting: Setting) -> Claim:
    def law() -> tuple[SlowLaw, Expr]:
        from theory import transient

        rule = theory.OPTIMIZERS[optimizer]
        return transient.slow_law(rule), transient.angle_constant(rule)

    def formulas() -> list[Formula]:
        from theory import transient
        from theory.forms import positive_factors, tidy

        slow, constant = law()
        return [
            Formula(r"\frac{dQ}{dt}", transient.rate * (transient.target - transient.start).subs(transient.start, q())),
            Formula("Q", norm() ** (2 * (1 - slow.elasticity))),
            Formula("r", tidy(slow.rate)),
            Formula("Q_{eq}", tidy(slow.equilibrium)),
            Formula(r"\theta^2", positive_factors(constant) / q()),
        ]

    def q() -> Expr:
        from sympy import Symbol

        return Symbol("Q", positive=True)

    def norm() -> Expr:
        from sympy import Symbol

        return Symbol(r"\|w\|", positive=True)

    def obligations() -> list[Obligation]:
        from sympy import Matrix, cancel, powdenest

        from theory.symbols import decay

        slow, constant = law()
        found = theory.equilibrium_of(optimizer)
        recursion = found.recursion
        moved = recursion.transition - Matrix.eye(recursion.transition.rows)
        walked = (moved * recursion.unit_gram * moved.T + recursion.noise)[0, 0]
        published = powdenest(found.norm_leading_order.leading**found.norm_exponent, force=True)
        return [
            Obligation("it rests at the equilibrium's leading order", slow.equilibrium, published),
            Obligation("its rate is the slow multiplier's", slow.rate, 1 - found.rate_leading_order),
            Obligation(
                "theta^2 Q is the mean square of one step of w at p = 0, per unit of q",
                constant / slow.constant,
                cancel(walked).subs(decay, 0),
            ),
        ]

    return Claim(
        id=f"{optimizer}-slow-law",
        title=f"{title}: the slow law",
        statement=(
            "To leading order in p, under any schedule, one power Q of the norm moves, linearly, towards a "
            "target that lr and weight decay move, and the angle answers to lr and Q at once:"
        ),
        kind=Kind.LIMIT,
        setting=setting,
        formulas=formulas,
        obligations=obligations,
        sources=("wan2021spherical",),
        optimizer=optimizer,
        states=(f"{optimizer}.slow_law", f"{optimizer}.angle_constant"),
        extra_hypotheses=(SLOW,),
    )


def _closed_formulas() -> list[Formula]:
    from sympy import Function

    from theory import transient

    t, s = transient.time, transient.moment
    rates, targets = Function("r"), Function("Q_eq")
    return [
        Formula("Q_t", transient.settling()),
        Formula("Q_t", transient.under_schedule(rates(s), rates(s) * targets(s), s)),
        Formula(r"(\theta_{eq}/\theta_t)^2", (transient.settling(t) / transient.target).expand()),
    ]


def _closed_obligations() -> list[Obligation]:
    from sympy import diff

    from theory import transient

    t, s, found = transient.time, transient.moment, transient.settling()
    owed = [
        Obligation("the closed form solves the law", diff(found, t), -transient.rate * (found - transient.target)),
        Obligation("it starts where it starts", found.subs(t, 0), transient.start),
    ]
    for name, share in {"linear decay": 1 - s / transient.length, "linear warmup": s / transient.warmup}.items():
        rates, forcing = transient.rate * share, transient.rate * transient.target * share**2
        general = transient.under_schedule(rates, forcing, s).doit()
        claimed = -rates.subs(s, t) * general + forcing.subs(s, t)
        owed.append(Obligation(f"the integral solves the law under {name}", diff(general, t), claimed))
        owed.append(Obligation(f"it starts where it starts under {name}", general.subs(t, 0), transient.start))
    return owed


def _forgotten_formulas() -> list[Formula]:
    from theory import transient

    rate = transient.slow_law(theory.OPTIMIZERS["sgd"]).rate
    left = r"\left(\|w_t\|^2 - \|w_{eq}\|^2\right)^2"
    return [Formula(left, transient.forgotten(), r"\le"), Formula("2r", 2 * rate)]


def _forgotten_obligations() -> list[Obligation]:
    from sympy import Symbol, exp

    from theory import transient
    from theory.symbols import decay

    now, rest = Symbol("A", positive=True), Symbol("A_eq", positive=True)
    slack = (now - rest) ** 2 * now * (now + 2 * rest) / rest**2
    bound = (now**2 - rest**2) ** 2 / rest**2
    found = transient.forgotten()
    begin = found.subs(transient.time, 0)
    return [
        Obligation("what the bound leaves is not negative", bound - (now - rest) ** 2, slack),
        Obligation("it falls by e^(-2 r) a step", found.subs(transient.time, 1), begin * exp(-2 * transient.rate)),
        Obligation("r of SGD is 4 p", transient.slow_law(theory.OPTIMIZERS["sgd"]).rate, 4 * decay),
    ]


CLAIMS = [
    Claim(
        id="trajectory-recursion",
        title="Norm and angle at every step, under any schedule",
        statement=(
            "With M and N at the step's lr and weight decay, q at the norm before it, c = E<s, x>/q the memory "
            "of correlated input (0 for white), A the corner of G, r = w' - M_00 w, R = E|r|^2 and V = E<w, r>:"
        ),
        kind=Kind.EXACT,
        setting=Setting.MEAN_FIELD,
        formulas=_recursion_formulas,
        obligations=_recursion_obligations,
        states=("gram.after_step", "gram.input_moments"),
        sources=("wan2021spherical",),
        extra_hypotheses=(
            "each optimizer's own; q at E|w|^2 is the mean field, and exact where q is constant",
            "Lion starts from an empty buffer: c follows the arcsine law of the growing filter",
        ),
        experiment=_recursion_experiment,
    ),
    Claim(
        id="sgd-trajectory",
        title="SGD: every step of every trajectory",
        statement="With A = |w|^2, from any start and at each step's own lr and weight decay:",
        kind=Kind.EXACT,
        setting=Setting.PATHWISE,
        formulas=_sgd_formulas,
        obligations=_sgd_obligations,
        states=("transient.sgd_squared_norm", "transient.sgd_tangent"),
        sources=("wan2021spherical", "defazio2025"),
        optimizer="sgd",
        experiment=_sgd_experiment,
    ),
    Claim(
        id="sgd-fourth-power",
        title="SGD: the fourth power of the norm is linear, from below",
        statement=(
            "Under any schedule A^2 = |w|^4 stays above a linear recursion; what it gains on it in a step is "
            "the excess. At constant lr and weight decay the linear recursion tends to B, which is a part 1 - "
            "O(p) of the equilibrium:"
        ),
        kind=Kind.BOUND,
        setting=Setting.PATHWISE,
        formulas=_fourth_formulas,
        obligations=_fourth_obligations,
        sources=("wan2021spherical",),
        optimizer="sgd",
    ),
    _slow_claim("sgd", "SGD", Setting.PATHWISE),
    _slow_claim("sgdm", "SGD with momentum", Setting.MEAN_FIELD),
    _slow_claim("adamw", "AdamW", Setting.EXPECTATION),
    Claim(
        id="sgd-forgets-its-start",
        title="SGD: how fast the start is forgotten",
        statement="From any start the slow law gives, at constant lr and weight decay,",
        kind=Kind.LIMIT,
        setting=Setting.PATHWISE,
        formulas=_forgotten_formulas,
        obligations=_forgotten_obligations,
        sources=("wan2021spherical",),
        optimizer="sgd",
        extra_hypotheses=(SLOW,),
    ),
    Claim(
        id="trajectory-closed-form",
        title="The slow law, solved",
        statement=("At constant lr and weight decay, and under any schedule with r(s), Q_eq(s) at time s:"),
        kind=Kind.IDENTITY,
        setting=Setting.ALGEBRA,
        formulas=_closed_formulas,
        obligations=_closed_obligations,
        states=("transient.settling", "transient.under_schedule"),
        sources=("su2025rms", "kosson2024rotational"),
    ),
]
