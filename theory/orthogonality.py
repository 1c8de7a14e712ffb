"""Rules whose angle needs nothing of the gradients but <g, w> = 0.

A rule with states (w, m) moves its weights by w_{t+1} = c_1 w_t + c_2 w_{t-1} + b_0 g_t + b_1 g_{t-1}.
Take the product with w_t. Where b_1 = 0 and E<g_t, w_t> = 0 it leaves
E<w_{t+1}, w_t> = c_1 E|w_t|^2 + c_2 E<w_t, w_{t-1}>, so that at stationarity cos = c_1 / (1 - c_2),
however the gradients depend on each other and on the past.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sympy import Expr, Function, Integer, Matrix, Sum, Symbol, factor
from sympy.printing.latex import LatexPrinter

from theory.autocorrelation import Autocorrelation
from theory.derivation import recorded
from theory.equilibrium import Equilibrium
from theory.symbols import buffer_overlap
from theory.update_rule import UpdateRule


@dataclass(frozen=True)
class WeightRecursion:
    """w_{t+1} = c_1 w_t + c_2 w_{t-1} + b_0 g_t + b_1 g_{t-1}."""

    last: Expr
    before: Expr
    input: Expr
    input_before: Expr

    @classmethod
    def of(cls, rule: UpdateRule) -> WeightRecursion:
        """The recursion of a rule with at most one buffer, by eliminating it (Cayley and Hamilton)."""
        m, n = rule.in_decay()
        if m.rows == 1:
            return cls(m[0, 0], Integer(0), n[0], Integer(0))
        if m.rows != 2:
            raise ValueError(f"{rule.name} keeps {m.rows - 1} buffers; one lag of the weights does not eliminate them")
        return cls(factor(m.trace()), factor(-m.det()), n[0], factor(m[0, 1] * n[1] - m[1, 1] * n[0]))

    @property
    def is_immune(self) -> bool:
        """Whether orthogonality of each gradient to the weights it is taken at fixes the angle."""
        return bool(self.input_before == 0)

    @property
    @recorded
    def one_minus_cosine(self) -> Expr:
        """1 - E<w, w'>/E|w|^2 for gradients orthogonal to w; raises ValueError where they do not fix it."""
        if not self.is_immune:
            raise ValueError("the step uses the last gradient too, whose product with w is not zero")
        return factor(1 - self.last / (1 - self.before))


class StepProduct(Function):
    """<w_i, w_j> of the weights at two steps i and j of one trajectory."""

    def _latex(self, printer: LatexPrinter) -> str:
        i, j = (printer.doprint(step) for step in self.args)
        return rf"\|w_{{{i}}}\|^2" if i == j else rf"\langle w_{{{i}}}, w_{{{j}}}\rangle"


def summed_products(last: Expr, before: Expr) -> tuple[Expr, Expr]:
    """(sum_t <w_{t+1}, w_t>, what (1 - c_2) times it comes to): the product with w_t summed over t = 1, ..., T.

    ``last`` and ``before`` are c_1 and c_2; <g_t, w_t> = 0 at each of these steps.
    """
    t, steps = (Symbol(name, integer=True, nonnegative=True) for name in ("t", "T"))
    products = Sum(StepProduct(t + 1, t), (t, 1, steps))
    ends = StepProduct(steps + 1, steps) - StepProduct(Integer(1), Integer(0))
    return products, last * Sum(StepProduct(t, t), (t, 1, steps)) - before * ends


@dataclass(frozen=True)
class OrthogonalInput(Autocorrelation):
    """Gradients orthogonal to w whose product with the buffer, E<m, g> = c q, may be anything."""

    def cross(self, transition: Matrix, drive: Matrix) -> tuple[Matrix, dict[Symbol, object]]:  # type: ignore[override]
        """(0, c)."""
        return Matrix([0, buffer_overlap][: transition.rows]), {}


@recorded
def under_orthogonal_gradients(rule: UpdateRule) -> Equilibrium:
    """The equilibrium for any stationary gradients orthogonal to w, in terms of c = E<m, g>/E|g|^2."""
    return Equilibrium(replace(rule, autocorrelation=OrthogonalInput()))
