"""The rule system: it quotes the clause with the answer and replaces the answer by the right question word.

Comes in: `GenerationRequest`. Goes out: `Question`.
Others use: `RuleGenerator`; to make training questions, `rule_question`, `synthetic_variants` and `closest`.

Read in this order: clauses, question_words, subjects, referents, carried_subjects, composition, cleaning, moves,
variants, generator.

A literal example: `燈塔由林文海設計。` with the answer 林文海 gives `燈塔是由誰設計的？`.
"""

from qgkd.rule.generator import RuleGenerator
from qgkd.rule.synthetic import rule_question, synthetic_variants

__all__ = ["RuleGenerator", "rule_question", "synthetic_variants"]
