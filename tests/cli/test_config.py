"""`cmivqa config`: what settings mean, and the search for one."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.running import cmivqa_here as cmivqa


def test_settings_say_what_they_mean(tmp_path: Path) -> None:
    shown = cmivqa("config", "-m", "bm25", cwd=tmp_path).stdout.decode()
    assert "seed of everything random" in shown
    assert "term frequency saturates later" in " ".join(shown.split())
    document = json.loads(cmivqa("config", "-m", "bm25", "--format", "json", cwd=tmp_path).stdout)
    assert document["meanings"]["run.seed"] == "seed of everything random"
    assert document["meanings"]["text.stem"].startswith("merge plurals")


def test_search_keeps_what_has_all_the_words_in_name_value_or_meaning(tmp_path: Path) -> None:
    def names(*words: str) -> set[str]:
        done = cmivqa("config", "-m", "bm25", "--search", " ".join(words), "--format", "json", cwd=tmp_path)
        document = json.loads(done.stdout)
        own = {f"{section}.{key}" for section, table in document["baseline"].items() for key in table}
        shown = own | set(document["settings"])
        assert shown == set(document["meanings"])
        return shown

    assert names("K1") == {"index.k1"}
    assert names("TRACK", "list") == {"lists.head_videos", "lists.further_spans", "lists.spans_per_video"}
    assert names("jieba") == {"text.segmenter"}
    assert names("nowhere") == set()
    shown = cmivqa("config", "-m", "bm25", "--search", "nowhere", cwd=tmp_path).stdout.decode()
    assert "No setting of the workspace or of baseline bm25 has 'nowhere' in it." in shown
