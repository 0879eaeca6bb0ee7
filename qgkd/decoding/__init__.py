"""From sources to question tokens: `steppers` know the model, `greedy` and `beam` know the search."""
