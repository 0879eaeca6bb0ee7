"""qgkd: Chinese question generation with a BERT teacher and its distilled student."""

__version__ = "0.1.0"
