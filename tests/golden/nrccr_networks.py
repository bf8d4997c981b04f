"""Replays of NRCCR's networks and batches."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from baselines.nrccr.checkpoint import convert
from baselines.nrccr.collection import Collection
from baselines.nrccr.examples import batches_of, by_length, frame_batch, text_batch, training_batch
from baselines.nrccr.network import NRCCRNetwork
from baselines.nrccr.texts import Reader
from cmivqa_kit.metrics.benchmarks.retrieval import mixed, normalised, of_embeddings, of_matrix
from cmivqa_kit.neural.encoders import open_tokenizer
from cmivqa_kit.neural.tokens import TextReader
from tests.golden.replay import Case, Comparison, procedure
from tests.golden.retrieval_networks import loaded, named_batch

SLOTS = {"src": "source", "trans": "translation", "back": "back"}
STREAMS = {"source": "source", "translation": "translation", "back": "back"}


def _json(case: Case, name: str) -> Any:
    return json.loads((case.folder / f"{name}.json").read_text(encoding="utf-8"))


@procedure("nrccr", "forward_text_encoder")
@torch.inference_mode()
def forward_text_encoder(case: Case) -> list[str]:
    """States, pooled views and embeddings of all streams, each batch with its own padding."""
    check, model = Comparison(case), loaded(case, convert, NRCCRNetwork)
    inputs, encoder = load_file(case.folder / "inputs.safetensors"), model.text_encoder
    for name in _json(case, "inputs")["batches"]:
        batch = named_batch(inputs, name, SLOTS)
        masks = {stream: batch[f"{stream}_mask"] for stream in STREAMS}
        states = {stream: encoder.text_bert(batch[f"{stream}_ids"], masks[stream]) for stream in STREAMS}
        rows = {stream: encoder.rows(states[stream]) for stream in STREAMS}
        pooled = {short: encoder.alone(rows[stream], masks[stream]) for short, stream in SLOTS.items()}
        pooled["cross"] = encoder.crossed(rows["source"], rows["translation"], masks["source"], masks["translation"])
        for short in ("src", "trans"):
            check.tensor(f"{name}.bert_{short}", states[SLOTS[short]])
        for view, vector in pooled.items():
            check.tensor(f"{name}.pooled_{view}", vector)
            check.tensor(f"{name}.emb_{view}", model.text_mapping(vector))
    return check.result()


@procedure("nrccr", "forward_video_encoder")
@torch.inference_mode()
def forward_video_encoder(case: Case) -> list[str]:
    """Videos of one frame to the most, and images of extracted features."""
    check, model = Comparison(case), loaded(case, convert, NRCCRNetwork)
    inputs = load_file(case.folder / "inputs.safetensors")
    for name in _json(case, "inputs")["batches"]:
        batch = named_batch(inputs, name, {})
        check.tensor(f"{name}.pooled", model.video_encoder(batch["frames"], batch["frame_mask"]))
        check.tensor(f"{name}.emb", model.videos(batch["frames"], batch["frame_mask"]))
    if "image" in case.config:
        config = {**case.config, **case.config["image"], "model_type": "img"}
        images = loaded(case, convert, NRCCRNetwork, _of_images, config)
        frames = inputs["image.features"][:, None]
        mask = torch.ones(frames.shape[:2])
        check.tensor("image.encoded", images.video_encoder(frames, mask))
        check.tensor("image.emb", images.videos(frames, mask))
    return check.result()


def _of_images(weights: dict[str, Tensor]) -> None:
    """Let the image encoder and its mapping stand where the video's stand."""
    own = {name.removeprefix("image/"): value for name, value in weights.items() if name.startswith("image/")}
    parts = {name.split("/")[0] for name in own}
    for name in [name for name in weights if name.split("/")[0] in (*parts, "image")]:
        del weights[name]
    weights |= own


@procedure("nrccr", "forward_scores")
@torch.inference_mode()
def forward_scores(case: Case) -> list[str]:
    """The whole evaluation: both slots and the videos, errors, normalised and mixed, and the rankings."""
    check, model = Comparison(case), loaded(case, convert, NRCCRNetwork)
    inputs = load_file(case.folder / "inputs.safetensors")
    given, wanted = _json(case, "inputs"), _json(case, "outputs")
    batches: dict[str, Any] = {
        "video": given["video_batches"],
        "src": given["text_batches"],
        "trans": given["text_batches"],
    }
    rows, ids = {}, {}
    for kind, listed in batches.items():
        embedded, names = {}, {}
        for about in listed:
            batch = named_batch(inputs, about["name"], SLOTS)
            if kind == "video":
                made = model.videos(batch["frames"], batch["frame_mask"])
            else:
                made = model.texts(batch[f"{SLOTS[kind]}_ids"], batch[f"{SLOTS[kind]}_mask"])
            for index, name, row in zip(about["idxs"], about["ids"], made.double().numpy(), strict=True):
                embedded[index], names[index] = row, name
        rows[kind] = np.stack([embedded[index] for index in sorted(embedded)])
        ids[kind] = [names[index] for index in sorted(names)]
    check.same("video_ids", ids["video"], wanted["video_ids"])
    check.same("caption_ids", ids["src"], wanted["caption_ids"])
    for name, kind in (("video_embs", "video"), ("cap_embs", "src"), ("cap_trans_embs", "trans")):
        check.tensor(name, rows[kind])
    stretched = []
    for number, kind in ((1, "src"), (2, "trans")):
        errors = of_embeddings(rows[kind], rows["video"])
        check.tensor(f"errors_{number}", errors.rows(0, errors.captions))
        stretched.append(normalised(errors))
        check.tensor(f"norm_{number}", stretched[-1].rows(0, errors.captions))
    for weight in given["sim_ratios"]:
        errors = mixed(*stretched, weight)
        whole = errors.rows(0, errors.captions)
        check.tensor(f"combined_{weight}", whole)
        order = np.argsort(of_matrix(whole).rows(0, errors.captions), axis=1, kind="stable")
        ranking = {
            caption: [ids["video"][column] for column in row] for caption, row in zip(ids["src"], order, strict=True)
        }
        check.same(f"ranking {weight}", ranking, wanted["ranking"][str(weight)])
    return check.result()


@procedure("nrccr", "data_batch")
def data_batch(case: Case) -> list[str]:
    """Captions joined by their ids, token ids, and the batches of training and validation."""
    check, config = Comparison(case), case.config
    given, wanted = _json(case, "inputs"), _json(case, "outputs")
    tokenizer = open_tokenizer(case.folder / "vocab.txt")
    reader = Reader(TextReader.of(tokenizer, None))
    collection = Collection.of(
        case.folder / "VisualSearch", config["collection"], "videos", config["visual_feature"], config["data_type"]
    )
    records, rows_of, pad = collection.training(), collection.features("train").rows, reader.reader.special.pad
    examples = [collection.example(record, reader) for record in records]
    check.same("train_len", len(records), wanted["train_len"])
    for number, (record, example, expected) in enumerate(zip(records, examples, wanted["train_tokens"], strict=True)):
        got = {
            "cap_id": record.source.id,
            "cap_id_trans": record.translation.id,
            "cap_id_back": record.back.id if record.back else None,
            "video_id": record.video,
            "n_frames": len(rows_of(record.video)),
            "source": list(example.source),
            "translation": list(example.translation),
            "back": list(example.back),
        }
        check.same(f"train_tokens {number}", got, expected)
    for number, (indices, expected) in enumerate(zip(given["train_batches"], wanted["train_batches"], strict=True)):
        chosen = [examples[index] for index in indices]
        order, batch = training_batch(chosen, rows_of, pad)
        _check_frames(check, f"train{number}", batch)
        for stream in STREAMS:
            _check_texts(check, f"train{number}.{stream}", batch, stream)
        sorted_records = [records[indices[at]] for at in order]
        got = {
            "idxs": [indices[at] for at in order],
            "cap_ids": [record.source.id for record in sorted_records],
            "cap_ids_trans": [record.translation.id for record in sorted_records],
            "cap_ids_back": [record.back.id for record in sorted_records if record.back],
            "video_ids": [record.video for record in sorted_records],
            "video_lengths": batch["frame_mask"].sum(dim=1).int().tolist(),
        }
        check.same(f"train_batches {number}", got, expected)
    _validation(check, collection, reader, given["val_batch_size"], wanted)
    return check.result()


def _validation(check: Comparison, collection: Collection, reader: Reader, size: int, wanted: Any) -> None:
    records, pad = collection.questions("val"), reader.reader.special.pad
    examples = [collection.example(record, reader) for record in records]
    videos, rows_of = collection.videos(records), collection.features("val").rows
    check.same("val_video_ids", list(videos), wanted["val_video_ids"])
    for number, cut in enumerate(batches_of(len(videos), size)):
        batch = frame_batch([rows_of(videos[at]) for at in cut])
        _check_frames(check, f"valv{number}", batch)
        lengths = batch["frame_mask"].sum(dim=1).int().tolist()
        got = {"idxs": list(cut), "video_ids": [videos[at] for at in cut], "video_lengths": lengths}
        check.same(f"val_video_batches {number}", got, wanted["val_video_batches"][number])
    for number, cut in enumerate(batches_of(len(records), size)):
        order = [cut[at] for at in by_length([examples[at].source for at in cut])]
        for stream in ("source", "translation"):
            texts = [getattr(examples[at], stream) for at in order]
            _check_texts(check, f"valt{number}.{stream}", text_batch(stream, texts, pad), stream)
        got = {"idxs": order, "cap_ids": [records[at].source.id for at in order]}
        check.same(f"val_text_batches {number}", got, wanted["val_text_batches"][number])


def _check_frames(check: Comparison, name: str, batch: dict[str, Tensor]) -> None:
    for part in ("frames", "frame_mask", "mean"):
        check.tensor(f"{name}.{part}", batch[part])


def _check_texts(check: Comparison, name: str, batch: dict[str, Tensor], stream: str) -> None:
    check.tensor(f"{name}.ids", batch[f"{stream}_ids"])
    check.tensor(f"{name}.mask", batch[f"{stream}_mask"])
    check.tensor(f"{name}.lengths", batch[f"{stream}_mask"].sum(dim=1).int())
