"""The rule system: the clause with the answer, its answer replaced by the right question word.

Comes in: `GenerationRequest`. Goes out: `Question`. Read in order: clauses (what is quoted), question_words,
composition, cleaning, moves, variants, generator; `synthetic_variants` makes training questions of the same parts.

A literal example: `燈塔由林文海設計。` with the answer 林文海 gives `燈塔是由誰設計的？`.
"""

from qgkd.rule.generator import RuleGenerator
from qgkd.rule.synthetic import rule_question, synthetic_variants

__all__ = ["RuleGenerator", "rule_question", "synthetic_variants"]
