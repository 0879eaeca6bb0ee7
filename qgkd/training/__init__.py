"""Training a question generator on `transformers.Trainer`: config → data → rows → batches → loss → run folder."""
