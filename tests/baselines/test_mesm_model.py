"""The network of MESM: names and shapes of official checkpoints, and what an answer depends on."""

from __future__ import annotations

import math
from hashlib import sha256
from typing import Any

import pytest
import torch

from baselines.mesm.model import MaskedWords, Output
from baselines.mesm.network import CLIP, CLIP_SIZES, CORRECT, GLOVE, PUBLISHED, Network
from baselines.mesm.settings import Settings
from baselines.mesm.text_encoders import ClipText
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.settings import presets, settings
from tests.baselines.moment_benchmark import inputs, small_model

CLIP_SLOWFAST = {"v_feat_dim": 2818, "t_feat_dim": 512, "text_encoder": CLIP}
# Preset: sizes beyond the defaults, and tensors, numbers and digest of the names and shapes of its official checkpoint.
OFFICIAL: dict[str, tuple[dict[str, Any], int, int, str]] = {
    "charades-vgg-glove": ({"v_feat_dim": 4098, "t_feat_dim": 300}, 273, 13_081_395, "698861858c98f7a9"),
    "charades-clip-slowfast": (CLIP_SLOWFAST, 273, 12_806_789, "47333fa067dde6f1"),
    "charades-cg-clip-slowfast": (CLIP_SLOWFAST, 273, 12_806_789, "47333fa067dde6f1"),
    "tacos-c3d-glove": (
        {"v_feat_dim": 4098, "t_feat_dim": 300, "share_MLP": False, "text_encoder": GLOVE, "glove_vocab": 5},
        289, 14_134_579, "94617c1f21b73eb4",
    ),
    "qvhighlights-clip-slowfast": (
        {**CLIP_SLOWFAST, "max_words_l": 32, "vocab_size": 5000, "dataset_name": "qvhighlights"},
        273, 13_810_358, "c102e6c2d7f929bb",
    ),
}  # fmt: skip


def digest(model: torch.nn.Module) -> tuple[int, int, str]:
    """Tensors, numbers, and a digest of names and shapes, but for the text encoder's."""
    state = {name: list(t.shape) for name, t in model.state_dict().items() if not name.startswith("text_encoder.")}
    text = "\n".join(f"{name} {shape}" for name, shape in sorted(state.items()))
    return len(state), sum(map(math.prod, state.values())), sha256(text.encode()).hexdigest()[:16]


@pytest.mark.parametrize("preset", OFFICIAL)
def test_names_and_shapes_are_those_of_the_official_checkpoints(preset: str) -> None:
    sizes, tensors, numbers, wanted = OFFICIAL[preset]
    with torch.device("meta"):
        assert digest(Network(**sizes).build()) == (tensors, numbers, wanted)


def test_the_clip_text_encoder_has_the_official_names() -> None:
    with torch.device("meta"):
        assert digest(ClipText(**CLIP_SIZES)) == (149, 63_428_096, "2e900d9a11c8e8a2")


def test_the_released_configurations_are_presets() -> None:
    from baselines.mesm import DECLARATION

    assert set(presets(DECLARATION)) == {*OFFICIAL, "charades-cd-clip-slowfast", "tiny", "minilm"}
    told = {}
    for preset in OFFICIAL:
        own = Settings.of(settings(DECLARATION, preset, recipe="published"))
        told[preset] = (
            own.data.clip, own.data.longest, own.text.longest, own.text.labels, own.train.batch, own.decode.batch,
            own.data.gather, own.model.shared_branch, own.loss.cost_label, own.loss.saliency, own.loss.rank,
            own.loss.triplet, own.loss.masked_words, own.train.drop, own.train.select, own.decode.limit,
        )  # fmt: skip
    assert told == {
        "charades-vgg-glove": (0.17, 600, 16, 1111, 12, 30, 0, True, 4, 4, 12, False, 0.1, 0.1, "mAP", 150),
        "charades-clip-slowfast": (1, 194, 16, 1111, 12, 30, 0, True, 4, 4, 12, False, 0.1, 0.5, "mAP", 150),
        "charades-cg-clip-slowfast": (1, 194, 16, 1111, 12, 30, 0, True, 4, 4, 12, False, 0.1, 0.1, "miou", 150),
        "tacos-c3d-glove": (-1, 600, 16, 1111, 3, 5, 10, False, 6, 1, 1, True, 0.1, 0.1, "miou", 1000),
        "qvhighlights-clip-slowfast": (2, 75, 32, 5000, 12, 30, 0, True, 4, 1, 12, True, 0.5, 0.5, "mAP", 150),
    }
    assert own.model.cross_sample_mask == PUBLISHED
    assert Settings.of(settings(DECLARATION)).model.cross_sample_mask == CORRECT


def alone(model: Any, given: dict[str, torch.Tensor], query: int, length: int) -> Output:
    """A query in a batch of its own, without the padding that others made."""
    own = {name: value[query : query + 1] for name, value in given.items() if name != "counts"}
    own["video"], own["video_mask"] = own["video"][:, :length], own["video_mask"][:, :length]
    output: Output = model(**own, counts=torch.tensor([1]))
    return output


@pytest.mark.parametrize("mask", [CORRECT, PUBLISHED])
@pytest.mark.parametrize("dataset", ["charades", "qvhighlights"])
@torch.no_grad()
def test_an_answer_does_not_depend_on_its_batch(mask: str, dataset: str) -> None:
    lengths, words = [9, 4, 6], [4, 2, 3]  # a long query beside shorter ones loses clips and words
    model = small_model(cross_sample_mask=mask, dataset_name=dataset)
    given = inputs(lengths, words, [1, 1, 1])
    together = model(**given)
    difference = 0.0
    for query, length in enumerate(lengths):
        output = alone(model, given, query, length)
        for mine, theirs in zip(output.layers[-1], together.layers[-1], strict=True):
            difference = max(difference, float((mine[0] - theirs[query]).abs().max()))
        gap = output.positive.saliency[0] - together.positive.saliency[query, :length]
        difference = max(difference, float(gap.abs().max()))
    assert difference < 2e-6 if mask == CORRECT else difference > 1e-3


@torch.no_grad()
def test_batches_of_equal_lengths_are_the_same_under_both_masks() -> None:
    given = inputs([7, 7, 7], [4, 4, 4], [2, 1])
    outputs = [small_model(cross_sample_mask=mask)(**given).layers[-1].windows for mask in (CORRECT, PUBLISHED)]
    assert torch.allclose(*outputs, atol=1e-6)


@torch.no_grad()
def test_padding_is_not_seen() -> None:
    model, given = small_model(cross_sample_mask=CORRECT), inputs([8, 5], [4, 2], [1, 1])
    before = model(**given).layers[-1].windows
    given["video"][1, 5:] = 9
    given["words"][1, 2:] = 9
    assert torch.allclose(model(**given).layers[-1].windows, before, atol=1e-6)


@torch.no_grad()
def test_negatives_and_masked_words_change_no_prediction() -> None:
    model, given = small_model(), inputs([6, 6, 5], [4, 3, 4], [2, 1])
    masked = MaskedWords(given["video_mask"], torch.tensor([[True, False, False, False]] * 3), torch.zeros(3, 4).bool())
    plain = model(**given)
    more = model(**given, negatives=torch.tensor([2, 2, 0]), masked_words=masked)
    assert plain.negative is None and plain.word_logits is None
    assert torch.equal(plain.layers[-1].windows, more.layers[-1].windows)
    assert torch.equal(plain.layers[-1].logits, more.layers[-1].logits)
    assert more.word_logits.shape == (3, 4, 8)
    assert not torch.equal(more.negative.saliency, more.positive.saliency)


@torch.no_grad()
def test_the_masked_words_themselves_are_not_seen_by_their_guesses() -> None:
    model, given = small_model(), inputs([6, 6], [4, 4], [1, 1])
    where = torch.tensor([[False, True, False, False]] * 2)
    masked = MaskedWords(given["video_mask"], where, torch.zeros(2, 4).bool())
    before = model(**given, masked_words=masked).word_logits
    given["words"][:, 1] = 5
    assert torch.equal(model(**given, masked_words=masked).word_logits, before)
    given["words"][:, 2] = 5
    assert not torch.equal(model(**given, masked_words=masked).word_logits, before)


@torch.no_grad()
def test_one_video_one_clip_one_word() -> None:
    output = small_model()(**inputs([1], [1], [1]))
    assert output.layers[-1].windows.shape == (1, 3, 2)
    assert all(bool(part.isfinite().all()) for part in (*output.layers[-1], output.positive.saliency))


@torch.no_grad()
def test_segments_of_a_source_are_reconstructed_together() -> None:
    """QVHighlights: the sentence is made of the clips of all queries of a source; elsewhere of the query's own."""
    for dataset, differs in (("charades", False), ("qvhighlights", True)):
        model, given = small_model(dataset_name=dataset, cross_sample_mask=CORRECT), inputs([6, 6], [4, 4], [2])
        before = model(**given).sentence[0]
        given["video"][1] += 3
        assert bool((model(**given).sentence[0] != before).any()) == differs


def test_parts_can_be_left_out() -> None:
    given = inputs([6, 5], [4, 3], [1, 1])
    bare = small_model(rec_fw=False, rec_ss=False)
    output = bare(**given, negatives=torch.tensor([1, 0]))
    assert output.sentence is None and output.expanded.shape == (2, 4, 16)
    assert torch.equal(output.positive.enhanced, output.clips)
    assert "output_txt_proj.1.weight" not in bare.state_dict()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"hidden_dim": 18}, "hidden_dim = 18 cannot be shared out among 4 heads"),
        ({"text_encoder": "glove"}, "glove_vocab is 0"),
        ({"text_encoder": "clip"}, "CLIP's width 512 is not t_feat_dim 5"),
        ({"text_encoder": "bert"}, "text_encoder missing or unusable"),
        ({"clip": {"width": 3}}, "clip missing or unusable"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(changed: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        small_model(**changed)
