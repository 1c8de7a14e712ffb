"""What the book's calculators compute with, written as a classic script: ``SMD.derived`` from the theory's own objects.

Rules, motions, AdamW's lag and Muon's formulas are translated expressions; ranges, names, thresholds and Muon's
coefficients are data. The loops around them (roots, series, bisection, recursions) stand in ``book/_calculator`` and
are held against ``theory`` and ``smd`` by the tests.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from fractions import Fraction
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any

import numpy as np

from smd import explaining, predicting, recipes, translating
from smd.javascript import literal, object_of, translated
from theory import catalogue, compiled, lagging, motion, muon, polar, prediction, schedule, solving, summation

if TYPE_CHECKING:
    from sympy import Expr, Symbol

UNUSED = ("norm_at_constant_energy", "norm_neglected", "log_cosine_gradient", "norm_power")
"""Derived functions that no calculator asks for."""
SYMBOLS = ("L", "eta", "lambda_", "alpha", "tau", "beta_1", "beta_2", "d", "K", "kappa", "t", "psi", "mu", "p", *"TSBC")
"""Every symbol that a derived function may take."""
PRINTED = ("norm_power", "one_minus_cosine", "definitions", "gain", "T_first_weight", "T_ratio", "T_factor")
"""Derived functions that are shown as LaTeX."""
TERMS = 1 << 11
"""Coefficients of which Muon's tail is read."""
SIDES = (64, 128, 256, 512, 768, 1024, 2048, 3072, 4096)
"""Rows and columns of the matrices whose Muon coefficients go along, a tenth of a second each to compute."""


def script(sides: Sequence[int] = SIDES) -> str:
    """Source that defines ``SMD.derived``, with Muon's coefficients for matrices of these sides."""
    groups = {
        "rules": {name: rule(name) for name in compiled.NAMES},
        "motions": {name: moving(name) for name in compiled.NAMES if name not in catalogue.REFINED.values()},
        "latex": {name: literal(formulas(name)) for name in compiled.NAMES} | {"muon": literal(muon_formulas())},
        "shapes": {literal(f"{m}x{n}"): literal(shape(m, n)) for m, n in combinations_with_replacement(sides, 2)},
    }
    head = "/* Written by smd.calculators from SymPy's expressions. */\nvar SMD = window.SMD = window.SMD || {};"
    parts = [f"SMD.derived.{group} = {object_of(fields)};" for group, fields in groups.items()]
    parts += [f"SMD.derived.lag = {translated(_lag())};", f"SMD.derived.muon = {translated(_muon())};"]
    return "\n".join([head, f"SMD.derived = {{data: {literal(data(sides))}}};", *parts]) + "\n"


def rule(name: str) -> str:
    """The object of one rule, with functions named as those of ``theory.compiled.CompiledRule``."""
    code = source_of(name)
    numbers = dict.fromkeys(SYMBOLS, 0.5)
    # Multipliers come from polynomials before matrices.
    polynomials = compiled.CompiledRule(code, name)("deviation_polynomials", numbers)
    return translated(code, leave_out=(*UNUSED, "jacobian") if polynomials else UNUSED)


def moving(name: str) -> str:
    """The object of one rule's motion, with functions named as those of ``theory.motion.Motion``."""
    motion.motion(name)
    code = compiled._read(compiled._entry(f"{name}-motion"))
    if code is None:
        from theory.optimizers import OPTIMIZERS

        code = motion.source(OPTIMIZERS[name])
    return translated(code)


def source_of(name: str) -> str:
    """The compiled rule's Python source, from the cache where it has one."""
    compiled.load(name)
    code = compiled._read(compiled._entry(name))
    if code is None:
        from theory.codegen import source
        from theory.optimizers import OPTIMIZERS

        code = source(OPTIMIZERS[name])
    return code


def formulas(name: str) -> dict[str, Any]:
    """LaTeX of a rule's norm and cosine, and of what stands behind the symbols in them."""
    from sympy import latex

    found = _expressions(source_of(name))
    rule = compiled.load(name)
    numbers = dict.fromkeys(SYMBOLS, 0.5)
    exponent = round(math.log(rule("norm_power", numbers)) / math.log(rule("norm", numbers)))
    behind = [
        f"{latex(_symbol(symbol))} = {latex(expression)}"
        for symbol, (expression,) in zip(rule.defined, found["definitions"], strict=True)
    ]
    if "T" in rule.functions["SERIES"]:
        weight, ratio, factor = (latex(found[f"T_{part}"]) for part in ("first_weight", "ratio", "factor"))
        behind.append(rf"T = \sum_{{n \ge 0}} w_n f_n,\quad w_0 = {weight},\quad \frac{{w_{{n+1}}}}{{w_n}} = {ratio}")
        behind.append(f"f_n = {factor}")
    if rule.has_gain:
        gain = latex(found["gain"])
        behind.append(rf"p = y\,\eta\lambda,\quad y = {gain}")
    else:
        behind.append(r"p = \eta\lambda")
    return {
        "norm": rf"\|w\|^{{{exponent}}} = {latex(found['norm_power'])}",
        "angle": rf"1 - \cos\theta = {latex(found['one_minus_cosine'])}",
        "behind": behind,
    }


def muon_formulas() -> dict[str, Any]:
    """The same for Muon, whose update c u has energy U and memory S."""
    from sympy import latex

    from theory.symbols import decay, lr, memory, update_energy

    return {
        "norm": rf"\|w\|^{{2}} = {latex(muon.squared_norm(lr, decay, update_energy, memory))}",
        "angle": rf"1 - \cos\theta = {latex(muon.one_minus_cosine(decay, memory))}",
        "behind": [
            rf"{latex(update_energy)} = c^2\,\mathbb{{E}}|u|^2,\quad p = \eta\lambda",
            rf"{latex(memory)} = \sum_{{k \ge 1}} (1 - p)^{{k-1}} R_k",
            r"R_k = \frac{\mathbb{E}\langle u_t, u_{t+k}\rangle}{\mathbb{E}|u|^2}",
        ],
    }


def _symbol(name: str) -> Symbol:
    from sympy import Symbol

    return Symbol(name.rstrip("_"), positive=True)


def _expressions(code: str) -> dict[str, Any]:
    """The functions of generated source as SymPy expressions again."""
    from sympy import asin, pi, sqrt, sympify

    def read(node: ast.expr, names: dict[str, Any]) -> Any:
        if isinstance(node, ast.List):
            return [read(item, names) for item in node.elts]
        return sympify(ast.unparse(node).replace("numpy.", ""), locals=names, rational=True)

    found = {}
    for statement in ast.parse(code).body:
        if not (isinstance(statement, ast.FunctionDef) and statement.name in PRINTED):
            continue
        if isinstance(returned := statement.body[0], ast.Return):
            assert returned.value is not None
            names = {a.arg: _symbol(a.arg) for a in statement.args.kwonlyargs}
            found[statement.name] = read(returned.value, {"arcsin": asin, "sqrt": sqrt, "pi": pi, **names})
    return found


def _lag() -> str:
    """``theory.lagging`` in symbols: the map, its derivative, its fixed point, the bias correction."""
    from sympy import Matrix, Symbol, sqrt

    from theory.codegen import _function
    from theory.symbols import beta1, beta2, dim, energy, lr

    before = lagging.Moments(*(Symbol(name, positive=True) for name in "vxyz"))
    contraction, count = Symbol("a", positive=True), Symbol("n", positive=True)
    after = lagging.step(
        before, lr=lr, contraction=contraction, beta1=beta1, beta2=beta2, energy=energy, dim=dim, root=sqrt
    )
    gram = Matrix(2, 2, lambda i, j: Symbol(f"G_{min(i, j)}{max(i, j)}", real=True))
    parts = {
        "step": list(after),
        "jacobian": [list(row) for row in Matrix(after).jacobian(list(before)).tolist()],
        "settled": list(lagging.settled(gram, energy=energy, dim=dim, root=sqrt)),
        "bias_correction": lagging.bias_correction(beta1, beta2, count),
    }
    return "\n\n".join(_function(name, body) for name, body in parts.items())


def _muon() -> str:
    """``theory.muon`` and ``theory.polar`` in symbols: all of them plain arithmetic."""
    from sympy import pi

    from theory.codegen import _function
    from theory.symbols import decay, dim, energy, index, lr, memory, momentum

    parts: dict[str, Expr | list[Expr]] = {
        "squared_norm": muon.squared_norm(lr, decay, energy, memory),
        "one_minus_cosine": muon.one_minus_cosine(decay, memory),
        "nesterov": muon.first_correlation(momentum, True),
        "heavy_ball": muon.first_correlation(momentum, False),
        "deviations": list(muon._deviations(decay, momentum)),
        "square_limit": polar.square_limit(index, pi),
        "vector_ratio": polar.vector_ratio(dim, index),
    }
    return "\n\n".join(_function(name, body) for name, body in parts.items())


def shape(small: int, large: int) -> dict[str, Any]:
    """Muon's correlation for small x large matrices: ``theory.polar`` in the numbers that its tail is made of.

    The tail is edge_share times the vector law of dimension edge_dim, whose first coefficient is edge_first, plus
    limit_share times the law of large matrices.
    """
    found = polar.polar_correlation(small, large, TERMS)
    edge = polar.vector_coefficients(large - small + 1, TERMS)
    limit = polar.limit_coefficients(small / large, TERMS)
    columns = np.array([edge[polar.EXACT_TERMS :], limit[polar.EXACT_TERMS :]]).T
    shares, *_ = np.linalg.lstsq(columns, found.tail, rcond=None)
    return {
        "leading": found.leading.tolist(),
        "exact": found.exact,
        "edge_dim": large - small + 1,
        "edge_first": float(edge[0]),
        "edge_share": float(shares[0]),
        "limit_share": float(shares[1]),
        "squared_scales": {
            name: [float(Fraction(law(small, large))), float(Fraction(law(large, small)))]
            for name, law in muon.SQUARED_SCALES.items()
        },
    }


def data(sides: Sequence[int] = SIDES) -> dict[str, Any]:
    """Names, ranges, defaults and thresholds, as the Python beside them has them."""
    rules = {name: compiled.load(name) for name in compiled.NAMES}
    return {
        "names": list(compiled.NAMES),
        "forms": catalogue.FORMS,
        "both": list(catalogue.BOTH),
        "refined": catalogue.REFINED,
        "refining": list(catalogue.REFINING),
        "decays": list(catalogue.DECAYS),
        "symbols": prediction.SYMBOL_NAMES,
        "noise": predicting.NOISE,
        "lagging": list(lagging.OPTIMIZERS),
        "lag_beta2": asdict(lagging.BETA2),
        "correlated": [name for name, rule in rules.items() if "T" in rule.functions["SERIES"]],
        "muon": {
            "title": muon.TITLE,
            "convention": muon.CONVENTION,
            "hypotheses": muon.HYPOTHESES,
            "parameters": [asdict(p) for p in muon.PARAMETERS],
            "scales": list(muon.SQUARED_SCALES),
            "sides": list(sides),
        },
        "constants": constants(),
    }


def constants() -> dict[str, Any]:
    """The numbers that the algorithms stop, search and warn by."""
    names: Mapping[Any, str] = {
        prediction: "EXPANSION_HOLDS LEAST_DECAY LARGEST_DECAY FAST",
        summation: "TOLERANCE",
        polar: "EXACT_TERMS EXACT_ROWS",
        muon: "MOST_TERMS DIGITS",
        motion: "TAIL MOST_MODES",
        schedule: "SHAPES MOST_STEPS COOLDOWN DROPS",
        solving: "COARSE FINE FINE_FROM MOST_STEPS LAST_DIGITS TINY ROUNDING GOLDEN TURNED MOST_DECAY",
        translating: "MOMENTA SPAN RATIO SAME SIZES SHARED KEEPS",
        explaining: "UNKNOWN_STARTS POINTS CLOSE SETTLED_BY SHORTEST LARGE WIDE",
        recipes: "SCHEDULES OTHER_DECAYS LONGEST",
    }
    found = {module.__name__.split(".")[-1]: _plain(module, listed) for module, listed in names.items()}
    found["solving"]["LEAST_DECAY"] = solving.LEAST_DECAY
    found["explaining"]["SHARES"] = explaining.SHARES.tolist()
    return found


def _plain(module: Any, listed: str) -> dict[str, Any]:
    return {name: getattr(module, name) for name in listed.split()}
