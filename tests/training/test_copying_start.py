from __future__ import annotations

import pytest
import torch
from transformers import BertConfig, BertForMaskedLM

from qgkd.errors import UserError
from qgkd.model_input.attention_mask import prefix_attention_mask
from qgkd.model_input.rows import packed_row
from qgkd.model_input.source import Source
from qgkd.model_input.window import Window
from qgkd.training.copying_start import start_copying

MASK, QUESTION_POSITION = 4, 40


def _model(*, layers: int = 4, heads: int = 4) -> BertForMaskedLM:
    torch.manual_seed(0)
    sizes = {"hidden_size": 128, "num_hidden_layers": layers, "num_attention_heads": heads, "intermediate_size": 256}
    return BertForMaskedLM(BertConfig(vocab_size=500, max_position_embeddings=64, **sizes)).eval()


def _copying_accuracy(model: BertForMaskedLM) -> float:
    """Share of the [MASK]s after the first that say the next token of a span of the source, greedily."""
    random = torch.Generator().manual_seed(1)
    right = total = 0
    for _ in range(8):
        tokens = (5 + torch.randperm(495, generator=random)[:32]).tolist()
        start = int(torch.randint(0, 20, (1,), generator=random))
        row = packed_row([_source(tokens, start)], [tuple(tokens[start : start + 10])], MASK)
        mask = prefix_attention_mask(*(torch.tensor([values]) for values in (row.blocks, row.steps, row.groups)))
        with torch.no_grad():
            logits = model(
                input_ids=torch.tensor([row.input_ids]),
                token_type_ids=torch.tensor([row.token_types]),
                position_ids=torch.tensor([row.positions]),
                attention_mask=mask,
            ).logits[0]
        labels = torch.tensor(row.labels)
        places = (labels >= 0).nonzero().flatten()[1:]  # nothing says where a span begins
        right += int((logits[places].argmax(-1) == labels[places]).sum())
        total += len(places)
    return right / total


def _source(tokens: list[int], start: int) -> Source:
    ids = [2, *tokens, 3, tokens[start], 3]
    types = [0, *(int(place == start) for place in range(len(tokens))), 0, 1, 1]
    return Source(
        token_ids=tuple(ids),
        token_types=tuple(types),
        positions=tuple(range(len(ids))),
        passage_length=len(ids),
        question_position=QUESTION_POSITION,
        start_chars=(-1,) * len(ids),
        end_chars=(-1,) * len(ids),
        window=Window(start_token=0, end_token=len(tokens)),
        context_was_cut=False,
    )


def test_a_model_copies_before_any_training() -> None:
    model = _model()
    at_random = _copying_accuracy(model)
    start_copying(model, MASK, seed=0)
    assert at_random < 0.05
    assert _copying_accuracy(model) > 0.8


def test_the_same_seed_gives_the_same_weights_and_all_are_learnt() -> None:
    one, other, third = _model(), _model(), _model()
    for model, seed in ((one, 1), (other, 1), (third, 2)):
        start_copying(model, MASK, seed)
    for (name, weight), same, different in zip(
        one.named_parameters(), other.parameters(), third.parameters(), strict=True
    ):
        assert torch.equal(weight, same)
        assert weight.requires_grad
        if name.endswith("layer.1.attention.output.dense.weight"):
            assert not torch.equal(weight, different)


@pytest.mark.parametrize("sizes", [{"layers": 1}, {"heads": 2}])
def test_a_model_too_small_is_refused(sizes: dict[str, int]) -> None:
    with pytest.raises(UserError, match="at least 2 layers and 3 heads, found"):
        start_copying(_model(**sizes), MASK, seed=0)
