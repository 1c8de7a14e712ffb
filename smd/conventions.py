"""How libraries write their optimizers: which decay, which momentum, which defaults.

Data with a source each. ``provenance`` is ``code`` (read in the library's source), ``text`` (read in its
documentation), ``second-hand`` (read elsewhere) or ``recalled``. Versions change: the source settles a doubt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from theory import OutOfDomain

DECAYS = {
    "coupled": "wd*w joins the gradient",
    "decoupled": "factor 1 - lr*wd",
    "independent": "factor 1 - wd",
    "corrected": "factor 1 - lr*wd*(lr/peak lr)",
    "scheduled": "factor 1 - wd*(lr/peak lr)",
}
"""Every convention of weight decay, by what it does in one step."""


@dataclass(frozen=True)
class Convention:
    """One optimizer of one library.

    ``rule`` is the optimizer of this package that it is, ``defaults`` are its own, by the names of this
    package (a missing lr or wd is required by the library or defaults to none).
    """

    library: str
    name: str
    rule: str
    decay: str
    defaults: Mapping[str, float]
    source: str
    provenance: str
    eps: float | None = None
    note: str = ""

    @property
    def label(self) -> str:
        """As the command line names it."""
        return f"{self.library}:{self.name}"


def decay_per_step(decay: str, lr: float, wd: float, peak_lr: float) -> float:
    """What the weights lose in one step under a convention, to the power that the learning rate has in it."""
    if decay not in DECAYS:
        raise OutOfDomain(f"decay = {decay} is unknown; known are {', '.join(DECAYS)}")
    share = lr / peak_lr
    return {
        "coupled": lr * wd,
        "decoupled": lr * wd,
        "independent": wd,
        "corrected": lr * wd * share,
        "scheduled": wd * share,
    }[decay]


def equivalent_wd(decay: str, lr: float, wd: float, peak_lr: float) -> float:
    """The coefficient that does the same with factor 1 - lr*wd at this lr."""
    return decay_per_step(decay, lr, wd, peak_lr) / lr


_TORCH = "https://docs.pytorch.org/docs/stable/generated/torch.optim."
_OPTAX = "https://github.com/google-deepmind/optax/blob/main/optax/_src/alias.py"
_KERAS = "https://github.com/keras-team/keras/blob/master/keras/src/optimizers/"
_TFA = "https://github.com/tensorflow/addons/blob/master/tensorflow_addons/optimizers/weight_decay_optimizers.py"
_TIMM = "https://github.com/huggingface/pytorch-image-models/blob/main/timm/optim/"
_COMPOSER = "https://github.com/mosaicml/composer/blob/main/composer/optim/decoupled_weight_decay.py"
_ADAM = {"beta1": 0.9, "beta2": 0.999}
_LION = {"beta1": 0.9, "beta2": 0.99}

CONVENTIONS = (
    Convention(
        "pytorch", "SGD", "sgdm", "coupled", {"lr": 1e-3, "momentum": 0.0, "dampening": 0.0},
        f"{_TORCH}SGD.html", "code", note="momentum buffer m <- momentum*m + (1 - dampening)*(g + wd*w)",
    ),
    Convention(
        "pytorch", "SGD-nesterov", "nesterov", "coupled", {"lr": 1e-3, "momentum": 0.9},
        f"{_TORCH}SGD.html", "code", note="nesterov=True: steps by g + momentum*m; takes no dampening",
    ),
    Convention(
        "pytorch", "Adam", "adam_l2", "coupled", {"lr": 1e-3, **_ADAM}, f"{_TORCH}Adam.html", "code", eps=1e-8,
        note="wd*w also enters v: the angle depends on the gradient's size",
    ),
    Convention(
        "pytorch", "AdamW", "adamw", "decoupled", {"lr": 1e-3, "wd": 1e-2, **_ADAM}, f"{_TORCH}AdamW.html", "code",
        eps=1e-8,
    ),
    Convention(
        "pytorch", "NAdam", "nadam_l2", "coupled", {"lr": 2e-3, **_ADAM}, f"{_TORCH}NAdam.html", "code", eps=1e-8,
        note="beta1 follows a schedule (momentum_decay 0.004); decoupled_weight_decay=True decouples",
    ),
    Convention(
        "pytorch", "RMSprop", "rmsprop", "coupled", {"lr": 1e-2, "beta2": 0.99}, f"{_TORCH}RMSprop.html", "code",
        eps=1e-8, note="beta2 is called alpha; no bias correction",
    ),
    Convention(
        "pytorch", "Muon", "muon", "decoupled", {"lr": 1e-3, "wd": 0.1, "momentum": 0.95}, f"{_TORCH}Muon.html",
        "code", eps=1e-7,
        note="Nesterov; the update alone is scaled by sqrt(max(1, rows/columns)), or as adjust_lr_fn says",
    ),
    Convention(
        "optax", "adamw", "adamw", "decoupled", {"wd": 1e-4, **_ADAM}, _OPTAX, "code", eps=1e-8,
        note="its documentation says that wd is multiplied by the learning rate",
    ),
    Convention(
        "optax", "nadamw", "nadamw", "decoupled", {"wd": 1e-4, **_ADAM}, _OPTAX, "code", eps=1e-8,
        note="Nesterov without PyTorch's schedule of beta1",
    ),
    Convention(
        "optax", "lion", "lion", "decoupled", {"wd": 1e-3, **_LION}, _OPTAX, "code",
        note="its documentation says that wd is multiplied by the learning rate",
    ),
    Convention(
        "optax", "sgd", "sgdm", "coupled", {"momentum": 0.0, "dampening": 0.0}, _OPTAX, "code",
        note="has no wd of its own: add_decayed_weights chained before it is coupled, as here",
    ),
    Convention(
        "keras", "AdamW", "adamw", "decoupled", {"lr": 1e-3, "wd": 4e-3, **_ADAM}, "https://keras.io/api/optimizers/adamw",
        "text", eps=1e-7, note="decay by lr*wd in the base class, before the step (code)",
    ),
    Convention(
        "keras", "SGD", "sgdw", "decoupled", {"lr": 1e-2, "momentum": 0.0}, f"{_KERAS}sgd.py", "code",
        note="lr stands inside the velocity, which matters only while lr changes",
    ),
    Convention("keras", "Lion", "lion", "decoupled", {"lr": 1e-3, **_LION}, f"{_KERAS}lion.py", "code"),
    Convention(
        "tfa", "AdamW", "adamw", "independent", {"lr": 1e-3, **_ADAM}, _TFA, "code", eps=1e-7,
        note="a schedule of lr must be applied to wd by hand, as its documentation says",
    ),
    Convention(
        "tfa", "SGDW", "sgdw", "independent", {"lr": 1e-3, "momentum": 0.0}, _TFA, "code",
        note="a schedule of lr must be applied to wd by hand, as its documentation says",
    ),
    Convention(
        "tff", "adamw", "adamw", "decoupled", {"wd": 4e-3, **_ADAM},
        "https://www.tensorflow.org/federated/api_docs/python/tff/learning/optimizers/build_adamw", "text", eps=1e-7,
    ),
    Convention(
        "fairseq", "adam", "adamw", "decoupled", dict(_ADAM),
        "https://github.com/facebookresearch/fairseq/blob/main/fairseq/optim/adam.py", "code", eps=1e-8,
        note="called adam, but decays by lr*wd as AdamW",
    ),
    Convention(
        "apex", "FusedAdam", "adamw", "decoupled", {"lr": 1e-3, **_ADAM},
        "https://github.com/NVIDIA/apex/blob/master/apex/optimizers/fused_adam.py", "code", eps=1e-8,
        note="adam_w_mode=True by default: called Adam, but AdamW; its kernel was not read",
    ),
    Convention(
        "mindspore", "AdamWeightDecay", "adamw", "decoupled", {"lr": 1e-3, **_ADAM},
        "https://www.mindspore.cn/docs/en/br_base/api_python/nn/mindspore.nn.AdamWeightDecay.html", "text", eps=1e-6,
        note="no bias correction",
    ),
    Convention(
        "timm", "adamw", "adamw", "decoupled", {"lr": 1e-3, "wd": 1e-2, **_ADAM}, f"{_TIMM}adamw.py", "code", eps=1e-8,
    ),
    Convention(
        "timm", "adamw-corrected", "adamw", "corrected", {"lr": 1e-3, "wd": 1e-2, **_ADAM}, f"{_TIMM}adamw.py", "code",
        eps=1e-8, note="corrected_weight_decay=True (AdamC); the peak lr is the one given to the constructor",
    ),
    Convention(
        "timm", "sgdw", "sgdw", "decoupled", {"lr": 1e-3, "momentum": 0.0, "dampening": 0.0}, f"{_TIMM}sgdw.py", "code",
    ),
    Convention(
        "timm", "sgd", "nesterov", "coupled", {"momentum": 0.9}, "https://huggingface.co/docs/timm/reference/optimizers",
        "recalled", note="the factory's sgd is Nesterov; its momentum is the heavy ball",
    ),
    Convention("timm", "lion", "lion", "decoupled", {"lr": 1e-4, **_LION}, f"{_TIMM}lion.py", "code"),
    Convention(
        "google", "lion", "lion", "decoupled", {"lr": 1e-4, **_LION},
        "https://github.com/google/automl/blob/master/lion/lion_pytorch.py", "code", note="the authors' code",
    ),
    Convention(
        "mlx", "Lion", "lion", "decoupled", dict(_LION),
        "https://ml-explore.github.io/mlx/build/html/python/optimizers/_autosummary/mlx.optimizers.Lion.html", "text",
    ),
    Convention(
        "kellerjordan", "Muon", "muon", "decoupled", {"lr": 0.02, "momentum": 0.95},
        "https://github.com/KellerJordan/Muon/blob/master/muon.py", "code", eps=1e-7,
        note="EMA momentum, Nesterov; the update, but not the decay, is scaled by sqrt(max(1, rows/columns))",
    ),
    Convention(
        "composer", "DecoupledAdamW", "adamw", "scheduled", {"lr": 1e-3, "wd": 1e-5, "beta1": 0.9, "beta2": 0.95},
        _COMPOSER, "code", eps=1e-8, note="wd follows the schedule of lr but is not multiplied by its size",
    ),
    Convention(
        "composer", "DecoupledSGDW", "sgdw", "scheduled", {"momentum": 0.0, "dampening": 0.0}, _COMPOSER, "code",
        note="wd follows the schedule of lr but is not multiplied by its size",
    ),
    Convention(
        "paper", "AdamW", "adamw", "scheduled", {"lr": 1e-3, **_ADAM}, _OPTAX, "second-hand", eps=1e-8,
        note="Loshchilov and Hutter multiply wd by the schedule's multiplier, not by the base lr",
    ),
)  # fmt: skip
"""Every convention that ``smd diff`` knows."""

BY_LABEL = {convention.label.lower(): convention for convention in CONVENTIONS}


def convention_named(label: str) -> Convention:
    """The convention LIBRARY:OPTIMIZER, in any case; raises OutOfDomain that names what is near."""
    if label.lower() in BY_LABEL:
        return BY_LABEL[label.lower()]
    near = get_close_matches(label.lower(), BY_LABEL, n=4, cutoff=0.4)
    shown = [BY_LABEL[name].label for name in near] or [c.label for c in CONVENTIONS[:4]]
    raise OutOfDomain(f"{label} is no known LIBRARY:OPTIMIZER; near it: {', '.join(shown)} (smd diff --list shows all)")
