"""The networks: a question, a video and its script against the candidates of each step, one step after the other.

Letters: T frames, S sentences of the script, A candidates of a step, M button images of a candidate, D width of the
features, H width of the state. Samples go through one by one and nothing is padded. The names of the modules are those
of the official checkpoints. Source: docs/spec/q2a.md, section 3.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from baselines.q2a.initial_state import first_gpu_normals

LABEL, BEST, NEVER = "gt", "max", "none"  # whose state the next step is given: the right candidate's, the best one's


class Step(NamedTuple):
    """The candidates of a step: their texts (A, D) and button images (A, M, D)."""

    texts: Tensor
    buttons: Tensor


class Sample(NamedTuple):
    """A question (1, D), the frames (T, D) and the script (S, D) of its video, its steps.

    ``labels``: (K,) numbers of the right candidates, from 0; ``None`` where they are not known.
    """

    video: Tensor
    script: Tensor
    question: Tensor
    steps: tuple[Step, ...]
    labels: Tensor | None = None

    def to(self, device: torch.device) -> Sample:
        """The sample on a device."""
        steps = tuple(Step(step.texts.to(device), step.buttons.to(device)) for step in self.steps)
        labels = None if self.labels is None else self.labels.to(device)
        return Sample(self.video.to(device), self.script.to(device), self.question.to(device), steps, labels)


class Context(NamedTuple):
    """What the steps of a question share: the script (S, D), the frames it attends (S, D), the question (1, D)."""

    script: Tensor
    video: Tensor
    question: Tensor


class MLP(nn.Module):
    """Two layers with a ReLU between them; the inner one is as wide as the input."""

    def __init__(self, size: int, out: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(size, size)
        self.fc2 = nn.Linear(size, out)

    def forward(self, rows: Tensor) -> Tensor:
        """(..., size) to (..., out)."""
        return cast(Tensor, self.fc2(self.fc1(rows).relu()))


class DeepMLP(nn.Module):
    """Three layers with a PReLU of one parameter behind the first two."""

    def __init__(self, size: int, out: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(size, size)
        self.act1 = nn.PReLU()
        self.fc2 = nn.Linear(size, size)
        self.act2 = nn.PReLU()
        self.fc3 = nn.Linear(size, out)

    def forward(self, rows: Tensor) -> Tensor:
        """(..., size) to (..., out)."""
        return cast(Tensor, self.fc3(self.act2(self.fc2(self.act1(self.fc1(rows))))))


class StepNetwork(nn.Module):
    """What both variants share: the steps of a question in their order, and the head.

    Args:
        dim: D.
        dim_state: H.
        heads: of all attentions; a divisor of D.
        images: M.
        head: "gru" or "mlp".
        carry: what the next step is given of the chosen candidate: its "candidate" vector, as published, or the
            "hidden" one that the GRU makes of it.
        carries: False: every step begins with the initial state.
    """

    mlp: type[nn.Module] = MLP
    mlp_v: nn.Module
    mlp_t: nn.Module
    s2v: nn.MultiheadAttention
    state: Tensor

    def __init__(self, dim: int, dim_state: int, heads: int, images: int, head: str, carry: str, carries: bool) -> None:
        super().__init__()
        self.carry, self.carries = carry, carries
        self.mlp_v = self.mlp(dim, dim)  # of frames and of button images
        self.mlp_t = self.mlp(dim, dim)  # of script, question and candidates
        self.mlp_pre = self.mlp((3 + images) * dim, dim_state)
        self.add_attentions(dim, heads)
        self.register_buffer("state", self.initial_state(dim_state))
        self.gru = nn.GRUCell(dim_state, dim_state) if head == "gru" else None
        self.proj = self.mlp(dim_state if head == "gru" else 2 * dim_state, 1)

    @abstractmethod
    def add_attentions(self, dim: int, heads: int) -> None:
        """Make the attentions, in the published order: random numbers are drawn in it."""

    @abstractmethod
    def initial_state(self, size: int) -> Tensor:
        """The state before the first step, (H,): drawn once, never trained, in no official checkpoint."""

    @abstractmethod
    def candidates(self, context: Context, step: Step) -> Tensor:
        """The candidates of a step as vectors, (A, H)."""

    def forward(self, sample: Sample, history: str = BEST) -> tuple[Tensor, ...]:
        """Logits of every step, (A,) each; they are comparable within a step and, without normalisation, across.

        Args:
            sample: a question.
            history: which candidate's vector the next step is given: `LABEL`, `BEST`, or `NEVER` (the initial state).
        """
        context = Context(*self.watched(sample.video, sample.script), self.mlp_t(sample.question))
        state, logits = self.state, []
        for number, step in enumerate(sample.steps):
            vectors = self.candidates(context, step)
            scores, hidden = self.scored(vectors, state)
            logits.append(scores)
            if self.carries and history != NEVER:
                chosen = scores.argmax() if history == BEST or sample.labels is None else sample.labels[number]
                state = (hidden if self.carry == "hidden" else vectors)[chosen]  # the gradient flows through
        return tuple(logits)

    def watched(self, video: Tensor, script: Tensor) -> tuple[Tensor, Tensor]:
        """The script (S, D) of a video and the frames that it attends (S, D): the same for every question about it."""
        said = self.mlp_t(script)
        seen, _ = self.s2v(said, *[self.mlp_v(video)] * 2, need_weights=False)
        return said, seen

    def scored(self, vectors: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (A,) of candidates (A, H), and what the head made of them: with the GRU (A, H)."""
        before = state.expand(len(vectors), -1)
        hidden = torch.cat((vectors, before), dim=1) if self.gru is None else self.gru(vectors, before)
        return self.proj(hidden)[:, 0], hidden


class Q2A(StepNetwork):
    """The published baseline: question and candidate together attend the script, and the frames through it."""

    def add_attentions(self, dim: int, heads: int) -> None:
        """Script over frames, question with candidate over script."""
        self.s2v, self.qa2s = (nn.MultiheadAttention(dim, heads, batch_first=True) for _ in range(2))

    def initial_state(self, size: int) -> Tensor:
        """As the published program draws it: the first numbers of a GPU's generator."""
        return first_gpu_normals(torch.initial_seed(), size)

    def candidates(self, context: Context, step: Step) -> Tensor:
        """Frames, script, question with candidate, buttons: joined in this order."""
        asked = context.question + self.mlp_t(step.texts)
        script, weights = self.qa2s(asked, context.script, context.script)
        buttons = self.mlp_v(step.buttons).flatten(1)
        return cast(Tensor, self.mlp_pre(torch.cat((weights @ context.video, script, asked, buttons), dim=1)))


class ContextGround(StepNetwork):
    """The second place of LOVEU'22: buttons attend the texts of all candidates, what comes of it the question.

    The question is one vector: all of the softmax goes to it, so that what attends the script, and what is read of
    script and frames, is the same for every candidate. Only buttons and texts tell candidates apart.
    """

    mlp = DeepMLP
    qa2s: nn.MultiheadAttention
    ab2at: nn.MultiheadAttention
    q2a: nn.MultiheadAttention

    def add_attentions(self, dim: int, heads: int) -> None:
        """Those of the published network; ``v2s`` and ``v2b`` are in its checkpoints and nowhere used."""
        for name in ("s2v", "v2s", "qa2s", "ab2at", "q2a", "v2b"):
            setattr(self, name, nn.MultiheadAttention(dim, heads, batch_first=True))

    def initial_state(self, size: int) -> Tensor:
        """As the published program draws it: from the CPU's generator, behind the weights of the attentions."""
        return torch.randn(size)

    def candidates(self, context: Context, step: Step) -> Tensor:
        """Frames, question, buttons, texts: joined in this order."""
        texts, buttons = self.mlp_t(step.texts), self.mlp_v(step.buttons).flatten(1)
        grounded, _ = self.ab2at(buttons, texts, texts, need_weights=False)
        asked, _ = self.q2a(grounded, context.question, context.question, need_weights=False)
        _, weights = self.qa2s(asked, context.script, context.script)
        return cast(Tensor, self.mlp_pre(torch.cat((weights @ context.video, asked, buttons, texts), dim=1)))
