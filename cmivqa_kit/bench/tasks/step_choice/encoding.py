"""Encoding AssistQ: frames and pictures of buttons by a vision model, script, questions and candidates by a text model.

Source: docs/spec/q2a.md, section 2. ``published`` has all of its defects; else they are corrected (section 2.6).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from cmivqa_kit.bench.tasks.step_choice import encoded
from cmivqa_kit.bench.tasks.step_choice.encoded import QUESTIONS, RECORD, step_id
from cmivqa_kit.bench.tasks.step_choice.masks import BOTH, button_pictures, scaled
from cmivqa_kit.bench.tasks.step_choice.prompts import candidate_prompts, question_prompt
from cmivqa_kit.bench.tasks.step_choice.video_folders import StepPicture, VideoFolder
from cmivqa_kit.data.decoded_video import sampled_frames
from cmivqa_kit.data.stores.registry import format_named
from cmivqa_kit.data.stores.store import Header
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import atomic_path, read_json, write_json
from cmivqa_kit.neural.encoders import Encoder
from cmivqa_kit.neural.video_features import Extraction, Tell, extract, untold
from cmivqa_kit.neural.vision_encoders import Pictures, Transform, VisionEncoder

FORMAT = "safetensors"
BEGUN = "begun.json"  # what an encoding is made with, while it is not finished
PUBLISHED_VISION = "timm/vit_base_patch16_384.augreg_in21k_ft_in1k"
PUBLISHED_TEXT = "bert-base-uncased"
LONGEST = 512  # tokens of a sentence, where the text model has no limit of its own
Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a split is encoded.

    Attributes:
        vision: of frames and buttons.
        text: of everything that is read.
        fps: frames per second.
        masking: of buttons (`cmivqa_kit.bench.tasks.step_choice.masks`).
        published: with all defects of the published encoder.
        size: height and width of pictures, under ``published``; else the vision model's own.
        batch: pictures, or texts, that are encoded together.
    """

    vision: VisionEncoder
    text: Encoder
    fps: float = 1.0
    masking: int = -1
    published: bool = False
    size: int = 384
    batch: int = 32

    @property
    def facts(self) -> Mapping[str, object]:
        """What is kept of it beside the features."""
        return {
            "vision": self.vision.name, "vision_revision": self.vision.revision,
            "text": self.text.origin.record["source"] if self.text.origin else "tiny", "fps": self.fps,
            "masking": self.masking, "recipe": "published" if self.published else "kit",
            **({"size": self.size} if self.published else {}),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class EncodedCounts:
    """What was encoded: folders, questions, steps; videos that could not be, with the reason."""

    folders: int
    questions: int
    steps: int
    broken: Mapping[str, str] = field(default_factory=dict)


def encode_split(
    folders: Sequence[VideoFolder], home: Path, encoding: Encoding, media: bool = True, resume: bool = False,
    tell: Tell = untold,
) -> EncodedCounts:  # fmt: skip
    """Encode a split into a folder of stores.

    Args:
        folders: of the split.
        home: the folder.
        encoding: how.
        media: videos and scripts too; False for questions about those of another split.
        resume: keep the frames that an earlier call made.
        tell: of videos, then of folders whose questions are done.

    Raises:
        UserError: there are features already, or a picture cannot be read.
        RunFailed: something cannot be written.
    """
    require_new(home, encoding.facts, resume)
    write_json(home / BEGUN, encoding.facts)
    broken: Mapping[str, str] = {}
    if media:
        broken = _videos(folders, home, encoding, resume, tell).broken
        scripts = {folder.name: text_vectors(encoding, folder.sentences) for folder in folders}
        write_store(home / encoded.SCRIPT, scripts)
    parts: dict[str, dict[str, Rows]] = {part: {} for part in (encoded.QUESTION, encoded.TEXTS, encoded.BUTTONS)}
    for number, folder in enumerate(folders, 1):
        prompts = [question_prompt(question) for question in folder.questions]
        parts[encoded.QUESTION][folder.name] = text_vectors(encoding, prompts)
        pictures = _PictureVectors(encoding)
        for question, steps in zip(folder.questions, folder.pictures, strict=True):
            for at, (step, picture) in enumerate(zip(question.steps, steps, strict=True), 1):
                name = step_id(folder.name, question.number, at)
                parts[encoded.TEXTS][name] = text_vectors(encoding, candidate_prompts(step))
                parts[encoded.BUTTONS][name] = pictures.of_candidates(picture)
        tell(f"questions about {folder.name}", number, len(folders))
    for part, rows in parts.items():
        write_store(home / part, rows)
    texts = {folder.name: [question.question for question in folder.questions] for folder in folders}
    write_json(home / RECORD, {**encoding.facts, QUESTIONS: texts})
    (home / BEGUN).unlink()
    return EncodedCounts(
        len(folders), sum(len(folder.questions) for folder in folders), len(parts[encoded.TEXTS]), broken
    )


def require_new(home: Path, facts: Mapping[str, object], resume: bool) -> None:
    """Refuse a folder with features in it, unless they are gone on with, and with the same models and settings.

    Raises:
        UserError: it has.
    """
    if (home / RECORD).exists():
        raise UserError(f"{home}: is encoded already", "Name another folder, or remove this one.")
    if home.is_dir() and any(home.iterdir()) and not resume:
        raise UserError(f"{home}: holds files already", "Give --resume to keep its frames, or name another folder.")
    if (home / BEGUN).exists() and read_json(home / BEGUN, "record of an encoding") != facts:
        raise UserError(
            f"{home}: was begun with other models or settings ({BEGUN})", "Give the same, or another folder."
        )


def require_one_width(encoding: Encoding) -> None:
    """Refuse models that do not give vectors of one width: the networks have one for all of them.

    Raises:
        UserError: naming both.
    """
    vision, text = encoding.vision, encoding.text
    widths = vision.encode(vision.transform([np.zeros((8, 8, 3), np.uint8)])).shape[1], text.config.hidden_size
    if len(set(widths)) > 1:
        raise UserError(
            f"{vision.name} gives {widths[0]} numbers, the text model {widths[1]}: Q2A needs as many of both",
            "Give models of one width with --vision and --text.",
        )


def _videos(folders: Sequence[VideoFolder], home: Path, encoding: Encoding, resume: bool, tell: Tell) -> Extraction:
    destination = home / f"{encoded.VIDEO}.{FORMAT}"
    if destination.exists():  # all videos were done before it was stopped
        return Extraction(0, len(folders), 0, 0)
    videos = {folder.name: folder.video for folder in folders}
    vision = encoding.vision if not encoding.published else _published(encoding)
    partial_work = destination.with_name(f"{destination.name}.partial")
    return extract(
        videos, destination, format_named(FORMAT), vision, encoding.fps, encoding.batch,
        resume and partial_work.is_dir(), tell, partial(sampled_frames, by_stride=encoding.published),
    )  # fmt: skip


def _published(encoding: Encoding) -> VisionEncoder:
    """The vision model with frames prepared as published: resized without smoothing, numbers of -1 to 1."""

    def transform(pictures: Pictures) -> Tensor:
        resized = [_resized(picture, encoding.size).round().clamp(0, 255) for picture in pictures]
        return torch.cat([torch.from_numpy(scaled(one.numpy(), published=False)) for one in resized])

    vision = encoding.vision
    return VisionEncoder(vision.name, vision.revision, vision.model, transform, vision.reads)


def _resized(picture: NDArray[np.generic], size: int) -> Tensor:
    """(1, 3, size, size) of a picture (rows, columns, 3), in float32."""
    pixels = torch.from_numpy(np.ascontiguousarray(picture, np.float32)).permute(2, 0, 1)[None]
    return functional.interpolate(pixels, (size, size), mode="bilinear", align_corners=False)


class _PictureVectors:
    """Vectors of the buttons of a folder's pictures; each picture is encoded once, however many steps show it."""

    def __init__(self, encoding: Encoding) -> None:
        self.encoding = encoding
        self.pixels: dict[Path, NDArray[np.uint8]] = {}
        self.vectors: dict[tuple[Path, tuple[int, ...]], Rows] = {}

    def of_candidates(self, picture: StepPicture) -> Rows:
        """(A, M * D): of every candidate the buttons that it names; published: the first of them alone."""
        groups = [named[:1] if self.encoding.published else named for named in picture.named]
        missing = list(dict.fromkeys(group for group in groups if (picture.path, group) not in self.vectors))
        if missing:
            self._encode(picture, missing)
        return np.stack([self.vectors[picture.path, group] for group in groups])

    def _encode(self, picture: StepPicture, groups: Sequence[tuple[int, ...]]) -> None:
        encoding = self.encoding
        if picture.path not in self.pixels:
            self.pixels[picture.path] = read_picture(picture.path)
        several = [group for group in groups if len(group) > 1]
        made = button_pictures(self.pixels[picture.path], picture.boxes, several, encoding.masking, encoding.published)
        chosen = [
            made[len(picture.boxes) + several.index(group)] if len(group) > 1 else made[group[0]] for group in groups
        ]
        flat = [one for masked in chosen for one in masked]
        transform: Transform = self._twice_divided if encoding.published else encoding.vision.transform
        batches = [flat[at : at + encoding.batch] for at in range(0, len(flat), encoding.batch)]
        rows = np.concatenate([encoding.vision.encode(transform(batch)) for batch in batches])
        images = 2 if encoding.masking == BOTH else 1
        for group, vectors in zip(groups, rows.reshape(len(groups), images * rows.shape[1]), strict=True):
            self.vectors[picture.path, group] = vectors

    def _twice_divided(self, pictures: Pictures) -> Tensor:
        resized = [_resized(picture, self.encoding.size).numpy() for picture in pictures]
        return torch.cat([torch.from_numpy(scaled(one, published=True)) for one in resized])


def read_picture(path: Path) -> NDArray[np.uint8]:
    """The pixels of a picture, (rows, columns, 3), RGB.

    Raises:
        UserError: it cannot be read.
    """
    from PIL import Image

    try:
        with Image.open(path) as picture:
            return np.array(picture.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UserError(f"{path}: cannot be read as a picture ({error})", "Copy it again.") from None


@torch.inference_mode()
def text_vectors(encoding: Encoding, texts: Iterable[str]) -> Rows:
    """(N, D): what the text model pools of each text; of one that pools nothing the first token.

    A text that is longer than the model takes is cut off.
    """
    model, tokenizer = encoding.text.model.eval(), encoding.text.tokenizer
    device = next(model.parameters()).device
    limit, listed = encoding.text.reader.limit or LONGEST, list(texts)
    rows = []
    for at in range(0, len(listed), encoding.batch):
        several = listed[at : at + encoding.batch]
        batch = tokenizer(several, padding=True, truncation=True, max_length=limit, return_tensors="pt").to(device)
        output = model(**batch)
        pooled = getattr(output, "pooler_output", None)
        rows.append((output.last_hidden_state[:, 0] if pooled is None else pooled).float().cpu().numpy())
    return np.concatenate(rows)


def write_store(path: Path, rows: Mapping[str, Rows]) -> None:
    """Write rows by id as a store; the ending of its format is added to ``path``."""
    kind = format_named(FORMAT)
    shapes: dict[str, Header] = {name: (array.shape, array.dtype) for name, array in rows.items()}
    target = path.with_name(f"{path.name}{kind.suffixes[0]}")
    with atomic_path(target) as temporary, kind.writing(temporary, shapes, None) as add:
        for name, array in rows.items():
            add(name, array)
