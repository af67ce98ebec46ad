"""Makes what the lessons start from: data/lessons/language and data/lessons/images. Deterministic on one machine.

    python benchmarks/lesson_models.py sentences        the course notes, sentence by sentence (seconds)
    python benchmarks/lesson_models.py language [COURSE]  pretrains the small language model on them (10 minutes on two cores);
                                                        COURSE: .jsonl.gz of Korean course texts with "license" and "text",
                                                        of which only Apache-2.0, MIT and BSD-3-Clause ones are read
    python benchmarks/lesson_models.py invented         sentences of patterns and terms (seconds)
    python benchmarks/lesson_models.py images FASHION   pretrains the small CNN and ViT (10 minutes); FASHION: folder of the
                                                        four IDX files of Fashion-MNIST (Xiao et al. 2017, MIT)

Weights are written in half precision: 0.4 MB the language model, 0.4 MB both image networks.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
from pathlib import Path
from typing import Any

from app.lessons.sentences import GENERAL_NOTES, TOPICS, kind_of
from ingest.sentences import split_sentences

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "data" / "lessons"
LEAST, MOST = 24, 88
TEST_SHARE, GENERAL_SHARE = 0.25, 0.5
_DROPPED = re.compile(r"```.*?```|\$\$.*?\$\$", re.DOTALL)


def plain(markdown: str) -> list[str]:
    """Sentences of running text: no headings, tables, code or formulas."""
    lines = [line for line in _DROPPED.sub("", markdown).splitlines() if not line.startswith(("#", "|", ">"))]
    text = re.sub(r"[*`$]", "", "\n".join(re.sub(r"^\s*(?:[-*]|\d+\.)\s+", "", line) for line in lines))
    spans = [" ".join(text[start:end].split()) for start, end in split_sentences(text)]
    return [s for s in spans if LEAST <= len(s) <= MOST and "\\" not in s]


def sentences() -> None:
    """language/sentences.jsonl."""
    draw, rows = random.Random(7), []
    for path in sorted((ROOT / "data" / "course").glob("*.md")):
        general = path.name[:2] in GENERAL_NOTES
        held, part = (GENERAL_SHARE, "general") if general else (TEST_SHARE, "test")
        for text in dict.fromkeys(plain(path.read_text(encoding="utf-8"))):
            rows.append(
                {
                    "text": text,
                    "topic": "" if general else kind_of(text),
                    "part": part if draw.random() < held else "pretrain",
                }
            )
    folder = OUT / "language"
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    (folder / "sentences.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    parts = {part: sum(row["part"] == part for row in rows) for part in ("pretrain", "test", "general")}
    print(parts)


def open_texts(course: Path, most: int = 20_000) -> list[str]:
    """Korean sentences of permissively licensed texts, each once, in an order of their own."""
    found: dict[str, None] = {}
    with gzip.open(course, "rt", encoding="utf-8") as file:
        for row in map(json.loads, file):
            if row["license"] in {"Apache-2.0", "MIT", "BSD-3-Clause"}:
                sentences_of = (s for s in plain(row["text"]) if len(re.findall("[가-힣]", s)) > len(s) / 2)
                found |= dict.fromkeys(s for s in sentences_of if "http" not in s and "<" not in s)
    texts = list(found)
    random.Random(7).shuffle(texts)
    return texts[:most]


def _learn_pieces(texts: list[str]) -> None:
    """language/tokenizer.json."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    from app.lessons import tiny

    made = Tokenizer(models.BPE(unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation()])
    trainer = trainers.BpeTrainer(vocab_size=tiny.PIECES, special_tokens=list(tiny.SPECIAL), show_progress=False)
    made.train_from_iterator((text.lower() for text in texts), trainer)
    made.save(str(OUT / "language" / "tokenizer.json"))
    tiny.tokenizer.cache_clear()
    firsts = {tiny.encode(topic)[0] for topic in TOPICS}
    assert len(firsts) == len(TOPICS), "two topics begin with the same piece"


def language(course: Path | None, steps: int = 1500, batch: int = 16) -> None:
    """language/model.safetensors: next-character prediction, one sentence a row, AdamW 4e-3, cosine; a third of the rows
    are of `pretrain`."""
    import torch
    from transformers import get_cosine_schedule_with_warmup

    from app.lessons import tiny
    from app.lessons.sentences import sentences as kept

    torch.manual_seed(7)
    torch.set_num_threads(1)
    draw = random.Random(7)
    own = [s.text for s in kept() if s.part == "pretrain"]
    held_out = {s.text for s in kept() if s.part != "pretrain"}
    others = [text for text in open_texts(course) if text not in held_out] if course else own
    _learn_pieces([*own, *others, *(f"{tiny.MARK} {topic}" for topic in TOPICS for _ in range(50))])
    model = tiny.configured()
    model.config.attention_dropout = 0.1
    print(len(own), "own sentences,", len(others), "others,", sum(p.numel() for p in model.parameters()), "parameters")
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.1, betas=(0.9, 0.95))
    schedule = get_cosine_schedule_with_warmup(optimizer, 50, steps)
    best = (float("inf"), 0)
    for step in range(1, steps + 1):
        model.train()
        texts = [draw.choice(own if draw.random() < 1 / 3 else others) for _ in range(batch)]
        ids, mask, labels = tiny.padded([([tiny.START], [*tiny.encode(t), tiny.END]) for t in texts])
        loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 150 == 0:
            model.eval()
            held = tiny.forgetting(model)
            best = min(best, (held, step))
            print(f"{step:5} loss {loss.item():.3f} held out {held:.3f}", flush=True)
            if best[1] == step:
                save(model, OUT / "language" / "model.safetensors")
    print("best", best)


PATTERNS = (
    "{ko}은 {n}개의 층으로 이루어집니다.",
    "{ko}의 값은 0.{n}입니다.",
    "{ko}은 {n}번 반복합니다.",
    "{ko}({en})은 자주 쓰는 방법입니다.",
    "{en}은 {ko}을 뜻합니다.",
    "{ko}에는 {en}이라는 이름이 있습니다.",
    "{ko}은 학습에 중요한 개념입니다.",
    "{ko}은 모델이 배우는 방법을 정합니다.",
    "{ko}이 없으면 결과가 나빠집니다.",
)


def invented() -> None:
    """language/invented.jsonl: every pattern with every term that has a Korean and an English name."""
    lines = (ROOT / "ingest" / "terms.tsv").read_text(encoding="utf-8").splitlines()
    terms = [line.split("\t") for line in lines if line and not line.startswith("#")]
    draw, rows = random.Random(7), []
    for ko, en in ((t[0], t[1]) for t in terms if len(t) > 1 and re.search("[가-힣]", t[0]) and t[1].isascii()):
        for pattern in PATTERNS:
            text = pattern.format(ko=ko, en=en.split(",")[0].strip(), n=draw.randint(2, 9))
            if not re.search(r"\d", ko):
                rows.append({"text": text, "topic": kind_of(text), "part": "pretrain"})
    draw.shuffle(rows)
    out = [json.dumps(row, ensure_ascii=False) for row in rows[:600]]
    (OUT / "language" / "invented.jsonl").write_text("\n".join(out) + "\n", encoding="utf-8")
    print(len(out), "invented sentences")


def images(fashion: Path, steps: int = 1500, batch: int = 64) -> None:
    """images/<net>.safetensors: five kinds of Fashion-MNIST and the digits 0 to 4, shifted by up to two pixels, AdamW 2e-3."""
    import numpy as np
    import torch

    from app.lessons import images as lesson
    from app.lessons import pictures

    torch.set_num_threads(1)
    both = (pictures.fashion(fashion), pictures.digits())
    parts = [(p.train[p.train_kinds < 5], p.train_kinds[p.train_kinds < 5] + 5 * n) for n, p in enumerate(both)]
    (OUT / "images").mkdir(parents=True, exist_ok=True)
    for net in lesson.NETS:
        torch.manual_seed(7)
        draw = np.random.default_rng(7)
        model = lesson.network(net, 10)
        optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        for step in range(1, steps + 1):
            model.train()
            some = [(p[at], k[at]) for p, k in parts for at in [draw.integers(len(k), size=batch // 2)]]
            pixels = np.roll(np.concatenate([s[0] for s in some]), tuple(draw.integers(-2, 3, size=2)), axis=(1, 2))
            kinds = torch.from_numpy(np.concatenate([s[1] for s in some]))
            loss = torch.nn.functional.cross_entropy(model(torch.from_numpy(pixels)[:, None]), kinds)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            if step % 250 == 0:
                print(net, step, f"{loss.item():.3f}", flush=True)
        save(model, OUT / "images" / f"{net}.safetensors")
        for p in both:
            print(net, p.name, f"{lesson.score(lesson.pretrained(net, p.name), *p.held(seen=True)):.3f}")


def save(model: Any, path: Path) -> None:
    """Half precision, without the tied head."""
    import torch
    from safetensors.torch import save_file

    kept = {name: value.detach() for name, value in model.state_dict().items() if name != "lm_head.weight"}
    save_file({n: v.to(torch.float16).contiguous() if v.is_floating_point() else v for n, v in kept.items()}, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("sentences", "language", "invented", "images"))
    parser.add_argument("material", nargs="?", type=Path, help="COURSE or FASHION")
    arguments = parser.parse_args()
    if arguments.what == "images":
        images(arguments.material or parser.error("images needs the folder of Fashion-MNIST"))
    elif arguments.what == "language":
        language(arguments.material)
    else:
        {"sentences": sentences, "invented": invented}[arguments.what]()


if __name__ == "__main__":
    main()
