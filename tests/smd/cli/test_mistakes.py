"""Bad input earns one line on standard error that names the parameter and its value, and exit code 2."""

import shlex

import pytest
import torch

from smd.cli import app

pytestmark = pytest.mark.chance(0)

PREDICT = {
    "negative learning rate": ("sgd --lr -1 --wd 0.1", "lr", "-1"),
    "learning rate zero": ("sgd --lr 0 --wd 0.1", "lr", "0"),
    "learning rate not a number": ("sgd --lr nan --wd 0.1", "lr", "nan"),
    "learning rate infinite": ("sgd --lr inf --wd 0.1", "lr", "inf"),
    "learning rate in letters": ("sgd --lr abc --wd 0.1", "lr", "abc"),
    "no decay": ("sgd --lr 0.1 --wd 0", "wd", "0"),
    "decay in letters": ("lion --lr 0.1 --wd much", "wd", "much"),
    "beta1 one": ("adamw --lr 0.1 --wd 0.1 --beta1 1", "beta1", "1"),
    "beta2 one": ("lion --lr 0.1 --wd 0.1 --beta2 1", "beta2", "1"),
    "beta1 negative": ("lion --lr 0.1 --wd 0.1 --beta1 -0.1", "beta1", "-0.1"),
    "momentum one": ("sgdm --lr 0.1 --wd 0.1 --momentum 1.0", "momentum", "1"),
    "dampening one": ("sgdm --lr 0.1 --wd 0.1 --dampening 1", "dampening", "1"),
    "the flip of SGD": ("sgd --lr 0.5 --wd 2", "lr*wd", "1"),
    "beyond existence": ("sgd --lr 1 --wd 2.5", "lr*wd", "2.5"),
    "beyond existence for AdamW": ("adamw --lr 1 --wd 2", "lr*wd", "2"),
    "unresolved product": ("sgd --lr 1e-200 --wd 1e-200", "lr*wd", "0"),
    "no coordinates": ("adamw --lr 0.1 --wd 0.1 --dim 0", "dim", "0"),
    "half a coordinate": ("lion --lr 0.1 --wd 0.1 --dim 2.5", "dim", "2.5"),
    "half a coordinate where dim does not enter": ("sgd --lr 0.1 --wd 0.1 --dim 2.5", "dim", "2.5"),
    "no gradient": ("sgd --lr 0.1 --wd 0.1 --grad-norm 0", "grad_norm", "0"),
    "enormous gradient": ("sgd --lr 0.1 --wd 0.1 --grad-norm 1e200", "", "1e+200"),
    "unknown optimizer": ("adagrad --lr 0.1 --wd 0.1", "optimizer", "adagrad"),
    "momentum for AdamW": ("adamw --lr 0.1 --wd 0.1 --momentum 0.9", "momentum", "0.9"),
    "beta2 for SGD": ("sgd --lr 0.1 --wd 0.1 --beta2 0.99", "beta2", "0.99"),
    "dampening for Lion": ("lion --lr 0.1 --wd 0.1 --dampening 0.5", "dampening", "0.5"),
    "decay missing": ("sgd --lr 0.1", "wd", ""),
    "unknown option": ("sgd --lr 0.1 --wd 0.1 --dropout 0.1", "--dropout", ""),
    "unknown decay": ("adam --lr 0.1 --wd 0.1 --decay l2", "decay", "l2"),
    "decay against the name": ("adamw --lr 0.1 --wd 0.1 --decay coupled", "decay = coupled", "adamw"),
    "independent decay against the name": ("adamw --lr 0.1 --wd 0.1 --decay independent", "decay", "independent"),
    "decay that a rule has not": ("lion --lr 0.1 --wd 0.1 --decay coupled", "decay = coupled", "lion"),
    "corrected where decay is coupled": ("lars --lr 0.1 --wd 0.1 --decay corrected", "decay", "corrected"),
    "corrected without a largest lr": ("adam --lr 0.1 --wd 0.1 --decay corrected", "lr_max", ""),
    "lr above the largest": ("adam --lr 0.1 --wd 0.1 --decay corrected --lr-max 0.01", "lr = 0.1", "lr_max = 0.01"),
    "largest lr zero": ("adam --lr 0.1 --wd 0.1 --decay corrected --lr-max 0", "lr_max", "0"),
    "largest lr for plain decay": ("adamw --lr 0.1 --wd 0.1 --lr-max 0.2", "lr_max", "0.2"),
    "largest lr for Muon": ("muon --lr 0.1 --wd 0.1 --rows 8 --cols 8 --lr-max 1", "lr_max = 1", "muon"),
    "kurtosis below one": ("adamw --lr 0.1 --wd 0.1 --kurtosis 0.5", "kurtosis", "0.5"),
    "kurtosis for SGD": ("sgd --lr 0.1 --wd 0.1 --kurtosis 3", "kurtosis", "3"),
    "beta2 for L2": ("adam --decay coupled --lr 0.1 --wd 0.1 --beta2 0.99", "beta2", "0.99"),
    "no trust": ("lars --lr 0.1 --wd 0.1 --trust 0", "trust", "0"),
    "trust for AdamW": ("adamw --lr 0.1 --wd 0.1 --trust 0.1", "trust", "0.1"),
    "step zero": ("nadamw --lr 0.1 --wd 0.1 --at-step 0", "at_step", "0"),
    "half a step": ("nadamw --lr 0.1 --wd 0.1 --at-step 2.5", "at_step", "2.5"),
    "a step for AdamW": ("adamw --lr 0.1 --wd 0.1 --at-step 5", "at_step", "5"),
    "negative schedule of momentum": ("nadamw --lr 0.1 --wd 0.1 --momentum-decay -1", "momentum_decay", "-1"),
    "Muon without a shape": ("muon --lr 0.1 --wd 0.1", "rows", ""),
    "half a row": ("muon --lr 0.1 --wd 0.1 --rows 8.5 --cols 8", "rows", "8.5"),
    "unknown scale": ("muon --lr 0.1 --wd 0.1 --rows 8 --cols 8 --scale big", "scale", "big"),
    "unknown orthogonaliser": ("muon --lr 0.1 --wd 0.1 --rows 8 --cols 8 --orthogonalise qr", "orthogonalise", "qr"),
    "beta1 for Muon": ("muon --lr 0.1 --wd 0.1 --rows 8 --cols 8 --beta1 0.9", "beta1", "0.9"),
    "coupled Muon": ("muon --lr 0.1 --wd 0.1 --rows 8 --cols 8 --decay coupled", "decay", "coupled"),
    "a shape for SGD": ("sgd --lr 0.1 --wd 0.1 --rows 8", "rows", "8"),
    "words for SGD": ("sgd --lr 0.1 --wd 0.1 --scale spectral", "scale", "spectral"),
    "Nesterov for SGD": ("sgd --lr 0.1 --wd 0.1 --nesterov", "nesterov", "True"),
    "beyond what the gain allows": ("adam --decay coupled --lr 1 --wd 1e9", "lr", "1"),
}
SIMULATE = {
    "unknown device": ("sgd --lr 0.1 --wd 0.1 --device tpu", "device", "tpu"),
    "unknown law": ("sgd --lr 0.1 --wd 0.1 --law cauchy", "law", "cauchy"),
    "one replica": ("sgd --lr 0.1 --wd 0.1 --replicas 1", "replicas", "1"),
    "no steps": ("sgd --lr 0.1 --wd 0.1 --steps 0", "steps", "0"),
    "half a step": ("sgd --lr 0.1 --wd 0.1 --steps 2.5", "steps", ""),
    "start at zero": ("sgd --lr 0.1 --wd 0.1 --start-norm 0", "start_norm", "0"),
    "one coordinate": ("sgd --lr 0.1 --wd 0.1 --dim 1", "dim", "1"),
    "half a coordinate": ("lion --lr 0.1 --wd 0.1 --dim 2.5", "dim", "2.5"),
    "unknown optimizer": ("adagrad --lr 0.1 --wd 0.1", "optimizer", "adagrad"),
    "seed beyond 64 bits": ("sgd --lr 0.1 --wd 0.1 --steps 5 --seed 99999999999999999999", "seed", "9999999999"),
    "plot that is no picture": ("sgd --lr 0.1 --wd 0.1 --plot figure.docx", "plot", "figure.docx"),
    "decay left open": ("adam --lr 0.1 --wd 0.1", "optimizer = adam needs a decay", "coupled or decoupled"),
    "a rule of matrices": ("muon --lr 0.1 --wd 0.1", "optimizer", "muon"),
    "law without theory": ("lars --lr 0.1 --wd 0.1 --law iid", "law", "iid"),
    "largest lr for plain decay": ("adamw --lr 0.1 --wd 0.1 --lr-max 0.2", "lr_max", "0.2"),
}
OTHER = {
    "unknown claim to cite": ("cite sgd-angel", "claim", "sgd-angel"),
    "unknown claim to verify": ("verify --claim sgd-angel", "claim", "sgd-angel"),
    "unknown format": ("cite sgd-angle --format docx", "format", "docx"),
    "unknown layer": ("verify --layer faith", "layer", "faith"),
    "layer that does not apply": ("verify --claim sgd-angle --layer slope", "layer", "slope"),
    "unknown verb": ("guess", "guess", ""),
    "no claim to cite": ("cite", "ID", ""),
    "a claim and the package": ("cite sgd-angle --package .", "--package", "ID"),
    "package into no folder": ("cite --package nowhere-at-all", "package", "nowhere-at-all"),
}
ALL = (
    {f"predict: {k}": (f"predict {a}", p, v) for k, (a, p, v) in PREDICT.items()}
    | {f"simulate: {k}": (f"simulate {a}", p, v) for k, (a, p, v) in SIMULATE.items()}
    | OTHER
)


@pytest.mark.parametrize("case", ALL)
def test_a_mistake_earns_one_line(smd, case):
    """Exit code 2, nothing on standard output, one line that names the parameter and the value."""
    arguments, parameter, value = ALL[case]
    run = smd(*shlex.split(arguments))
    assert run.code == 2
    assert run.out == ""
    (line,) = run.complaints
    assert line.startswith("smd: ")
    assert parameter in line
    assert value in line


def test_an_absent_gpu_earns_one_line(smd, monkeypatch):
    """Where there is no CUDA device, asking for one says so and what to use."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    run = smd(*shlex.split("simulate sgd --lr 0.1 --wd 0.1 --device cuda"))
    assert run.code == 2
    assert run.complaints == ["smd: device = cuda is not available here; use cpu"]


def test_a_missing_folder_earns_one_line(smd, tmp_path):
    """A plot into a folder that does not exist is refused before anything is simulated."""
    target = tmp_path / "nowhere" / "plot.svg"
    run = smd("simulate", "sgd", "--lr", "0.1", "--wd", "0.1", "--plot", str(target))
    assert run.code == 2
    (line,) = run.complaints
    assert f"plot = {target}" in line
    assert "does not exist" in line
    assert not target.parent.exists()


def test_a_run_too_large_for_memory_earns_one_line(smd):
    """A simulation that does not fit into memory says so in one line."""
    run = smd(*shlex.split("simulate lion --lr 0.1 --wd 0.1 --dim 1e12 --steps 5"))
    assert run.code == 2
    assert len(run.complaints) == 1


@pytest.mark.parametrize("near", ["sgd-angle", "sgdm-angle"])
def test_an_unknown_claim_is_told_what_is_near(smd, near):
    """The line on an unknown claim names the nearest ids."""
    assert near in smd("cite", "sgd-angel").err


def test_our_own_faults_are_not_hidden(monkeypatch):
    """An exception that is no mistake of the user's is raised, not printed as one."""
    import sys

    from smd import predicting
    from smd.cli.app import main

    def fails(*_, **__):
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr(predicting, "predict_all", fails)
    monkeypatch.setattr(sys, "argv", ["smd", "predict", "sgd", "--lr", "0.1", "--wd", "0.1"])
    with pytest.raises(ZeroDivisionError):
        main()


@pytest.mark.parametrize(("module", "extra"), [("torch", "sim"), ("torch.optim", "sim"), ("sklearn.datasets", "train")])
def test_what_an_extra_brings_is_named_with_it(module, extra, monkeypatch, capsys):
    """Where a module is missing that an extra brings, one line says which; any other that is missing is a fault."""

    def lacks(name):
        def command(*_, **__):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

        return command

    monkeypatch.setattr(app, "app", lacks(module))
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert ended.value.code == 2
    said = capsys.readouterr().err.splitlines()
    assert said == [
        f"smd: {module} is not installed; it comes with the extra {extra}: pip install 'spherical-motion[{extra}]'"
    ]
    monkeypatch.setattr(app, "app", lacks("numerics.nowhere"))
    with pytest.raises(ModuleNotFoundError):
        app.main()
