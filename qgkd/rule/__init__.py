"""The rule system: it quotes the clause with the answer and replaces the answer by the right question word.

Comes in: `GenerationRequest`. Goes out: `Question`. Read in this order: clauses, question_words, composition, cleaning,
moves, variants, generator. Others use `RuleGenerator`; `rule_question`, `synthetic_variants` and
`closest.closest_question` make training questions.

A literal example: `燈塔由林文海設計。` with the answer 林文海 gives `燈塔是由誰設計的？`.
"""

from qgkd.rule.generator import RuleGenerator
from qgkd.rule.synthetic import rule_question, synthetic_variants

__all__ = ["RuleGenerator", "rule_question", "synthetic_variants"]
