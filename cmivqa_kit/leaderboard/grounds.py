"""What the entries of a board are held against: one ground per track, of one edition and, as a rule, of one split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cmivqa_kit.data.answer_rows import rows_of_track
from cmivqa_kit.data.file_roles import tracks_in
from cmivqa_kit.data.types import TRACKS, Track
from cmivqa_kit.editions import Edition
from cmivqa_kit.entries.ground import OpenGround, require_truth
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import fingerprint
from cmivqa_kit.scoring.truth import require_fields, truth_fingerprint


@dataclass(frozen=True, slots=True, eq=False)
class TrackGround:
    """The ground of one track.

    Attributes:
        ground: what entries are held against.
        split: the split of the board.
        truth: the answer file.
        stamp: the same for the same questions, answers, videos and rules, and for no others.
        own_split: whether a file has to be of ``split`` by its own ids and texts, which is then worked out.
    """

    track: Track
    ground: OpenGround
    split: str
    truth: Path
    stamp: str
    own_split: bool


@dataclass(frozen=True, eq=False)
class Grounds:
    """The grounds by track, the edition of all of them, and why the other tracks have none."""

    edition: Edition
    by_track: Mapping[Track, TrackGround]
    lacking: Mapping[Track, str]

    @cached_property
    def corpus(self) -> OpenGround | None:
        """The ground of Tracks 2 and 3 at once, where they have the same answers."""
        second, third = self.by_track.get(2), self.by_track.get(3)
        same = second is not None and third is not None and second.truth == third.truth
        return third.ground.on(track=None) if same and third is not None else None


def grounds_of(ground: OpenGround, truths: Sequence[Path] = ()) -> Grounds:
    """The grounds of a board.

    Args:
        ground: the data root, the split where one is stated, the edition, how intervals are drawn.
        truths: answer files, one for each track or one for several; without any the answers of the data root.

    Raises:
        UserError: an answer file cannot be read or is for no track; two hold different answers for one track; no split
            of the data root has answers, or several have.
    """
    if truths:
        return _of_files(ground, truths)
    return _of_root(ground)


def _of_files(ground: OpenGround, truths: Sequence[Path]) -> Grounds:
    opened = [ground.on(truth=path) for path in truths]
    editions = {one.edition.name: one.edition for one in opened}
    if len(editions) > 1:
        said = ", ".join(f"{one.truth} of {one.edition.name}" for one in opened)
        raise UserError(f"the answer files are of several editions: {said}", "Make a board of each, or give --edition.")
    (edition,) = editions.values()
    by_track: dict[Track, TrackGround] = {}
    lacking: dict[Track, str] = {}
    for track in TRACKS:
        fitting = [one for one in opened if _fits(one, track, edition)]
        chosen = _best_named(fitting, track, edition, alone=len(opened) == 1)
        if chosen is None:
            lacking[track] = f"no answers for Track {track} in {' and '.join(map(str, truths))}"
        else:
            by_track[track] = _of_file(chosen, track, edition)
    if not by_track:
        require_fields(opened[0].targets, 2, truths[0])  # the track that needs least: says what is not there
    return Grounds(edition, by_track, lacking)


def _fits(ground: OpenGround, track: Track, edition: Edition) -> bool:
    """True where an answer file has answers for a track: with its fields, and no ids that name other tracks."""
    rows = rows_of_track(ground.targets, track, edition)
    numbers = {edition.track_of_id(row.get("id")) for row in rows if isinstance(row, dict)}
    try:
        require_fields(rows, track, ground.truth)
    except UserError:
        return False
    return numbers <= {None, track}


def _best_named(fitting: Sequence[OpenGround], track: Track, edition: Edition, alone: bool) -> OpenGround | None:
    """The answer file of a track: one named for it, else one that names no track.

    One that is given ``alone`` is taken whatever its name says where tracks share their ids: the official program's
    default name says ``task_1``.
    """
    named = [(one, tracks_in(str(one.truth and one.truth.name))) for one in fitting]
    own = [one for one, tracks in named if track in tracks]
    free = [one for one, tracks in named if not tracks]
    shared = fitting if edition.corpus_files == "shared" and alone else []
    candidates = own or free or shared
    if len({truth_fingerprint(rows_of_track(one.targets, track, edition)) for one in candidates}) > 1:
        raise UserError(
            f"different answers for Track {track}: {', '.join(str(one.truth) for one in candidates)}",
            "Give one answer file for each track, or make the board of one with --track.",
        )
    return next(iter(candidates), None)


def _of_file(ground: OpenGround, track: Track, edition: Edition) -> TrackGround:
    own = ground.on(track=track, edition=ground.ground.edition or edition.name)
    require_truth(own)
    rows = rows_of_track(own.targets, track, edition)
    split = ground.truth_split
    stamp = _stamp(own, edition, track, split, fingerprint(rows))
    return TrackGround(track, own, split, Path(str(own.truth)), stamp, own_split=False)


def _of_root(ground: OpenGround) -> Grounds:
    root = ground.root
    edition = root.catalogue.edition
    split = _split_of_root(ground)
    by_track: dict[Track, TrackGround] = {}
    lacking: dict[Track, str] = {}
    for track in TRACKS:
        try:
            answers = root.answers(split, track)
            if answers is None:
                raise UserError(f"no answers of {split} in {root.catalogue.root}", "")
            rows, source = answers
            require_fields(rows, track, source)
            corpus = root.split(split, track)
        except UserError as error:
            lacking[track] = f"no answers for Track {track}: {error.message}"
            continue
        asked = {name: root.questions(name, track).questions for name in root.catalogue.splits
                 if track in root.catalogue.tracks(name)}  # fmt: skip
        known = [
            rows,
            {name: [[q.id, q.text, q.video_id, q.language] for q in questions] for name, questions in asked.items()},
            {name: [video.duration, video.duration_source] for name, video in corpus.videos.items()},
        ]
        stamp = _stamp(ground, edition, track, split, fingerprint(known))
        own = ground.on(track=track, split=None)
        by_track[track] = TrackGround(track, own, split, source, stamp, own_split=True)
    if not by_track:
        raise UserError(
            f"{root.catalogue.root}: nothing to score against: {'; '.join(lacking.values())}",
            "Give the answers: --truth FILE.",
        )
    return Grounds(edition, by_track, lacking)


def _split_of_root(ground: OpenGround) -> str:
    """The split as stated; else the one that organizers hold and whose answers lie here; else dev.

    Raises:
        UserError: no such split; several have answers that organizers hold; none has any.
    """
    catalogue = ground.root.catalogue
    stated = ground.ground.split
    if stated is not None:
        return catalogue.question_file(stated).split
    held = [
        split
        for split in catalogue.splits
        if catalogue.edition.splits[split].answers == "organizers"
        and any(catalogue.scorable(split, track) for track in catalogue.tracks(split))
    ]
    if len(held) > 1:
        raise UserError(
            f"the answers of {' and '.join(held)} are here", f"Say which: --split {' or --split '.join(held)}."
        )
    if held:
        return held[0]
    if "dev" in catalogue.splits:
        return "dev"
    raise UserError(
        f"{catalogue.root}: no answers of a split that entries are made for",
        "Give them: --truth FILE, or --split NAME.",
    )


def _stamp(ground: OpenGround, edition: Edition, track: Track, split: str, content: str) -> str:
    """The same for the same questions, answers, videos and rules."""
    known = ground.ground
    rules: dict[str, Any] = {**asdict(edition), "board": None}  # limits of teams change no score
    limits = [known.limits.size, known.limits.items]
    drawn = known.resampling and [known.resampling.resamples, known.resampling.seed]
    return fingerprint([repr(sorted(rules.items())), track, split, limits, known.encoding, drawn, content])
