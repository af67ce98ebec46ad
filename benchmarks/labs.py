"""The labs' full figures: what each reaches with all its data, over three seeds, beside what it is held against.

    python -m benchmarks.labs [mlp …] --data FOLDER [--weights FOLDER] [--seeds 3] [--out FILE]

FOLDER holds datasets as they are published, one folder a dataset (app/labs/data/catalog.toml). Each run goes through the lab's own
`compute`, in this process. The table is Markdown: lab and setting, the data it found, the score's mean and its least and
greatest over the seeds, seconds of a run, and the reference.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.labs.base import Desk, Lab, Score, Used, Value, read_values
from app.labs.gpt import GptLab
from app.labs.running import labs


@dataclass(frozen=True, slots=True)
class Setting:
    """One row: the values that are set, which score is read, and what it should be."""

    title: str
    values: Mapping[str, Value]
    score: str
    reference: str


FASHION_FULL = {"weights": "train", "data": "fashion-mnist", "rows": 60_000, "layers": 2, "width": 256, "epochs": 12}
DIGITS_FULL = {"weights": "train", "data": "digits", "rows": 1437, "epochs": 20}
NSMC_FULL = {"weights": "train", "data": "nsmc", "rows": 20_000, "unit": "morpheme", "epochs": 4}
IMDB_FULL = {"weights": "train", "data": "imdb", "rows": 20_000, "unit": "morpheme", "epochs": 5}
CLOTHES_FULL = {"weights": "train", "data": "fashion-mnist", "rows": 60_000, "epochs": 6, "augment": "both"}
CIFAR_FULL = {"weights": "train", "data": "cifar10", "rows": 20_000, "epochs": 24, "augment": "both"}
VIT_SHUFFLED = {"patches": "shuffled", "patch": "8", "each": 20}
FULL: dict[str, Sequence[Setting]] = {
    "mlp": (
        Setting("Fashion-MNIST, 2 x 256, ReLU, Adam", FASHION_FULL, "accuracy", ">= 0.87"),
        Setting("the same with torch.nn", {**FASHION_FULL, "way": "torch"}, "accuracy", "as from scratch"),
        Setting("no hidden layer", {**FASHION_FULL, "layers": 0}, "accuracy", "about 0.84 (softmax regression)"),
        Setting("digits", DIGITS_FULL, "accuracy", ">= 0.88"),
    ),
    "word2vec": (
        Setting(
            "course notes, 15 epochs",
            {"weights": "train"},
            "analogies",
            "of 8; at most twice those of the neighbour alone",
        ),
        Setting("the same, the third word's neighbour alone", {"weights": "train"}, "analogies_alone", "of 8"),
    ),
    "ngram": (
        Setting("course notes, characters, trigram, Kneser-Ney", {}, "perplexity", "below add-k"),
        Setting("the same, add-k", {"smoothing": "add_k"}, "perplexity", "above Kneser-Ney"),
        Setting(
            "morphemes, trigram, Kneser-Ney", {"unit": "morpheme"}, "bits", "bits a character, to compare the units"
        ),
        Setting("characters, trigram, Kneser-Ney", {}, "bits", "bits a character, to compare the units"),
    ),
    "gpt": (
        Setting("course notes, 3 x 96, 300 steps", {"weights": "train"}, "held", "2.0 - 4.2 nats a character"),
        Setting("a Kneser-Ney trigram on the same text", {"weights": "train", "steps": 10}, "trigram", "to beat"),
        Setting(
            "the settings of the weights that ship", {"weights": "train", **GptLab.ships}, "held", "below the trigram"
        ),
    ),
    "rnn": (
        Setting("NSMC, 20,000 reviews, LSTM, morphemes", NSMC_FULL, "accuracy", ">= 0.80"),
        Setting("the same with torch.nn", {**NSMC_FULL, "way": "torch"}, "accuracy", "as from scratch"),
        Setting("GRU", {**NSMC_FULL, "cell": "gru"}, "accuracy", ">= 0.80"),
        Setting("basic RNN", {**NSMC_FULL, "cell": "rnn"}, "accuracy", ""),
        Setting("the last state alone", {**NSMC_FULL, "pooling": "last"}, "accuracy", ""),
        Setting("a bag of uni- and bigrams", {**NSMC_FULL, "width": 2, "epochs": 1}, "baseline", "to beat"),
        Setting("IMDB, LSTM", IMDB_FULL, "accuracy", "near the bag below"),
        Setting("the same, a bag of uni- and bigrams", {**IMDB_FULL, "width": 2, "epochs": 1}, "baseline", "to beat"),
    ),
    "boundary": (
        Setting("moons", {"toy": "moons"}, "accuracy", ">= 0.95"),
        Setting(
            "spiral, 2 x 32, 200 epochs", {"toy": "spiral", "layers": 2, "width": 32, "epochs": 200}, "accuracy", ""
        ),
    ),
    "regression": (
        Setting("linear, standardised", {}, "gap", "<= 0.001"),
        Setting("logistic, rate 5", {"model": "logistic", "rate": 5.0, "steps": 200}, "gap", "<= 0.001"),
    ),
    "optimisers": (
        Setting(
            "Rosenbrock, own rates", {"ground": "rosenbrock", "rates": "own", "steps": 500}, "arrived_momentum", "< 100"
        ),
    ),
    "cnn": (
        Setting("Fashion-MNIST, ResNet, 6 epochs", CLOTHES_FULL, "accuracy", ">= 0.90"),
        Setting("the same, LeNet-5", {**CLOTHES_FULL, "network": "lenet", "augment": "none"}, "accuracy", ""),
        Setting("CIFAR-10, 20,000 pictures, ResNet, 24 epochs", CIFAR_FULL, "accuracy", ">= 0.70, within 15 minutes"),
        Setting("the same without shortcuts", {**CIFAR_FULL, "network": "plain"}, "accuracy", ""),
        Setting("the same without augmentation", {**CIFAR_FULL, "augment": "none"}, "accuracy", "below augmented"),
    ),
    "judging": (
        Setting("breast cancer, logistic regression", {}, "auc", ">= 0.97"),
        Setting("the same, naive Bayes", {"model": "bayes"}, "ece", "above logistic regression's"),
        Setting("NSMC, 10,000 reviews", {"data": "nsmc", "rows": 10_000}, "auc", ">= 0.80"),
        Setting("the same, 2% positive", {"data": "nsmc", "rows": 10_000, "share": "0.02"}, "ap", "chance: 0.02"),
    ),
    "embeddings": (
        Setting("KorSTS, the whole test", {"pairs": 1379}, "spearman", "0.60 - 0.90"),
        Setting("the same, shared words", {"pairs": 1379}, "spearman_words", "to beat"),
    ),
    "pipeline": (
        Setting("NSMC, 200 reviews, prompted", {"task": "sentiment", "judged": 200}, "accuracy", "chance: 0.5"),
        Setting(
            "the same, a head fitted on 200",
            {"task": "sentiment", "judged": 200, "by": "head", "taught": 200},
            "accuracy",
            "chance: 0.5",
        ),
    ),
    "augment": (
        Setting("Fashion-MNIST, 100 real, 4 mixed for each", {}, "gain", "seeds agree or differ; below as many real"),
        Setting("the same, as many real ones", {}, "more", "above both"),
        Setting("NSMC, 500 real, 4 mixed for each", {"data": "nsmc", "real": 500}, "gain", "about 0"),
    ),
    "gan": (
        Setting("Fashion-MNIST, 6,000 pictures, 8 epochs", {"weights": "train"}, "kinds", "6 - 10 of 10 classes"),
        Setting(
            "the same, 1 epoch, no batch norm, slow discriminator",
            {"weights": "train", "trouble": "no_norm", "epochs": 1},
            "kinds",
            "below it: mode collapse",
        ),
    ),
    "attention": (
        Setting("Qwen2.5-Coder-0.5B, 32 tokens", {"tokens": 32}, "speedup", "> 1, by the KV cache"),
        Setting("the same", {"tokens": 2}, "first", "0.2 - 1: attention to the first token"),
    ),
    "quantization": (
        Setting("the lessons' model, int8", {}, "cost_int8", "<= 0.02 of the perplexity"),
        Setting("the same, NF4", {}, "cost_nf4", "<= 0.4"),
        Setting("Qwen2.5-Coder-0.5B, int8", {"model": "qwen2.5-coder-0.5b", "tokens": 8}, "cost_int8", "<= 0.02"),
        Setting("the same, NF4", {"model": "qwen2.5-coder-0.5b", "tokens": 8}, "cost_nf4", "<= 0.4"),
    ),
    "memory": (
        Setting("8 layers, checkpointing from scratch", {}, "kept_share", "<= 0.6"),
        Setting("the same, work", {}, "work", "about 4/3"),
    ),
    "vit": (
        Setting("Fashion-MNIST, 10 of a kind, head on frozen weights", {}, "frozen", ">= 0.40"),
        Setting("the same, from scratch", {}, "scratch", "beside it"),
        Setting("shuffled patches, 20 of a kind, from scratch", VIT_SHUFFLED, "scratch", "as in order"),
        Setting("the same in order", {**VIT_SHUFFLED, "patches": "kept"}, "scratch", ""),
    ),
    "transfer": (
        Setting("Fashion-MNIST, CNN, 20 of a kind, full", {}, "full", ">= 0.50"),
        Setting("the same, from scratch", {}, "scratch", "below full"),
        Setting("the same, old kinds after full", {}, "kept_full", "below before: forgetting"),
        Setting("the same, lower layers slower", {"decay": 0.2}, "kept_full", "above it"),
        Setting("ViT, full", {"net": "vit"}, "full", ">= 0.50"),
    ),
}
COLUMNS = ("lab", "setting", "data", "score", "mean", "least - greatest", "seconds", "reference")


def run(lab: Lab, setting: Setting, desk: Desk) -> tuple[float, str, float]:
    """The score, the data it used, and the seconds it took."""
    begun, found, data = time.monotonic(), float("nan"), ""
    for event in lab.compute(desk, **read_values(lab, setting.values)):
        if isinstance(event, Score) and event.name == setting.score:
            found = event.value
        if isinstance(event, Used):
            data = f"{event.name} ({event.origin}, {event.rows:,} rows)"
    return found, data, time.monotonic() - begun


def row(lab: Lab, setting: Setting, given: argparse.Namespace) -> tuple[str, ...]:
    """One line of the table."""
    runs = []
    with tempfile.TemporaryDirectory() as home:
        for seed in range(given.seeds):
            desk = Desk(Path(home), seed=seed, datasets=given.data, weights=str(given.weights or ""))
            runs.append(run(lab, setting, desk))
            print(f"{lab.name}, {setting.title}, seed {seed}: {setting.score} {runs[-1][0]:.4f}", file=sys.stderr)
    scores, seconds = [score for score, _, _ in runs], [took for _, _, took in runs]
    spread = f"{min(scores):.4f} - {max(scores):.4f}"
    mean, took = sum(scores) / len(scores), sum(seconds) / len(seconds)
    return lab.name, setting.title, runs[0][1], setting.score, f"{mean:.4f}", spread, f"{took:.0f}", setting.reference


def table(rows: Sequence[Sequence[str]]) -> str:
    """Markdown."""
    lines = [COLUMNS, tuple("---" for _ in COLUMNS), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labs", nargs="*", metavar="NAME", help=f"of {', '.join(FULL)}; all where none is given")
    parser.add_argument("--data", type=Path, help="folder of datasets as they are published")
    parser.add_argument("--weights", type=Path, help="folder of model weights, for the labs that use a model")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, help="file for the table; standard output where none is given")
    given = parser.parse_args()
    if unknown := sorted(set(given.labs) - set(FULL)):
        parser.error(f"no full setting for {', '.join(unknown)}; there are {', '.join(FULL)}")
    import torch

    torch.set_num_threads(given.threads)
    found = labs()
    chosen = [(found[name], setting) for name in given.labs or FULL for setting in FULL[name]]
    text = table([row(lab, setting, given) for lab, setting in chosen])
    if given.out:
        given.out.write_text(text, encoding="utf-8")
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
