"""Claims about correlated updates and gradients: what norm and angle see of them, and what they do not."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import theory
from proofs.claim import Claim, Formula, Kind, Obligation, Setting
from proofs.claims.writing import MEAN_COSINE
from theory.derivation import recorded

if TYPE_CHECKING:
    from sympy import Expr, Matrix
    from sympy.core.relational import Relational

    from proofs.comparison import Confrontation
    from theory import Equilibrium

COSINE = r"\cos\theta = " + MEAN_COSINE
MEMORY = r"S = \sum_{k\ge1} a^{k-1} R_k"
STATIONARY = (
    "the update u is stationary: E|u|^2 = U and E<u_t, u_{t+k}> = U R_k at every t",
    "decoupled decay, w' = a w - eta u with |a| < 1",
)
UNSEEN = (
    "the gradients are stationary and do not depend on w: the law of a random walk, not of a scale-invariant loss",
    "AdamW's denominator stands at the mean of g^2",
)


def _stationary() -> list[Formula]:
    from theory import stationary_update as law
    from theory.forms import positive_factors
    from theory.symbols import contraction

    lost = law.one_minus_cosine()
    return [
        Formula(r"\mathbb E\|w\|^2", positive_factors(law.equilibrium_squared_norm())),
        Formula(r"1 - \cos\theta", _in_contraction(lost)),
        Formula(r"\mathbb E\langle w, u\rangle", law.alignment()),
        Formula("S", _sum_over_lags(contraction)),
    ]


def _in_contraction(expression: Expr) -> Expr:
    from theory.forms import positive_factors
    from theory.symbols import contraction, decay

    return positive_factors(expression.subs(decay, 1 - contraction))


def _sum_over_lags(a: Expr) -> Expr:
    from sympy import Function, Sum, oo

    from theory.symbols import lag

    return Sum(a ** (lag - 1) * Function("R")(lag), (lag, 1, oo))


def _stationary_obligations() -> list[Obligation]:
    from sympy import symbols

    from theory import stationary_update as law
    from theory.symbols import contraction, lr, memory, update_energy

    # Unrolled, E|w|^2 = eta^2 U sum_{i,j} a^(i+j) R_|i-j|: for one geometric sequence R_k = b r^(k-1) the double
    # sum over j and k = i - j is 1/(1 - a^2) + 2 b a /((1 - a^2)(1 - a r)); mixtures are sums of these.
    weight, mode = symbols("b r", positive=True)
    unrolled = lr**2 * update_energy * (1 + 2 * weight * contraction / (1 - contraction * mode)) / (1 - contraction**2)
    one = law.memory_of_mode(weight, mode)
    # Without recursion: E<w_t, w_{t+1}> = eta^2 U sum_{i,j} a^(i+j) R_|i-j+1|, by lags.
    below = weight / (1 - contraction * mode)
    # i - j + 1 = k >= 1 in every (i, j) with i >= j, = 0 at i = j - 1, < 0 beyond.
    overlap = below + contraction + contraction**2 * weight / (1 - contraction * mode)
    overlap *= lr**2 * update_energy / (1 - contraction**2)
    square = law.equilibrium_squared_norm().subs(memory, one)
    return [
        Obligation("norm of one geometric sequence by the double sum over lags", square, unrolled),
        Obligation(
            "E<w, w'> of one geometric sequence by the double sum over lags",
            square * (1 - _in_contraction(law.one_minus_cosine()).subs(memory, one)),
            overlap,
        ),
    ]


def _stationary_experiment(device: str) -> list[Confrontation]:
    from proofs.noise import stationary_signs

    return [stationary_signs(phi, {"lr": 0.1, "wd": wd}, device) for phi, wd in ((0.9, 0.5), (0.5, 3.0))]


def _triangle() -> list[Formula]:
    from theory.stationary_update import cosine_of_norm

    return [Formula(r"\cos\theta", cosine_of_norm())]


def _triangle_obligations() -> list[Obligation]:
    from theory import stationary_update as law
    from theory.symbols import squared_norm

    at = law.cosine_of_norm().subs(squared_norm, law.equilibrium_squared_norm())
    return [Obligation("the triangle at the norm of the general law", at, 1 - _in_contraction(law.one_minus_cosine()))]


def _bounds() -> list[Formula]:
    from theory.symbols import contraction, lr, update_energy, wd

    return [
        Formula(r"\mathbb E\|w\|^2", update_energy / wd**2, r"\le"),
        Formula(r"\mathbb E\|w\|^2", lr**2 * update_energy / (1 + contraction) ** 2, r"\ge"),
    ]


def _bounds_obligations() -> list[Obligation]:
    from sympy import Integer, Symbol, symbols

    from theory import stationary_update as law
    from theory.symbols import contraction, decay, lr, memory, update_energy, wd

    slack, excess = symbols("s_a s_S", nonnegative=True)
    a = 1 / (1 + slack)
    x = Symbol("x", positive=True)  # stands for exp(i theta); an identity of rational functions holds there too
    series = 1 + contraction * x / (1 - contraction * x) + (contraction / x) / (1 - contraction / x)
    kernel = (1 - contraction**2) / ((1 - contraction * x) * (1 - contraction / x))
    # |1 - a e^{i theta}|^2 = (1 - a)^2 + 2 a (1 - cos theta), with 1 - cos theta = 2 t / (1 + t).
    t = Symbol("t", nonnegative=True)
    distance = (1 - a) ** 2 + 4 * a * t / (1 + t)
    square = law.equilibrium_squared_norm()
    constant = square.subs(memory, 1 / (1 - contraction)).subs(contraction, 1 - decay)
    alternating = square.subs(memory, -1 / (1 + contraction))
    rising = square.subs(contraction, a).diff(memory)
    return [
        Obligation("1 + 2 sum a^k cos(k theta) is Poisson's kernel", series, kernel),
        Obligation("the kernel is at least (1 - a)/(1 + a)", (1 - a) / (1 + a), (1 - a**2) / distance, "<="),
        Obligation("and at most (1 + a)/(1 - a)", (1 - a**2) / distance, (1 + a) / (1 - a), "<="),
        Obligation("the norm rises with S", Integer(0), rising.subs(memory, excess), "<="),
        Obligation("a constant update reaches the upper bound", constant, (update_energy / wd**2).subs(wd, decay / lr)),
        Obligation(
            "an alternating update reaches the lower", alternating, lr**2 * update_energy / (1 + contraction) ** 2
        ),
    ]


def _cases() -> list[Formula]:
    from sympy import Integer

    from theory.stationary_update import memory_of_mode
    from theory.symbols import beta1

    lion = theory.equilibrium_of("lion")
    (series,) = lion.series
    return [
        Formula(r"S_\text{SGD}", Integer(0)),
        Formula(r"S_\text{AdamW}", memory_of_mode(beta1, beta1)),
        Formula(r"S_\text{Lion}", series),
    ]


def _cases_obligations() -> list[Obligation]:
    from sympy import Integer

    from theory import stationary_update as law
    from theory.symbols import beta1, contraction, decay, dim, memory, squared_norm, update_energy

    found = {name: theory.equilibrium_of(name) for name in ("sgd", "adamw", "lion")}
    (series,) = found["lion"].series
    adamw = found["adamw"]
    size = adamw.recursion.unit_gram[1, 1] * dim
    cases = {
        "sgd": (Integer(0), found["sgd"].rule.amplitude, squared_norm),
        "adamw": (law.memory_of_mode(beta1, beta1), size, adamw.norm_power),
        "lion": (series, dim, found["lion"].norm_power),
    }
    owed = []
    for name, (value, energy, square) in cases.items():
        at = {memory: value, update_energy: energy}
        general = law.equilibrium_squared_norm().subs(at).subs(contraction, 1 - decay)
        lost = law.one_minus_cosine().subs(at).subs(contraction, 1 - decay)
        if name == "sgd":
            general = general / squared_norm
            square = energy * found[name].unit_squared_norm / squared_norm
        owed += [
            Obligation(f"norm of {name}", general, square),
            Obligation(f"1 - cos of {name}", lost, found[name].one_minus_cosine),
        ]
    return owed


def _growth() -> list[Formula]:
    from theory import stationary_update as law
    from theory.symbols import contraction, lr, memory, momentum, update_energy

    grown = lr**2 * update_energy * (1 + 2 * memory)
    heavy = law.memory_of_mode(momentum, momentum).subs(contraction, 1)
    from theory.forms import positive_factors

    return [
        Formula(r"\mathbb E\|w_{t+1}\|^2 - \mathbb E\|w_t\|^2 \to", grown, ""),
        Formula(r"(1 + 2S)_{R_k = \alpha^k}", positive_factors(1 + 2 * heavy)),
    ]


def _growth_obligations() -> list[Obligation]:
    from sympy import Symbol, cancel

    from theory import stationary_update as law
    from theory.symbols import contraction, lr, memory, momentum, update_energy

    # After T steps from w = 0 without decay, E|w_{T+1}|^2 - E|w_T|^2 = eta^2 U (1 + 2 sum_{k=1}^T alpha^k).
    left = Symbol("X", positive=True)  # alpha^T
    step = lr**2 * update_energy * (1 + 2 * momentum * (1 - left) / (1 - momentum))
    heavy = law.memory_of_mode(momentum, momentum).subs(contraction, 1)
    general = cancel(law.equilibrium_squared_norm() * (1 - contraction**2)).subs(contraction, 1).subs(memory, heavy)
    return [
        Obligation("growth after many steps under R_k = alpha^k", step.subs(left, 0), general),
        Obligation("(1 + alpha)/(1 - alpha)", 1 + 2 * heavy, (1 + momentum) / (1 - momentum)),
    ]


def _input() -> list[Formula]:
    from sympy import Symbol

    # Infinite sums of matrices as they are written; what they claim is in the obligations.
    cross = Symbol(r"\sum_{k\ge1} M^{k-1} N R_k = \sum_n b_n\,(1 - r_n M)^{-1} N")
    gram = Symbol(r"M G M^{\top} + q\,\left(N N^{\top} + M c N^{\top} + N c^{\top} M^{\top}\right)")
    return [Formula(r"c = q^{-1}\,\mathbb E\langle s, x\rangle", cross), Formula("G", gram)]


def _generic(size: int = 2) -> tuple[Matrix, Matrix]:
    from sympy import Matrix, symbols

    names = symbols(f"m_0:{size}_0:{size}", positive=True)
    return Matrix(size, size, names), Matrix(symbols(f"n_0:{size}", positive=True))


def _input_obligations() -> list[Obligation]:
    from sympy import Symbol

    from theory.autocorrelation import geometric
    from theory.symbols import persistence, snr

    owed = []
    m, n = _generic()
    # AR(1): x' = phi x + xi joins the state; at stationarity E<s', x'> = phi E<M s + N x, x> must be E<s, x>.
    cross, _ = geometric(persistence, persistence).cross(m, n)
    moved = persistence * (m * cross + n)
    owed += [Obligation(f"E<s_{i}, x> stays under an AR(1) filter in the state", moved[i], cross[i]) for i in range(2)]
    # A constant signal: E s = M E s + N E x, and E<s, x> = <E s, E x> because the noise is fresh.
    share = snr / (1 + snr)
    cross, _ = geometric(share, snr**0).cross(m, n)
    mean = m * cross + n * share
    owed += [Obligation(f"E<s_{i}, x> of a constant signal", mean[i], cross[i]) for i in range(2)]
    # Any mixture b r^(k-1), from the lags one by one: c = N R_1 + r M c for a geometric tail.
    weight, mode = Symbol("b", positive=True), Symbol("r_1", positive=True)
    cross, _ = geometric(weight, mode).cross(m, n)
    shifted: Matrix = weight * n + mode * m * cross
    owed += [Obligation(f"c_{i} of b r^(k-1), lag by lag", shifted[i], cross[i]) for i in range(2)]
    return owed + _enlarged("adamw")


def _enlarged(optimizer: str) -> list[Obligation]:
    """The engine's moments under AR(1) input as a fixed point of the state (w, m, x) under white noise.

    The larger matrix contracts, so its fixed point is the only one.
    """
    from sympy import Matrix

    from proofs.algebra.lowest_terms import lowest_terms
    from theory.symbols import persistence

    found = _driven(optimizer, "ar1")
    recursion = found.recursion
    n = recursion.transition.rows
    enlarged = Matrix.zeros(n + 1, n + 1)
    enlarged[:n, :n], enlarged[:n, n], enlarged[n, n] = recursion.transition, recursion.drive, persistence
    gram = Matrix.zeros(n + 1, n + 1)
    gram[:n, :n], gram[:n, n], gram[n, :n], gram[n, n] = recursion.unit_gram, recursion.cross, recursion.cross.T, 1
    after = enlarged * gram * enlarged.T
    after[n, n] += 1 - persistence**2
    owed = [
        Obligation(f"moment ({i}, {j}) of {optimizer} and its gradient", after[i, j], gram[i, j])
        for i in range(n + 1)
        for j in range(i, n + 1)
    ]
    turned = 1 - (enlarged * gram)[0, 0] / gram[0, 0]
    owed.append(Obligation(f"1 - cos of {optimizer}", found.one_minus_cosine, turned))
    return [Obligation(o.says, lowest_terms(o.left), lowest_terms(o.right)) for o in owed]


@recorded
@cache
def _driven(optimizer: str, law: str) -> Equilibrium:
    from theory.optimizers import OPTIMIZERS
    from theory.stationary_input import autoregressive, driven_by, signal_and_noise
    from theory.symbols import energy

    rule = OPTIMIZERS[optimizer]
    amplitude = rule.amplitude if optimizer == "adamw" else energy
    return driven_by(rule, autoregressive() if law == "ar1" else signal_and_noise(), amplitude)


def _ar1() -> list[Formula]:
    from theory.symbols import dampening

    sgd, sgdm, adamw = (_driven(name, "ar1") for name in ("sgd", "sgdm", "adamw"))
    plain = {dampening: 0}
    return [
        Formula(r"\mathbb E\|w\|^2_\text{SGD}", sgd.display(sgd.norm_power)),
        Formula(r"\cos\theta_\text{SGD}", sgd.display(sgd.cosine)),
        Formula(r"\mathbb E\|w\|^2_{\text{SGDM}, \tau=0}", sgdm.display(sgdm.norm_power.subs(plain))),
        Formula(r"(1 - \cos\theta)_{\text{SGDM}, \tau=0}", sgdm.display(sgdm.one_minus_cosine.subs(plain))),
        Formula(r"\mathbb E\|w\|^2_\text{AdamW}", adamw.display(adamw.norm_power)),
        Formula(r"\cos\theta_\text{AdamW}", adamw.display(adamw.cosine)),
    ]


def _ar1_obligations() -> list[Obligation]:
    from sympy import Matrix, eye

    from proofs.algebra.lowest_terms import lowest_terms
    from theory.symbols import beta1, decay, persistence

    # AdamW's weights are an AR(3) of poles a, beta1, phi; Yule and Walker give its first correlation.
    poles = (1 - decay, beta1, persistence)
    e1 = sum(poles)
    e2 = poles[0] * poles[1] + poles[0] * poles[2] + poles[1] * poles[2]
    e3 = poles[0] * poles[1] * poles[2]
    coefficients = (e1, -e2, e3)
    # rho_k = sum_j f_j rho_|k-j| for k = 1, 2, 3.
    system = eye(3)
    known = Matrix([0, 0, 0])
    for k in range(1, 4):
        for j, f in enumerate(coefficients, 1):
            if k == j:
                known[k - 1] += f
            else:
                system[k - 1, abs(k - j) - 1] -= f
    first = system.LUsolve(known)[0]
    return [
        Obligation(
            "AdamW's cosine by Yule and Walker",
            lowest_terms(1 - _driven("adamw", "ar1").one_minus_cosine),
            lowest_terms(first),
        ),
        *_enlarged("sgd"),
        *_enlarged("sgdm"),
    ]


def _ar1_experiment(device: str) -> list[Confrontation]:
    return [_correlated("noise-ar1", name, 0.9, 0.0, device) for name in ("sgd", "sgdm", "adamw")]


def _correlated(claim: str, optimizer: str, phi: float, r: float, device: str) -> Confrontation:
    from proofs.noise import correlated

    momentum = {"sgd": {}, "sgdm": {"momentum": 0.9}, "adamw": {"beta1": 0.9}}[optimizer]
    return correlated(claim, optimizer, {"lr": 0.1, "wd": 0.5, **momentum}, phi, r, device)


def _signal() -> list[Formula]:
    from theory.symbols import dampening

    sgdm, adamw = (_driven(name, "signal") for name in ("sgdm", "adamw"))
    plain = {dampening: 0}
    return [
        Formula(r"\mathbb E\|m'\|^2_\text{AdamW} / d", _update_size()),
        Formula(r"\mathbb E\|w\|^2_\text{AdamW}", _split(adamw.norm_power)),
        Formula(r"\mathbb E\|w\|^2_{\text{SGDM}, \tau=0}", _split(sgdm.norm_power.subs(plain))),
        Formula(
            r"\left(\frac{1 - \cos\theta}{1 - \cos\theta|_{r=0}}\right)_\text{AdamW}",
            1 / (1 + _signal_share(adamw.norm_power)),
        ),
    ]


def _update_size() -> Expr:
    from theory.forms import positive_factors

    return positive_factors(_driven("adamw", "signal").recursion.unit_gram[1, 1])


def _split(square: Expr) -> Expr:
    """The squared norm as (noise + r signal) / (1 + r)."""
    from sympy import Add, cancel

    from theory.forms import positive_factors, tidy
    from theory.symbols import decay, lr, snr, wd

    whole = cancel(square * (1 + snr))
    noise = whole.subs(snr, 0)
    signal = cancel((whole - noise) / snr)
    return Add(tidy(noise), snr * positive_factors(signal.subs(decay, lr * wd)), evaluate=False) / (1 + snr)


def _signal_share(square: Expr) -> Expr:
    """The signal's part of the squared norm over that of the noise."""
    from sympy import cancel

    from theory.forms import tidy
    from theory.symbols import snr

    whole = cancel(square * (1 + snr))
    noise = whole.subs(snr, 0)
    return tidy(cancel((whole - noise) / noise))


def _signal_obligations() -> list[Obligation]:
    from sympy import eye

    from proofs.algebra.lowest_terms import lowest_terms
    from theory.forms import in_decay
    from theory.symbols import beta1, snr

    owed = []
    for name in ("sgd", "sgdm", "adamw"):
        found = _driven(name, "signal")
        recursion = found.recursion
        white = theory.equilibrium_of(name).recursion.unit_gram
        mean = (eye(recursion.transition.rows) - recursion.transition).inv() * recursion.drive
        apart = (snr * mean * mean.T + white) / (1 + snr)
        overlap_white = (1 - theory.equilibrium_of(name).one_minus_cosine) * white[0, 0]
        overlap = (snr * mean[0] ** 2 + overlap_white) / (1 + snr)
        owed += [
            Obligation(
                f"{name}: square of the mean plus the walk of the noise",
                lowest_terms(recursion.unit_gram[0, 0]),
                lowest_terms(apart[0, 0]),
            ),
            Obligation(
                f"{name}: 1 - cos from mean and noise",
                lowest_terms(found.one_minus_cosine),
                lowest_terms(1 - overlap / apart[0, 0]),
            ),
        ]
    published = (snr + (1 - beta1) / (1 + beta1)) / (1 + snr)
    adamw = _driven("adamw", "signal")
    ratio = adamw.one_minus_cosine / theory.equilibrium_of("adamw").one_minus_cosine
    return [
        *owed,
        Obligation("the published RMS of Adam's update", _update_size(), published),
        Obligation("the displayed ratio of 1 - cos", ratio, in_decay(1 / (1 + _signal_share(adamw.norm_power)))),
    ]


def _signal_experiment(device: str) -> list[Confrontation]:
    return [_correlated("noise-signal", name, 0.0, 0.05, device) for name in ("sgd", "sgdm", "adamw")]


def _transient() -> list[Formula]:
    return [Formula(r"\mathbb E\|w_t\|^2 / d", _transient_law())]


def _transient_law() -> Expr:
    from sympy import Symbol

    from theory.symbols import decay, snr, wd

    left = Symbol("a^t", positive=True)
    return (snr * (1 - left) ** 2 + decay / (2 - decay) * (1 - left**2)) / (wd**2 * (1 + snr))


def _transient_obligations() -> list[Obligation]:
    from sympy import Integer, Symbol

    from theory.symbols import beta1, decay, dim, lr, snr, wd

    left = Symbol("a^t", positive=True)
    law = _transient_law().subs(wd, decay / lr)
    a = 1 - decay
    # E w_t = -(1 - a^t) E x / lambda, so one step adds 2 a eta (1 - a^t)/lambda |E x|^2 and eta^2 of energy.
    step = a**2 * law + 2 * a * lr**2 / decay * (1 - left) * snr / (1 + snr) + lr**2
    end = _driven("adamw", "signal").norm_power.subs(beta1, 0) / dim
    return [
        Obligation("it starts at zero", law.subs(left, 1), Integer(0)),
        Obligation("one step leads from t to t + 1", step, law.subs(left, a * left)),
        Obligation("it ends at the equilibrium", law.subs(left, 0), end),
    ]


@recorded
@cache
def _orthogonal(optimizer: str) -> Equilibrium:
    from theory.optimizers import OPTIMIZERS
    from theory.orthogonality import under_orthogonal_gradients

    return under_orthogonal_gradients(OPTIMIZERS[optimizer])


IMMUNE = ("sgd", "sgdm", "adamw")


def _angles() -> list[Formula]:
    from sympy import Symbol

    from theory.optimizers import OPTIMIZERS
    from theory.orthogonality import WeightRecursion

    c1, c2 = Symbol("c_1"), Symbol("c_2")
    general = [Formula(COSINE, c1 / (1 - c2))]
    for name, title in zip(IMMUNE, ("SGD", "SGDM", "AdamW"), strict=True):
        found = _orthogonal(name)
        recursion = WeightRecursion.of(OPTIMIZERS[name])
        general.append(Formula(rf"\cos\theta_\text{{{title}}}", found.display(1 - recursion.one_minus_cosine)))
    return general


def _angles_obligations() -> list[Obligation]:
    from sympy import Integer, cancel, together

    from theory.optimizers import OPTIMIZERS
    from theory.orthogonality import WeightRecursion, under_orthogonal_gradients
    from theory.symbols import buffer_overlap, energy
    from theory.update_rule import UpdateRule

    owed = []
    for name in IMMUNE:
        recursion = WeightRecursion.of(OPTIMIZERS[name])
        owed += [
            Obligation(f"{name}: the last gradient does not enter", recursion.input_before, Integer(0)),
            Obligation(
                f"{name}: from the moments, whatever E<m, g> is",
                _orthogonal(name).one_minus_cosine,
                recursion.one_minus_cosine,
            ),
            Obligation(
                f"{name}: the angle of white gradients",
                recursion.one_minus_cosine,
                theory.equilibrium_of(name).one_minus_cosine,
            ),
        ]
    m, n = _generic()
    rule = UpdateRule("generic", "", ("w", "m"), m, n, energy, (), "", ())
    moments = under_orthogonal_gradients(rule).recursion
    recursion = WeightRecursion.of(rule)
    # <g_{t-1}, w_t> = n_0 q + m_01 <g_{t-1}, m_{t-1}>, and c_1 A + b_1 of it is the whole product.
    seen = recursion.input_before * (recursion.input + m[0, 1] * buffer_overlap)
    predicted = (recursion.last * moments.unit_gram[0, 0] + seen) / (1 - recursion.before)
    difference = cancel(together(moments.overlap - predicted))
    return [*owed, Obligation("any rule with one buffer: what enters besides c_1 and c_2", difference, Integer(0))]


def _orthogonal_experiment(device: str) -> list[Confrontation]:
    from proofs.noise import orthogonal

    points = {
        "sgd": {"lr": 0.1, "wd": 0.5},
        "sgdm": {"lr": 0.1, "wd": 0.5, "momentum": 0.9, "dampening": 0.3},
        "adamw": {"lr": 0.1, "wd": 0.5, "beta1": 0.9},
    }
    return [
        orthogonal(name, point, phi, r, device) for name, point in points.items() for phi, r in ((0.9, 0), (0, 1.0))
    ]


def _trajectory() -> list[Formula]:
    from sympy import symbols

    from proofs.latex import latex
    from theory.orthogonality import summed_products

    products, right = summed_products(*symbols("c_1 c_2"))
    return [Formula(rf"(1 - c_2) {latex(products)}", right)]


def _trajectory_obligations() -> list[Obligation]:
    from sympy import Symbol, symbols

    from theory.optimizers import OPTIMIZERS
    from theory.orthogonality import StepProduct, WeightRecursion, summed_products
    from theory.symbols import decay, lr, wd

    owed = []
    w0, m0, g0, g1 = symbols("w_0 m_0 g_0 g_1", positive=True)
    for name in IMMUNE:
        rule = OPTIMIZERS[name]
        recursion = WeightRecursion.of(rule)
        first = rule.after([w0, *[m0] * (len(rule.state) - 1)], g0)
        w1, w2 = first[0], rule.after(first, g1)[0]
        written = recursion.last * w1 + recursion.before * w0 + recursion.input * g1 + recursion.input_before * g0
        owed.append(Obligation(f"{name}: two of its steps", w2.subs(wd, decay / lr), written.subs(wd, decay / lr)))
    c1, c2, *squares = symbols("c_1 c_2 A_1 A_2 A_3", positive=True)
    products = [Symbol("P_0", positive=True)]
    for square in squares:
        products.append(c1 * square + c2 * products[-1])

    def run(expression: Expr) -> Expr:
        """The claim's expression over three steps, with their squared norms and products put in."""
        three = expression.subs(Symbol("T", integer=True, nonnegative=True), len(squares)).doit()
        return three.replace(StepProduct, lambda i, j: squares[j - 1] if i == j else products[j])

    left, right = summed_products(c1, c2)
    owed.append(Obligation("the sum over three steps telescopes", (1 - c2) * run(left), run(right)))
    return owed


def _norms() -> list[Formula]:
    sgdm, adamw = _orthogonal("sgdm"), _orthogonal("adamw")
    return [
        Formula(r"\left(\mathbb E\|w\|^2\right)^2_\text{SGDM}", sgdm.display(sgdm.norm_power)),
        Formula(r"\mathbb E\|w\|^2_\text{AdamW}", adamw.display(adamw.norm_power)),
    ]


def _norms_obligations() -> list[Obligation]:
    from theory.symbols import buffer_overlap, dampening, decay, dim, energy, lr, momentum, squared_norm

    sgdm, adamw = _orthogonal("sgdm"), _orthogonal("adamw")
    # By hand from the three relations: 2 <w, m'> = eta C, B = -<w, m'>, and C from the buffer's own energy, where
    # the angle already gives <w, m'> = u A / (eta (1 + alpha)).
    u = decay * (1 - dampening)
    across = u * squared_norm / (lr * (1 + momentum))
    buffer = 2 * across / lr
    kick, pull = 1 - dampening, u / lr
    q = energy / squared_norm
    before = -across
    energy_after = (
        momentum**2 * buffer
        + kick**2 * q
        + pull**2 * squared_norm
        + 2 * momentum * kick * buffer_overlap * q
        + 2 * momentum * pull * before
    )
    (found,) = _solve_power(energy_after - buffer)
    return [
        Obligation("SGDM's norm from the three relations", sgdm.norm_power, found),
        Obligation("at c = 0 it is that of white gradients", _white(sgdm), theory.equilibrium_of("sgdm").norm_power),
        Obligation("so is AdamW's", _white(adamw) / dim, theory.equilibrium_of("adamw").norm_power / dim),
    ]


def _solve_power(residual: Expr) -> list[Expr]:
    """A^2 from an equation linear in A and 1/A."""
    from sympy import Symbol, expand, solve

    from theory.symbols import squared_norm

    power = Symbol("A_2", positive=True)
    return solve(expand(residual * squared_norm).subs(squared_norm**2, power), power)


def _white(found: Equilibrium) -> Expr:
    from theory.symbols import buffer_overlap

    return found.norm_power.subs(buffer_overlap, 0)


def _nesterov() -> list[Formula]:
    found = _orthogonal("nesterov")
    return [Formula(r"1 - \cos\theta", found.display(found.one_minus_cosine))]


def _nesterov_obligations() -> list[Obligation]:
    from sympy import Integer, Symbol, cancel, together

    from theory.optimizers import OPTIMIZERS
    from theory.orthogonality import WeightRecursion
    from theory.symbols import buffer_overlap, decay, lr, momentum

    rule = OPTIMIZERS["nesterov"]
    recursion = WeightRecursion.of(rule)
    found = _orthogonal("nesterov")
    unit = found.recursion.unit_gram[0, 0]
    # w_{t+1} against w_t with <g_{t-1}, w_t> = -eta (1 + alpha) q - eta alpha^2 c q, read off the code.
    last = -lr * (1 + momentum + momentum**2 * buffer_overlap)
    cosine = (recursion.last + recursion.input_before * last / unit) / (1 - recursion.before)
    change = cancel(together(found.one_minus_cosine.diff(buffer_overlap)))
    p, s, t = Symbol("s_p", nonnegative=True), Symbol("s_m", nonnegative=True), Symbol("s_c", nonnegative=True)
    inside = {decay: 1 / (1 + p), momentum: 1 / (1 + s), buffer_overlap: t}
    return [
        Obligation("1 - cos with the last gradient in the step", found.one_minus_cosine, 1 - cosine),
        Obligation("1 - cos never rises with c >= 0", cancel(together(change.subs(inside))), Integer(0), "<="),
    ]


def _not_turned_over() -> tuple[Relational, ...]:
    from theory.symbols import contraction

    return (contraction >= 0,)


CLAIMS = [
    Claim(
        id="stationary-update",
        title="Any stationary update under decoupled decay",
        statement="Norm and angle see the whole autocorrelation of the update through one number S:",
        kind=Kind.EXACT,
        setting=Setting.EXPECTATION,
        formulas=_stationary,
        obligations=_stationary_obligations,
        states=(
            "stationary_update.equilibrium_squared_norm",
            "stationary_update.one_minus_cosine",
            "stationary_update.alignment",
        ),
        sources=("wen2025hyperball",),
        extra_hypotheses=STATIONARY,
        experiment=_stationary_experiment,
    ),
    Claim(
        id="stationary-triangle",
        title="Norm and angle are tied",
        statement="Whatever the autocorrelation, the angle follows from the relative update alone:",
        kind=Kind.EXACT,
        setting=Setting.EXPECTATION,
        formulas=_triangle,
        obligations=_triangle_obligations,
        states=("stationary_update.cosine_of_norm",),
        sources=(),
        extra_hypotheses=STATIONARY,
    ),
    Claim(
        id="stationary-bounds",
        title="The range of the norm",
        statement=(
            "Whatever the autocorrelation, for 0 <= a < 1 the norm lies between that of an alternating and that of a "
            "constant update, and both are reached:"
        ),
        kind=Kind.BOUND,
        setting=Setting.EXPECTATION,
        formulas=_bounds,
        obligations=_bounds_obligations,
        sources=(),
        extra_hypotheses=(*STATIONARY, "a >= 0"),
        domain=_not_turned_over,
    ),
    Claim(
        id="stationary-cases",
        title="Optimizers as cases of the general law",
        statement="SGD, AdamW (T of Lion is its series) are the cases",
        kind=Kind.IDENTITY,
        setting=Setting.ALGEBRA,
        formulas=_cases,
        obligations=_cases_obligations,
        sources=(),
    ),
    Claim(
        id="stationary-growth",
        title="Growth without decay",
        statement="Without decay, with S taken at a = 1, the squared norm grows in the long run by",
        kind=Kind.LIMIT,
        setting=Setting.EXPECTATION,
        formulas=_growth,
        obligations=_growth_obligations,
        sources=(),
        extra_hypotheses=("the update u is stationary with sum k |R_k| finite", "no weight decay"),
    ),
    Claim(
        id="correlated-input",
        title="Any stationary input of any linear rule",
        statement=(
            "A rule s' = M s + N x under input of energy q and autocorrelation R_k, a mixture of b_n r_n^(k-1), "
            "has the second moments"
        ),
        kind=Kind.EXACT,
        setting=Setting.EXPECTATION,
        formulas=_input,
        obligations=_input_obligations,
        sources=(),
        extra_hypotheses=("the input is stationary and does not depend on w", "M contracts, and |r_n| <= 1"),
    ),
    Claim(
        id="noise-ar1",
        title="Gradients that are AR(1) in time",
        statement="For gradients of energy L (d for AdamW) with R_k = phi^k",
        kind=Kind.EXACT,
        setting=Setting.EXPECTATION,
        formulas=_ar1,
        obligations=_ar1_obligations,
        sources=(),
        extra_hypotheses=UNSEEN,
        experiment=_ar1_experiment,
    ),
    Claim(
        id="noise-signal",
        title="A constant signal under the noise",
        statement="For a constant gradient under white noise at ratio r, of total energy L (d for AdamW),",
        kind=Kind.EXACT,
        setting=Setting.EXPECTATION,
        formulas=_signal,
        obligations=_signal_obligations,
        sources=(),
        extra_hypotheses=UNSEEN,
        experiment=_signal_experiment,
    ),
    Claim(
        id="noise-signal-transient",
        title="From zero, under signal and noise",
        statement="AdamW with beta1 = 0 from w = 0 has at step t",
        kind=Kind.EXACT,
        setting=Setting.EXPECTATION,
        formulas=_transient,
        obligations=_transient_obligations,
        sources=(),
        extra_hypotheses=UNSEEN,
    ),
    Claim(
        id="orthogonal-angle",
        title="Angles that no correlation moves",
        statement=(
            "Let the weights of a rule obey w_{t+1} = c_1 w_t + c_2 w_{t-1} + b g_t. If E<g_t, w_t> = 0 and the second "
            "moments of w are stationary, then, however the gradients depend on each other and on the past,"
        ),
        kind=Kind.EXACT,
        setting=Setting.EXPECTATION,
        formulas=_angles,
        obligations=_angles_obligations,
        states=("WeightRecursion.one_minus_cosine",),
        sources=("wan2021spherical", "kosson2024rotational"),
        extra_hypotheses=(
            "E<g_t, w_t> = 0 at every step; for AdamW the same of g/sqrt(v)",
            "E|w_t|^2 and E<w_{t+1}, w_t> do not depend on t",
        ),
        experiment=_orthogonal_experiment,
    ),
    Claim(
        id="orthogonal-trajectory",
        title="The same for one trajectory",
        statement=(
            "If <g_t, w_t> = 0 at each step t = 1, ..., T of one trajectory, then without probability or stationarity"
        ),
        kind=Kind.IDENTITY,
        setting=Setting.ALGEBRA,
        formulas=_trajectory,
        obligations=_trajectory_obligations,
        sources=(),
    ),
    Claim(
        id="orthogonal-norm",
        title="The norm is not immune",
        statement="Under the same gradients, with E<m, g> = c E|g|^2 for the buffer m that the gradient meets,",
        kind=Kind.EXACT,
        setting=Setting.MEAN_FIELD,
        formulas=_norms,
        obligations=_norms_obligations,
        sources=(),
        extra_hypotheses=("E<g_t, w_t> = 0 and second moments are stationary",),
    ),
    Claim(
        id="orthogonal-nesterov",
        title="Nesterov's angle is not immune",
        statement="With Nesterov momentum (no dampening) and orthogonal gradients with E<m, g> = c E|g|^2",
        kind=Kind.EXACT,
        setting=Setting.EXPECTATION,
        formulas=_nesterov,
        obligations=_nesterov_obligations,
        sources=(),
        extra_hypotheses=("E<g_t, w_t> = 0 and second moments are stationary",),
    ),
]
