"""Replays of the data of ``mesm``: count files, words, labels, features and targets, through the code of training.

Annotations go through the readers of the benchmarks, features through the stores. The case's own tags stand for a
tagger; its merges make CLIP's tokenizer. What the reference draws at random is not in the cases.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from baselines.mesm.examples import (
    ClipRules,
    by_video,
    clip_range,
    clips,
    highlight_target,
    moment_target,
)
from baselines.mesm.glove import vocabulary
from baselines.mesm.matching import centres
from baselines.mesm.word_rows import ClipWords, VocabularyWords, WordReader, most_frequent, read_counts
from cmivqa_kit.bench.tasks.moments.charades import read_charades_sta
from cmivqa_kit.bench.tasks.moments.qvhighlights import read_qvhighlights
from cmivqa_kit.bench.tasks.moments.tacos import read_tacos
from cmivqa_kit.bench.tasks.moments.token_counts import clip_counts, glove_counts
from cmivqa_kit.bench.tasks.moments.types import AnnotationsAndProblems, MomentQuery
from cmivqa_kit.data.english_words import simple_words
from cmivqa_kit.data.stores.fused import FusedStore
from cmivqa_kit.data.stores.npy import NpyFolder
from cmivqa_kit.neural.clip_tokens import END, END_OF_WORD, START, ClipTokens
from tests.golden.replay import Case, Comparison, procedure

Answers = tuple[dict[str, Any], dict[str, Any]]  # tensors by name, and the document
PRINTED = (range(33, 127), range(161, 173), range(174, 256))  # bytes that stand for themselves


@procedure("mesm", "data_prep")
def data_prep(case: Case) -> list[str]:
    """Count files, and the batch of every split with all its queries."""
    check = Comparison(case)
    wanted = json.loads((case.folder / "outputs.json").read_text(encoding="utf-8"))
    tensors, document = answers(case)
    for name in check.tensors:
        if name in tensors:
            check.tensor(name, tensors[name])
    for name, expected in wanted.items():
        if "qid" in expected and None in expected["qid"]:  # the reference does not number queries of training
            expected = {key: value for key, value in expected.items() if key not in ("qid", "ground_truth")}
        got = document.get(name, {})
        for key in expected:
            if key == "ground_truth":  # in the order of the annotation
                windows = {one["qid"]: one["relevant_windows"] for one in expected[key]}
                own = dict(zip(got["qid"], got["windows"], strict=True))
                check.same(f"{name} answered", sorted(own), sorted(windows))
                for qid in windows:
                    check.number(f"{name}.{qid}", np.array(own.get(qid, ())), np.array(windows[qid]))
            else:
                check.same(f"{name}.{key}", got.get(key), expected[key])
    return check.result()


def answers(case: Case) -> Answers:
    """What the kit makes of the inputs of a case, by the names of its outputs."""
    given = json.loads((case.folder / "inputs.json").read_text(encoding="utf-8"))
    tensors: dict[str, Any] = {}
    document: dict[str, Any] = {}
    with TemporaryDirectory() as folder:
        work = _Work(Path(folder), case, given)
        small, tokens = given["count_small"], work.tokens
        sentences = [
            query.text
            for split in ("train", "test")
            for query in work.charades(small[f"{split}_lines"], small[f"{split}_durations"])
        ]
        longest = case.config["charades"]["max_words_l"]
        document["tokenized_count_small"] = {
            "CLIP": clip_counts(sentences, tokens, longest), "GloVe": glove_counts(sentences),
        }  # fmt: skip
        for name, block in work.blocks():
            made, said = block
            tensors |= {f"{name}.{key}": value for key, value in made.items()}
            document[name] = said
        document["tacos_wtoi"] = {word: number for number, word in enumerate(work.words)}
    return tensors, document


class _Work:
    """The files of a case in a folder, and its blocks."""

    def __init__(self, folder: Path, case: Case, given: Mapping[str, Any]) -> None:
        self.folder, self.config, self.given = folder, case.config, given
        for name, rows in load_file(case.folder / "inputs.safetensors").items():
            dataset, extractor, video = name.split("/")
            path = folder / dataset / extractor / f"{video}.npy"
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, rows.numpy())
        self.tokens = clip_tokens(folder / "clip", given["clip_bpe_merges"])
        tags = given["pos_tags"]
        self.tagger = lambda words: [tags.get(word, "IN") for word in words]
        counts = self._counts("clip", given["charades"]["clip_count"])
        self.clip_labels = [int(row[0]) for row in counts]
        self.glove = self._counts("glove", given["tacos"]["glove_count"])
        self.words = vocabulary(row[0] for row in self.glove)

    def charades(self, lines: Sequence[str], durations: Mapping[str, float]) -> Sequence[MomentQuery]:
        """The queries of Charades-STA in a file of its format."""
        table = "\n".join(f"{video},{length}" for video, length in durations.items())
        files = (self._file("lines.txt", "\n".join(lines)), self._file("table.csv", f"id,length\n{table}\n"))
        return _queries(read_charades_sta(files))

    def blocks(self) -> list[tuple[str, Answers]]:
        """Every block of the outputs: tensors and records."""
        made: list[tuple[str, Answers]] = []
        charades = self.given["charades"]
        for name, extractors, limit, splits in (
            ("charades", ("a", "b"), charades["max_video_l"], ("train", "test")),
            ("charades_vgg", ("v",), charades["max_video_l_vgg"], ("train",)),
        ):
            seconds = self.config[name]["clip_len"]
            reader = self._clip_words(self.config["charades"]["max_words_l"], charades["vocab_size"])
            for split in splits:
                queries = self.charades(charades[f"{split}_lines"], charades[f"{split}_durations"])
                rules = ClipRules(seconds, limit)
                made.append((f"{name}_{split}", self._block("charades", extractors, rules, queries, reader, split)))
        tacos = self.given["tacos"]
        words = VocabularyWords(
            simple_words, self.words, most_frequent((int(row[1]) for row in self.glove), tacos["vocab_size"]),
            self.config["tacos"]["max_words_l"], self.tagger,
        )  # fmt: skip
        for split in ("train", "test"):
            queries = _queries(read_tacos(self._file("tacos.json", json.dumps(tacos[split]))))
            rules = ClipRules(self.config["tacos"]["clip_len"], tacos["max_video_l"])
            made.append((f"tacos_{split}", self._block("tacos", ("a",), rules, queries, words, split)))
        qvh = self.config["qvh"]
        lines = "".join(json.dumps(record) + "\n" for record in self.given["qvh"]["train"])
        queries = _queries(read_qvhighlights(self._file("qvh.jsonl", lines)))
        rules = ClipRules(qvh["clip_len"], qvh["max_video_l"], cut=True)
        reader = self._clip_words(qvh["max_words_l"], charades["vocab_size"])
        made.append(("qvh_train", self._block("qvh", ("a", "b"), rules, queries, reader, "train")))
        return made

    def _clip_words(self, longest: int, size: int) -> ClipWords:
        return ClipWords(self.tokens, most_frequent(self.clip_labels, size), longest, self.tagger)

    def _block(
        self, dataset: str, extractors: Sequence[str], rules: ClipRules, queries: Sequence[MomentQuery],
        reader: WordReader, split: str,
    ) -> Answers:  # fmt: skip
        """The batch of all videos, in the order of the dataset."""
        store = FusedStore({name: NpyFolder(self.folder / dataset / name) for name in extractors}, unit_rows=True)
        videos = by_video(queries, rules.seconds)
        ordered = [query for video in videos for query in video.queries]
        rows = [clips(_there(store.get(query.video)), rules) for query in ordered]
        target: Callable[..., Any] = highlight_target if dataset == "qvh" else moment_target
        targets = [
            target(query, len(own), rules.seconds, np.random.default_rng(0))
            for query, own in zip(ordered, rows, strict=True)
        ]
        words = [reader.read(query.text) for query in ordered]
        moments = torch.from_numpy(np.concatenate([one.windows for one in targets]))
        made: dict[str, Any] = {
            "num_clips": torch.tensor([len(video.queries) for video in videos]),
            "video_feat": _padded(rows), "video_mask": _padded([np.ones(len(one), dtype=bool) for one in rows]),
            "clip_mask": _padded([one.clips for one in targets]),
            "words_id": torch.from_numpy(np.stack([one.words for one in words])),
            "words_weight": torch.from_numpy(np.stack([one.weights for one in words])),
            "words_label": torch.from_numpy(np.stack([one.labels for one in words])),
            "unknown_mask": torch.from_numpy(np.stack([one.unknown for one in words])),
            "duration": torch.tensor([query.duration for query in ordered]), "norm_moment": moments,
            "norm_span": centres(moments), "n_windows": torch.tensor([len(one.windows) for one in targets]),
        }  # fmt: skip
        made["words_mask"] = made["words_id"] != 0
        if dataset == "qvh":
            made["saliency_label"] = _padded([one.relevance for one in targets])
            made["hard_pos_idx"] = torch.tensor([one.positives[0] for one in targets])
            made["hard_neg_idx"] = torch.tensor([one.negatives[0] for one in targets])
        else:
            made["moment"] = torch.tensor([query.windows[0] for query in ordered])
            ranges = [
                clip_range(query.windows[0], query.duration, rules.seconds, len(own))
                for query, own in zip(ordered, rows, strict=True)
            ]
            made["start_idx"], made["end_idx"] = torch.tensor(ranges).unbind(1)
        said = {
            "qid": [query.qid for query in ordered], "video_id": [query.video for query in ordered],
            "sentence": [query.text for query in ordered], "windows": [query.windows for query in ordered],
        }  # fmt: skip
        return made, said

    def _counts(self, name: str, text: str) -> list[tuple[str, ...]]:
        return read_counts(self._file(f"{name}.txt", text))

    def _file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path


def clip_tokens(folder: Path, merges: Sequence[str]) -> ClipTokens:
    """CLIP's tokenizer of some merges, through the files that a user has."""
    own = [number for numbers in PRINTED for number in numbers]
    characters = [chr(number) for number in own]
    characters += [chr(256 + number) for number in range(256 - len(own))]
    pieces = [*characters, *(f"{one}{END_OF_WORD}" for one in characters)]
    pieces += [merge.replace(" ", "") for merge in merges] + [START, END]
    folder.mkdir()
    vocabulary_file = {piece: number for number, piece in enumerate(pieces)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary_file), encoding="utf-8")
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n", encoding="utf-8")
    return ClipTokens(folder)


def _queries(read: AnnotationsAndProblems) -> tuple[MomentQuery, ...]:
    annotations, problems = read
    assert not problems, problems
    return annotations.queries


def _there(rows: Any) -> Any:
    assert rows is not None
    return rows


def _padded(rows: Sequence[Any]) -> Tensor:
    return torch.nn.utils.rnn.pad_sequence([torch.from_numpy(one) for one in rows], batch_first=True)
