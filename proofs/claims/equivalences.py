"""Claims about runs that are the same run: decay as a growing learning rate, effective learning rate, averages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proofs.claim import Claim, Formula, Kind, Obligation, Setting

if TYPE_CHECKING:
    from sympy import Expr
    from sympy.core.relational import Relational

    from proofs.comparison import Confrontation

SCALE_INVARIANT = "the loss is scale-invariant: g(w) = g(w/P)/P for every P > 0"


def _matrix(says: str, left: Expr, right: Expr) -> list[Obligation]:
    return [
        Obligation(f"{says}, entry {i},{j}", left[i, j], right[i, j])
        for i in range(left.rows)
        for j in range(left.cols)
    ]


def _exponential() -> list[Formula]:
    from sympy import Symbol

    from theory import equivalence as e
    from theory.optimizers.sgdm import SGDM
    from theory.symbols import dampening, decayed_buffer, decayed_norm, lr

    after, buffer = e.decay_only(SGDM).subs(dampening, 0)
    return [
        Formula("P'", after.expand()),
        Formula("b'", buffer.expand()),
        Formula(r"\tilde\eta", lr / (decayed_norm * Symbol("P'"))),
        Formula(r"\tilde w", Symbol("w") / decayed_norm),
        Formula(r"\tilde m", decayed_norm * Symbol("m") - decayed_buffer * Symbol("w")),
    ]


def _exponential_obligations() -> list[Obligation]:
    from theory import equivalence as e
    from theory.optimizers.sgd import SGD
    from theory.optimizers.sgdm import SGDM

    found = []
    for rule in (SGD, SGDM):
        moved, free = e.transported_step(rule), e.decay_free_step(rule)
        found += _matrix(f"{rule.name}: matrix of the state", moved[0], free[0])
        found += _matrix(f"{rule.name}: matrix of the gradient", moved[1], free[1])
    return found


def _exponential_sgd() -> list[Formula]:
    from sympy import Symbol

    from theory.symbols import contraction, elapsed, lr

    return [
        Formula("w_t", contraction**elapsed * Symbol(r"\tilde w_t")),
        Formula(r"\tilde\eta_t", lr * contraction ** (-2 * elapsed - 1)),
        Formula(r"\tilde w_0", Symbol("w_0")),
    ]


def _exponential_sgd_obligations() -> list[Obligation]:
    from theory import equivalence as e
    from theory.optimizers.sgd import SGD
    from theory.symbols import decay, decayed_norm, elapsed, lr, wd

    a = 1 - decay
    at = {decayed_norm: a**elapsed, wd: decay / lr}
    return [
        Obligation("P = a^t solves decay alone", e.decay_only(SGD)[0].subs(at), a ** (elapsed + 1)),
        Obligation("lr/(P P') = lr a^(-2t-1)", e.equivalent_lr(SGD).subs(at), lr * a ** (-2 * elapsed - 1)),
    ]


def _root() -> list[Formula]:
    from sympy import Symbol

    from theory import equivalence as e
    from theory.symbols import growth_root

    start = Symbol("m_0") - e.buffer_of_root() * Symbol("w_0")
    return [
        Formula("0", e.characteristic().subs(e.multiplier, growth_root)),
        Formula(r"\tilde\eta_t", e.root_lr()),
        Formula(r"\tilde m_0", start),
        Formula(r"p(1-\tau) = u", e.decay_of_root()),
        Formula("u", e.most_decay(), r"\le"),
    ]


def _root_obligations() -> list[Obligation]:
    from sympy import Symbol, sqrt

    from theory import equivalence as e
    from theory.optimizers.sgdm import SGDM
    from theory.symbols import (
        damped_decay,
        dampening,
        decayed_buffer,
        decayed_norm,
        elapsed,
        growth_root,
        lr,
        momentum,
        multiplier,
        wd,
    )

    here = {decayed_norm: growth_root**elapsed, decayed_buffer: e.buffer_of_root() * growth_root**elapsed}
    u = {wd: e.decay_of_root() / ((1 - dampening) * lr)}
    norm, buffer = (x.subs(u).subs(here) for x in e.decay_only(SGDM))
    s = Symbol("s", nonnegative=True)
    discriminant = (1 + momentum - damped_decay) ** 2 - 4 * momentum
    return [
        Obligation("decay alone multiplies the norm by r", norm, growth_root ** (elapsed + 1)),
        Obligation("and the buffer", buffer, e.buffer_of_root() * growth_root ** (elapsed + 1)),
        Obligation("lr/(P P') is lr r^(-2t-1)", e.equivalent_lr(SGDM).subs(u).subs(here), e.root_lr()),
        Obligation("sum of the roots", growth_root + momentum / growth_root, 1 + momentum - e.decay_of_root()),
        Obligation(
            "the roots are real up to (1 - sqrt(alpha))^2",
            discriminant.subs(momentum, s**2),
            (damped_decay - e.most_decay().subs(sqrt(momentum), s).subs(momentum, s**2))
            * (damped_decay - (1 + s) ** 2),
        ),
        Obligation(
            "characteristic polynomial from the second-order recursion",
            e.characteristic(),
            multiplier**2 - (1 + momentum - damped_decay) * multiplier + momentum,
        ),
    ]


def _start() -> list[Formula]:
    from sympy import Symbol

    from theory import equivalence as e
    from theory.symbols import damped_decay

    share = Symbol("k", positive=True)
    return [
        Formula("P_t", e.decay_factor(share)),
        Formula("k", e.start_share()),
        Formula(r"\lim_{t\to\infty} \frac{\eta\, r^{-2t-1}}{\eta/(P_tP_{t+1})}", share**2),
        Formula("", 1 + e.late_excess_slope().factor() * damped_decay, r"\approx"),
    ]


def _start_obligations() -> list[Obligation]:
    from theory import equivalence as e
    from theory.symbols import elapsed, growth_root, momentum

    factor = e.decay_factor()
    first, second = factor.subs(elapsed, 0), factor.subs(elapsed, 1)
    ahead = factor.subs(elapsed, elapsed + 2)
    kept = (1 + momentum - e.decay_of_root()) * factor.subs(elapsed, elapsed + 1) - momentum * factor
    other = momentum / growth_root
    return [
        Obligation("norm one at the start", first, first / first),
        Obligation("an empty buffer: P_1 = 1 - u", second, 1 - e.decay_of_root()),
        Obligation("P_t obeys the second-order recursion", ahead, kept),
        Obligation(
            "the share of the other root is negative: P_1 above r",
            (1 - e.decay_of_root() - growth_root) * growth_root,
            momentum * (1 - growth_root),
        ),
        Obligation(
            "excess k^2 with k (r - alpha/r) = 1 - u - alpha/r",
            e.late_excess() * (growth_root - other) ** 2,
            (1 - e.decay_of_root() - other) ** 2,
        ),
    ]


def _decoupled() -> list[Formula]:
    from sympy import Symbol

    from theory import equivalence as e
    from theory.symbols import contraction, elapsed

    rate, damped = e.decoupled_equivalent()
    return [
        Formula(r"\tilde\eta_t", rate),
        Formula(r"\tilde\alpha", damped),
        Formula("w_t", contraction**elapsed * Symbol(r"\tilde w_t")),
        Formula(r"\tilde m_0", Symbol("m_0") / contraction),
    ]


def _decoupled_obligations() -> list[Obligation]:
    from sympy import Matrix

    from theory import equivalence as e

    rate, damped = e.decoupled_equivalent()
    transition, drive = e.decoupled_step()
    return [
        *_matrix("matrix of the state", transition, Matrix([[1, -rate * damped], [0, damped]])),
        *_matrix("matrix of the gradient", drive, Matrix([-rate, 1])),
    ]


def _direction() -> list[Formula]:
    from theory import effective_lr as f
    from theory.symbols import contraction, decay

    constant = {f.later_lr: f.lr, f.later_decay: decay}
    return [
        Formula(r"\Phi", f.effective_lr().subs(decay, 1 - contraction)),
        Formula(r"\tan^2\theta", f.squared_tangent()),
        Formula("B", f.growth()),
        Formula(r"\Phi'", f.direction_lr * _symbol("B") / (1 + f.squared_tangent())),
        Formula(r"\tan^2\theta", _symbol("B") - 1, r"\to"),
        Formula(r"B|_{\eta,\lambda\ \text{constant}}", f.growth().subs(constant).subs(decay, 1 - contraction)),
    ]


def _symbol(name: str) -> Expr:
    from sympy import Symbol

    return Symbol(name, positive=True)


def _direction_obligations() -> list[Obligation]:
    from theory import effective_lr as f
    from theory.symbols import decay, direction_lr, lr, squared_norm, unit_gradient_square

    phi = f.effective_lr()
    gradient = unit_gradient_square / squared_norm
    kept = (1 - decay) ** 2 * squared_norm
    later = f.effective_lr(1, f.later_lr, f.later_decay, f.next_squared_norm())
    ratio_of_normalised = f.effective_lr(0, f.later_lr, f.later_decay, f.next_squared_norm(0)) ** 2
    balanced = f.growth().subs({f.later_lr: lr, f.later_decay: decay}) - 1
    return [
        Obligation(
            "tan^2 = (step across w)^2 / (part along w)^2",
            f.squared_tangent().subs(direction_lr, phi),
            lr**2 * gradient / kept,
        ),
        Obligation("Phi of the next step", f.next_effective_lr().subs(direction_lr, phi), later),
        Obligation(
            "its square for a normalised update across w",
            f.next_effective_lr(0).subs(direction_lr, f.effective_lr(0)) ** 2,
            ratio_of_normalised,
        ),
        Obligation("balance of a gradient", f.balanced_tangent_square(1), balanced),
        Obligation("balance of a normalised update", f.balanced_tangent_square(0), balanced),
    ]


def _scaling() -> list[Formula]:
    from sympy import Symbol

    from theory.symbols import lr, wd

    c = Symbol("c", positive=True)
    return [
        Formula(r"(w, m, \eta, \lambda)", _tuple(c, 2), r"\sim"),
        Formula(r"(w, u, \eta, \lambda)", _tuple(c, 1), r"\sim"),
        Formula("p", lr * wd),
    ]


def _tuple(c: Expr, power: int) -> Expr:
    from sympy import Symbol, Tuple

    from theory.symbols import lr, wd

    second = Symbol("m") / c if power == 2 else Symbol("u")
    return Tuple(c * Symbol("w"), second, c**power * lr, wd / c**power)


def _scaling_obligations() -> list[Obligation]:
    from sympy import Matrix, Symbol, diag

    from theory import effective_lr as f
    from theory.optimizers.sgdm import SGDM
    from theory.symbols import lr, squared_norm, wd

    c = Symbol("c", positive=True)
    scaled = {lr: c**2 * lr, wd: wd / c**2}
    change = diag(c, 1 / c)
    moved = change * SGDM.transition * change.inv(), change * SGDM.drive * c
    at = (SGDM.transition.subs(scaled, simultaneous=True), SGDM.drive.subs(scaled, simultaneous=True))
    normalised = Matrix([1 - lr * wd]), Matrix([-lr])
    one = {lr: c * lr, wd: wd / c}
    return [
        *_matrix("state of SGDM", moved[0], at[0]),
        *_matrix("gradient of SGDM, which is g/c at c w", moved[1], at[1]),
        *_matrix("state under a normalised update", normalised[0], normalised[0].subs(one, simultaneous=True)),
        *_matrix("normalised update", normalised[1] * c, normalised[1].subs(one, simultaneous=True)),
        Obligation("Phi does not change", f.effective_lr(1, c**2 * lr, f.decay, c**2 * squared_norm), f.effective_lr()),
        Obligation(
            "nor for normalised updates", f.effective_lr(0, c * lr, f.decay, c**2 * squared_norm), f.effective_lr(0)
        ),
    ]


def _average() -> list[Formula]:
    from sympy import Symbol

    from theory import equivalence as e
    from theory.symbols import contraction, decay

    j = Symbol("j", integer=True, nonnegative=True)
    return [
        Formula(
            r"w_t = a^t w_0 + \sum_{j=0}^{t-1} \omega_j\left(-\frac{u_{t-j}}{\lambda}\right), \quad \omega_j",
            e.ema_weight(j).subs(1 - decay, contraction),
        ),
        Formula(r"\sum_{j\ge0}(j+1)\,\omega_j", e.mean_age()),
        Formula(r"\text{e-folding}", e.e_folding()),
        Formula(r"\text{e-folding}", e.e_folding().series(decay, 0, 2).removeO(), r"\approx"),
    ]


def _average_obligations() -> list[Obligation]:
    from sympy import Symbol

    from theory import equivalence as e
    from theory.symbols import decay, elapsed, lr, wd

    w, u = Symbol("w"), Symbol("u_t")
    step = (1 - lr * wd) * w - lr * u
    averaged = (1 - decay) * w + e.ema_weight(0 * elapsed) * (-u / wd)
    a = Symbol("a", positive=True)
    partial = (1 - (1 + elapsed * (1 - a)) * a**elapsed) / (1 - a) ** 2  # sum of (j + 1) a^j over j < t
    return [
        Obligation("a step of decoupled decay is a step of the average", step, averaged.subs(decay, lr * wd)),
        Obligation(
            "an update loses a of its weight each step", e.ema_weight(elapsed + 1), (1 - decay) * e.ema_weight(elapsed)
        ),
        Obligation(
            "all weights and the start's add up to one: what one more step takes from the start it gives to an update",
            e.forgetting() - e.forgetting().subs(elapsed, elapsed + 1),
            e.ema_weight(elapsed),
        ),
        Obligation(
            "partial sums of the ages", partial.subs(elapsed, elapsed + 1) - partial, (elapsed + 1) * a**elapsed
        ),
        Obligation("begin at zero", partial.subs(elapsed, 0), 0 * a),
        Obligation("and tend to the mean age over p", 1 / (1 - a) ** 2, e.mean_age().subs(decay, 1 - a) / (1 - a)),
    ]


def _adam_g() -> list[Formula]:
    from sympy import Symbol, cancel

    from theory import effective_lr as f
    from theory.symbols import contraction, decay, squared_norm

    inverse = Symbol("v", positive=True)
    kept, rate, _ = f.adam_g()
    return [
        Formula(r"v' = \Phi'^{-2}", f.next_inverse_square().subs(squared_norm, inverse).subs(decay, 1 - contraction)),
        Formula(r"\beta_2", kept.subs(decay, 1 - contraction)),
        Formula(r"\eta_{\text{AdamG}}", rate.subs(decay, 1 - contraction)),
        Formula(
            r"\frac{\tan^2\theta_{\text{AdamG}}}{\tan^2\theta}", cancel(f.adam_g_excess().subs(decay, 1 - contraction))
        ),
    ]


def _adam_g_obligations() -> list[Obligation]:
    from theory import effective_lr as f
    from theory.symbols import decay, lr, squared_norm, unit_gradient_square

    kept, rate, fixed = f.adam_g()
    inverse = (1 - decay) ** 2 * squared_norm**2 / lr**2  # Phi^-2
    later = (1 - decay) ** 2 * f.next_squared_norm() ** 2 / lr**2
    exact = f.next_inverse_square().subs(squared_norm, inverse, simultaneous=True)
    ratio = unit_gradient_square / squared_norm
    at_balance = unit_gradient_square / f.balanced_tangent_square()
    return [
        Obligation("v' from |w'|^4", exact, later),
        Obligation(
            "v' is beta2 v + lr^-2 G and a term of second order",
            f.next_inverse_square() / squared_norm,
            kept + ratio / rate**2 + kept * ratio**2,
        ),
        Obligation(
            "the balance is the fixed point of v", f.next_inverse_square().subs(squared_norm, at_balance), at_balance
        ),
        Obligation("AdamG at its own fixed point", kept / fixed + 1 / rate**2, 1 / fixed),
    ]


def _isotropic() -> list[Formula]:
    from theory import isotropic as i

    phi, q = i.noise_free()
    return [
        Formula("q_*", (q**2).expand().together(), root=2),
        Formula(r"\Phi_*", (phi**2).factor(), root=2),
        Formula(r"|z|^2", i.determinant().subs(i.alignment, q).simplify().expand()),
    ]


def _isotropic_obligations() -> list[Obligation]:
    from sympy import Symbol, sqrt

    from theory import isotropic as i
    from theory.symbols import alignment, alignment_square, contraction, direction_lr, noise_square

    phi, q = i.noise_free()
    at = {alignment: q, direction_lr: phi}
    after = i.step().subs(noise_square, 0)
    even = {alignment: sqrt(alignment_square)}
    determinant, trace = (
        e.expand().subs(even).subs(alignment_square, (q**2).expand()).factor() for e in (i.determinant(), i.trace())
    )
    gap = 4 * determinant - trace**2
    inside = {contraction: 1 / (1 + Symbol("s_a", positive=True))}
    owed = (
        ("Phi_*^2 stays", (after[0] ** 2).subs(at).simplify(), phi**2),
        ("q_*^2 stays", (after[1] ** 2).subs(at).simplify(), q**2),
        (
            "trace^2 - 4 determinant has complex roots: it is -a (1 - a)(9a^2 + 15a + 8)",
            gap,
            contraction * (1 - contraction) * (9 * contraction**2 + 15 * contraction + 8),
        ),
        ("modulus squared 1 + a - a^2, above one", determinant - 1, contraction * (1 - contraction)),
    )
    return [
        Obligation(f"{says}, at a = 1/(1 + s)", left.subs(inside), right.subs(inside)) for says, left, right in owed
    ]


def _border() -> list[Formula]:
    from theory import isotropic as i
    from theory.forms import positive_factors
    from theory.symbols import contraction, decay

    noise = i.critical_noise()
    square = i.critical_alignment_square()
    leading = noise.subs(contraction, 1 - decay).series(decay, 0, 3).removeO()
    return [
        Formula(r"\sigma_c^2", positive_factors(i.noise_at_square())),
        Formula("u", square),
        Formula(r"\sigma_c^2", leading, r"\approx"),
    ]


def _border_obligations() -> list[Obligation]:
    from theory import isotropic as i
    from theory.symbols import alignment, contraction, direction_lr, noise_square

    at = {noise_square: i.fixed_noise(), direction_lr: i.fixed_lr()}
    after = i.step()
    q2 = alignment**2
    square = i.critical_alignment_square()
    jury = (1 + i.trace() + i.determinant()) * (1 - q2) ** 2
    return [
        Obligation("Phi stays", after[0].subs(at, simultaneous=True), i.fixed_lr()),
        Obligation("q stays", (after[1] ** 2).subs(at, simultaneous=True).simplify(), q2),
        Obligation(
            "the border's root makes the determinant one",
            i.border().subs(i.alignment_square, square).expand(),
            0 * square,
        ),
        Obligation(
            "noise-free, the border is crossed: -a (1 - a)^2/4",
            i.border().subs(i.alignment_square, (1 + contraction) / 2),
            -contraction * (1 - contraction) ** 2 / 4,
        ),
        Obligation(
            "no multiplier reaches -1: 2a ((1 + a) q^4 - 4a q^2 + a (1 + a)), of discriminant -4a (1 - a)^2",
            jury,
            2 * contraction * ((1 + contraction) * q2**2 - 4 * contraction * q2 + contraction * (1 + contraction)),
        ),
        Obligation(
            "nor +1: 2 (1 - a)^2 (1 + a - 2 q^4)",
            (1 - i.trace() + i.determinant()) * (1 - q2) ** 2,
            2 * (1 - contraction) ** 2 * (1 + contraction - 2 * q2**2),
        ),
    ]


def _exponential_runs(device: str) -> list[Confrontation]:
    from proofs.equivalences import STEPS, schedule_twin

    half = STEPS // 2
    return [
        schedule_twin([0.3] * STEPS, wd=0.005, momentum=0.9),
        schedule_twin([0.3] * half + [0.03] * half, wd=0.005, momentum=0.9, dampening=0.5),
        schedule_twin([0.3] * half + [0.03] * half, wd=0.1),
    ]


def _sgd_runs(device: str) -> list[Confrontation]:
    from proofs.equivalences import STEPS, schedule_twin

    return [schedule_twin([0.5] * STEPS, wd=wd) for wd in (0.002, 0.1)]


def _root_runs(device: str) -> list[Confrontation]:
    from proofs.equivalences import root_twin

    return [root_twin(0.3, wd, alpha) for wd, alpha in ((0.005, 0.9), (0.05, 0.5), (5e-4, 0.95))]


def _start_runs(device: str) -> list[Confrontation]:
    from proofs.equivalences import late_excess

    return [late_excess(0.1, wd, alpha) for wd, alpha in ((5e-4, 0.9), (0.02, 0.9), (0.3, 0.5))]


def _decoupled_runs(device: str) -> list[Confrontation]:
    from proofs.equivalences import decoupled_twin

    return [decoupled_twin(0.3, 0.1, 0.9), decoupled_twin(0.1, 0.01, 0.5)]


def _direction_runs(device: str) -> list[Confrontation]:
    from proofs.equivalences import tangents

    return [tangents(0.5, wd) for wd in (0.002, 0.1, 1.0)]


def _scaling_runs(device: str) -> list[Confrontation]:
    from proofs.equivalences import scaled_twins

    return scaled_twins(7.0) + scaled_twins(0.03)


def _average_runs(device: str) -> list[Confrontation]:
    from proofs.equivalences import averaged_updates

    return [averaged_updates(0.05, wd) for wd in (0.2, 5.0)]


def _isotropic_runs(device: str) -> list[Confrontation]:
    from proofs.equivalences import isotropic_jacobian

    return [isotropic_jacobian(p, 0.0) for p in (0.03, 0.3)]


def _border_runs(device: str) -> list[Confrontation]:
    from proofs.equivalences import critical_noise, isotropic_jacobian

    return [isotropic_jacobian(p, critical_noise(p)) for p in (0.03, 0.3)]


def _shrinking() -> tuple[Relational, ...]:
    from theory.symbols import contraction

    return (contraction > 0,)


CLAIMS = [
    Claim(
        id="exponential-lr",
        title="Weight decay is a growing learning rate",
        statement=(
            "Let (P, b) be what decay alone makes of the weight 1 and the buffer 0: the same optimizer and schedule on "
            "a zero gradient. While P > 0, the weights under SGD with coupled decay are P times those of the same "
            "optimizer with the same momentum, no decay and the learning rate below, from the same start:"
        ),
        kind=Kind.EXACT,
        setting=Setting.PATHWISE,
        formulas=_exponential,
        obligations=_exponential_obligations,
        states=("equivalence.decay_only", "equivalence.equivalent_lr", "equivalence.gauge"),
        sources=("li2020exponential",),
        extra_hypotheses=(SCALE_INVARIANT, "written without dampening; with it the same holds"),
        experiment=_exponential_runs,
    ),
    Claim(
        id="exponential-lr-sgd",
        title="SGD: the learning rate grows exponentially",
        statement="Without momentum and at constant lr and decay, for 0 < p < 1:",
        kind=Kind.EXACT,
        setting=Setting.PATHWISE,
        formulas=_exponential_sgd,
        obligations=_exponential_sgd_obligations,
        sources=("li2020exponential",),
        extra_hypotheses=(SCALE_INVARIANT,),
        experiment=_sgd_runs,
    ),
    Claim(
        id="exponential-lr-root",
        title="Heavy ball: the exponential schedule and the buffer that it needs",
        statement=(
            "At constant lr and decay the learning rate of the run without decay is exactly exponential when its "
            "buffer starts as below, not empty; r is either root, real as long as u does not pass the bound:"
        ),
        kind=Kind.EXACT,
        setting=Setting.PATHWISE,
        formulas=_root,
        obligations=_root_obligations,
        states=(
            "equivalence.characteristic",
            "equivalence.decay_of_root",
            "equivalence.root_lr",
            "equivalence.buffer_of_root",
        ),
        sources=("li2020exponential",),
        extra_hypotheses=(SCALE_INVARIANT, "coupled decay; tau is the dampening"),
        experiment=_root_runs,
    ),
    Claim(
        id="exponential-lr-start",
        title="Heavy ball: what the published start leaves out",
        statement=(
            "From an empty buffer the equivalent learning rate is lr/(P P'), with r the larger root; the exponential "
            "schedule exceeds it, in the end by the factor"
        ),
        kind=Kind.LIMIT,
        setting=Setting.ALGEBRA,
        formulas=_start,
        obligations=_start_obligations,
        sources=("li2020exponential",),
        experiment=_start_runs,
    ),
    Claim(
        id="exponential-lr-decoupled",
        title="Decoupled decay: the momentum changes too",
        statement=(
            "Heavy ball with decoupled decay is heavy ball without decay at a growing learning rate and a smaller "
            "momentum, from an empty buffer or the one below:"
        ),
        kind=Kind.EXACT,
        setting=Setting.PATHWISE,
        formulas=_decoupled,
        obligations=_decoupled_obligations,
        sources=("loshchilov2019decoupled",),
        extra_hypotheses=(SCALE_INVARIANT, "0 < p < 1"),
        domain=_shrinking,
        experiment=_decoupled_runs,
    ),
    Claim(
        id="effective-lr-direction",
        title="What the direction sees",
        statement=(
            "Under SGD with decay the direction turns by the angle theta of the step, and depends on lr, decay and "
            "norm only through Phi; G is the squared norm of this step's unit gradient, primes: the next step. "
            "The last tangent is the balance at constant G:"
        ),
        kind=Kind.EXACT,
        setting=Setting.PATHWISE,
        formulas=_direction,
        obligations=_direction_obligations,
        states=(
            "effective_lr.effective_lr",
            "effective_lr.next_effective_lr",
            "effective_lr.squared_tangent",
            "effective_lr.growth",
        ),
        sources=("vanlaarhoven2017l2", "amin_schedule"),
        extra_hypotheses=(SCALE_INVARIANT, "p < 1"),
        domain=_shrinking,
        experiment=_direction_runs,
    ),
    Claim(
        id="effective-lr-scaling",
        title="The scale of the weights is a choice of units",
        statement=(
            "These changes leave every direction of the run as it was: the first for SGD with or without momentum, the "
            "second for updates u that do not see the scale of the gradient (Adam with eps = 0, Lion, normalised SGD):"
        ),
        kind=Kind.EXACT,
        setting=Setting.PATHWISE,
        formulas=_scaling,
        obligations=_scaling_obligations,
        sources=("vanlaarhoven2017l2",),
        extra_hypotheses=(SCALE_INVARIANT,),
        experiment=_scaling_runs,
    ),
    Claim(
        id="adamw-average",
        title="Decoupled decay averages the updates",
        statement="With decoupled decay the weights are an exponential moving average of -u/lambda, for any update u:",
        kind=Kind.EXACT,
        setting=Setting.PATHWISE,
        formulas=_average,
        obligations=_average_obligations,
        states=("equivalence.ema_weight", "equivalence.mean_age"),
        sources=("wang2024adamw",),
        experiment=_average_runs,
    ),
    Claim(
        id="sgd-is-adam-g",
        title="SGD with decay is nearly Adam on the sphere",
        statement=(
            "The inverse square v of Phi obeys the first line exactly. To first order in G/v it is v_G / lr_G^2 with "
            "v_G' = beta2 v_G + G and steps of lr_G/sqrt(v_G), which is AdamG; what that loses at the fixed point:"
        ),
        kind=Kind.IDENTITY,
        setting=Setting.PATHWISE,
        formulas=_adam_g,
        obligations=_adam_g_obligations,
        sources=("roburin2020spherical",),
        extra_hypotheses=(SCALE_INVARIANT, "constant lr and decay"),
    ),
    Claim(
        id="isotropic-fixed-point",
        title="Without noise the equilibrium repels",
        statement=(
            "On the isotropic loss 1 - q, q the cosine between w and its minimum, (Phi, q) has one interior fixed "
            "point; its multipliers are complex and of modulus above one:"
        ),
        kind=Kind.EXACT,
        setting=Setting.PATHWISE,
        formulas=_isotropic,
        obligations=_isotropic_obligations,
        states=("isotropic.noise_free",),
        sources=("amin_schedule",),
        extra_hypotheses=("full gradients, no noise", "0 < p < 1"),
        domain=_shrinking,
        experiment=_isotropic_runs,
    ),
    Claim(
        id="isotropic-noise",
        title="A little noise makes it attract",
        statement=(
            "With noise of fixed length sigma in the unit gradient, orthogonal to w and to the minimum, the fixed "
            "point attracts exactly when sigma^2 is above"
        ),
        kind=Kind.EXACT,
        setting=Setting.PATHWISE,
        formulas=_border,
        obligations=_border_obligations,
        states=("isotropic.critical_noise", "isotropic.critical_alignment_square"),
        sources=("amin_schedule",),
        extra_hypotheses=("the curvature of the loss is one; in general sigma is the noise over the curvature",),
        experiment=_border_runs,
    ),
]
