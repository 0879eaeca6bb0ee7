"""Drawn questions, their advantages, and the gradient they give."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
from distill_batches import batch_of, question_rows
from tiny_model import tiny_bert, tiny_tokenizer
from transformers import BertForMaskedLM

from qgkd.decoding.settings import DecodingSettings
from qgkd.model_input.rows import Row, packed_row
from qgkd.model_input.source import Source
from qgkd.model_recipe import drawn_questions
from qgkd.model_recipe.drawn_questions import QuestionDraws, row_sources, row_targets
from qgkd.model_recipe.overlap import _rouge_l, overlap
from qgkd.model_recipe.policy_gradient import DrawnBatch, PolicyGradientTrainer
from qgkd.scoring.rouge_l import rouge_l
from qgkd.training.model import Capture, TrainingModel, freeze_embeddings

SEARCH = DecodingSettings(sample=True, min_question_tokens=1)


def _draws(folder: Path, *, search: DecodingSettings = SEARCH, samples: int = 4, longest: int = 8) -> QuestionDraws:
    return QuestionDraws(tiny_tokenizer(folder), search, samples, longest, seed=5)


def _drawn_batch(draws: QuestionDraws, model: BertForMaskedLM, rows: list[Row], step: int) -> DrawnBatch:
    drawn = draws.draw(model, batch_of(rows), step)
    batch = batch_of(drawn.rows)
    return DrawnBatch(
        inputs=batch.inputs,
        targets=batch.targets,
        row_weights=batch.row_weights,
        advantages=drawn.advantages,
        forbidden=drawn.forbidden,
        mean_reward=drawn.mean_reward,
    )


def _loss(model: BertForMaskedLM, batch: DrawnBatch, temperature: float = 1.0) -> torch.Tensor:
    capture = TrainingModel(model)(batch.inputs)
    trainer: Any = PolicyGradientTrainer.__new__(PolicyGradientTrainer)
    trainer._temperature = temperature
    term = trainer.loss_terms(Capture(logits=capture.logits), batch)[0]
    return (term.values * batch.row_weights).sum() / batch.row_weights.sum()


def test_overlap() -> None:
    assert overlap([1, 2, 3, 4, 5], [1, 2, 3, 4, 5]) == pytest.approx(1)
    assert overlap([1, 2, 3, 4, 5], [6, 7, 8, 9]) == 0 == overlap([], [1])
    # 1-grams 3 of 4 and 5, 2-grams 1 of 3 and 4, no longer ones; the subsequence 1 2 4
    rouge = 2.44 * (3 / 4) * (3 / 5) / (3 / 5 + 1.44 * 3 / 4)
    assert overlap([1, 2, 9, 4], [1, 2, 4, 8, 7]) == pytest.approx((3 / 5 + 1 / 4 + 2 * rouge) / 6)
    assert overlap([7], [7]) == pytest.approx((1 + 2) / 6)  # too short for a pair


def test_rouge_l_is_the_scorers() -> None:
    for hypothesis, reference in (("abcd", "acbd"), ("誰設計燈塔", "燈塔由誰設計"), ("aab", "ba")):
        numbers = [ord(character) for character in hypothesis], [ord(character) for character in reference]
        assert _rouge_l(*numbers) == pytest.approx(rouge_l(list(hypothesis), [list(reference)]))


def test_advantage_is_against_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mean of the others as baseline; the reward here is the question's length."""
    monkeypatch.setattr(drawn_questions, "overlap", lambda hypothesis, _: float(len(hypothesis)))
    rows, model = question_rows(tmp_path), tiny_bert(len(tiny_tokenizer(tmp_path)))
    samples = 4
    batch = _drawn_batch(_draws(tmp_path, samples=samples), model, rows, 0)
    seen = 0
    for row in range(len(rows)):
        of_row = batch.inputs.scored_positions[:, 0] == row
        group = batch.inputs.groups[row][batch.inputs.scored_positions[of_row, 1]]
        gains = batch.advantages[of_row]
        lengths, counts = [], []
        for question in group.unique():
            (gain,) = gains[group == question].unique().tolist()
            tokens = batch.targets[of_row][group == question].tolist()
            lengths.append(len([token for token in tokens if token != 3]))  # [SEP] is not worth anything
            counts.append(gain)
        if len(lengths) < samples:  # a question drawn twice has both draws' advantages
            continue
        seen += 1
        for length, gain in zip(lengths, counts, strict=True):
            others = (sum(lengths) - length) / (samples - 1)
            assert gain == pytest.approx((length - others) / samples)
    assert seen


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_gradient_is_that_of_the_expected_reward(tmp_path: Path, temperature: float) -> None:
    """All questions of at most two of three tokens written out, against the mean of many draws."""
    (row,) = question_rows(tmp_path, count=1)
    tokenizer = tiny_tokenizer(tmp_path)
    end, model = tokenizer.sep_token_id, tiny_bert(len(tokenizer))
    batch = batch_of([row])
    reference = [token for token in row_targets(batch)[0] if token != end]
    words = [reference[0], reference[1], tokenizer.vocab["是"]]
    with torch.no_grad():
        model.cls.predictions.bias.fill_(-1e4)
        model.cls.predictions.bias[[*words, end]] = 0.0
    parameter = model.bert.encoder.layer[1].output.dense.weight

    expected = torch.zeros(())
    for question in [*product(words, repeat=1), *product(words, repeat=2)]:
        target = (*question, end) if len(question) == 1 else question  # at the cap the end is not drawn
        likelihood = _log_likelihood(model, row_sources(batch)[0], target, temperature)
        expected = expected + likelihood.exp() * overlap(question, reference)
    (wanted,) = torch.autograd.grad(expected, [parameter])

    search = replace(SEARCH, sampling_temperature=temperature)
    draws, rounds = _draws(tmp_path, search=search, samples=512, longest=2), 30
    found = torch.zeros_like(parameter)
    for step in range(rounds):
        loss = _loss(model, _drawn_batch(draws, model, [row], step), temperature)
        (gradient,) = torch.autograd.grad(-loss, [parameter])
        found += gradient / rounds
    assert float((found - wanted).norm() / wanted.norm()) < 0.15


def _log_likelihood(
    model: BertForMaskedLM, source: Source, target: tuple[int, ...], temperature: float
) -> torch.Tensor:
    """Of a question, the end not allowed as its first token."""
    batch = batch_of([packed_row([source], [target], 4)])
    logits = TrainingModel(model)(batch.inputs).logits
    logits[0, 3] = -torch.inf
    return (logits / temperature).log_softmax(dim=-1).gather(1, batch.targets[:, None]).sum()


def test_what_was_drawn_was_allowed(tmp_path: Path) -> None:
    """The rules are asked again for each drawn token, in the order of the rows: none of them is forbidden."""
    search = replace(SEARCH, no_repeat_ngram_tokens=1, no_splices=True, min_question_tokens=3)
    rows, model = question_rows(tmp_path), tiny_bert(len(tiny_tokenizer(tmp_path)))
    batch = _drawn_batch(_draws(tmp_path, search=search), model, rows, 0)
    tokens = torch.arange(len(batch.targets))
    assert not batch.forbidden[tokens, batch.targets].any()
    first = batch.inputs.steps[tuple(batch.inputs.scored_positions.T)] == 1
    assert batch.forbidden[first][:, 3].all()  # no question of nothing
    second = batch.inputs.steps[tuple(batch.inputs.scored_positions.T)] == 4
    assert not batch.forbidden[second][:, 3].any()
    assert int(batch.forbidden[second].sum(dim=1).min()) >= int(batch.forbidden[first].sum(dim=1).min())


def test_draws_depend_on_step_and_source_alone(tmp_path: Path) -> None:
    rows, model = question_rows(tmp_path), tiny_bert(len(tiny_tokenizer(tmp_path)))
    draws = _draws(tmp_path)
    together = draws.draw(model, batch_of(rows), 1).rows
    apart = [draws.draw(model, batch_of([row]), 1).rows[0] for row in rows]
    assert together == apart
    assert draws.draw(model, batch_of(rows), 2).rows != together


def test_drawing_leaves_the_mode_as_it_was(tmp_path: Path) -> None:
    rows, model = question_rows(tmp_path), tiny_bert(len(tiny_tokenizer(tmp_path)))
    model.train()
    _draws(tmp_path).draw(model, batch_of(rows), 1)
    assert model.training


def test_frozen_embeddings(tmp_path: Path) -> None:
    model = tiny_bert(len(tiny_tokenizer(tmp_path)))
    freeze_embeddings(model)
    frozen = {name for name, parameter in model.named_parameters() if not parameter.requires_grad}
    assert frozen == {"bert.embeddings.word_embeddings.weight", "cls.predictions.bias"}


def test_rewards_rise(tmp_path: Path) -> None:
    """Three answers, fifty steps: what is drawn comes nearer to people's questions."""
    rows, model = question_rows(tmp_path), tiny_bert(len(tiny_tokenizer(tmp_path)))
    draws = _draws(tmp_path, samples=8)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    rewards = []
    for step in range(50):
        batch = _drawn_batch(draws, model, rows, step)
        rewards.append(float(batch.mean_reward.mean()))
        optimizer.zero_grad()
        _loss(model, batch).backward()
        optimizer.step()
    assert sum(rewards[-5:]) > 2 * sum(rewards[:5])
