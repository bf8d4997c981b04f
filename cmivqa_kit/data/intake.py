"""`cmivqa init --from`: what the organizers hand out, as it was downloaded, becomes one data root.

Archives are unpacked safely into a staging folder, loose files and folders are read where they lie; JSON files are
copied, feature folders are linked (or moved, where they came out of an archive), videos and audios are left out. The
tree written is ``<split>/`` with question files, ``subtitle.json`` and ``video_feature/``, and ``answers/``.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from cmivqa_kit.data.archive import is_archive, unpack
from cmivqa_kit.data.catalogue import MANIFEST
from cmivqa_kit.data.recognise import MEDIA, Recognised, recognise
from cmivqa_kit.data.srt import convert_folder
from cmivqa_kit.data.types import Note, Track
from cmivqa_kit.editions import Edition, load_edition
from cmivqa_kit.errors import Problem, UserError, problems_error
from cmivqa_kit.files import atomic_path, sha256, write_json

SHARED = ""  # the place of files that serve several splits: the data root itself


@dataclass(frozen=True, slots=True)
class Place:
    """One thing put into the data root: where it came from, where it lies now, and what it is."""

    source: Path
    target: Path
    what: str


@dataclass(frozen=True, slots=True)
class Intake:
    """What `gather` found: the edition, the files placed, what was left out and why, and what is missing."""

    root: Path
    edition: Edition
    places: tuple[Place, ...]
    ignored: tuple[Note, ...]
    missing: tuple[str, ...]
    reissued: tuple[str, ...]


@dataclass
class _Heap:
    """Everything found below the given paths, before it is sorted."""

    json: list[Recognised] = field(default_factory=list)
    features: dict[Path, set[str]] = field(default_factory=lambda: defaultdict(set))
    captions: list[tuple[Path, str]] = field(default_factory=list)  # folder or file, hint
    ignored: list[Note] = field(default_factory=list)
    media: Counter[str] = field(default_factory=Counter)


def gather(paths: Sequence[Path], root: Path, edition: str | None = None) -> Intake:
    """Bring downloads into the data root ``root`` (made if absent; files already in it are kept).

    Raises:
        UserError: a path is missing or a damaged or hostile archive, nothing usable was found, a split cannot be told,
            or a different file already stands where one would go. Nothing is placed in these cases.
    """
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise problems_error(
            "--from", (Problem(str(path), "no such file or folder") for path in missing), "Check the paths."
        )
    root.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".cmivqa-intake-", dir=root.parent) as staging:
        heap = _Heap()
        for number, path in enumerate(paths):
            _collect(path, Path(staging) / str(number), path.stem, heap)
        questions = [found for found in heap.json if found.kind == "questions"]
        if not questions:
            seen = "; ".join(f"{note.what}: {note.why}" for note in heap.ignored[:5]) or "no .json file at all"
            raise UserError("no question file found in what was given", f"Looked at: {seen}")
        rules = load_edition(edition or Counter(found.edition for found in questions).most_common(1)[0][0])
        plan, unsorted = _plan(heap, rules, root, Path(staging))
        if unsorted:
            raise problems_error(
                "cannot tell which split these files belong to",
                unsorted,
                f"Rename each so that its name holds one of {', '.join(rules.splits)}, and try again.",
            )
        _refuse_conflicts(plan)
        for place in plan:
            _put(place, Path(staging))
    write_json(root / MANIFEST, {"name": rules.title, "edition": rules.name})
    heap.ignored += [Note(f"{n} {suffix} files", "videos and audios are not used") for suffix, n in heap.media.items()]
    everyone: set[str] = set().union(*(found.videos for found in heap.json if found.kind in ("questions", "subtitles")))
    return Intake(
        root,
        rules,
        tuple(plan),
        tuple(heap.ignored),
        tuple(_missing(plan, heap, rules)),
        tuple(video for video in rules.reissued_videos if video in everyone),
    )


def _collect(path: Path, staging: Path, hint: str, heap: _Heap) -> None:
    """Sort everything below ``path`` into the heap; archives are unpacked into ``staging`` first."""
    for file in _files(path):
        suffix = file.suffix.lower()
        inner = f"{hint}/{file.relative_to(path.parent if path.is_file() else path)}"
        if is_archive(file):
            target = staging / f"archive-{len(list(staging.iterdir())) if staging.exists() else 0}"
            target.parent.mkdir(parents=True, exist_ok=True)
            unpacked = unpack(file, target, wanted=lambda name: Path(name).suffix.lower() not in MEDIA)
            heap.ignored += unpacked.notes
            _collect(target, staging / f"{target.name}-inner", inner, heap)
        elif suffix == ".json":
            found = recognise(file, inner)
            if found.kind in ("questions", "subtitles"):
                heap.json.append(found)
            elif file.name != MANIFEST:
                heap.ignored.append(Note(inner, found.why))
        elif suffix == ".npy":
            heap.features[file.parent].add(file.stem)
        elif suffix in (".srt", ".vtt"):
            heap.captions.append((file, inner))
        elif suffix in MEDIA:
            heap.media[suffix] += 1
        else:
            heap.ignored.append(Note(inner, "not a kind of file that is used"))


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(f for f in folders if f[:1] != "." and f != "__MACOSX")
        yield from (Path(folder) / name for name in sorted(names) if name[:1] != ".")


def _plan(heap: _Heap, edition: Edition, root: Path, staging: Path) -> tuple[list[Place], list[Problem]]:
    plan: list[Place] = []
    unsorted: list[Problem] = []
    videos: dict[str, set[str]] = defaultdict(set)  # split -> ids its questions or answers name
    for found in heap.json:
        if found.kind != "questions":
            continue
        split = found.split(edition)
        if split is None:
            unsorted.append(Problem(found.hint, f"{found.count} questions without answers"))
            continue
        videos[split] |= found.videos
        held = found.answers and edition.splits[split].answers == "organizers"
        plan.append(
            Place(found.path, root / _question_path(found, split, edition, held), "answers" if held else "questions")
        )
    subtitles = [found for found in heap.json if found.kind == "subtitles"]
    if heap.captions and not subtitles:
        subtitles.append(_from_captions(heap, staging))
    for found in subtitles:
        home = _home(found.videos, videos, edition.split_in(found.hint))
        if home is None:
            unsorted.append(Problem(found.hint, f"subtitles of {found.count} videos that no question names"))
            continue
        if home != SHARED:
            videos[home] |= found.videos
        plan.append(Place(found.path, root / home / "subtitle.json", "subtitles"))
    for folder, ids in heap.features.items():
        home = _home(ids, videos, edition.split_in(str(folder.name))) or SHARED
        plan.append(Place(folder, root / home / "video_feature", "features"))
    return _without_repeats(plan), unsorted


def _question_path(found: Recognised, split: str, edition: Edition, held: bool) -> Path:
    """Official names are kept; any other name becomes one that says split and track."""
    if held:
        tracks = found.tracks(edition) if edition.corpus_files == "per-track" else (1,)
        return Path("answers") / f"dataset_{split}_for_task_{tracks[0]}_answer.json"
    if found.path.name in edition.splits[split].files:
        return Path(split) / found.path.name
    if found.answers:
        return Path(split) / f"{split}.json"
    return Path(split) / f"dataset_{split}_for_track{''.join(map(str, found.tracks(edition)))}.json"


def _home(ids: Iterable[str], videos: dict[str, set[str]], named: str | None) -> str | None:
    """The split whose videos are covered; the root where several are; by name where no split names its videos."""
    ids = set(ids)
    covered = [split for split, known in videos.items() if known and len(known & ids) >= 0.5 * len(known)]
    if len(covered) > 1:
        return SHARED
    if covered:
        return covered[0]
    if named is not None:
        return named
    open_splits = [split for split, known in videos.items() if not known]
    return open_splits[0] if len(open_splits) == 1 else None


def _from_captions(heap: _Heap, staging: Path) -> Recognised:
    """One subtitle.json from loose .srt and .vtt files."""
    folder = staging / "captions"
    folder.mkdir()
    for file, _ in heap.captions:
        target = folder / file.name
        if not target.exists():
            target.symlink_to(file.resolve())
    heap.ignored += convert_folder(folder, staging / "subtitle.json").notes
    return recognise(staging / "subtitle.json", heap.captions[0][1])


def _without_repeats(plan: Sequence[Place]) -> list[Place]:
    """One place per target; the same file downloaded twice is one file, different ones are an error."""
    kept: dict[Path, Place] = {}
    problems = []
    for place in plan:
        first = kept.setdefault(place.target, place)
        if first is not place and place.what != "features" and sha256(first.source) != sha256(place.source):
            problems.append(Problem(f"{first.source.name} and {place.source.name}", f"both would be {place.target}"))
    if problems:
        raise problems_error("two different files for one place", problems, "Give only the right one of each pair.")
    return list(kept.values())


def _refuse_conflicts(plan: Sequence[Place]) -> None:
    problems = []
    for place in plan:
        if place.target.exists() and place.target.resolve() != place.source.resolve():
            same = place.target.is_file() and place.source.is_file() and sha256(place.target) == sha256(place.source)
            if not same:
                problems.append(Problem(str(place.target), f"exists and differs from {place.source.name}"))
    if problems:
        raise problems_error("files are in the way", problems, "Move them, or give another data root with --data DIR.")


def _put(place: Place, staging: Path) -> None:
    if place.target.exists():
        return  # the same content, checked before
    place.target.parent.mkdir(parents=True, exist_ok=True)
    ours = place.source.is_relative_to(staging)
    if place.source.is_dir():
        if ours:
            place.source.rename(place.target)
        else:
            place.target.symlink_to(place.source.resolve(), target_is_directory=True)
        return
    with atomic_path(place.target) as temporary:
        shutil.copyfile(place.source, temporary)


def _missing(plan: Sequence[Place], heap: _Heap, edition: Edition) -> Iterator[str]:
    """What a user of this edition would still want, per split that is there at all, then the splits that are not."""
    targets = [place.target for place in plan]
    splits = {target.parent.name for target in targets if target.parent.name in edition.splits}
    shared = {place.what for place in plan if place.target.parent.name not in edition.splits}
    for split in (name for name in edition.splits if name in splits):
        have = {place.what for place in plan if place.target.parent.name == split} | shared
        facts = edition.splits[split]
        if "subtitles" not in have:
            yield f"{split}: subtitle.json"
        if "features" not in have:
            yield f"{split}: video features (text baselines do without)"
        if facts.answers == "organizers":
            yield from _missing_tracks(split, [t.name for t in targets if t.parent.name == split])
    for split, facts in edition.splits.items():
        if split not in splits:
            how = " (make one with: cmivqa data split)" if split == "dev" and "train" in splits else ""
            size = f", {facts.questions} questions" if facts.questions else ""
            yield f"{split}: not among the files{size}{how}"


def _missing_tracks(split: str, names: Sequence[str]) -> Iterator[str]:
    from cmivqa_kit.data.catalogue import tracks_in

    have: set[Track] = {track for name in names for track in tracks_in(name)}
    yield from (f"{split}: the question file of Track {track}" for track in (1, 2, 3) if have and track not in have)
