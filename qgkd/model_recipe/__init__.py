"""The package's own model, from text and questions alone: vocabulary, masked text, copying, synthetic, real."""
