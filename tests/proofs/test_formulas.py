"""Formulas in the words of claims: they become mathematics, and the words around them stay as they are."""

import re

import pytest

from proofs import CLAIMS
from proofs.claim import SETTING_MEANING
from proofs.formulas import FORMULA, MARKED, WORDS, markdown, pieces

TEXTS = sorted(
    {*SETTING_MEANING.values()}
    | {text for c in CLAIMS.values() for text in (c.statement, c.convention or "", *c.hypotheses)}
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("decay, w' = a w - eta u with |a| < 1", r"decay, $w' = a w - \eta u$ with $\lvert a \rvert < 1$"),
        ("E|unit g|^2 = L", r"$\mathbb E \lVert \tilde g \rVert^{2} = L$"),
        ("E<u_t, u_{t+k}> = U R_k", r"$\mathbb E \langle u_{t}, u_{t+k} \rangle = U R_{k}$"),
        (
            "E[1/|w|^2] replaced by 1/E|w|^2",
            r"$\mathbb E [1/\lVert w \rVert^{2}]$ replaced by $1/\mathbb E \lVert w \rVert^{2}$",
        ),
        ("mu_(t+1), t_peak < W", r"$\mu_{t+1}$, $t_{\mathrm{peak}} < W$"),
        ("b r^(k - 1) and v~", r"$b r^{k - 1}$ and $\tilde v$"),
        ("like exp(-2 eta t) at -u/wd", r"like $\exp (-2 \eta t)$ at $-u/\lambda$"),
        ("C = max(1, 4p)", r"$C = \max (1, 4 p)$"),
        ("f = sqrt((1 - p)/2)", r"$f = \sqrt{(1 - p)/2}$"),
        ("(2/(d-1) for all)", "($2/(d - 1)$ for all)"),
        ("a step of A, not 1", "a step of $A$, not 1"),
        ("A rule of a k-fold batch", "A rule of a $k$-fold batch"),
        ("F = sum of c_i", "$F$ = sum of $c_{i}$"),
        ("1/(1 - momentum) steps", "1/(1 - momentum) steps"),
        ("g is gamma distributed, with gamma > 0", r"$g$ is gamma distributed, with $\gamma > 0$"),
        ("NAdam's own (PyTorch weight_decay)", "NAdam's own (PyTorch weight_decay)"),
        ("$a*b$ and `p < 1`, not *", r"$a*b$ and `p < 1`, not \*"),
        ("scale-invariant, p <", "scale-invariant, $p$ <"),
    ],
)
def test_what_becomes_mathematics(text, shown):
    """Relations, lengths, inner products, powers and names, as far as they are formulas."""
    assert markdown(text) == shown


def test_no_formula_is_left_as_plain_text():
    """Of all claims: outside of mathematics stands no sign of a formula, and inside no word that is not one."""
    for text in TEXTS:
        found = list(pieces(text))
        words = "".join(piece for kind, piece in found if kind == WORDS)
        assert not re.search(r"[<>^|]|_(?!decay)|=(?! sum of| identity)", words), words
        for kind, formula in found:
            if kind == FORMULA and f"${formula}$" not in MARKED.split(text):
                bare = re.sub(r"\\[A-Za-z]+(\{[a-z]+\})?", "", formula)
                assert not re.search(r"[A-Za-z]{2}", bare), formula
                assert bare.count("{") == bare.count("}")
