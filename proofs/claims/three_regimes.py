"""Claims about projected gradient descent on the sphere with a fixed effective learning rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proofs.claim import Claim, Formula, Kind, Obligation, Setting

if TYPE_CHECKING:
    from sympy import Expr

    from proofs.comparison import Confrontation

ON_THE_SPHERE = (
    "full gradients; theta <- theta - lr grad F, scaled back to |theta| = 1; F does not see the length of any group"
)
TOY = "F = sum of kappa_i x_i^2/(x_i^2 + y_i^2); K is the sum of the kappa_i, c_i = kappa_i lr/rho_i^2, h_i = x_i/y_i"


def _groups() -> list[Formula]:
    from sympy import Symbol

    from theory import three_regimes as r

    length, tangent = Symbol(r"\rho_i", positive=True), Symbol("T_i", real=True)
    return [
        Formula(r"\tilde\eta_i", r.individual_lr(length**2)),
        Formula(r"\sum_i \frac{1}{\tilde\eta_i}", 1 / r.sphere_lr),
        Formula(r"T_i = \tan\theta_i", r.individual_lr(length**2) * length * Symbol(r"{\|\nabla_iF\|}")),
        Formula(r"\frac{\rho_i'^2}{\rho_i^2}", r.group_growth(tangent**2, Symbol(r"{\sum_j\rho_j^2T_j^2}"))),
    ]


def _groups_obligations() -> list[Obligation]:
    from sympy import symbols

    from theory import three_regimes as r
    from theory.symbols import sphere_lr

    one, two, first, second = symbols("rho_1 rho_2 g_1 g_2", positive=True)  # lengths, gradient norms
    tangents = [r.individual_lr(p**2) * p * g for p, g in ((one, first), (two, second))]
    across = 1 + sphere_lr**2 * (first**2 + second**2)
    whole = one**2 + two**2
    common = one**2 * tangents[0] ** 2 + two**2 * tangents[1] ** 2
    after = (one**2 + sphere_lr**2 * first**2) / across
    return [
        Obligation(
            "1/lr_i add up to 1/lr on the unit sphere",
            1 / r.individual_lr(one**2) + 1 / r.individual_lr(two**2),
            whole / sphere_lr,
        ),
        Obligation("the step's own length", 1 + common, across),
        Obligation("length of a group after the step", one**2 * r.group_growth(tangents[0] ** 2, common), after),
        Obligation("tangent of a group's angle is its step over its length", tangents[0], sphere_lr * first / one),
    ]


def _equal() -> list[Formula]:
    from sympy import Symbol, log

    left = r"\sum_{s<t}\left[\log\left(1+T_{i,s}^2\right) - \log\left(1+T_{j,s}^2\right)\right]"
    lengths = [Symbol(rf"\rho_{{{k}}}", positive=True) for k in ("i,t", "j,t", "i,0", "j,0")]
    ratio = lengths[0] ** 2 * lengths[3] ** 2 / (lengths[1] ** 2 * lengths[2] ** 2)
    return [
        Formula(left, log(ratio)),
        Formula(r"\overline{\log\left(1+T_i^2\right)}", Symbol(r"\overline{\log\left(1+T_j^2\right)}")),
    ]


def _equal_obligations() -> list[Obligation]:
    from sympy import Symbol, cos, symbols, tan

    from theory import three_regimes as r

    one, two = symbols("T_1 T_2", positive=True)
    angle = Symbol("theta", positive=True)
    return [
        Obligation(
            "the common factor drops out of the ratio of two groups",
            r.group_growth(one**2) / r.group_growth(two**2),
            (1 + one**2) / (1 + two**2),
        ),
        Obligation("1 + T^2 = 1/cos^2", (1 + tan(angle) ** 2).rewrite(cos).simplify(), 1 / cos(angle) ** 2),
    ]


def _step() -> list[Formula]:
    from theory import three_regimes as r

    return [
        Formula("h'", r.next_slope()),
        Formula("T^2", r.squared_tangent()),
        Formula("F_i/\\kappa_i", r.loss_share()),
        Formula(r"\left.\frac{dh'}{dh}\right|_{h=0}", r.multiplier_at_minimum()),
        Formula(r"\tilde\eta", r.convergence_lr(), "<"),
    ]


def _step_obligations() -> list[Obligation]:
    from sympy import cos, sin, symbols, tan

    from theory import three_regimes as r
    from theory.symbols import sharpness, slope

    half, c = symbols("phi c", positive=True)
    turned = tan(half) - c * 2 * sin(half) * cos(half)
    rotated = turned / (1 + tan(half) * c * 2 * sin(half) * cos(half))
    in_slope = {sin(half): slope * cos(half)}
    square = 1 / (1 + slope**2)
    direct = rotated.subs(tan(half), slope).subs(in_slope).subs(cos(half) ** 2, square).subs(c, sharpness)
    return [
        Obligation("angle phi' = phi - arctan(c sin 2 phi)", r.next_slope(), direct),
        Obligation("T^2 = c^2 sin^2 2 phi", r.squared_tangent(), 4 * sharpness**2 * slope**2 * square**2),
        Obligation(
            "at the threshold every c is one: K lr",
            r.equal_sharpness().subs(r.sphere_lr, r.convergence_lr()),
            r.convergence_sharpness(),
        ),
        Obligation(
            "there the multiplier is -1",
            r.multiplier_at_minimum().subs(sharpness, r.convergence_sharpness()),
            -1 + 0 * slope,
        ),
    ]


def _second() -> list[Formula]:
    from theory import three_regimes as r
    from theory.symbols import curvature, total_curvature

    return [
        Formula("h_i^2", r.cycle_slope_square()),
        Formula("c", r.equal_sharpness()),
        Formula(r"\rho_i^2", curvature / total_curvature),
        Formula("T_i^2", r.cycle_squared_tangent()),
        Formula("F", r.second_regime_loss()),
    ]


def _second_obligations() -> list[Obligation]:
    from sympy import symbols

    from theory import three_regimes as r
    from theory.symbols import curvature, sharpness, slope, sphere_lr, total_curvature

    there = {slope**2: r.cycle_slope_square()}
    one, two = symbols("kappa_1 kappa_2", positive=True)
    both = {total_curvature: one + two}
    shares = [r.cycle_loss_share().subs(sharpness, k * sphere_lr / (k / (one + two))) for k in (one, two)]
    return [
        Obligation("h' = -h", (r.next_slope() / slope).expand().together().subs(there), -1 + 0 * sharpness),
        Obligation(
            "T^2 is the same for every group", r.squared_tangent().expand().subs(there), r.cycle_squared_tangent()
        ),
        Obligation(
            "so that no length changes",
            r.group_growth(r.cycle_squared_tangent(), r.cycle_squared_tangent()),
            sharpness / sharpness,
        ),
        Obligation(
            "lengths kappa/K give every group c = K lr",
            curvature * sphere_lr / (curvature / total_curvature),
            r.equal_sharpness(),
        ),
        Obligation("loss of two groups", one * shares[0] + two * shares[1], r.second_regime_loss().subs(both)),
    ]


def _single() -> list[Formula]:
    from theory import three_regimes as r
    from theory.symbols import curvature, sphere_lr

    loss = (curvature * r.cycle_loss_share()).subs(r.sharpness, sphere_lr * curvature).expand()
    return [
        Formula(r"F \to 0 \quad \text{if } \kappa\tilde\eta", r.convergence_sharpness(), r"\le"),
        Formula(r"F", loss, r"\to"),
        Formula(r"z", r.common_multiplier()),
    ]


def _single_obligations() -> list[Obligation]:
    from sympy import Poly, Symbol, cancel, factor_list, fraction, together

    from theory import three_regimes as r
    from theory.symbols import sharpness, slope

    step = r.next_slope()
    above, below = fraction(step)
    shrinks = (below**2 - (above / slope) ** 2).expand()
    beyond, short = Symbol("e", nonnegative=True), Symbol("s", nonnegative=True)
    at = {sharpness: 1 + beyond}
    twice = cancel(step.subs(slope, step))
    square = Symbol("Z", nonnegative=True)
    same = fraction(together(cancel(twice / slope - 1)))[0]
    opposite = Poly(fraction(together(cancel(twice / slope + 1)))[0].expand(), slope)
    cycles = [
        f
        for f, _ in factor_list(same)[1]
        if f.has(slope) and f.subs({slope: 1, sharpness: 7}) * f.subs({slope: 0, sharpness: 7}) < 0
    ]
    even = [opposite.coeff_monomial(slope**k) for k in (8, 6, 4, 2, 0)]
    signed = [(e if even[0].subs(sharpness, 2) > 0 else -e).expand() for e in even]
    quartic = sum(e * square ** (4 - k) for k, e in enumerate(signed))
    return [
        Obligation(
            "the step shrinks |h| up to c = 1",
            shrinks,
            4 * sharpness * (1 + slope**2) * (1 - sharpness + (1 + sharpness) * slope**2),
        ),
        Obligation(
            "which is not negative", 0 * short, (shrinks / (4 * sharpness)).subs(sharpness, 1 / (1 + short)), "<="
        ),
        Obligation("the cycle's multiplier lies above -1", 0 * beyond, (1 + r.common_multiplier()).subs(at), "<="),
        Obligation("and below one", r.common_multiplier().subs(at), 1 + 0 * beyond, "<="),
        Obligation(
            "h'' = h only where h' = -h, of the real ones",
            _monic(_only(cycles)),
            slope**2 - r.cycle_slope_square(),
        ),
        Obligation(
            "h'' = -h is a quartic in h^2",
            quartic.subs(square, slope**2),
            signed[0] / opposite.LC() * opposite.as_expr(),
        ),
        Obligation(
            "with no positive root beyond c = 1: its lower part",
            0 * beyond,
            (signed[3] * square + signed[4]).subs(at).expand() / ((1 + square) * (1 + beyond) ** 4),
            "<=",
        ),
        Obligation(
            "and the discriminant of its upper part, both over larger powers",
            0 * beyond,
            (4 * signed[0] * signed[2] - signed[1] ** 2).subs(at).expand() / (1 + beyond) ** 7,
            "<=",
        ),
    ]


def _only(found: list[Expr]) -> Expr:
    (one,) = found
    return one


def _monic(polynomial: Expr) -> Expr:
    from sympy import Poly

    from theory.symbols import slope

    return Poly(polynomial, slope).monic().as_expr()


def _neutral() -> list[Formula]:
    from theory import three_regimes as r

    jacobian = r.difference_jacobian()
    return [
        Formula("J", jacobian),
        Formula(r"\det J", jacobian.det().simplify()),
        Formula(r"\cos\omega", (jacobian.trace() / 2).expand()),
    ]


def _neutral_obligations() -> list[Obligation]:
    from sympy import Symbol

    from theory import three_regimes as r
    from theory.symbols import sharpness

    beyond = Symbol("e", nonnegative=True)
    jacobian = r.difference_jacobian()
    gap = 4 * jacobian.det() - jacobian.trace() ** 2
    return [
        Obligation("determinant one", jacobian.det(), sharpness / sharpness),
        Obligation("complex multipliers: 16 (c^2 - 1)/c^4", gap, 16 * (sharpness**2 - 1) / sharpness**4),
        Obligation("for every c above one", 0 * beyond, gap.subs(sharpness, 1 + beyond).simplify(), "<="),
        Obligation("a common disturbance: half the trace", r.common_multiplier(), jacobian.trace() / 2),
    ]


def _third() -> list[Formula]:
    from theory import three_regimes as r

    return [
        Formula(r"\lim_{c\to\infty} \frac{F_i(h) + F_i(h')}{\kappa_i}", r.two_step_loss_limit()),
        Formula(r"\lim_{\tilde\eta\to\infty} \frac{F(\theta) + F(\theta')}{2}", r.third_regime_loss()),
        Formula(r"\mathbb{E}_{\text{uniform}} F_i/\kappa_i", r.uniform_angle_loss_share()),
    ]


def _third_obligations() -> list[Obligation]:
    from theory import three_regimes as r
    from theory.symbols import sharpness, slope, sphere_lr, total_curvature

    both = r.loss_share() + r.loss_share().subs(slope, r.next_slope())
    share = r.loss_share()
    left_over = (share * (1 - 4 * sharpness * (1 - share)) - (1 - share)) / (1 + r.squared_tangent())
    return [
        Obligation("loss over two steps less its limit, of order 1/c", both - 1, left_over),
        Obligation(
            "uniform angles have the same mean", r.uniform_angle_loss_share() * total_curvature, r.third_regime_loss()
        ),
        Obligation(
            "the second regime ends there: what it lacks is 1/(2 lr)",
            r.third_regime_loss() - r.second_regime_loss(),
            1 / (2 * sphere_lr),
        ),
    ]


def _groups_runs(device: str) -> list[Confrontation]:
    from proofs.three_regimes import one_step

    return [one_step(), one_step(seed=1)]


def _equal_runs(device: str) -> list[Confrontation]:
    from proofs.three_regimes import equal_steps

    return [equal_steps(), equal_steps(of_network=True)]


def _threshold_runs(device: str) -> list[Confrontation]:
    from proofs.three_regimes import minimum_multiplier

    return [minimum_multiplier(ratio) for ratio in (0.4, 0.99, 1.01, 2.0)]


def _second_runs(device: str) -> list[Confrontation]:
    from proofs.three_regimes import stays_on_cycle

    return [stays_on_cycle(ratio) for ratio in (1.05, 1.3, 4.0)]


def _single_runs(device: str) -> list[Confrontation]:
    from proofs.three_regimes import single_group_limit

    return [single_group_limit(c) for c in (0.9, 1.1, 2.0, 5.0)]


def _neutral_runs(device: str) -> list[Confrontation]:
    from proofs.three_regimes import cycle_jacobian

    return [cycle_jacobian(ratio) for ratio in (1.2, 2.0, 5.0)]


def _third_runs(device: str) -> list[Confrontation]:
    from proofs.three_regimes import large_steps

    return [large_steps()]


CLAIMS = [
    Claim(
        id="sphere-groups",
        title="Individual effective learning rates",
        statement="With group lengths rho_i, the direction of a group turns by theta_i in one step, and",
        kind=Kind.EXACT,
        setting=Setting.PATHWISE,
        formulas=_groups,
        obligations=_groups_obligations,
        states=("three_regimes.individual_lr", "three_regimes.group_growth"),
        sources=("kodryan2022regimes",),
        extra_hypotheses=(ON_THE_SPHERE,),
        experiment=_groups_runs,
    ),
    Claim(
        id="sphere-equal-steps",
        title="What is equal between groups",
        statement=(
            "Over any run the first line holds; wherever the lengths stay off zero the time averages of the second are "
            "therefore equal for all groups:"
        ),
        kind=Kind.EXACT,
        setting=Setting.PATHWISE,
        formulas=_equal,
        obligations=_equal_obligations,
        sources=("kodryan2022regimes",),
        extra_hypotheses=(ON_THE_SPHERE,),
        experiment=_equal_runs,
    ),
    Claim(
        id="toy-threshold",
        title="The toy function: where convergence ends",
        statement=(
            "The step of one group sees only its c. The minimum of a group attracts for c < 1, and lengths at which "
            "all minima attract exist exactly when lr satisfies the last line:"
        ),
        kind=Kind.EXACT,
        setting=Setting.PATHWISE,
        formulas=_step,
        obligations=_step_obligations,
        states=(
            "three_regimes.next_slope",
            "three_regimes.squared_tangent",
            "three_regimes.loss_share",
            "three_regimes.multiplier_at_minimum",
            "three_regimes.convergence_lr",
        ),
        sources=("kodryan2022regimes", "li2020reconciling"),
        extra_hypotheses=(ON_THE_SPHERE, TOY),
        experiment=_threshold_runs,
    ),
    Claim(
        id="toy-second-regime",
        title="The toy function: the equalised cycle",
        statement=(
            "For lr > 1/K there is a two-cycle on which every group jumps over its minimum and back, all by the same "
            "angle, and its loss is constant:"
        ),
        kind=Kind.EXACT,
        setting=Setting.PATHWISE,
        formulas=_second,
        obligations=_second_obligations,
        states=("three_regimes.cycle_slope_square", "three_regimes.second_regime_loss"),
        sources=("kodryan2022regimes",),
        extra_hypotheses=(ON_THE_SPHERE, TOY),
        experiment=_second_runs,
    ),
    Claim(
        id="toy-single-group",
        title="One group: every run converges",
        statement=(
            "With one group the loss goes to zero up to the threshold, and beyond it to that of the two-cycle, whose "
            "multiplier per step is z; every start but the countably many that land on h = 0 or on h = infinity:"
        ),
        kind=Kind.EXACT,
        setting=Setting.PATHWISE,
        formulas=_single,
        obligations=_single_obligations,
        sources=("li2020reconciling",),
        extra_hypotheses=(ON_THE_SPHERE, TOY),
        experiment=_single_runs,
    ),
    Claim(
        id="toy-neutral-modes",
        title="Several groups: the cycle neither attracts nor repels",
        statement=(
            "At the equalised cycle differences between groups of (log |h|, log c) go on by J, whose multipliers "
            "exp(+-i omega) have modulus one for every c > 1:"
        ),
        kind=Kind.EXACT,
        setting=Setting.PATHWISE,
        formulas=_neutral,
        obligations=_neutral_obligations,
        sources=("kodryan2022regimes",),
        extra_hypotheses=(ON_THE_SPHERE, TOY, "to first order in the differences"),
        experiment=_neutral_runs,
    ),
    Claim(
        id="toy-third-regime",
        title="The toy function: the level of the third regime",
        statement="As c grows a step turns a group by a right angle, so that over two steps, at any h but 0,",
        kind=Kind.LIMIT,
        setting=Setting.PATHWISE,
        formulas=_third,
        obligations=_third_obligations,
        sources=("kodryan2022regimes",),
        extra_hypotheses=(ON_THE_SPHERE, TOY),
        experiment=_third_runs,
    ),
]
