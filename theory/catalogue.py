"""Names of optimizers and of the ways to decay: which rule they mean, and what its weight decay is.

*coupled*: L2 in the gradient. *decoupled*: factor 1 - lr*wd. *independent*: factor 1 - wd, whatever the learning
rate. *corrected*: factor 1 - lr*wd*(lr/lr_max), so that the norm stands still under a schedule (key
``defazio2025``). The last two are the decoupled rule at another coefficient.
"""

from __future__ import annotations

from dataclasses import dataclass

from theory.domain import OutOfDomain, Parameter

DECAYS = ("coupled", "decoupled", "independent", "corrected")
FORMS: dict[str, dict[str, str]] = {
    "sgd": {"coupled": "sgd", "decoupled": "sgd"},
    "sgdm": {"coupled": "sgdm", "decoupled": "sgdw"},
    "nesterov": {"coupled": "nesterov", "decoupled": "nesterovw"},
    "ngd": {"decoupled": "ngd"},
    "rmsprop": {"coupled": "rmsprop", "decoupled": "rmspropw"},
    "adam": {"coupled": "adam_l2", "decoupled": "adamw"},
    "nadam": {"coupled": "nadam_l2", "decoupled": "nadamw"},
    "lion": {"decoupled": "lion"},
    "signsgd": {"decoupled": "signsgd"},
    "signum": {"decoupled": "signum"},
    "lars": {"coupled": "lars"},
    "lamb": {"coupled": "lamb"},
}
"""The rule behind each base name and form of decay."""
BOTH = ("adam", "nadam")
"""Bases that libraries offer with either form under nearly one name: without a choice both are meant."""
REFINED = {"adamw": "adamw_beta2", "nadamw": "nadamw_beta2", "rmspropw": "rmspropw_beta2"}
"""Rules that know beta2 and kurtosis, beside those with v at its mean."""
REFINING = ("beta2", "kurtosis")
MATRIX = "muon"
"""The rule whose update is a function of a whole matrix; ``theory.muon`` predicts it."""
LR_MAX = Parameter("lr_max", 0, float("inf"), False, None, "largest learning rate of the schedule")


@dataclass(frozen=True)
class Choice:
    """A rule and how its decay is meant."""

    rule: str
    decay: str

    def coefficient(self, lr: float, wd: float, lr_max: float | None = None) -> float:
        """The rule's own wd: lr times it is the decay per step that was meant."""
        if self.decay == "independent":
            return wd / lr
        if self.decay == "corrected":
            if lr_max is None:
                raise OutOfDomain(f"lr_max is missing: corrected decay needs it; its range is {LR_MAX.range}")
            if lr > LR_MAX.check(lr_max):
                raise OutOfDomain(f"lr = {lr:g} is above lr_max = {lr_max:g}, the {LR_MAX.meaning}")
            return wd * lr / lr_max
        return wd


def names() -> tuple[str, ...]:
    """Every name that is understood: bases, and rules whose name fixes the decay."""
    fixed = [rule for forms in FORMS.values() for rule in forms.values()]
    return tuple(dict.fromkeys([*FORMS, *fixed, MATRIX]))


def choices(name: str, decay: str | None = None) -> list[Choice]:
    """What ``name`` means; raises OutOfDomain for an unknown name or decay, or where they conflict."""
    if decay is not None and decay not in DECAYS:
        raise OutOfDomain(f"decay = {decay} is unknown; known are {', '.join(DECAYS)}")
    if name in FORMS:
        return _of_base(name, decay)
    for base, forms in FORMS.items():
        for form, rule in forms.items():
            if rule == name:
                if decay not in (None, form):
                    raise OutOfDomain(f"decay = {decay} conflicts with {name}, which is {base} with {form} decay")
                return [Choice(rule, form)]
    if name == MATRIX:
        raise OutOfDomain(f"optimizer = {MATRIX} is a rule of matrices: only predict knows it, with rows and cols")
    if name in REFINED.values() and decay in (None, "decoupled"):
        return [Choice(name, "decoupled")]
    raise OutOfDomain(f"optimizer = {name} is unknown; known are {', '.join(names())}")


def the_choice(name: str, decay: str | None = None) -> Choice:
    """The one thing that ``name`` means; raises OutOfDomain where it leaves the decay open."""
    meant = choices(name, decay)
    if len(meant) > 1:
        raise OutOfDomain(f"optimizer = {name} needs a decay: {' or '.join(one.decay for one in meant)}")
    return meant[0]


def refined(rule: str, given: set[str]) -> str:
    """The rule that knows what was given: finite beta2 and kurtosis where the name has such a rule."""
    return REFINED[rule] if rule in REFINED and given & set(REFINING) else rule


def _of_base(name: str, decay: str | None) -> list[Choice]:
    forms = FORMS[name]
    if decay is None:
        return [Choice(forms[form], form) for form in (forms if name in BOTH else list(forms)[:1])]
    behind = decay if decay in ("coupled", "decoupled") else "decoupled"
    if behind not in forms:
        raise OutOfDomain(f"decay = {decay} does not apply to {name}, whose decay is {' or '.join(forms)}")
    return [Choice(forms[behind], decay)]
