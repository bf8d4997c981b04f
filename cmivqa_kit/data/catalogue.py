"""What lies where below a data root: question files by split and track, subtitles, features, answers.

Works on names only and opens nothing but the manifest, one question file where the edition is not stated, and files
that lie twice (equal copies are one file, different ones an error). Any tree is accepted: the organizers' folders, the
flat tree the kit writes, MedVidQA's ``text/`` beside ``features/``. A question file uses the subtitles and features
nearest to it: in its own folder, else in the folders above, up to the root. Answer files (in a folder ``answers``, or
named ``*answer*``) are listed but never opened here. A folder ``answers`` that may not be read, as an organizer
protects it, is as good as none to whoever needs no answers.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cmivqa_kit.data.caption_languages import one_per_language
from cmivqa_kit.data.dev_corpus import DEV_CORPUS
from cmivqa_kit.data.feature_clock import ONE_SECOND
from cmivqa_kit.data.feature_entries import FeaturePath, named_stores
from cmivqa_kit.data.feature_notes import stray_features
from cmivqa_kit.data.file_roles import is_answer_file, lies_in_answers, split_of, tracks_in, upwards
from cmivqa_kit.data.layouts import detect
from cmivqa_kit.data.question_match import difference, questions_in
from cmivqa_kit.data.read_once import ReadFile
from cmivqa_kit.data.root_edition import MANIFEST, detect_edition, read_manifest
from cmivqa_kit.data.stores.registry import file_suffixes
from cmivqa_kit.data.types import TRACKS, Note, Track
from cmivqa_kit.editions import Edition, load_edition
from cmivqa_kit.errors import Problem, UserError, closest, problems_error
from cmivqa_kit.files import read_json, sha256
from cmivqa_kit.joint_files import READY, complete

DEPTH = 4  # folders below the root that are looked into; official trees need two
FEATURE_FOLDERS = ("video_feature", "video_features", "features/I3D", "features")
MEDIA_FOLDERS = ("videos", "video")
SKIPPED_FOLDERS = {"video_feature", "video_features", "features", "videos", "video", "audios", "audio", "subtitles",
                   "runs", "__MACOSX", "node_modules"}  # fmt: skip
_CAPTIONS = re.compile(r"captions?|字幕", re.IGNORECASE)
_NOT_QUESTIONS = re.compile(r"^(submission|output|corpus|config|package|.*subtitle.*|.*sample.*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class QuestionFile:
    """A question file: its split, and the tracks it is for (all three where its name says none)."""

    path: Path
    split: str
    tracks: tuple[Track, ...]
    rank: int  # see `_rank`; the lowest is used


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The files below ``root``.

    ``name`` is the corpus' own name where its manifest states one. ``closed`` are folders of answers that this user may
    not read. ``seconds_per_row`` is what the user says of the
    feature files (0: as measured; ``None``: nothing), ``assumed_per_row`` what they are taken for without that.
    ``features`` are those that the user names, instead of those that lie here.
    """

    root: Path
    edition: Edition
    name: str
    questions: tuple[QuestionFile, ...]
    answers: tuple[Path, ...]
    subtitles: tuple[Path, ...]
    notes: tuple[Note, ...]
    seconds_per_row: float | None = None
    assumed_per_row: float = ONE_SECOND
    features: FeaturePath | None = None
    closed: tuple[Path, ...] = ()
    _agreeing: set[tuple[Path, ...]] = field(default_factory=set, repr=False, compare=False)

    @property
    def splits(self) -> tuple[str, ...]:
        """Split names in the edition's order."""
        order = list(self.edition.splits)
        return tuple(sorted({file.split for file in self.questions}, key=lambda s: order.index(s)))

    def tracks(self, split: str) -> tuple[Track, ...]:
        """The tracks that the question files of a split are for."""
        name = self.edition.canonical_split(split)
        return tuple(t for t in TRACKS if any(t in f.tracks for f in self.questions if f.split == name))

    def scorable(self, split: str, track: Track) -> bool:
        """True where the answers of a split are public or lie here; told from names, nothing is opened."""
        return self.edition.splits[split].answers == "public" or bool(self._answer_files(split, track))

    def question_file(self, split: str, track: Track | None = None) -> QuestionFile:
        """The question file of a split for a track (for any track: one that carries video ids first).

        Raises:
            UserError: no such split; no file for that track; two files that could both be meant.
        """
        name = self.edition.canonical_split(split)
        files = [f for f in self.questions if f.split == name]
        if not files:
            have = ", ".join(self.splits) or "none"
            raise UserError(
                f"{self.root}: no split {split!r} (found: {have}).{closest(split, self.splits)}",
                _split_fix(self, split),
            )
        if track is not None:
            fitting = [f for f in files if track in f.tracks]
            if not fitting:
                raise UserError(
                    f"{self.root}: split {split!r} has no question file for Track {track} "
                    f"(found: {', '.join(f.path.name for f in files)})",
                    f"Add the organizers' file for Track {track} to that folder, or give --track "
                    f"{' or --track '.join(map(str, self.tracks(split)))}.",
                )
            files = fitting
        # A file made for this track alone goes before one for all tracks; without a track, one that names videos.
        order = {f: (f.rank, len(f.tracks) if track else 1 not in f.tracks) for f in files}
        chosen = [f for f in files if order[f] == min(order.values())]
        if track is None:  # one of several files for one track each: the lowest
            chosen = [f for f in chosen if f.tracks == min(f.tracks for f in chosen)]
        self._refuse_different(
            [f.path for f in chosen],
            f"question files for split {split!r}",
            answers=self.edition.splits[chosen[0].split].answers == "public",
        )
        return chosen[0]

    def answer_file(self, split: str, track: Track) -> Path | None:
        """The organizers' answer file of a split for a track, if it lies here; opened by scoring only.

        Raises:
            UserError: several that differ; none can be seen, and there is a folder of answers that may not be read.
        """
        chosen = self._answer_files(split, track)
        name = self.edition.canonical_split(split)
        if not chosen and self.closed and name is not None and self.edition.splits[name].answers == "organizers":
            raise UserError(
                f"{self.closed[0]}: cannot be read, and the answers of {name} are the organizers'",
                "Ask who holds the answers to score it; if that is you, check the permissions of the folder.",
            )
        self._refuse_different(chosen, f"answer files for split {split!r}, Track {track}")
        return chosen[0] if chosen else None

    def _answer_files(self, split: str, track: Track) -> list[Path]:
        """The answer files of a split for a track; told from names, nothing is opened."""
        name = self.edition.canonical_split(split)
        fitting = [p for p in self.answers if split_of(p, self.root, self.edition) == name]
        exact = [p for p in fitting if track in tracks_in(p.name)] or [p for p in fitting if not tracks_in(p.name)]
        # The official program's default name says "task_1" but its 2023 file serves all tracks: ids are shared.
        shared = self.edition.corpus_files == "shared"
        return exact or (fitting if shared else [])

    def subtitle_files(self, beside: Path, split: str) -> tuple[Path, ...]:
        """The subtitle files for a question file in folder ``beside``: the nearest above it, one per language."""
        for folder in upwards(beside, self.root):
            here = [p for p in self.subtitles if p.parent == folder]
            named = [p for p in here if self.edition.split_in(p.stem) == split]
            plain = [p for p in here if self.edition.split_in(p.stem) is None]
            if named or plain:
                return one_per_language(named or plain, folder)
        # None above it: the only one elsewhere, unless that belongs to another split.
        loose = self.subtitles[0] if len(self.subtitles) == 1 else None
        return (loose,) if loose and split_of(loose, self.root, self.edition) in (None, split) else ()

    def subtitle_file(self, beside: Path, split: str) -> Path | None:
        """The first of `subtitle_files`."""
        return next(iter(self.subtitle_files(beside, split)), None)

    def feature_folders(self, beside: Path) -> tuple[FeaturePath, ...]:
        """The features for question files in ``beside``: those that are named, else folders and files, nearest first.

        A file is called as a folder would be: ``video_feature.hdf5``.
        """
        if self.features is not None:
            return (self.features,)
        files = tuple(f"{name}{suffix}" for name in FEATURE_FOLDERS for suffix in file_suffixes())
        return tuple(
            path
            for folder in upwards(beside, self.root)
            for path in (
                *(folder / name for name in FEATURE_FOLDERS if (folder / name).is_dir()),
                *(folder / name for name in files if (folder / name).is_file()),
            )
        )

    def media_folders(self, beside: Path) -> tuple[Path, ...]:
        """The folders of video files that serve question files in ``beside``, nearest first."""
        above = upwards(beside, self.root)
        return tuple(folder / name for folder in above for name in MEDIA_FOLDERS if (folder / name).is_dir())

    def _refuse_different(self, paths: Sequence[Path], description: str, answers: bool = True) -> None:
        """Several files that could all be meant are fine as long as they agree: copies, or the same questions.

        ``answers``: whether their times count, too.
        """
        if len(paths) < 2 or tuple(paths) in self._agreeing:
            return
        if len({sha256(path) for path in paths}) == 1:
            self._agreeing.add(tuple(paths))
            return
        first, *others = [questions_in(path) for path in paths]
        differences = [fault for other in others if (fault := difference(first, other, answers))]
        if differences:
            raise UserError(
                f"{self.root}: several {description}: "
                + ", ".join(str(path.relative_to(self.root)) for path in paths)
                + f"; {differences[0]}",
                "Keep one of them below the data root, or point --data at the folder that holds it.",
            )


def catalogue(
    root: Path,
    edition: str | None = None,
    seconds_per_row: float | None = None,
    read_file: ReadFile = read_json,
    features: Mapping[str, Path] | None = None,
) -> Catalogue:
    """List a data root. ``edition`` overrides what the manifest or the first question file says.

    ``seconds_per_row``: of the feature files, as the user says; 0: as measured; ``None``: not said. ``read_file`` may
    remember the few files that are opened for it. ``features`` are stores by name (one alone may have an empty name)
    that are used instead of what lies beside the questions.

    Raises:
        UserError: no such folder, a damaged manifest, no such features, or ``seconds_per_row`` is no length. A root
            without a question file has no splits.
    """
    if not root.is_dir():
        what = "is a file, not a data folder" if root.exists() else "no such data folder"
        raise UserError(f"{root}: {what}", "Make one with: cmivqa init --from DOWNLOADS, or give --data DIR.")
    if seconds_per_row is not None and not 0 <= seconds_per_row < math.inf:
        raise UserError(f"--seconds-per-row {seconds_per_row:g}: not a number of seconds", "Give one above 0, or 0.")
    named = (features or {}).values()
    lacking = [Problem(str(path), "no such file or folder") for path in named if not path.exists()]
    if lacking:
        raise problems_error("--features", lacking, f"Check the path; you are in {Path.cwd()}.")
    manifest = read_manifest(root)
    closed: list[Path] = []
    below = list(_walk(root, closed))
    files = [path for path in below if path.suffix.lower() == ".json" and path.name not in (MANIFEST, DEV_CORPUS)]
    subtitles = [path for path in files if _is_subtitle_file(path, read_file)]
    rules = load_edition(
        edition
        or manifest.get("edition")
        or detect_edition([p for p in files if p not in subtitles and not is_answer_file(p, root)], read_file)
    )
    answers = []
    questions = []
    notes = []
    for path in files:
        split = split_of(path, root, rules)
        if path in subtitles:
            continue
        if is_answer_file(path, root, public=split is not None and rules.splits[split].answers == "public"):
            answers.append(path)
        elif _NOT_QUESTIONS.match(path.name):
            notes.append(Note(str(path.relative_to(root)), "named like a submission, a sample or settings; not used"))
        elif split is None:
            notes.append(Note(str(path.relative_to(root)), "its name names no split; not used"))
        else:
            rank = _rank(path, split, rules.splits[split].files)
            questions.append(QuestionFile(path, split, tracks_in(path.name) or TRACKS, rank))
    return Catalogue(
        root, rules, str(manifest.get("name", root.name)), tuple(questions), tuple(answers), tuple(subtitles),
        (*notes, *stray_features(below, root)), seconds_per_row, closed=tuple(closed),
        features=named_stores(features) if features else None,
    )  # fmt: skip


def refuse_folder(error: OSError) -> None:
    """Raise the error of a folder that may not be read; `os.walk` would pass over it.

    Raises:
        UserError: always.
    """
    raise UserError(f"{error.filename}: cannot be read ({error.strerror})", "Check its permissions.")


def _rank(path: Path, split: str, official: Sequence[str]) -> int:
    """0 for ``train.json`` beside ``dev.json`` (a division), 1 for it alone, 2 for an official name, 3 for any other.

    So a division is used wherever it was written, and the whole file it was made from is left aside.
    """
    if path.name == f"{split}.json":
        sibling = {"train": "dev.json", "dev": "train.json"}.get(split)
        return 0 if sibling and (path.parent / sibling).exists() else 1
    return 2 if path.name in official else 3


def _is_subtitle_file(path: Path, read_file: ReadFile) -> bool:
    """True for files named after subtitles, or after captions where no question stands in them."""
    if "subtitle" in path.name.lower() or _CAPTIONS.search(path.name) is None:
        return "subtitle" in path.name.lower()
    try:
        document = read_file(path, "file")
    except UserError:
        return True  # reported when it is used
    return not (isinstance(document, list) and detect(document))


def _walk(root: Path, closed: list[Path]) -> Iterator[Path]:
    """The files below a data root; folders of answers that may not be read are entered in ``closed`` instead.

    Raises:
        UserError: another folder may not be read.
    """

    def refuse(error: OSError) -> None:
        folder = Path(error.filename)
        if not isinstance(error, PermissionError) or not lies_in_answers(folder, root):
            refuse_folder(error)
        closed.append(folder)

    for folder, folders, names in os.walk(root, onerror=refuse):
        waiting = [Path(folder) / name for name in folders if name.startswith(READY)]
        if waiting:  # of a command that was killed while it put its files here
            complete(Path(folder), waiting)
            _, folders[:], names = next(os.walk(folder, onerror=refuse))
        depth = len(Path(folder).relative_to(root).parts)
        folders[:] = sorted(f for f in folders if f not in SKIPPED_FOLDERS and f[:1] != "." and depth < DEPTH)
        try:  # A named pipe called x.json would be waited on for ever.
            files = [path for name in sorted(names) if name[:1] != "." and (path := Path(folder) / name).is_file()]
        except PermissionError as error:  # its names may be read, and nothing else
            refuse(PermissionError(error.errno, error.strerror, folder))
            continue
        yield from files


def _split_fix(self: Catalogue, split: str) -> str:
    if split == "dev" and "train" in self.splits:
        return "The organizers hand out no dev split: make one with: cmivqa data split"
    if not self.splits:
        return "Point --data at the folder that holds the organizers' files, or run: cmivqa init --from DOWNLOADS"
    return f"Give --split {' or --split '.join(self.splits)}."
