"""The commands that write, each with a small folder to do it in."""

from __future__ import annotations

import atexit
import json
import shutil
import zipfile
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from tests.assistq_root import make_root
from tests.baselines.cross_lingual import write_collection
from tests.bench.planted import write_captions, write_embeddings
from tests.data.corpora import read, write
from tests.data.test_convert_tutorialvqa import raw
from tests.fuzz import warm
from tests.fuzz.child import command
from tests.fuzz.kills import Writing
from tests.tiny_videos import make_text_model, make_video, make_vision_model

SRT = "1\n00:00:01,000 --> 00:00:03,000\n先洗手\n\n2\n00:00:04,000 --> 00:00:06,500\n再擦干\n"
HERE = ("--data", "data")
BENCH = ("vatex-en2cn", "--data", "VisualSearch")
GOLDEN = Path(__file__).parents[1] / "golden" / "cases" / "ccgs"
EXTRACT = ("features", "extract", "videos", "out", "--model", "vit")
ENCODE = ("features", "encode-assistq", "assistq", "encoded", "--vision", "vit", "--text", "bert", "--split", "train")
ANY = ("--set", "rerank.least_iou=0")
TINY = ("--preset", "tiny", "--set", "train.epochs=1", "--set", "train.pairs=2", "--set", "train.dev_questions=1")


@cache
def scratch() -> Path:
    """A folder for what is made once: the corpus, the runs."""
    folder = Path(mkdtemp(prefix="cmivqa-fuzz-")).resolve()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def ready_corpus() -> Path:
    """The small corpus."""
    return warm.corpus(scratch() / "ready" / "data")


@cache
def ready_run(baseline: str) -> Path:
    """A folder with the corpus and one finished run."""
    folder = scratch() / f"run-{baseline}"
    shutil.copytree(ready_corpus(), folder / "data")
    ended = command(("train", "-m", baseline, *HERE), folder)
    assert ended.code == 0, ended.err
    return folder


def videos(folder: Path) -> None:
    """Two videos and a vision model."""
    (folder / "videos").mkdir(parents=True)
    for name in ("a", "b"):
        make_video(folder / "videos" / f"{name}.mp4", seconds=1)
    make_vision_model(folder / "vit")


def assistq(folder: Path) -> None:
    """A folder like AssistQ's, a vision model and a text model."""
    make_root(folder / "assistq", train=2, test=0, questions=1)
    make_vision_model(folder / "vit")
    make_text_model(folder / "bert")


def corpus(folder: Path) -> None:
    """The corpus, and two submissions."""
    shutil.copytree(ready_corpus(), folder / "data")
    warm.submissions(folder, folder / "data")


def filed(folder: Path) -> None:
    """The corpus, a submission as it is filed, and another page where the board's goes."""
    corpus(folder)
    run = folder / "submissions" / "cmivqa-2023" / "wan" / "run-1"
    run.mkdir(parents=True)
    shutil.copy(folder / "track1.json", run / "track1.json")
    (folder / "site").mkdir()
    (folder / "site" / "index.html").write_text("what stood there\n", encoding="utf-8")


def answers_of_others(folder: Path) -> None:
    """The same, and an answer to every dev question as a language model writes them."""
    corpus(folder)
    rows = [
        {"id": row["id"], "video": row["video_id"], "span": "0:01-0:03"} for row in read(folder / "data" / "dev.json")
    ]
    (folder / "answers.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")


def bm25(folder: Path) -> None:
    """The corpus and a finished BM25 run."""
    shutil.copytree(ready_run("bm25"), folder, dirs_exist_ok=True)


def broken(folder: Path) -> None:
    """A submission with something to mend."""
    corpus(folder)
    text = (folder / "track1.json").read_bytes()
    (folder / "broken.json").write_bytes(b"\xef\xbb\xbf" + text.rstrip()[:-1] + b",]")


def undivided(folder: Path) -> None:
    """A corpus whose annotated file is not divided yet."""
    corpus(folder)
    parts = [read(folder / "data" / name) for name in ("train.json", "dev.json")]
    rows = [{**row, "id": number} for number, row in enumerate(row for part in parts for row in part)]
    (folder / "data" / "dev.json").unlink()
    (folder / "data" / "train.json").unlink()
    write(folder / "data" / "CMIVQA_Train_Dev.json", rows)


def captions(folder: Path) -> None:
    """A benchmark of retrieval, a system's embeddings, and another file where the rows go."""
    write_captions(folder / "root")
    write_embeddings(folder / "ours")
    (folder / "rows.csv").write_text("what stood there\n", encoding="utf-8")


def moments(folder: Path) -> None:
    """The annotations of Charades-STA, small, and counts of other sentences."""
    (folder / "sta").mkdir()
    for split in ("train", "test"):
        (folder / "sta" / f"charades_sta_{split}.txt").write_text(
            "V1 0.0 4.0##a person opens a door\n", encoding="utf-8"
        )
        (folder / "sta" / f"Charades_v1_{split}.csv").write_text("id,length\nV1,9.5\n", encoding="utf-8")
    (folder / "counts").mkdir()
    (folder / "counts" / "GloVe_tokenized_count.txt").write_text("what stood there\n", encoding="utf-8")


def features(folder: Path) -> None:
    """The corpus' features, and others in their place."""
    shutil.copytree(ready_corpus() / "video_feature", folder / "features")
    for suffix in (".hdf5", ".npz", ".safetensors"):
        (folder / f"packed{suffix}").write_bytes(b"what stood there")


def srt(folder: Path) -> None:
    """Subtitle files as they are downloaded."""
    (folder / "srt").mkdir()
    for name in ("abcdefghijk", "abcdefghijl"):
        (folder / "srt" / f"{name}.srt").write_text(SRT, encoding="utf-8")


def downloads(folder: Path) -> None:
    """What organizers hand out: a zip with the questions and one with the features."""
    (folder / "down").mkdir()
    source = ready_corpus()
    for name, members in (("texts.zip", ["train.json", "dev.json", "subtitle.json"]), ("features.zip", [])):
        with zipfile.ZipFile(folder / "down" / name, "w") as archive:
            for path in [source / member for member in members] or sorted((source / "video_feature").glob("*.npy")):
                archive.writestr(zipfile.ZipInfo(str(path.relative_to(source))), path.read_bytes())


def tutorials(folder: Path) -> None:
    """The files of TutorialVQA, small."""
    raw(folder / "down", test=True)


def half_filled(folder: Path) -> None:
    """The same, and a data root that has the training questions and a part of the features, linked, already."""
    downloads(folder)
    source = ready_corpus()
    (folder / "data" / "train").mkdir(parents=True)
    shutil.copy(source / "train.json", folder / "data" / "train" / "train.json")
    (folder / "own").mkdir()
    first = min((source / "video_feature").glob("*.npy"))
    shutil.copy(first, folder / "own" / first.name)
    (folder / "data" / "video_feature").symlink_to(folder / "own", target_is_directory=True)


def empty(folder: Path) -> None:
    """Nothing."""


def stopped(folder: Path) -> None:
    """A run of CCGS that was stopped after its first step."""
    shutil.copytree(stopped_run(), folder, dirs_exist_ok=True)


def ccgs(folder: Path) -> None:
    """A finished run of CCGS."""
    shutil.copytree(finished_run(), folder, dirs_exist_ok=True)


def checkpoint(folder: Path) -> None:
    """An official checkpoint as it is downloaded."""
    down = folder / "down"
    down.mkdir()
    sizes = json.loads((GOLDEN / "forward_text" / "case.json").read_text(encoding="utf-8"))["config"]
    (folder / "sizes.json").write_text(json.dumps(sizes), encoding="utf-8")
    shutil.copy(GOLDEN / "forward_text" / "weights.safetensors", down / "model.safetensors")
    shutil.copy(GOLDEN / "data_example" / "vocab.txt", down / "vocab.txt")


def reranker(folder: Path) -> None:
    """The corpus, BM25's lists and a finished run of a re-ranker."""
    shutil.copytree(ready_reranker(), folder, dirs_exist_ok=True)


@cache
def ready_reranker() -> Path:
    """The same, made once."""
    folder = scratch() / "q2a"
    shutil.copytree(ready_run("bm25"), folder)
    for words in (("predict", *HERE, "--out", "lists.json"), ("train", "-m", "q2a", *HERE, *TINY, *ANY)):
        ended = command(words, folder)
        assert ended.code == 0, ended.err
    return folder


@cache
def finished_run() -> Path:
    """A folder with the corpus and a finished run of the smallest CCGS."""
    return _trained("finished", ())


@cache
def stopped_run() -> Path:
    """The same, stopped: its record says that it runs, and a state of its first step is there."""
    folder = _trained("stopped", ("--set", "train.save_every=1"))
    (home,) = (folder / "runs").iterdir()
    record = json.loads((home / "run.json").read_text(encoding="utf-8"))
    record["state"] = "running"
    record.pop("finished", None)
    (home / "run.json").write_text(json.dumps(record), encoding="utf-8")
    return folder


def _trained(name: str, words: tuple[str, ...]) -> Path:
    folder = scratch() / f"ccgs-{name}"
    folder.mkdir()
    corpus(folder)
    ended = command(("train", "-m", "ccgs", *HERE, *TINY, *words), folder)
    assert ended.code == 0, ended.err
    return folder


def collection(folder: Path) -> None:
    """A small collection of captions and features."""
    write_collection(folder / "VisualSearch", counts=(6, 3, 3))


@cache
def ready_nrccr() -> Path:
    """A folder with the collection and a finished run of the smallest NRCCR."""
    folder = scratch() / "nrccr"
    collection(folder)
    ended = command(("bench", "train", *BENCH, "--preset", "tiny", "--set", "train.epochs=1"), folder)
    assert ended.code == 0, ended.err
    return folder


def nrccr(folder: Path) -> None:
    """The same, to be answered."""
    shutil.copytree(ready_nrccr(), folder, dirs_exist_ok=True)


# A command that writes gets a line here; one that does not, its name in `READS`. Tests hold both against the commands.
READS = frozenset(
    {
        "config", "doctor", "schema show", "compare", "leaderboard audit", "verify", "baselines", "data check",
        "bench list", "bench check", "bench compare", "runs show", "runs compare",
    }
)  # fmt: skip
CALLS = frozenset({"demo"})  # runs commands of the table, one after the other
WRITING = (
    Writing("sample", corpus, ("sample", *HERE, "--track", "1", "--split", "dev", "--out", "mine.json", "--force")),
    Writing("validate --fix", broken, ("validate", "broken.json", *HERE, "--fix", "mended.json", "--force")),
    Writing("score --per-question", corpus,
            ("score", "track1.json", *HERE, "--resamples", "10", "--per-question", "rows.csv", "--force")),
    Writing("import", answers_of_others, ("import", "answers.jsonl", *HERE, "--split", "dev", "--out", "lists.json",
                                          "--force")),
    Writing("fuse", corpus, ("fuse", "lists.json", "lists.json", *HERE, "--resamples", "10", "--out", "fused.json",
                             "--force")),
    Writing("export trec", corpus, ("export", "trec", "lists.json", *HERE, "--out", "trec", "--force")),
    Writing("export medvidqa", corpus, ("export", "medvidqa", "lists.json", *HERE, "--out", "runs", "--force")),
    Writing("export tvr", corpus, ("export", "tvr", "lists.json", *HERE, "--out", "tvr", "--force")),
    Writing("export codabench", corpus, ("export", "codabench", "bundles", *HERE, "--split", "dev", "--force")),
    Writing("diagnose --html", corpus, ("diagnose", "track1.json", *HERE, "--html", "page.html", "--force")),
    Writing("diagnose A B --html", corpus,
            ("diagnose", "track1.json", "track1.json", *HERE, "--html", "page.html", "--force")),
    Writing("leaderboard add", corpus, ("leaderboard", "add", "track1.json", *HERE, "--team", "WAN",
                                        "--received", "2023-05-01T18:30")),
    Writing("leaderboard show --html", filed, ("leaderboard", "show", *HERE, "--split", "dev", "--resamples", "10",
                                               "--html", "site", "--force")),
    Writing("bench score", captions, ("bench", "score", "vatex-en2cn", "ours", "--data", "root", "--resamples", "10",
                                      "--per-question", "rows.csv", "--force")),
    Writing("data pack", features, ("data", "pack", "features", "packed.safetensors", "--force")),
    Writing("data pack hdf5", features, ("data", "pack", "features", "packed.hdf5", "--force")),
    Writing("data pack npz", features, ("data", "pack", "features", "packed.npz", "--force")),
    Writing("data pack bigfile", features, ("data", "pack", "features", "big", "--format", "bigfile", "--force")),
    Writing("data pack npy", features, ("data", "pack", "features", "copy", "--force")),
    Writing("features extract", videos, EXTRACT, (*EXTRACT, "--resume"), torch=True),
    Writing("features encode-assistq", assistq, ENCODE, (*ENCODE, "--resume"), torch=True),
    Writing("data token-counts", moments,
            ("data", "token-counts", "charades-sta", "--data", "sta", "--out", "counts", "--force")),
    Writing("data subtitles", srt, ("data", "subtitles", "srt", "subtitle.json", "--force")),
    Writing("predict", bm25, ("predict", *HERE, "--force")),
    Writing("predict --track", bm25, ("predict", *HERE, "--track", "1", "--out", "spans.json", "--force")),
    Writing("predict --all", bm25, ("predict", *HERE, "--all", "--out", "all.json", "--force")),
    Writing("baselines new", empty, ("baselines", "new", "our_system", "--out", "package")),
    Writing("train bm25", corpus, ("train", "-m", "bm25", *HERE), numbered=True),
    Writing("train prior", corpus, ("train", "-m", "prior", *HERE), numbered=True),
    Writing("init --data", corpus, ("init", *HERE, "--force")),
    Writing("init --from", downloads, ("init", "--from", "down", "--force")),
    Writing("init --from, into a root", half_filled, ("init", "--from", "down", "--data", "data", "--force")),
    Writing("data split", undivided, ("data", "split", *HERE, "--fraction", "0.5")),
    Writing("data split --out", undivided, ("data", "split", *HERE, "--fraction", "0.5", "--out", "divided")),
    Writing("data split --corpus-size", undivided,
            ("data", "split", *HERE, "--fraction", "0.2", "--corpus-size", "3")),
    Writing("data convert", tutorials, ("data", "convert", "tutorialvqa", "down", "out")),
    Writing("train ccgs", corpus, ("train", "-m", "ccgs", *HERE, *TINY), numbered=True, torch=True),
    Writing("train ccgs, then --resume", corpus,
            ("train", "-m", "ccgs", *HERE, *TINY, "--set", "train.save_every=1"),
            again=("train", "--resume", "runs/ccgs-1", *HERE), numbered=True, torch=True),
    Writing("train --resume", stopped, ("train", "--resume", "runs/ccgs-1", *HERE), torch=True),
    Writing("predict ccgs", ccgs, ("predict", *HERE, "--sample", "2", "--force"), torch=True),
    Writing("rerank", reranker, ("rerank", "lists.json", *HERE, "--force"), torch=True),
    Writing("convert-checkpoint", checkpoint,
            ("convert-checkpoint", "ccgs", "down", "out", "--config", "sizes.json"), torch=True),
    Writing("bench train", collection, ("bench", "train", *BENCH, "--preset", "tiny", "--set", "train.epochs=1"),
            numbered=True, torch=True),
    Writing("bench predict", nrccr, ("bench", "predict", *BENCH, "--out", "answers"), torch=True),
)  # fmt: skip
