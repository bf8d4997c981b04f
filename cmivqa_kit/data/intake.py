"""`cmivqa init --from`: what the organizers hand out, as it was downloaded, becomes one data root.

Archives are unpacked safely into a staging folder, loose files and folders are read where they lie; JSON files are
copied, feature folders are linked (or moved, where they came out of an archive), videos and audios are left out. The
tree written is ``<split>/`` with question files, ``subtitle.json`` and ``video_feature/``, and ``answers/``. What lies
in the data root already is kept and helps to tell where new files belong.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from cmivqa_kit.data.catalogue import MANIFEST, Catalogue, catalogue
from cmivqa_kit.data.downloads import Heap, collect
from cmivqa_kit.data.placing import Placement, put, refuse_conflicts, without_repeats
from cmivqa_kit.data.recognise import Recognised, recognise
from cmivqa_kit.data.srt import convert_folder, split_name
from cmivqa_kit.data.types import TRACKS, Note
from cmivqa_kit.editions import Edition, load_edition
from cmivqa_kit.errors import Problem, RunFailed, UserError, problems_error
from cmivqa_kit.files import read_json, write_json

__all__ = ["Intake", "Placement", "gather"]

SHARED = ""  # the place of files that serve several splits: the data root itself
COVERED = 0.5  # share of a split's videos that a file must hold to serve that split


@dataclass(frozen=True, slots=True)
class Intake:
    """What `gather` found: the edition, the files placed, what was left out and why, and what is missing.

    ``reissued`` are the videos that the organizers of this edition handed out twice, because the first were broken.
    """

    root: Path
    edition: Edition
    placements: tuple[Placement, ...]
    ignored: tuple[Note, ...]
    missing: tuple[str, ...]
    reissued: tuple[str, ...]


def gather(
    paths: Sequence[Path],
    root: Path,
    edition: str | None = None,
    tell: Callable[[str], None] = lambda line: None,
    encoding: str | None = None,
) -> Intake:
    """Bring downloads into the data root ``root`` (made if absent; files already in it are kept).

    ``tell`` is called with a line about each long step. ``encoding`` is that of files that are not UTF-8.

    Raises:
        UserError: a path is missing or a damaged or hostile archive, nothing usable was found, a split cannot be told,
            the data root is of another edition, or a different file already stands where one would go. Nothing is
            placed in these cases.
        RunFailed: the disk is full or not writable.
    """
    problems = [Problem(str(path), "no such file or folder") for path in paths if not path.exists()]
    problems += [
        Problem(str(path), f"is the data root {root}, or in it: name it with --data, without --from")
        for path in paths
        if path.resolve().is_relative_to(root.resolve())
    ]
    if root.exists() and not root.is_dir():
        problems.append(Problem(str(root), "the data root is a file"))
    if problems:
        raise problems_error("--from", problems, "Check the paths.")
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
        staging = TemporaryDirectory(prefix=".cmivqa-intake-", dir=root.parent)
    except OSError as error:
        raise RunFailed(f"{root}: cannot be made ({error.strerror or error})", "Choose another --data DIR.") from None
    with staging as name:
        return _gather(paths, root, Path(name), edition, tell, encoding)


def _gather(
    paths: Sequence[Path],
    root: Path,
    staging: Path,
    edition: str | None,
    tell: Callable[[str], None],
    encoding: str | None,
) -> Intake:
    heap = Heap(encoding=encoding)
    for number, path in enumerate(paths):
        collect(path, staging / str(number), heap, root, tell)
    known = catalogue(root) if root.is_dir() else None
    rules = _edition(heap, known, edition)
    present = _present(known)
    if not heap.of_kind("questions") and not present:
        seen = "; ".join(f"{note.subject}: {note.why}" for note in heap.ignored[:5]) or "no .json file at all"
        raise UserError("no question file found in what was given", f"Looked at: {seen}")
    plan, unsorted = _plan(heap, present, rules, root, staging)
    if unsorted:
        raise problems_error(
            "cannot tell which split these files belong to",
            unsorted,
            f"Rename each so that its name holds one of {', '.join(rules.splits)}, and try again.",
        )
    if not plan:
        raise UserError("nothing usable found in what was given", _looked_at(heap))
    plan = without_repeats(plan)
    refuse_conflicts(plan)
    for place in plan:
        put(place, staging)
    _write_manifest(root, rules)
    heap.ignored += [Note(f"{n} {suffix} files", "videos and audios are not used") for suffix, n in heap.media.items()]
    return Intake(
        root, rules, tuple(plan), tuple(heap.ignored), tuple(_missing(catalogue(root), rules)), rules.reissued_videos
    )


def _looked_at(heap: Heap) -> str:
    seen = "; ".join(f"{note.subject}: {note.why}" for note in heap.ignored[:5])
    return f"Looked at: {seen}" if seen else "Videos and audios are not used."


def _edition(heap: Heap, known: Catalogue | None, stated: str | None) -> Edition:
    """The edition as stated, else that of the data root, else what most of the question files look like."""
    votes = Counter(found.edition for found in heap.of_kind("questions") if found.edition)
    seen = votes.most_common(1)[0][0] if votes else None
    here = known.edition.name if known is not None and (known.questions or (known.root / MANIFEST).exists()) else None
    if stated is None and here is not None and seen is not None and here != seen:
        raise UserError(
            f"{known.root if known else ''}: the data root holds {here}, these files look like {seen}",
            "Give another data root with --data DIR, or say which edition it is with --edition NAME.",
        )
    return load_edition(stated or here or seen or "cmivqa-2023")


def _present(known: Catalogue | None) -> dict[str, Recognised]:
    """The question files that lie in the data root already, by their folder below it and name."""
    files = [file.path for file in known.questions] if known is not None else []
    found = {str(path): recognise(path, path.name) for path in files}
    return {name: one for name, one in found.items() if one.kind == "questions"}


def _plan(
    heap: Heap, present: dict[str, Recognised], edition: Edition, root: Path, staging: Path
) -> tuple[list[Placement], list[Problem]]:
    plan: list[Placement] = []
    unsorted: list[Problem] = []
    videos: dict[str, set[str]] = defaultdict(set)  # place below the root -> ids its questions or answers name
    for found in present.values():
        folder = found.path.parent.relative_to(root).as_posix()
        videos[SHARED if folder == "." else folder] |= found.videos
    questions = heap.of_kind("questions")
    for found in questions:
        split = found.split(edition) or _like_another(found, questions, heap, edition)
        if split is None:
            unsorted.append(Problem(found.hint, f"{found.count} questions without answers"))
            continue
        videos[split] |= found.videos
        held = found.holds_answers(split, edition)
        target = root / _question_path(found, split, edition, held)
        plan.append(Placement(found.path, target, "answers" if held else "questions", hint=found.full_name))
    for found in [*heap.of_kind("subtitles"), *_from_captions(heap, staging, frozenset().union(*videos.values()))]:
        home = _home(found.videos, videos, edition.split_in(*found.named, found.outer))
        if home is None:
            unsorted.append(Problem(found.hint, f"subtitles of {found.count} videos that no question names"))
            continue
        if home != SHARED:
            videos[home] |= found.videos
        plan.append(Placement(found.path, root / home / "subtitle.json", "subtitles", hint=found.full_name))
    for group in heap.features.values():
        ids = {file.stem for file in group.files}
        home = _home(ids, videos, edition.split_in(*reversed(Path(group.hint).parts))) or SHARED
        plan.append(Placement(group.path, root / home / "video_feature", "features", group.files, group.hint))
    return plan, unsorted


def _like_another(
    question_file: Recognised, questions: Sequence[Recognised], heap: Heap, edition: Edition
) -> str | None:
    """The split of a file that does not say it: that of a file with the same questions, of subtitles with the same
    videos, or the only split whose answers are hidden."""
    for other in questions:
        split = other.split(edition)
        if (
            split is not None
            and question_file.asked
            and len(question_file.asked & other.asked) >= COVERED * len(question_file.asked)
        ):
            return split
    for other in heap.of_kind("subtitles"):
        split = edition.split_in(*other.named, other.outer)
        if (
            split is not None
            and question_file.videos
            and len(question_file.videos & other.videos) >= COVERED * len(question_file.videos)
        ):
            return split
    hidden = [name for name, facts in edition.splits.items() if facts.answers == "organizers"]
    return hidden[0] if len(hidden) == 1 else None


def _question_path(question_file: Recognised, split: str, edition: Edition, held: bool) -> Path:
    """The path below the data root: official names stay, any other becomes one that says split and track."""
    stated = question_file.stated_tracks(edition)
    if held:
        tracks = stated if edition.corpus_files == "per-track" and stated else (1,)
        return Path("answers") / f"dataset_{split}_for_task_{tracks[0]}_answer.json"
    official = edition.splits[split].files
    if question_file.path.name in (*official, f"{split}.json"):
        return Path(split) / question_file.path.name
    if edition.splits[split].answers == "public" or question_file.public:
        if stated and edition.corpus_files == "per-track":
            return Path(split) / f"{split}_task{''.join(map(str, stated))}.json"
        return Path(split) / (official[0] if len(official) == 1 else f"{split}.json")
    return Path(split) / f"dataset_{split}_for_track{''.join(map(str, question_file.tracks(edition)))}.json"


def _home(ids: Iterable[str], videos: dict[str, set[str]], named: str | None) -> str | None:
    """The split whose videos are covered, else the one named, else the one partly covered; the root for several."""
    ids = set(ids)
    share = {split: len(known & ids) / len(known) for split, known in videos.items() if known}
    covered = [split for split, part in share.items() if part >= COVERED]
    if len(covered) > 1:
        return SHARED
    if covered:
        return covered[0]
    if named is not None:
        return named
    touched = [split for split, part in share.items() if part]
    if touched:
        return touched[0] if len(touched) == 1 else SHARED
    unknown = [split for split, known in videos.items() if not known]
    return unknown[0] if len(unknown) == 1 else None


def _from_captions(heap: Heap, staging: Path, known: Collection[str]) -> list[Recognised]:
    """One subtitle.json per folder of .srt and .vtt files, for the videos that no subtitle.json has."""
    have = {video for found in heap.of_kind("subtitles") for video in found.videos}
    made = []
    for number, folder in enumerate(heap.captions.values()):
        wanted = [file for file in folder.files if split_name(file, known)[0] not in have]
        if len(wanted) < len(folder.files):
            left = len(folder.files) - len(wanted)
            heap.ignored.append(Note(f"{left} caption files in {folder.hint}", "a subtitle.json has these videos"))
        if not wanted:
            continue
        links = staging / f"captions-{number}"
        links.mkdir()
        for file in wanted:
            (links / file.name).symlink_to(file.resolve())
        target = staging / f"captions-{number}.json"
        try:
            heap.ignored += convert_folder(links, target, None, heap.encoding, known).notes
        except UserError as error:
            raise UserError(
                error.message.replace(str(links), str(folder.hint)),
                "Mend or remove these files; or run cmivqa data subtitles FOLDER subtitle.json --language CODE and "
                "give that file here instead of the folder.",
            ) from None
        found = recognise(target, folder.hint)
        if found.kind == "subtitles":
            made.append(replace(found, path=target))
    return made


def _write_manifest(root: Path, rules: Edition) -> None:
    """State the edition; whatever else an existing manifest says (a name, a licence) stays."""
    path = root / MANIFEST
    before = read_json(path) if path.exists() else {"name": rules.title}
    if before.get("edition") != rules.name:
        write_json(path, {**before, "edition": rules.name})


def _missing(catalogue: Catalogue, edition: Edition) -> Iterator[str]:
    """What a user of this edition would still want, per split that is there at all, then the splits that are not."""
    for split in catalogue.splits:
        of_split = [file for file in catalogue.questions if file.split == split]
        beside = of_split[0].path.parent
        inline = any(recognise(file.path, file.path.name).inline for file in of_split[:1])
        if not inline and catalogue.subtitle_file(beside, split) is None:
            yield f"{split}: subtitle.json"
        if not catalogue.feature_folders(beside):
            yield f"{split}: video features (text baselines do without)"
        have = {track for file in of_split for track in file.tracks}
        yield from (f"{split}: the question file of Track {track}" for track in TRACKS if track not in have)
    for split, facts in edition.splits.items():
        if split not in catalogue.splits:
            how = " (make one with: cmivqa data split)" if split == "dev" and "train" in catalogue.splits else ""
            size = f", {facts.questions} questions" if facts.questions else ""
            yield f"{split}: not among the files{size}{how}"
