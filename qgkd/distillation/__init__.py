"""Distillation: capture → layer map → objectives → schedule → recipes; the training loop is `qgkd.training`'s."""
