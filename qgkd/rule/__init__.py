"""The rule system: questions without a model."""

from qgkd.rule.generator import RuleGenerator

__all__ = ["RuleGenerator"]
