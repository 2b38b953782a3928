"""Where a workload can land: Nova's rules as pure functions over the model."""
